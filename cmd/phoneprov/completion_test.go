package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// shellTimeout is for a shell that starts on a busy machine.
const shellTimeout = time.Minute

// completionScript writes a shell's script to a file.
func completionScript(t *testing.T, shell string) string {
	t.Helper()
	var out bytes.Buffer
	if code := run(t.Context(), []string{"completion", shell}, os.LookupEnv, nil, &out, &out); code != exitOK {
		t.Fatalf("code %d: %s", code, &out)
	}
	path := filepath.Join(t.TempDir(), "completion."+shell)
	testkit.Write(t, path, out.Bytes())
	return path
}

// shellOutput runs a program in a directory that has a file of settings.
func shellOutput(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), shellTimeout)
	defer cancel()
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, "my.ini"), "")
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	return string(out)
}

// completionTests are lines of which the last word is completed, with some of what must be offered and what must not.
var completionTests = []struct {
	line       string
	want, none []string
}{
	{"phoneprov re", []string{"render"}, []string{"serve", "check"}},
	{"phoneprov ", []string{"serve", "demo", "check", "render", "help", "version"}, nil},
	{"phoneprov render -e", []string{"-explain"}, []string{"-json", "-server"}},
	{"phoneprov routes -", []string{"-json", "-config"}, []string{"-explain"}},
	{"phoneprov completion ", []string{"bash", "zsh", "fish"}, []string{"serve"}},
	{"phoneprov help ro", []string{"routes"}, []string{"render"}},
	{"phoneprov check -config my", []string{"my.ini"}, []string{"-server"}},
	{"phoneprov passwd s", []string{"shared"}, nil},
}

func checkOffers(t *testing.T, line string, offers []string, want, none []string) {
	t.Helper()
	for _, w := range want {
		if !slices.Contains(offers, w) {
			t.Errorf("%q: got %q, want %q among it", line, offers, w)
		}
	}
	for _, n := range none {
		if slices.Contains(offers, n) {
			t.Errorf("%q: got %q, want no %q", line, offers, n)
		}
	}
}

func TestCompletionOfBash(t *testing.T) {
	t.Parallel()
	oracle.NeedProgram(t, "bash")
	script := completionScript(t, "bash")
	const complete = `source "$1"; shift; [[ $(complete -p phoneprov) == *_phoneprov* ]] || exit 1
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _phoneprov; printf '%s\n' "${COMPREPLY[@]}"`
	for _, tt := range completionTests {
		args := append([]string{"--norc", "-c", complete, "bash", script}, strings.Split(tt.line, " ")...)
		checkOffers(t, tt.line, strings.Fields(shellOutput(t, "bash", args...)), tt.want, tt.none)
	}
}

func TestCompletionOfFish(t *testing.T) {
	t.Parallel()
	oracle.NeedProgram(t, "fish")
	script := completionScript(t, "fish")
	for _, tt := range completionTests {
		var offers []string
		for line := range strings.Lines(shellOutput(t, "fish", "-N", "-c", "source $argv[1]; complete -C $argv[2]", script, tt.line)) {
			offer, _, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
			offers = append(offers, offer)
		}
		checkOffers(t, tt.line, offers, tt.want, tt.none)
	}
}

// In zsh the line editor itself completes, on a terminal.
func TestCompletionOfZsh(t *testing.T) {
	t.Parallel()
	oracle.NeedProgram(t, "zsh")
	script := completionScript(t, "zsh")
	const complete = `script=$1; shift
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; autoload -Uz compinit; compinit -D -u; source ${(q)script}; bindkey '^I' complete-word
show() { print -r -- 'LINE'\"<\$BUFFER>\"; BUFFER= }; zle -N show; bindkey '^X^X' show; print READ''Y"
zpty -r z out '*READY*' || exit 1
for line; do
  zpty -w -n z "$line"$'\t\C-X\C-X'
  zpty -r z out '*LINE<*>*' || exit 1
  print -r -- ${${out##*LINE<}%%>*}
done
zpty -d z`
	tests := []struct{ line, want string }{
		{"phoneprov rend", "phoneprov render "},
		{"phoneprov --vers", "phoneprov --version "},
		{"phoneprov render -expl", "phoneprov render -explain "},
		{"phoneprov routes -js", "phoneprov routes -json "},
		{"phoneprov completion fi", "phoneprov completion fish "},
		{"phoneprov help rou", "phoneprov help routes "},
		{"phoneprov check -config m", "phoneprov check -config my.ini "},
	}
	args := []string{"-f", "-c", complete, "zsh", script}
	for _, tt := range tests {
		args = append(args, tt.line)
	}
	got := strings.Split(shellOutput(t, "zsh", args...), "\n")
	for i, tt := range tests {
		if i >= len(got) || got[i] != tt.want {
			t.Errorf("%q: got %q, want %q", tt.line, got, tt.want)
		}
	}
}

// The manual page has every command, flag and setting, and the programs that format it have nothing against it.
func TestManPage(t *testing.T) {
	t.Parallel()
	page := manPage()
	var want []string
	for _, c := range commands() {
		want = append(want, "\n.SS "+quoteRoff("phoneprov "+strings.TrimSpace(c.name+" "+c.args))+"\n")
		for _, f := range c.declared() {
			want = append(want, roff("-"+f.Name))
		}
	}
	for _, d := range settingsTable() {
		want = append(want, "\n.SS "+quoteRoff("["+d.section+"]")+"\n", "\n.B "+roff(d.key)+"\n", roff("`"+d.env()+"`"))
	}
	for _, d := range profileTable() {
		want = append(want, "\n.B "+roff(d.key)+"\n")
	}
	for _, text := range want {
		if !strings.Contains(page, text) {
			t.Errorf("the page has no %q", text)
		}
	}
	path := filepath.Join(t.TempDir(), "phoneprov.1")
	testkit.Write(t, path, page)
	for _, command := range [][]string{
		{"groff", "-man", "-ww", "-Tutf8", "-z", path},
		{"man", "--warnings", "-E", "UTF-8", "-Z", "-l", path},
	} {
		t.Run(command[0], func(t *testing.T) {
			oracle.NeedProgram(t, command[0])
			cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
			var said bytes.Buffer
			cmd.Stderr = &said
			out, err := cmd.Output()
			if err != nil || said.Len() > 0 {
				t.Errorf("%v: %s", err, &said)
			}
			if command[0] == "man" && len(out) == 0 {
				t.Error("nothing was formatted")
			}
		})
	}
}

// README's table of commands is that of the program.
func TestReadmeHasTheCommands(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range commands() {
		if row := "\n| `phoneprov " + c.name; !strings.Contains(string(readme), row) {
			t.Errorf("README.md has no row %q", row)
		}
	}
}
