package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/deploy/profiles"
)

// shells returns the shells that completion supports, with the functions that write their scripts.
func shells() map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{"bash": completeBash, "zsh": completeZsh, "fish": completeFish}
}

func setupCompletion(cl *call) func(context.Context) error {
	return func(context.Context) error {
		names := slices.Sorted(maps.Keys(shells()))
		if len(cl.args) == 0 || shells()[cl.args[0]] == nil {
			fmt.Fprintf(cl.stderr, "phoneprov completion: which shell? give one of: %s\n", strings.Join(names, ", "))
			return errUsage
		}
		return shells()[cl.args[0]](cl.stdout)
	}
}

// globalFlags are flags in place of a command.
var globalFlags = []string{"--help", "--version"}

// words returns what can follow a command besides its flags: one of some words, or a file.
func (c command) words() (words []string, files bool) {
	switch c.name {
	case "help":
		for _, other := range commands() {
			words = append(words, other.name)
		}
	case "completion":
		words = slices.Sorted(maps.Keys(shells()))
	case "passwd":
		words = []string{"shared"}
	case "profiles":
		words = []string{"list", "show", "add", "upgrade"}
		for _, p := range profiles.All() {
			words = append(words, p.Name)
		}
	case "phone":
		words = []string{"add", "remove", "list", "import"}
	case "demo":
		return nil, true
	}
	return words, false
}

// isFile reports whether a flag's value is the name of a file.
func isFile(f *flag.Flag) bool {
	what, _ := flag.UnquoteUsage(f)
	return what == "file"
}

func completeBash(w io.Writer) error {
	out := errWriter{w: w}
	out.printf(`# bash completion of phoneprov: in ~/.bashrc, eval "$(phoneprov completion bash)"
_phoneprov() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == -* ]] || { command=${COMP_WORDS[i]}; break; }
  done
  COMPREPLY=()
  case $command:$prev in
`)
	for _, c := range commands() {
		var files, others []string
		for _, f := range c.declared() {
			pattern := c.name + ":-" + f.Name + "|" + c.name + ":--" + f.Name
			switch {
			case isFile(f):
				files = append(files, pattern)
			case takesValue(f):
				others = append(others, pattern)
			}
		}
		if len(files) > 0 {
			out.printf("    %s) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n", strings.Join(files, "|"))
		}
		if len(others) > 0 {
			out.printf("    %s) return ;;\n", strings.Join(others, "|"))
		}
	}
	out.printf("  esac\n  case $command in\n    '') mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\") ;;\n", strings.Join(append(commandNames(), globalFlags...), " "))
	for _, c := range commands() {
		words, files := c.words()
		for _, f := range c.declared() {
			words = append(words, "-"+f.Name)
		}
		if files {
			out.printf("    %s) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -W '%s' -- \"$cur\") ;;\n", c.name, strings.Join(words, " "))
		} else {
			out.printf("    %s) mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\") ;;\n", c.name, strings.Join(words, " "))
		}
	}
	out.printf("  esac\n}\ncomplete -F _phoneprov phoneprov\n")
	return out.err
}

func commandNames() (names []string) {
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}

func completeZsh(w io.Writer) error {
	out := errWriter{w: w}
	out.printf("#compdef phoneprov\n# zsh completion of phoneprov: as _phoneprov in a directory of $fpath, or source <(phoneprov completion zsh) after compinit\n" +
		"_phoneprov() {\n  local -a commands\n  commands=(\n")
	for _, c := range commands() {
		out.printf("    %s\n", quoteShell(c.name+":"+c.summary))
	}
	out.printf("  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    compadd -- %s\n    return\n  fi\n  local command=$words[2]\n"+
		"  shift words\n  (( CURRENT-- ))\n  case $command in\n", strings.Join(globalFlags, " "))
	for _, c := range commands() {
		var specs []string
		for _, f := range c.declared() {
			what, usage := flag.UnquoteUsage(f)
			spec := "-" + f.Name + "[" + strings.NewReplacer("[", "(", "]", ")", ":", " -").Replace(usage) + "]"
			switch {
			case isFile(f):
				spec += ":" + what + ":_files"
			case takesValue(f):
				spec += ":" + what + ": "
			}
			specs = append(specs, quoteShell(spec))
		}
		switch words, files := c.words(); {
		case files:
			specs = append(specs, quoteShell("*:directory:_files -/"))
		case len(words) > 0:
			specs = append(specs, quoteShell("*:argument:("+strings.Join(words, " ")+")"))
		}
		if len(specs) > 0 {
			out.printf("    %s) _arguments %s ;;\n", c.name, strings.Join(specs, " "))
		}
	}
	out.printf("  esac\n}\nif [[ $funcstack[1] == _phoneprov ]]; then\n  _phoneprov \"$@\"\nelse\n  compdef _phoneprov phoneprov\nfi\n")
	return out.err
}

// quoteShell returns a text as one word of any of the shells.
func quoteShell(s string) string { return "'" + strings.ReplaceAll(s, "'", "") + "'" }

func completeFish(w io.Writer) error {
	out := errWriter{w: w}
	out.printf("# fish completion of phoneprov: phoneprov completion fish > ~/.config/fish/completions/phoneprov.fish\ncomplete -c phoneprov -f\n")
	for _, f := range globalFlags {
		out.printf("complete -c phoneprov -n __fish_use_subcommand -l %s\n", strings.TrimPrefix(f, "--"))
	}
	for _, c := range commands() {
		out.printf("complete -c phoneprov -n __fish_use_subcommand -a %s -d %s\n", c.name, quoteShell(c.summary))
		seen := fmt.Sprintf("complete -c phoneprov -n '__fish_seen_subcommand_from %s'", c.name)
		for _, f := range c.declared() {
			_, usage := flag.UnquoteUsage(f)
			line := fmt.Sprintf("%s -o %s -d %s", seen, f.Name, quoteShell(usage))
			if isFile(f) {
				line += " -r -F"
			} else if takesValue(f) {
				line += " -x"
			}
			out.printf("%s\n", line)
		}
		switch words, files := c.words(); {
		case files:
			out.printf("%s -a '(__fish_complete_directories)'\n", seen)
		case len(words) > 0:
			out.printf("%s -a %s\n", seen, quoteShell(strings.Join(words, " ")))
		}
	}
	return out.err
}
