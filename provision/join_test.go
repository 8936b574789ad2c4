package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// eastFiles and westFiles are two Asterisks. Both have an extension 6001, the phone 3 and some names of files.
var (
	eastFiles = map[string]string{
		"phoneprov.conf":  "[general]\ndefault_profile=p\n[p]\nstatic_file=logo.bmp\nstatic_file=000000000002.boot\n${MAC}.cfg => t\n${USERNAME}.ext => t\nall.xml => all\nall-${PP_PBX}.xml => all\n",
		"users.conf":      "[6001]\nautoprov=yes\nmacaddress=000000000001\nfullname=East One\n[6003]\nautoprov=yes\nmacaddress=00:00:00:00:00:03\nfullname=East Three\n",
		"extensions.conf": "[globals]\nSITE=east\n",
	}
	westFiles = map[string]string{
		"phoneprov.conf":  "[general]\ndefault_profile=p\n[p]\nstatic_file=logo.bmp\nstatic_file=only.bmp\n${MAC}.cfg => t\n${MAC}.west => t\n${USERNAME}.ext => t\nall.xml => all\nall-${PP_PBX}.xml => all\n",
		"users.conf":      "[6001]\nautoprov=yes\nmacaddress=000000000002\nfullname=West One\n[6004]\nautoprov=yes\nmacaddress=000000000003\nfullname=West Three\n",
		"extensions.conf": "[globals]\nSITE=west\n",
	}
	partTemplates = map[string]string{
		"t": "${PP_PBX} ${SITE} ${DISPLAY_NAME} ${DB(a/b)}", "all": "${PP_PBX}:${PP_EACH_USER( %{DISPLAY_NAME})}", "logo.bmp": "logo", "only.bmp": "only", "000000000002.boot": "boot",
	}
)

// buildPart builds the snapshot of one of several Asterisks.
func buildPart(tb testing.TB, pbx string, files map[string]string) Part {
	tb.Helper()
	s, diags, err := Build(context.Background(), Input{PBX: pbx, Config: config(tb, files)}, testNow)
	if err != nil || slices.ContainsFunc(diags, func(d Diagnostic) bool { return d.Severity > Info }) {
		tb.Fatal(diags, err)
	}
	return Part{pbx, s}
}

// partRenderers returns the Renderer of the Asterisks. Each answers a call with its name and the call.
func partRenderers(tb testing.TB, templates map[string]map[string]string) *Renderer {
	tb.Helper()
	parts := map[string]*Renderer{}
	for pbx, files := range templates {
		r, _ := renderer(tb, files)
		o := r.options
		o.PBX, o.Ask = pbx, func(_ context.Context, call string) (string, error) { return pbx + " answers " + call, nil }
		parts[pbx] = NewRenderer(o)
	}
	return JoinRenderers(parts)
}

func eastAndWest(tb testing.TB) (*Snapshot, []Diagnostic, *Renderer) {
	tb.Helper()
	s, diags := Join([]Part{buildPart(tb, "east", eastFiles), buildPart(tb, "west", westFiles)})
	return s, diags, partRenderers(tb, map[string]map[string]string{"east": partTemplates, "west": partTemplates})
}

func TestJoinedFiles(t *testing.T) {
	s, _, r := eastAndWest(t)
	for _, row := range []struct{ uri, want, owner string }{
		{"000000000001.cfg", "east east East One east answers DB(a/b)", "000000000001"},
		{"000000000002.cfg", "west west West One west answers DB(a/b)", "000000000002"},
		{"00-00-00-00-00-02.cfg", "west west West One west answers DB(a/b)", "000000000002"},
		{"00:00:00:00:00:03.cfg", "east east East Three east answers DB(a/b)", "000000000003"},
		{"000000000003.cfg", "east east East Three east answers DB(a/b)", "000000000003"},
		{"000000000003.west", "", ""}, // the phone is east's, which has no such file
		{"000000000002.west", "west west West One west answers DB(a/b)", "000000000002"},
		{"6001.ext", "east east East One east answers DB(a/b)", "000000000001"},
		{"6004.ext", "", ""},
		{"all.xml", "east: East One East Three", ""},
		{"all-east.xml", "east: East One East Three", ""},
		{"all-west.xml", "west: West One West Three", ""},
		{"logo.bmp", "logo", ""},
		{"only.bmp", "only", ""},
		{"000000000002.boot", "boot", "000000000002"}, // a file of east that a phone of west owns
		{"000000000009.cfg", "", ""},
	} {
		f, even := s.Find(row.uri), s.FindEvenly(row.uri)
		if diff := cmp.Diff(fmt.Sprintf("%+v", f.Route), fmt.Sprintf("%+v", even.Route)); diff != "" || f.MAC != even.MAC || f.Phone != even.Phone {
			t.Errorf("%s: Find and FindEvenly differ: %s", row.uri, diff)
		}
		if f.Route == nil {
			if row.want != "" {
				t.Errorf("%s: no route", row.uri)
			}
			continue
		}
		body, err := render(t, r, s, row.uri, Request{})
		owner := ""
		if f.Route.Owner != nil {
			owner = f.Route.Owner.ID
		}
		if body != row.want || err != nil || owner != row.owner {
			t.Errorf("%s: got %q of %q, %v, want %q of %q", row.uri, body, owner, err, row.want, row.owner)
		}
		if rt := s.RouteOf(f.Route.URI); rt == nil || rt.Owner != f.Route.Owner || rt.PBX() != f.Route.PBX() {
			t.Errorf("RouteOf(%q): got %+v", f.Route.URI, rt)
		}
	}
	if got := s.Find("000000000002.other"); got.Phone == nil || got.Phone.PBX() != "west" {
		t.Errorf("got %+v of a name that a phone of west would own", got)
	}
}

