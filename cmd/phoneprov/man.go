package main

import (
	"context"
	"flag"
	"strings"
)

func setupMan(cl *call) func(context.Context) error {
	return func(context.Context) error {
		out := errWriter{w: cl.stdout}
		out.printf("%s", manPage())
		return out.err
	}
}

// manPage returns the manual page, made from the tables of commands and settings.
func manPage() string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, " ") + "\n") }
	line(`.TH PHONEPROV 1 "" "phoneprov" "User Commands"`)
	line(".SH NAME\nphoneprov \\- gives phones their configuration files, rendered from a running Asterisk")
	line(".SH SYNOPSIS\n.B phoneprov\n.I COMMAND\n.RI [ flags ]\n.RI [ arguments ]")
	line(".SH DESCRIPTION")
	line(roff("Desk phones fetch their configuration over HTTP; phoneprov renders each file at that moment from what the running Asterisk " +
		"is configured with, and follows every reload of it. It takes the place of Asterisk's own res_phoneprov."))
	line(".SH COMMANDS")
	for _, c := range commands() {
		line(".SS", quoteRoff("phoneprov "+strings.TrimSpace(c.name+" "+c.args)))
		line(roff(upperFirst(c.summary) + "."))
		for _, f := range c.declared() {
			what, usage := flag.UnquoteUsage(f)
			line(".TP")
			if takesValue(f) {
				line(".BI", roff("-"+f.Name), `" `+roff(what)+`"`)
			} else {
				line(".B", roff("-"+f.Name))
			}
			if f.DefValue != "" && takesValue(f) {
				usage += " (default " + f.DefValue + ")"
			}
			line(roff(upperFirst(usage) + "."))
		}
	}
	line(".SH SETTINGS")
	line(roff("They are read from " + defaultConfig + ", which need not be there. The environment overrides the file: " + envPrefix + "<SECTION>_<KEY>. An unknown key or variable is an error."))
	section := ""
	for _, d := range settingsTable() {
		if d.section != section {
			section = d.section
			line(".SS", quoteRoff("["+section+"]"))
		}
		settingRoff(line, d.key, d.value, d.meaning, d.env())
	}
	line(".SS", quoteRoff("[profile NAME]"))
	for _, d := range profileTable() {
		settingRoff(line, d.key, d.value, d.meaning, "")
	}
	line(".SH SIGNALS\n.TP\n.B SIGHUP")
	line(roff("Everything of Asterisk's is read again."))
	line(".TP\n.BR SIGTERM , \" SIGINT\"")
	line(roff("The service ends."))
	line(".SH EXIT STATUS")
	line(roff("0: done. 1: it could not be done, or check found an error. 2: the command line is wrong."))
	line(".SH FILES\n.TP\n.I", roff(defaultConfig))
	line(roff("The settings."))
	return b.String()
}

func settingRoff(line func(...string), key, value, meaning, env string) {
	line(".TP\n.B", roff(key))
	text := upperFirst(meaning) + "."
	if value != "" {
		text += " Default: `" + value + "`."
	}
	if env != "" {
		text += " Environment: `" + env + "`."
	}
	line(roff(text))
}

// roff escapes a text for the man macros. Text in backquotes becomes bold.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`).Replace(text)
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 {
			part = `\fB` + part + `\fR`
		}
		b.WriteString(part)
	}
	if text = b.String(); strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}

// quoteRoff returns a text as one argument of a macro.
func quoteRoff(text string) string { return `"` + strings.ReplaceAll(roff(text), `"`, `\(dq`) + `"` }

// upperFirst returns a text with its first letter in upper case.
func upperFirst(text string) string {
	if text != "" && 'a' <= text[0] && text[0] <= 'z' {
		return string(text[0]-'a'+'A') + text[1:]
	}
	return text
}
