package provision

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/phoneprov/phoneprov/provision/zone"
)

// cachedSite is a phone with a file x, of the template t, that includes the template i.
type cachedSite struct {
	r   *Renderer
	s   *Snapshot
	dir string
	q   Request
}

// lay writes a file that has been unchanged for a while.
func (k *cachedSite) lay(tb testing.TB, name, text string, age time.Duration) {
	tb.Helper()
	path := filepath.Join(k.dir, name)
	testkit.WriteSteady(tb, path, text)
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
		tb.Fatal(err)
	}
}

func (k *cachedSite) configure(t *testing.T, name string) {
	t.Helper()
	k.s, _ = build(t, map[string]string{"phoneprov.conf": `[general]
[p]
mime_type=text/xml
setvar=EVER=${EPOCH}
setvar=HERE=${SERVER}
setvar=SAME=<&>
x => t
`,
		"extensions.conf": "[globals]\nCHANCE=${RAND()}\n",
		"users.conf": `[general]
[1]
autoprov=yes
profile=p
macaddress=001122334455
timezone=Europe/Vienna
fullname=` + name + "\n"})
}

// cached reports whether the renderer remembers a file.
func (k *cachedSite) cached() bool { return k.r.Stats().Files > 0 }

// If anything changes that a file is made of, the next response shows it. If nothing changes, the file is remembered,
// unless a change could not be noticed.
func TestCachedFileFollowsEveryInput(t *testing.T) {
	const keeps, never = true, false
	at := func(now time.Time) func(*testing.T, *cachedSite) {
		return func(_ *testing.T, k *cachedSite) { k.q.Now = now }
	}
	later := at(testNow.Add(time.Second))
	spring := at(time.Date(2027, 3, 28, 1, 0, 0, 0, time.UTC))
	userAgent := func(_ *testing.T, k *cachedSite) { k.q.UserAgent = "Grandstream GXP2170 1.0.11.48" }
	rows := []struct {
		name, template string
		kept           bool
		change         func(*testing.T, *cachedSite)
	}{
		{"no difference", "${USERNAME}", keeps, func(*testing.T, *cachedSite) {}},
		{"server", "${SERVER}", keeps, func(_ *testing.T, k *cachedSite) { k.q.Server = "other" }},
		{"no server", "${SERVER}", keeps, func(_ *testing.T, k *cachedSite) { k.q.Server = "" }},
		{"server in a setvar", "${HERE}", keeps, func(_ *testing.T, k *cachedSite) { k.q.Server = "other" }},
		{"server of a listed phone", "${PP_EACH_USER(%{SERVER})}", keeps, func(_ *testing.T, k *cachedSite) { k.q.Server = "other" }},
		{"host", "${PP_HOST}", keeps, func(_ *testing.T, k *cachedSite) { k.q.Host = "other" }},
		{"scheme", "${PP_SCHEME}", keeps, func(_ *testing.T, k *cachedSite) { k.q.Scheme = "https" }},
		{"host of the URL", "${PP_URL}", keeps, func(_ *testing.T, k *cachedSite) { k.q.Host = "other" }},
		{"scheme of the URL", "${PP_URL}", keeps, func(_ *testing.T, k *cachedSite) { k.q.Scheme = "https" }},
		{"prefix of the URL", "${PP_URL}", keeps, func(_ *testing.T, k *cachedSite) { k.q.Prefix = "/other" }},
		{"vendor", "${PP_VENDOR}", keeps, userAgent},
		{"model", "${PP_MODEL}", keeps, userAgent},
		{"firmware", "${PP_FIRMWARE}", keeps, userAgent},
		{"time", "${EPOCH}", never, later},
		{"time in a setvar", "${EVER}", never, later},
		{"time by its format", "${STRFTIME(,,%T)}", never, later},
		{"time of the day", "${IFTIME(12:00-12:00?a:b)}", never, at(testNow.Add(time.Hour))},
		{"no difference, later", "${USERNAME}", keeps, at(testNow.AddDate(20, 0, 0))},
		{"next change of the clock", "${DST_START_MONTH}/${DST_START_MDAY} ${DST_END_MONTH}/${DST_END_MDAY}", keeps, spring},
		{"change of the clock that was", "${DST_START_MDAY}", keeps, at(testNow.AddDate(-1, 0, 0))},
		{"change of the clock as a rule", "${PP_DST_START_MDAY} ${PP_DST_END_MDAY}", keeps, spring},
		{"chance", "${RAND()}", never, func(*testing.T, *cachedSite) {}},
		{"chance in a global", "${CHANCE}", never, func(*testing.T, *cachedSite) {}},
		{"chance in a listed phone", "${PP_EACH_USER(%{CHANCE})}", never, func(*testing.T, *cachedSite) {}},
		{"UUID", "${UUID()}", never, func(*testing.T, *cachedSite) {}},
		{"no difference, a zone", "${STRFTIME(0,Europe/Vienna,%T)}", never, func(*testing.T, *cachedSite) {}},
		{"stat", "${STAT(s,s)}", never, func(t *testing.T, k *cachedSite) { k.lay(t, "s", "longer", time.Hour) }},
		{"answer", "${DB(a/b)}", never, func(_ *testing.T, k *cachedSite) {
			k.r.options.Ask = func(context.Context, string) (string, error) { return "other", nil }
		}},
		{"template", "one", keeps, func(t *testing.T, k *cachedSite) { k.lay(t, "t", "two", 30*time.Minute) }},
		{"size of the template", "one", keeps, func(t *testing.T, k *cachedSite) { k.lay(t, "t", "three", time.Hour) }},
		{"file of the template", "one", keeps, func(t *testing.T, k *cachedSite) {
			info, err := os.Stat(filepath.Join(k.dir, "t"))
			if err != nil {
				t.Fatal(err)
			}
			k.lay(t, "new", "two", time.Hour)
			os.Chtimes(filepath.Join(k.dir, "new"), time.Time{}, info.ModTime())
			if err := os.Rename(filepath.Join(k.dir, "new"), filepath.Join(k.dir, "t")); err != nil {
				t.Fatal(err)
			}
		}},
		{"template that becomes XML", "a=${DISPLAY_NAME}${SAME}", keeps, func(t *testing.T, k *cachedSite) { k.lay(t, "t", "<a>${DISPLAY_NAME}${SAME}", 30*time.Minute) }},
		{"template that is XML no more", "<a>${DISPLAY_NAME}${SAME}", keeps, func(t *testing.T, k *cachedSite) { k.lay(t, "t", "a=${DISPLAY_NAME}${SAME}", 30*time.Minute) }},
		{"included template", "${PP_EACH_EXTENSION(${MAC},i)}", keeps, func(t *testing.T, k *cachedSite) { k.lay(t, "i", "two", 30*time.Minute) }},
		{"included template that is new", "${PP_EACH_EXTENSION(${MAC},none)}", never, func(t *testing.T, k *cachedSite) { k.lay(t, "none", "now", time.Hour) }},
		{"escaping", "<${DISPLAY_NAME}", keeps, func(_ *testing.T, k *cachedSite) {
			o := k.r.options
			o.Profiles = map[string]ProfileOptions{"p": {Escape: EscapeNone}}
			k.r = NewRenderer(o)
		}},
		{"escaping of what is the same for all phones", "<\x01${SAME}", keeps, func(_ *testing.T, k *cachedSite) {
			o := k.r.options
			o.Profiles = map[string]ProfileOptions{"p": {Escape: EscapeNone}}
			k.r = NewRenderer(o)
		}},
		{"zone of the server", "${STRFTIME(0,,%T)}", never, func(_ *testing.T, k *cachedSite) {
			k.r = NewRenderer(RendererOptions{Data: k.r.options.Data, Zone: time.FixedZone("east", 3600)})
		}},
		{"renderer", "${EXISTS(1)}${DISPLAY_NAME}", keeps, func(t *testing.T, k *cachedSite) {
			k.r, k.dir = renderer(t, map[string]string{"t": "elsewhere", "i": ""})
		}},
		{"snapshot", "${DISPLAY_NAME}", keeps, func(t *testing.T, k *cachedSite) { k.configure(t, "Other") }},
	}
	for _, v := range RequestVariables() {
		row := rows[0]
		row.name, row.template = "no difference perhaps, "+v.Name, v.Example
		row.change = func(_ *testing.T, k *cachedSite) {
			k.q = Request{Server: "c", Now: testNow.AddDate(0, 5, 0), Scheme: "https", Host: "c:1", Prefix: "/c", UserAgent: "snomD785/10.1.175.16"}
		}
		rows = append(rows, row)
	}
	for _, row := range rows { // and each row in a remembered list too
		row.name += ", listed"
		row.template += "|${PP_EACH_USER(" + strings.ReplaceAll(row.template, "${", "%{") + ")}"
		rows = append(rows, row)
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			k := &cachedSite{q: Request{Server: "pbx", Now: testNow, Scheme: "http", Host: "pbx:8080", Prefix: "/phoneprov", UserAgent: "Yealink SIP-T46S 66.85.0.5"}}
			k.r, k.dir = renderer(t, nil)
			k.r.options.Ask = func(context.Context, string) (string, error) { return "answer", nil }
			k.lay(t, "t", tt.template, time.Hour)
			k.lay(t, "i", "one", time.Hour)
			k.lay(t, "s", "short", time.Hour)
			k.configure(t, "A & B")
			fetch := func() string {
				t.Helper()
				got, err := render(t, k.r, k.s, "x", k.q)
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			first := fetch()
			if again := fetch(); again != first && tt.kept {
				t.Errorf("got %q, then %q", first, again)
			}
			if got := k.cached(); got != tt.kept {
				t.Errorf("kept: %v, want %v", got, tt.kept)
			}
			if again := fetch(); again != first && tt.kept {
				t.Errorf("got %q, then %q", first, again)
			}
			tt.change(t, k)
			if strings.Contains(tt.template, "RAND") || strings.Contains(tt.template, "UUID") || strings.Contains(tt.template, "CHANCE") {
				if got := fetch(); got == first {
					t.Errorf("got %q each time", got)
				}
				return
			}
			b := k.r.newCalls(t.Context())
			defer b.end()
			want, err := k.r.render(t.Context(), k.s, nil, k.s.Lookup("x"), k.q, b)
			if err != nil {
				t.Fatal(err)
			}
			if got := fetch(); got != string(want.text) {
				t.Errorf("got %q after the change, want %q", got, string(want.text))
			}
			if string(want.text) == first && !strings.HasPrefix(tt.name, "no difference") {
				t.Errorf("the change changes nothing: %q", first)
			}
		})
	}
}