// All lists of a joined snapshot have what is served, each thing once.
func TestJoinedLists(t *testing.T) {
	s, _, _ := eastAndWest(t)
	var uris, phones []string
	for _, rt := range s.Routes() {
		uris = append(uris, rt.PBX()+"/"+rt.URI)
		if found := s.Find(rt.URI).Route; found == nil || found.PBX() != rt.PBX() {
			t.Errorf("%s: the list has it, and Find has %+v", rt.URI, found)
		}
	}
	want := []string{"east/logo.bmp", "east/000000000002.boot", "east/000000000001.cfg", "east/6001.ext", "east/all.xml", "east/all-east.xml",
		"east/00:00:00:00:00:03.cfg", "east/6003.ext", "west/only.bmp", "west/000000000002.cfg", "west/000000000002.west", "west/all-west.xml"}
	if diff := cmp.Diff(want, uris); diff != "" {
		t.Error(diff)
	}
	for _, p := range s.Phones() {
		phones = append(phones, p.PBX()+"/"+p.ID)
		if s.Phone(p.ID) != p || s.PhoneOf(p.MAC) != p {
			t.Errorf("%s: Phone and PhoneOf have another one", p.ID)
		}
	}
	if diff := cmp.Diff([]string{"east/000000000001", "east/000000000003", "west/000000000002"}, phones); diff != "" {
		t.Error(diff)
	}
	if got := s.Counts(); got != (Counts{Phones: 3, Lines: 3, Routes: len(want)}) {
		t.Errorf("got %+v", got)
	}
	var own []string
	for _, rt := range s.PhoneRoutes(s.Phone("000000000002")) {
		own = append(own, rt.URI)
	}
	if diff := cmp.Diff([]string{"000000000002.cfg", "000000000002.west", "all-west.xml"}, own); diff != "" {
		t.Error(diff)
	}
	if found := s.FindPhones("6001"); len(found) != 2 {
		t.Errorf("got %d phones of extension 6001, want one of each Asterisk", len(found))
	}
	if len(s.Profiles()) != 2 || !slices.Equal(s.PBXs(), []string{"east", "west"}) {
		t.Errorf("got profiles %v of %v", s.Profiles(), s.PBXs())
	}
}

