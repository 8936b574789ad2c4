package provision

import (
	"context"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// optionFiles have a phone with two lines and another phone in users.conf, and phones in pjsip.conf.
var optionFiles = map[string]string{
	"phoneprov.conf": "[p]\nsetvar => SET=${PP_USER(context)}\n${MAC}.cfg => t\n${PP_USER(model,any)}-${MAC}.named => t\n",
	"users.conf": `[general]
hasvoicemail=yes
callgroup=1
empty=general
localextenlength=3
[base](!)
autoprov=yes
profile=p
nat=no
` +
		`[6001](base)
macaddress=000000000001
secret=s3cret
HasVoicemail=no
nat=yes
callwaiting=1
empty=
context=in
context=
model=D785
` +
		"[6002](base)\nmacaddress=000000000001\nlinenumber=2\n" +
		"[6003]\nautoprov=yes\nprofile=p\nmacaddress=000000000003\n",
	"pjsip.conf": `[t]
type=transport
bind=0.0.0.0
[7001]
type=endpoint
transport=t
context=first
context=live
dtmf_mode=info
call_group=1,3
` +
		`[7001]
type=phoneprov
endpoint=7001
PROFILE=p
MAC=000000000007
NAT=upper
HasVoicemail=x
`,
	"pjsip_wizard.conf": `[8001]
type=wizard
has_phoneprov=yes
phoneprov/MAC=000000000008
phoneprov/PROFILE=p
phoneprov/COLOR=red
` +
		"endpoint/context=wiz\nendpoint/Dtmf_Mode=inband\n",
}

func TestUserOption(t *testing.T) {
	s, _ := build(t, optionFiles)
	for _, row := range []struct{ name, mac, template, want string }{
		{"its own", "000000000001", "${PP_USER(callwaiting)}", "1"},
		{"in any case", "000000000001", "${PP_USER(HASVOICEMAIL)}", "no"},
		{"of [general]", "000000000001", "${PP_USER(callgroup)}", "1"},
		{"of a template, its own wins", "000000000001", "${PP_USER(nat)}", "yes"},
		{"an empty one is none", "000000000001", "${PP_USER(empty)}", "general"},
		{"the last that is not empty", "000000000001", "${PP_USER(context)}", "in"},
		{"none at all", "000000000001", "[${PP_USER(pickupgroup)}]", "[]"},
		{"its default", "000000000001", "${PP_USER(pickupgroup,1)}|${PP_USER(pickupgroup,a\\,b)}|${PP_USER(x,a,b)}|${PP_USER(x,)}|${PP_USER(x,${MAC})}", "1|a,b|a,b||000000000001"},
		{"no default where it is set", "000000000001", "${PP_USER(nat,default)}", "yes"},
		{"blanks", "000000000001", "${PP_USER( nat )}", "yes"},
		{"the secret is the file's", "000000000001", "${PP_USER(secret)}", "s3cret"},
		{"in a setvar", "000000000001", "${SET}", "in"},
		{"of each line", "000000000001", "${PP_EACH_EXTENSION(${MAC},l)}", "no yes;yes no;"},
		{"of every phone", "000000000001", "${PP_EACH_USER(%{PP_USER(nat,none)} )}", "yes none upper none "},
		{"of every line, and of none behind it", "000000000003", "${PP_EACH_LINE(%{PP_USER(nat)},000000000001)}|${PP_USER(nat)}", "yesno|"},
		{"of [general] alone", "000000000003", "${PP_USER(hasvoicemail)}|${PP_USER(model,none)}", "yes|none"},
		{"of a phoneprov section", "000000000007", "${PP_USER(nat)}|${PP_USER(hasvoicemail)}|${PP_USER(callgroup,none)}|${PP_USER(context,none)}", "upper|x|none|none"},
		{"of a wizard", "000000000008", "${PP_USER(color)}|${PP_USER(type,none)}", "red|none"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, _ := renderer(t, map[string]string{"t": row.template, "l": "${PP_USER(hasvoicemail)} ${PP_USER(nat)};"})
			if got, err := render(t, r, s, row.mac+".cfg", Request{}); err != nil || got != row.want {
				t.Errorf("%s\n got %q (%v)\nwant %q", row.template, got, err, row.want)
			}
		})
	}
	if s.Lookup("D785-000000000001.named") == nil || s.Lookup("any-000000000003.named") == nil {
		t.Error("PP_USER is not for the name of a file")
	}
}

func TestEndpointOption(t *testing.T) {
	const template = "${PP_ENDPOINT(context)} ${PP_ENDPOINT(DTMF_MODE)} ${PP_ENDPOINT(CallGroup)} ${PP_ENDPOINT( call_group )} [${PP_ENDPOINT(nosuch)}${PP_ENDPOINT(type)}]"
	var sets OptionSets
	live := &Live{Endpoints: map[string]Endpoint{
		"7001": {ID: "7001", Options: sets.Add(map[string]string{"Context": "running", "DtmfMode": "rfc4733", "CallGroup": "1, 3", "Auth": ""})},
		"8001": {ID: "8001"},
	}}
	for _, row := range []struct {
		mac, files, live string
	}{
		{"000000000007", "live info 1,3 1,3 [endpoint]", "running rfc4733 1, 3 1, 3 []"},
		{"000000000008", "wiz inband   []", "    []"},
	} {
		for source, want := range map[*Live]string{nil: row.files, live: row.live} {
			s, _, err := Build(context.Background(), Input{Config: config(t, optionFiles), Live: source}, testNow)
			if err != nil {
				t.Fatal(err)
			}
			r, _ := renderer(t, map[string]string{"t": template})
			if got, err := render(t, r, s, row.mac+".cfg", Request{}); err != nil || got != want {
				t.Errorf("%s, live %v: got %q (%v), want %q", row.mac, source != nil, got, err, want)
			}
		}
	}
}