// The directory is replaced while files are remembered.
func TestCachesWhereTheDirectoryIsReplaced(t *testing.T) {
	k := &cachedSite{dir: t.TempDir(), q: Request{Now: testNow}}
	for _, name := range []string{"one", "two"} {
		k.lay(t, name+"/t", name, time.Hour)
	}
	at := func(name string) string { return filepath.Join(k.dir, name) }
	if err := os.Symlink("one", at("current")); err != nil {
		t.Fatal(err)
	}
	data, err := datadir.Open(at("current"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	k.r = NewRenderer(RendererOptions{Data: data})
	k.configure(t, "A")
	expect := func(want string) {
		t.Helper()
		for range 2 {
			if got, err := render(t, k.r, k.s, "x", k.q); err != nil || got != want {
				t.Errorf("got %q (%v), want %q", got, err, want)
			}
		}
		if !k.cached() {
			t.Errorf("%s is not kept", want)
		}
	}
	expect("one")
	if err := os.Symlink("two", at("new")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(at("new"), at("current")); err != nil {
		t.Fatal(err)
	}
	expect("two")
	if err := os.Remove(at("current")); err != nil {
		t.Fatal(err)
	}
	expect("two") // between two renames there is no directory
}

// Each phone's directory is the list of all phones without its own part, whichever phone came first. The list is made
// once.
func TestUserListServesEveryPhone(t *testing.T) {
	s, _ := build(t, map[string]string{
		"phoneprov.conf": "[general]\n[p]\nmime_type=text/xml\n${MAC} => t\n${MAC}.txt => u\n",
		"users.conf": `[general]
[phone](!)
autoprov=yes
profile=p
[1](phone)
macaddress=000000000001
fullname=A & <B>
` +
			`[2](phone)
macaddress=000000000002
fullname=C
[3](phone)
macaddress=000000000003
fullname="D"
`,
	})
	r, dir := renderer(t, nil)
	for name, begin := range map[string]string{"t": "<", "u": ""} {
		(&cachedSite{dir: dir}).lay(t, name, begin+"${PP_EACH_USER(<u n=\"%{LINE}\">%{DISPLAY_NAME}</u>,${MAC})}|${EPOCH}", time.Hour)
	}
	q := Request{Now: testNow}
	const a, c, d = `<u n="1">A &amp; &lt;B&gt;</u>`, `<u n="1">C</u>`, `<u n="1">&quot;D&quot;</u>`
	for range 2 {
		for _, tt := range []struct{ uri, want string }{
			{"000000000002", a + d}, {"000000000001", c + d}, {"000000000003", a + c},
			{"000000000001.txt", `<u n="1">C</u><u n="1">"D"</u>`}, {"000000000003.txt", `<u n="1">A & <B></u><u n="1">C</u>`},
		} {
			want := tt.want + fmt.Sprintf("|%d", testNow.Unix())
			if !strings.HasSuffix(tt.uri, ".txt") {
				want = "<" + want
			}
			if got, err := render(t, r, s, tt.uri, q); err != nil || got != want {
				t.Errorf("%s: got %q (%v), want %q", tt.uri, got, err, want)
			}
		}
	}
	if n := r.Stats().Lists; n != 2 { // escaped and not
		t.Errorf("%d lists were made, want 2", n)
	}
}

// The diagnostics of a list are in every file that has the list.
func TestUserListWithDiagnostics(t *testing.T) {
	s, _ := build(t, map[string]string{"phoneprov.conf": "[general]\n[p]\n${MAC} => t\n", "users.conf": benchUsers(2)})
	r, dir := renderer(t, nil)
	(&cachedSite{dir: dir}).lay(t, "t", "${PP_EACH_USER(%{PP_ENDPOINT()})}", time.Hour)
	for _, mac := range []string{"000000000000", "000000000001", "000000000000"} {
		doc, err := r.Render(context.Background(), s, s.Lookup(mac), Request{Now: testNow})
		if err != nil || len(doc.Diagnostics) != 2 {
			t.Errorf("got %v (%v), want two diagnostics", doc.Diagnostics, err)
		}
	}
}

// Until the moment that zone.RuleUntil gives, the rule and the variables of a zone are what they are now.
func TestZonesUntilTheirEnd(t *testing.T) {
	ends, moments := 0, 0
	days := skips.Size(t, 9, 36)
	table := newZoneFacts()
	for _, name := range []string{"Europe/Vienna", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe", "Europe/Dublin", "Asia/Kolkata", "America/Sao_Paulo", "UTC"} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for now := time.Date(2015, 1, 1, 6, 0, 0, 0, time.UTC); now.Year() < 2030; now = now.AddDate(0, 0, days) {
			moments++
			then := now.AddDate(1, 0, 0)
			if end := zone.RuleUntil(loc, now); !end.IsZero() {
				then = end.Add(-time.Nanosecond)
				ends++
			}
			for _, at := range []time.Time{now.Add(then.Sub(now) / 2), then} {
				if got, want := zone.RuleAt(loc, at), zone.RuleAt(loc, now); got != want {
					t.Errorf("%s: at %v the rule is %+v, and as of %v %+v", name, at, got, now, want)
				}
				if got, want := fmt.Sprint(zone.Vars(loc, at)), fmt.Sprint(zone.Vars(loc, now)); got != want {
					t.Errorf("%s: at %v the variables are %s, and as of %v %s", name, at, got, now, want)
				}
				for _, at := range []time.Time{now, at, then.AddDate(0, 0, 1), now.AddDate(0, 0, -1)} {
					if got, want := fmt.Sprint(zoneFactsAt(table, loc, at).vars), fmt.Sprint(zone.Vars(loc, at)); got != want {
						t.Errorf("%s: at %v the table has %s, want %s", name, at, got, want)
					}
				}
			}
		}
	}
	if ends < moments/5 {
		t.Errorf("only %d of %d moments have an end", ends, moments)
	}
}
