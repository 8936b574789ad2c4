package provision_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// referenceFile is the reference of the language.
const referenceFile = "dialplan/REFERENCE.md"

// TestReference compares the reference with the tables of the language. With -update it writes the reference.
func TestReference(t *testing.T) {
	t.Parallel()
	want := newReferenceSample(t).reference(t)
	got, err := os.ReadFile(referenceFile)
	if err == nil && string(got) == want {
		return
	}
	if *update {
		if err := os.WriteFile(referenceFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Errorf("%s is not what the code says (%v): go test ./provision -run TestReference -update writes it anew", referenceFile, err)
}

// referenceConf is the configuration for the examples: a phone of each provider.
var referenceConf = map[string]string{
	"phoneprov.conf": "[general]\ndefault_profile = desk\n[desk]\nmime_type = text/plain\n${MAC}.cfg => example\n" +
		"setvar => " + strings.Join(referenceSetvars[:], "\nsetvar => ") + "\n",
	"users.conf": `[general]
vmexten = *97
localextenlength = 4
callgroup = 1
[6001]
autoprov = yes
macaddress = 001565AABBCC
fullname = Alice Smith (R&D)
secret = s3cret
label = Desk & lamp
cid_number = 6001
timezone = America/New_York
linekeys = 2
hasvoicemail = yes
callwaiting = no
[6002]
autoprov = yes
macaddress = 001565AABBCC
linenumber = 2
fullname = Reception
[6003]
autoprov = yes
macaddress = 0004F2000003
fullname = Bob Baker
`,
	"pjsip.conf": `[udp]
type = transport
protocol = udp
bind = 0.0.0.0:5070
[carol]
type = endpoint
transport = udp
auth = carol-auth
callerid = "Carol Cook" <6004>
dtmf_mode = rfc4733
[carol-auth]
type = auth
username = carol
password = s3cret
[carol-phone]
type = phoneprov
endpoint = carol
MAC = 000413000004
PROFILE = desk
`,
}

// referenceSample expands the examples.
type referenceSample struct {
	dir      string // of the templates
	snapshot *provision.Snapshot
	renderer *provision.Renderer
	request  provision.Request
}

func newReferenceSample(t *testing.T) *referenceSample {
	t.Helper()
	confDir, s := t.TempDir(), &referenceSample{dir: t.TempDir(), request: provision.Request{
		Server: "pbx.example.com", Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
		Scheme: "http", Host: "pbx.example.com:8080", Prefix: "/phoneprov", UserAgent: "Yealink SIP-T46G 28.72.0.1 00:15:65:aa:bb:cc",
	}}
	for name, text := range referenceConf {
		testkit.WriteSteady(t, filepath.Join(confDir, name), text)
	}
	testkit.WriteSteady(t, filepath.Join(s.dir, "line.xml"), `<line n="${LINE}">${USERNAME}</line>`)
	testkit.WriteSteady(t, filepath.Join(s.dir, "001565AABBCC.ring"), "ring")
	var err error
	var diags []provision.Diagnostic
	if s.snapshot, diags, err = provision.Build(t.Context(), provision.Input{Config: loadConfig(t, confDir)}, s.request.Now); err != nil || len(diags) > 0 {
		t.Fatal(err, diags)
	}
	data, err := datadir.Open(s.dir, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { data.Close() })
	s.renderer = provision.NewRenderer(provision.RendererOptions{Data: data})
	return s
}

// result returns the text of an example for the first phone for which it has one, without a diagnostic.
func (s *referenceSample) result(t *testing.T, example string) (text string, problems []string) {
	t.Helper()
	testkit.WriteSteady(t, filepath.Join(s.dir, "example"), example)
	return s.fetch()
}

// fetch is result of the example of the last call.
func (s *referenceSample) fetch() (text string, problems []string) {
	for _, p := range s.snapshot.Phones() {
		text, diags, err := s.render(s.snapshot.PhoneRoutes(p)[0])
		if err != nil || len(diags) > 0 {
			problems = append(problems, fmt.Sprint(err, diags))
		} else if text != "" {
			return text, nil
		}
	}
	return "", problems
}

func (s *referenceSample) render(rt *provision.Route) (string, []provision.Diagnostic, error) {
	doc, err := s.renderer.Render(context.Background(), s.snapshot, rt, s.request)
	if err != nil {
		return "", nil, err
	}
	defer doc.Close()
	text, err := io.ReadAll(doc.Content)
	return string(text), doc.Diagnostics, err
}

// chances is how often an example is expanded to see whether it gives the same each time.
const chances = 20

// shown returns an example's result as a cell of a table.
func (s *referenceSample) shown(t *testing.T, example string) string {
	t.Helper()
	first, problems := s.result(t, example)
	if first == "" {
		t.Errorf("the example %q gives nothing: %q", example, problems)
		return ""
	}
	for range chances {
		if text, _ := s.fetch(); text != first {
			return "another at each fetch"
		}
	}
	return code(first)
}

// code returns a text as code in a cell.
func code(text string) string {
	fence := "`"
	if strings.Contains(text, "`") {
		fence = "``"
	}
	return fence + strings.NewReplacer("|", `\|`, "\n", "⏎").Replace(text) + fence
}

// row writes a row of a table. cell escapes a text that is not code.
func row(b *strings.Builder, cells ...string) { fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | ")) }

func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`).Replace(text)
}

func heading(b *strings.Builder, title string, columns ...string) {
	fmt.Fprintf(b, "\n## %s\n\n", title)
	row(b, columns...)
	row(b, slices.Repeat([]string{"---"}, len(columns))...)
}

// functions writes the rows of both tables, by name.
func (s *referenceSample) functions(t *testing.T, b *strings.Builder) {
	all := dialplan.Functions()
	for _, f := range provision.Functions() {
		all = append(all, dialplan.Function{Name: f.Name, Args: f.Args, Synopsis: f.Synopsis, Example: f.Example})
	}
	slices.SortFunc(all, func(a, b dialplan.Function) int { return strings.Compare(a.Name, b.Name) })
	heading(b, "Functions", "function", "its value", "example", "gives")
	for _, f := range all {
		if !strings.Contains(f.Example, f.Name) {
			t.Errorf("the example of %s is %q", f.Name, f.Example)
		}
		gives := "nothing"
		if !strings.HasPrefix(f.Synopsis, "empty: ") { // functions that can only be set, on a channel
			gives = s.shown(t, f.Example)
		}
		row(b, code(f.Name+"("+f.Args+")"), cell(f.Synopsis), code(f.Example), gives)
	}
}

// variables writes Asterisk's variables, which the configuration sets, and those of the request.
func (s *referenceSample) variables(t *testing.T, b *strings.Builder) {
	heading(b, "Variables of Asterisk", "variable", "its value", "for example")
	documented := map[string]bool{"endpoint": true} // as the section has it
	for _, setvar := range referenceSetvars {
		name, _, _ := strings.Cut(setvar, "=")
		documented[name] = true
	}
	for _, v := range asteriskVariables {
		documented[v.name] = true
		row(b, code(v.name), cell(v.synopsis), s.shown(t, "${"+v.name+"}"))
	}
	heading(b, "Variables of the phone, its time zone and the request", "variable", "its value", "example", "gives")
	for _, v := range provision.RequestVariables() {
		documented[v.Name] = true
		row(b, code(v.Name), cell(v.Synopsis), code(v.Example), s.shown(t, v.Example))
	}
	for _, p := range s.snapshot.Phones() {
		for _, l := range s.renderer.Explain(context.Background(), s.snapshot, s.snapshot.PhoneRoutes(p)[0], s.request).Lines {
			for _, v := range l.Variables {
				if !documented[v.Name] {
					t.Errorf("variable %s is not in the reference", v.Name)
				}
			}
		}
	}
}

func (s *referenceSample) operators(t *testing.T, b *strings.Builder) {
	heading(b, "Operators, those that bind least first", "operators", "value", "example", "gives")
	for _, o := range operators {
		row(b, code(o.operators), cell(o.synopsis), code(o.example), s.shown(t, o.example))
	}
}