func TestEachLine(t *testing.T) {
	s, _ := build(t, optionFiles)
	for _, row := range []struct{ template, want string }{
		{"${PP_EACH_LINE(%{LINE}:%{USERNAME} )}", "1:6001 2:6002 1:6003 1:7001 1:8001-phoneprov "},
		{"${PP_EACH_LINE(%{USERNAME} ,${MAC})}", "6001 6002 "},
		{"${PP_EACH_LINE(%{USERNAME} ,00:00:00:00:00:03)}", "6003 "},
		{`${PP_EACH_LINE("a,b" %{LEN(%{USERNAME})}\,,000000000003)}`, `"a,b" 4,`},
		{"${PP_EACH_LINE(${USERNAME}%{USERNAME} ,000000000003)}", "60016003 "},
	} {
		r, _ := renderer(t, map[string]string{"t": row.template})
		if got, err := render(t, r, s, "000000000001.cfg", Request{}); err != nil || got != row.want {
			t.Errorf("%s\n got %q (%v)\nwant %q", row.template, got, err, row.want)
		}
	}
}

func TestFunctionDiagnostics(t *testing.T) {
	s, _ := build(t, optionFiles)
	for _, row := range []struct{ template, want string }{
		{"${PP_USER()}", "t:1: warning: column 1: PP_USER needs an option"},
		{"\n ${PP_ENDPOINT( )}", "t:2: warning: column 2: PP_ENDPOINT needs an option"},
		{"${PP_ENDPOINT(context)}", "t:1: warning: column 1: PP_ENDPOINT: the line has no PJSIP endpoint"},
		{"${PP_EACH_LINE()}", "t:1: warning: column 1: PP_EACH_LINE needs a text"},
		{"${PP_EACH_LINE(x,${PP_USER(secret)})}", "t:1: warning: column 1: PP_EACH_LINE: there is no phone of that MAC"},
		{"${PP_EACH_LINE(x,)}", "t:1: warning: column 1: PP_EACH_LINE: there is no phone of that MAC"},
	} {
		r, _ := renderer(t, map[string]string{"t": row.template})
		doc, err := r.Render(context.Background(), s, s.Lookup("000000000001.cfg"), Request{Now: testNow})
		if err != nil {
			t.Fatal(err)
		}
		if len(doc.Diagnostics) != 1 || doc.Diagnostics[0].String() != row.want || doc.Size > 2 {
			t.Errorf("%s: got %v, %d bytes, want %s", row.template, doc.Diagnostics, doc.Size, row.want)
		}
	}
}

// A function that includes a template does not work in the name of a file, because templates are read when the phone
// fetches.
func TestFunctionsInNames(t *testing.T) {
	s, diags := build(t, map[string]string{
		"phoneprov.conf": `[general]
default_profile=p
[p]
x${PP_EACH_EXTENSION(${MAC},t)} => t
${PP_EACH_LINE(%{PP_USER(label)})} => t
${PP_ENDPOINT(context)}y => t
`,
		"users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\nlabel=l\n",
	})
	for _, uri := range []string{"x", "l", "y"} {
		if s.Lookup(uri) == nil {
			t.Errorf("no file %s", uri)
		}
	}
	if len(diags) != 2 || diags[0].String() != "phoneprov.conf:4: warning: column 2: PP_EACH_EXTENSION is not for the name of a file" {
		t.Errorf("got %v", diags)
	}
}

func TestFunctionTable(t *testing.T) {
	last := ""
	for _, f := range Functions() {
		if f.Name <= last || f.Args == "" || f.Synopsis == "" || f.run == nil || dialplan.Known(f.Name) {
			t.Errorf("%+v is not in order, incomplete, or native", f)
		}
		last = f.Name
		calls := dialplan.Parse("t", strings.ReplaceAll(f.Example, "%{", "${")).Calls()
		if len(calls) == 0 || calls[0].Name != f.Name {
			t.Errorf("%s: the example %q does not call it", f.Name, f.Example)
		}
	}
}

// If a value of PP_USER or PP_ENDPOINT changes, the phone has changed. How options are stored does not matter.
func TestCompareOptions(t *testing.T) {
	var order, other OptionSets
	order.Add(map[string]string{"a": "x"})
	options := map[string]string{"Context": "c", "DtmfMode": "d"}
	with := func(o *Options, replace ...string) *Snapshot {
		files := map[string]string{}
		for name, text := range optionFiles {
			files[name] = strings.NewReplacer(replace...).Replace(text)
		}
		s, _, err := Build(context.Background(), Input{Config: config(t, files), Live: &Live{Endpoints: map[string]Endpoint{"7001": {ID: "7001", Options: o}}}}, testNow)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := with(order.Add(options))
	for _, row := range []struct {
		name string
		next *Snapshot
		want int
	}{
		{"nothing", with(other.Add(options)), 0},
		{"an option", with(other.Add(map[string]string{"Context": "c", "DtmfMode": "e"})), 1},
		{"an option less", with(other.Add(map[string]string{"Context": "c"})), 1},
		{"a user's own", with(other.Add(options), "callwaiting=1", "callwaiting=2"), 1},
		{"[general] of two phones, one with two lines", with(other.Add(options), "callgroup=1", "callgroup=2"), 2},
	} {
		if got := Compare(before, row.next); got.Changed != row.want {
			t.Errorf("%s: got %+v, want %d changed", row.name, got, row.want)
		}
	}
}