// What two Asterisks have is said once, with the names of both.
func TestJoinedDiagnostics(t *testing.T) {
	_, diags, _ := eastAndWest(t)
	var got []string
	for _, d := range diags {
		got = append(got, d.String())
	}
	want := []string{
		"users.conf:5: error: phone 000000000003 is in east ([6003] at users.conf:5) and in west ([6004] at users.conf:5): it gets the files of east, and none of west; remove it from one of them",
		`phoneprov.conf:4: info: static file "logo.bmp" is in east and in west: the one of east is served to all phones`,
		`phoneprov.conf:8: error: file "6001.ext" is phone 000000000001 of east and phone 000000000002 of west: the one of east is served; put ${MAC} or ${PP_PBX} into its name`,
		`phoneprov.conf:9: warning: file "all.xml" is in east and in west, and belongs to no phone: the one of east is served to all phones; put ${PP_PBX} into its name`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var users strings.Builder
	for i := range 3 * maxTwice {
		fmt.Fprintf(&users, "[%d]\nautoprov=yes\nmacaddress=%012x\n", i, i+1)
	}
	copied := map[string]string{"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t\n", "users.conf": users.String()}
	s, diags := Join([]Part{buildPart(t, "a", copied), buildPart(t, "b", copied)})
	if len(diags) != maxTwice+1 || s.Counts().Routes != 3*maxTwice {
		t.Errorf("got %d diagnostics and %+v of an Asterisk that was copied", len(diags), s.Counts())
	}
}

// The first Asterisk in the order of Join has a phone that both have; after it is gone there, the other one has it.
func TestJoinedOrder(t *testing.T) {
	east, west := buildPart(t, "east", eastFiles), buildPart(t, "west", westFiles)
	s, _ := Join([]Part{west, east})
	if p := s.Phone("000000000003"); p.PBX() != "west" || s.Lookup("000000000003.cfg").PBX() != "west" {
		t.Errorf("got the phone of %s", p.PBX())
	}
	before, _ := Join([]Part{east, west})
	without := map[string]string{"phoneprov.conf": eastFiles["phoneprov.conf"], "users.conf": "[6001]\nautoprov=yes\nmacaddress=000000000001\n"}
	after, _ := Join([]Part{buildPart(t, "east", without), west})
	if p := after.Phone("000000000003"); p.PBX() != "west" {
		t.Errorf("got the phone of %s", p.PBX())
	}
	if c := Compare(before, after); c.Added != 0 || c.Removed != 0 || c.Changed != 2 {
		t.Errorf("got %+v: the first phone has no fullname any more, and the third one is of the other Asterisk", c)
	}
}

// A part that changes changes nothing of the others, and the same parts have the same content.
func TestJoinedContent(t *testing.T) {
	east, west := buildPart(t, "east", eastFiles), buildPart(t, "west", westFiles)
	first, _ := Join([]Part{east, west})
	again, _ := Join([]Part{east, west})
	if !first.SameContent(again) || first.SharedPrint() != again.SharedPrint() || !cmp.Equal(Compare(first, again), Changes{}) {
		t.Error("the same parts have another content")
	}
	changed := map[string]string{"phoneprov.conf": westFiles["phoneprov.conf"], "users.conf": strings.Replace(westFiles["users.conf"], "West One", "West Uno", 1),
		"extensions.conf": westFiles["extensions.conf"]}
	next, _ := Join([]Part{east, buildPart(t, "west", changed)})
	if next.SameContent(first) || first.SameContent(next) || first.SameContent(east.Snapshot) || east.Snapshot.SameContent(first) {
		t.Error("other parts have the same content")
	}
	if c := Compare(first, next); c.Changed != 1 || c.Added+c.Removed != 0 {
		t.Errorf("got %+v", c)
	}
	alone, _ := Join([]Part{east, {PBX: "west"}})
	if !slices.Equal(alone.Missing, []string{"west"}) || alone.Counts().Phones != 2 || len(first.Missing) > 0 {
		t.Errorf("got %v missing, %+v", alone.Missing, alone.Counts())
	}
	none, _ := Join([]Part{{PBX: "east"}, {PBX: "west"}})
	if none.Lookup("logo.bmp") != nil || none.Counts() != (Counts{}) || len(none.Routes()) != 0 {
		t.Error("nothing was read, and something is served")
	}
}

// A joined snapshot is as old as its oldest part.
func TestJoinedTimes(t *testing.T) {
	east, west := buildPart(t, "east", eastFiles), buildPart(t, "west", westFiles)
	old := *east.Snapshot
	old.BuiltAt, old.SavedAt = testNow.Add(-time.Hour), testNow.Add(-time.Minute)
	for _, parts := range [][]Part{{west, {"east", &old}}, {{"east", &old}, west}} {
		if s, _ := Join(parts); !s.BuiltAt.Equal(old.BuiltAt) || !s.SavedAt.Equal(old.SavedAt) {
			t.Errorf("got %v and %v", s.BuiltAt, s.SavedAt)
		}
	}
	if s, _ := Join([]Part{east, west}); !s.SavedAt.IsZero() {
		t.Error("nothing was restored")
	}
}

// The digest, the templates and the diagnostics of a file are those of its own Asterisk.
func TestJoinedRenderer(t *testing.T) {
	east, west := buildPart(t, "east", eastFiles), buildPart(t, "west", westFiles)
	s, _ := Join([]Part{east, west})
	r := partRenderers(t, map[string]map[string]string{
		"east": {"t": "of east ${DISPLAY_NAME}"}, "west": {"t": "of west ${DISPLAY_NAME} ${"},
	})
	q := Request{Now: testNow}
	of := map[string]Basis{}
	for pbx, uri := range map[string]string{"east": "000000000001.cfg", "west": "000000000002.cfg"} {
		rt := s.Lookup(uri)
		digest, basis, err := r.Digest(t.Context(), s, rt, q)
		doc, renderErr := r.Render(t.Context(), s, rt, q)
		if err != nil || renderErr != nil {
			t.Fatal(err, renderErr)
		}
		if doc.ETag != digest || basis != doc.Basis(s, rt) || basis.Shared != s.SharedPrint() {
			t.Errorf("%s: got %s and %+v, want %s and %+v", pbx, digest, basis, doc.ETag, doc.Basis(s, rt))
		}
		if now := r.TemplatesPrint(basis.Templates); now != basis.TemplatesPrint || now == 0 {
			t.Errorf("%s: got %d, want %d", pbx, now, basis.TemplatesPrint)
		}
		if both, tag, err := r.Both(t.Context(), s, rt, q); err != nil || tag != digest || !strings.HasPrefix(both.Text, "of "+pbx) {
			t.Errorf("%s: got %+v, %s, %v", pbx, both, tag, err)
		}
		if x := r.Explain(t.Context(), s, rt, q); len(x.Lines) != 1 || x.Err != nil {
			t.Errorf("%s: got %+v", pbx, x)
		}
		if pbx == "west" && (len(doc.Diagnostics) == 0 || doc.Diagnostics[0].PBX != "west" || !strings.HasPrefix(doc.Diagnostics[0].String(), "west: t:1: ")) {
			t.Errorf("got %v", doc.Diagnostics)
		}
		of[pbx] = basis
	}
	if of["east"].Templates == of["west"].Templates {
		t.Error("the templates of both have the same names")
	}
	if got := r.TemplatesPrint("north" + partEnd + "t"); got != 0 {
		t.Errorf("got %d of an Asterisk that there is not", got)
	}
	if s := r.WithRoom(1 << 20).Stats(); s != (CacheStats{}) || r.Stats().Plans != 2 {
		t.Errorf("got %+v and %+v", s, r.Stats())
	}
}

// Check says of which Asterisk a finding is. A profile of phoneprov.ini, and a file of a directory that both have, are
// known if one of the Asterisks has them.
func TestJoinedCheck(t *testing.T) {
	onlyEast := map[string]string{"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t\n", "users.conf": eastFiles["users.conf"]}
	onlyWest := map[string]string{"phoneprov.conf": "[general]\ndefault_profile=q\n[q]\n${MAC}.cfg => u\n", "users.conf": "[6001]\nautoprov=yes\nmacaddress=000000000002\n"}
	s, _ := Join([]Part{buildPart(t, "east", onlyEast), buildPart(t, "west", onlyWest)})
	one, _ := renderer(t, map[string]string{"t": "${LABEL}", "u": "${NOSUCHVARIABLE}", "unused": ""})
	parts := map[string]*Renderer{}
	for _, pbx := range []string{"east", "west"} {
		o := one.options
		o.PBX, o.Profiles = pbx, map[string]ProfileOptions{"p": {}, "q": {}, "other": {}}
		o.Ask = func(context.Context, string) (string, error) { return "", dialplan.ErrNoFunction }
		parts[pbx] = NewRenderer(o)
	}
	var got []string
	for _, d := range Check(t.Context(), s, JoinRenderers(parts), Request{Server: "pbx", Now: testNow}) {
		got = append(got, d.String())
	}
	text := strings.Join(got, "\n")
	for _, want := range []string{"west: u:1: ", "unused: info: no route uses this file", "[profile other] of phoneprov.ini"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("%q is not there once", want)
		}
	}
	if strings.Contains(text, "[profile p]") || strings.Contains(text, "[profile q]") || strings.Contains(text, "t: info") || strings.Contains(text, "u: info") || t.Failed() {
		t.Errorf("got\n%s", text)
	}
}

// PP_PBX is the name of the Asterisk, also where it is the only one, and in names of files. The configuration may set
// another value.
func TestPBXVariable(t *testing.T) {
	r, _ := renderer(t, map[string]string{"t": "${PP_PBX}"})
	for want, row := range map[string]struct{ pbx, conf string }{
		"main":  {"main", "[p]\n${MAC}-${PP_PBX}.cfg => t\n"},
		"":      {"", "[p]\n${MAC}-${PP_PBX}.cfg => t\n"},
		"other": {"main", "[p]\nsetvar => PP_PBX=other\n${MAC}-${PP_PBX}.cfg => t\n"},
	} {
		part := buildPart(t, row.pbx, map[string]string{"phoneprov.conf": "[general]\ndefault_profile=p\n" + row.conf, "users.conf": "[1]\nautoprov=yes\nmacaddress=000000000001\n"})
		if body, err := render(t, r, part.Snapshot, "000000000001-"+want+".cfg", Request{}); body != want || err != nil {
			t.Errorf("got %q, %v, want %q", body, err, want)
		}
	}
}
