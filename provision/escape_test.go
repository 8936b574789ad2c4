package provision

import (
	"context"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// evil has every character that XML wants escaped.
const (
	evil        = `a&b<c>"d'`
	evilEscaped = "a&amp;b&lt;c&gt;&quot;d&apos;"
)

// evilFiles have evil everywhere that a template can see: in two lines of one phone in users.conf, in the text that
// stands for a MAC, and in a phone of pjsip.conf.
var evilFiles = map[string]string{
	"phoneprov.conf": "[general]\nserveraddr=" + evil + "\nserverport=" + evil + "\n[" + evil + "]\nmime_type = text/xml\n" +
		"setvar => SET=<" + evil + ">${LABEL}\nsetvar => ASKED=${DB(x)}\nsetvar => EACH=${PP_EACH_LINE(<i>%{LABEL}</i>,000000000001)}\n" +
		"${LABEL}.xml => t.xml\n${MAC}-vars => vars\n${MAC}-each => each\n${MAC}-none.txt => text,text/xml\n",
	"users.conf": "[general]\ncallgroup=" + evil + "\n" +
		"[" + evil + "]\nautoprov=yes\nprofile=" + evil + "\nmacaddress=000000000001\nfullname=" + evil + "\nsecret=" + evil + "\nlabel=" + evil +
		"\ncid_number=" + evil + "\ntimezone=" + evil + "\nlinekeys=" + evil + "\nvmexten=" + evil + "\nlocalextenlength=" + evil + "\nnat=" + evil + "\n" +
		"[second]\nautoprov=yes\nprofile=" + evil + "\nmacaddress=000000000001\nlinenumber=2\nusername=" + evil + "\nlabel=" + evil + "\nfullname=" + evil + "\n" +
		"[third]\nautoprov=yes\nprofile=" + evil + "\nmacaddress=" + evil + "\nlabel=" + evil + "3\ntimezone=Europe/Istanbul\n",
	"pjsip.conf": "[e]\ntype=endpoint\nauth=e\ncallerid=\"" + `a&b<c'` + "\" <1>\ncontext=" + evil + "\n[e]\ntype=auth\nusername=" + evil + "\npassword=" + evil + "\n" +
		"[" + evil + "]\ntype=phoneprov\nendpoint=e\nPROFILE=" + evil + "\nMAC=000000000002\nOWN=" + evil + "\n",
	"extensions.conf": "[globals]\nGLOBAL=" + evil + "\n",
}

// evilTemplates put all of it into XML: as text, in attributes, and through every function that passes text on.
func evilTemplates() map[string]string {
	var b strings.Builder
	b.WriteString("<phone>\n")
	names := []string{"LABEL", "DISPLAY_NAME", "SECRET", "CALLERID", "LINEKEYS", "VOICEMAIL_EXTEN", "EXTENSION_LENGTH", "USERNAME",
		"SERVER", "SERVER_PORT", "SET", "ASKED", "EACH", "GLOBAL", "OWN", "MAC", "TIMEZONE", "PROFILE"}
	for _, v := range RequestVariables() {
		names = append(names, v.Name)
	}
	for _, name := range names {
		fmt.Fprintf(&b, "<v a=\"${%[1]s}\" b='${TOUPPER(${%[1]s})}'>${%[1]s:1}${TOLOWER(${%[1]s})}${STRREPLACE(%[1]s,b,<b/>)}${FILTER(a-z&<,${%[1]s})}</v>\n", name)
	}
	b.WriteString("${IF(1?<b>${GLOBAL}</b>:no)}${IF(0?no:${SET})}$[\"${LABEL}\" ~~ \"<\"]${DB(x)}${EVAL(${LABEL})}${PP_USER(nat)}${PP_USER(none,<i/>)}\n")
	b.WriteString("<![CDATA[${LABEL}${PP_ENDPOINT(context)}]]>${PP_EACH_EXTENSION(${MAC},l)}\n</phone>\n")
	const each = "<all>${PP_EACH_USER(<u n=\"%{LABEL}\">%{TOUPPER(%{DISPLAY_NAME})}</u>)}|${PP_EACH_LINE(<l>%{USERNAME}</l>)}|" +
		"${PP_EACH_EXTENSION(000000000001,l)}|${PP_USER(callgroup)}|${PP_USER(x,<b/>)}</all>"
	return map[string]string{
		"t.xml": b.String(),
		"vars":  `<v a="${PROFILE}${PP_MODEL}" b="${PP_MAC_LOWER}">${TIMEZONE}|${PP_URL}|${PP_HOST}|${PP_SCHEME}|${PP_TZ_POSIX}</v>`,
		"l":     "<l n=\"${LINE}\">${LABEL}${PP_USER(callgroup)}</l>",
		"each":  each,
		"text":  "-" + each,
	}
}

func evilPhones(tb testing.TB) (*Snapshot, *Renderer) {
	tb.Helper()
	s, _ := build(tb, evilFiles)
	r, _ := renderer(tb, evilTemplates())
	r.options.Ask = func(context.Context, string) (string, error) { return evil, nil }
	r.options.Knows = func(context.Context, string) (bool, error) { return true, nil }
	return s, r
}

// evilRequest has it in what a phone sends. It is not in Host, Prefix and Scheme: httpapi replaces a Host that is none,
// checks the prefix, and knows two schemes. Only letters, digits and few signs of a User-Agent are used.
func evilRequest() Request {
	return Request{Server: evil, Now: testNow, Scheme: evil, Host: evil, Prefix: "/" + evil, UserAgent: "Yealink SIP-" + evil + " 28.72.0.1 " + evil}
}

// TestEscapeEverywhere: every file is well-formed whatever the values are, and without escaping it is not.
func TestEscapeEverywhere(t *testing.T) {
	s, r := evilPhones(t)
	malformed := func() (n int) {
		for _, d := range Check(context.Background(), s, r, evilRequest()) {
			if strings.Contains(d.Message, "malformed XML") {
				n++
			} else if d.Severity == Error && !strings.Contains(d.Message, "their files differ") { // the two phones have the same label
				t.Error(d)
			}
		}
		return n
	}
	if len(s.Routes()) != 11 || malformed() != 0 {
		t.Errorf("%d routes, %d of them malformed", len(s.Routes()), malformed())
	}
	r.options.Profiles = map[string]ProfileOptions{evil: {Escape: EscapeNone}}
	if n := malformed(); n != 8 {
		t.Errorf("without escaping %d are malformed", n)
	}
}

func TestEscapeFile(t *testing.T) {
	s, r := evilPhones(t)
	each := "<all><u n=\"" + evilEscaped + "\">" + "A&amp;B&lt;C&gt;&quot;D&apos;" + "</u><u n=\"" + evilEscaped + "3\"></u><u n=\"" + evilEscaped + "\">A&amp;B&lt;C&apos;</u>|<l>" + evilEscaped +
		"</l><l>" + evilEscaped + "</l><l>third</l><l>" + evilEscaped + "</l>|<l n=\"1\">" + evilEscaped + evilEscaped + "</l><l n=\"2\">" + evilEscaped + evilEscaped + "</l>|" + evilEscaped + "|<b/></all>"
	plain := strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'")
	for _, row := range []struct{ uri, want string }{
		{"000000000001-each", each},
		{"000000000001-vars", "<v a=\"" + evilEscaped + "\" b=\"000000000001\">" + evilEscaped + "|" + evilEscaped + "://" + evilEscaped + "/" + evilEscaped +
			"|" + evilEscaped + "|" + evilEscaped + "|UTC0</v>"},
		{evil + "-vars", "<v a=\"" + evilEscaped + "\" b=\"" + evilEscaped + "\">Europe/Istanbul|" + evilEscaped + "://" + evilEscaped + "/" + evilEscaped +
			"|" + evilEscaped + "|" + evilEscaped + "|&lt;+03&gt;-3</v>"},
		{"000000000001-none.txt", "-" + plain.Replace(each)},
	} {
		if got, err := render(t, r, s, row.uri, evilRequest()); err != nil || got != row.want {
			t.Errorf("%s (%v)\n got %s\nwant %s", row.uri, err, got, row.want)
		}
	}
	if s.Lookup(evil+".xml") == nil { // a name is not a part of the file's text
		t.Errorf("no file %s.xml", evil)
	}
}

// A file is escaped if its template begins with "<", whatever its type and name are. What it includes follows it.
func TestEscapeWhere(t *testing.T) {
	for _, row := range []struct {
		file, template string
		escape         Escape
		want           string
	}{
		{"x => t", "<${LABEL}>", EscapeAuto, "<&amp;>"},
		{"x => t", "<${LABEL}>", EscapeNone, "<&>"},
		{"x => t,text/plain", "<${LABEL}>", EscapeAuto, "<&amp;>"},
		{"x.cfg => t", "\uFEFF \r\n\t<${LABEL}>", EscapeAuto, "\uFEFF \r\n\t<&amp;>"},
		{"x.cfg => t", "\n\uFEFF\n<${LABEL}>", EscapeAuto, "\n\uFEFF\n<&amp;>"},
		{"x.xml => t.xml,text/xml", "#!version:1.0.0.1\n<${LABEL}>", EscapeAuto, "#!version:1.0.0.1\n<&>"},
		{"x => t.xml,application/xhtml+xml", "${LABEL}<>", EscapeAuto, "&<>"},
		{"x => t.xml", "a${LABEL}", EscapeAuto, "a&"},
		{"x => t.xml", "${IF(1?<a>)}${LABEL}", EscapeAuto, "<a>&"},
		{"x => t.xml", " ", EscapeAuto, " "},
		{"x => t", "<a>${PP_EACH_EXTENSION(${MAC},text)}", EscapeAuto, "<a>p=&amp;"},
		{"x => t", "a=${PP_EACH_EXTENSION(${MAC},xml)}${PP_EACH_USER(<u>%{LABEL}</u>)}", EscapeAuto, "a=<i>&</i><u>&</u>"},
		{"x => t", "<a>${PP_EACH_USER(%{PP_EACH_EXTENSION(%{MAC},text)})}", EscapeAuto, "<a>p=&amp;"},
	} {
		s, _ := build(t, map[string]string{"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\nmime_type=text/xml\n" + row.file + "\n",
			"users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\nlabel=&\n"})
		r, _ := renderer(t, map[string]string{"t": row.template, "t.xml": row.template, "text": "p=${LABEL}", "xml": "<i>${LABEL}</i>"})
		r.options.Profiles = map[string]ProfileOptions{"p": {Escape: row.escape}}
		if got, err := render(t, r, s, s.Routes()[0].URI, Request{}); err != nil || got != row.want {
			t.Errorf("%s, %q, %d: got %q (%v), want %q", row.file, row.template, row.escape, got, err, row.want)
		}
	}
}

// TestEscapeReads: a reader of the document gets back the values.
func TestEscapeReads(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 0))
	pieces := []string{"&", "<", ">", `"`, "'", "a", " b", "ü", "€", "&amp", "<!--", "]]>", "(", ")", "{", "}", "$", "${MAC}", "$[1+1]", "%{", ",", "\\", ":", "|", "#", "-", "?>"}
	r, _ := renderer(t, map[string]string{"t.xml": `<all>${PP_EACH_USER(<u a="%{LABEL}" b='%{PP_USER(label)}'>%{LABEL}</u>)}` +
		`${PP_EACH_LINE(<u a="%{LABEL:0}">%{CUT(LABEL,~,1)}</u>)}<c><![CDATA[${LABEL}]]><!--${LABEL}--><?c ${LABEL}?></c></all>`})
	for range 300 {
		var b strings.Builder
		for range 1 + random.IntN(6) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		label := strings.TrimSpace(b.String())
		s, _ := build(t, map[string]string{"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\nx => t.xml\n",
			"users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\nlabel = " + label + "\n"})
		body, err := render(t, r, s, "x", Request{})
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			U []struct {
				A    string `xml:"a,attr"`
				B    string `xml:"b,attr"`
				Text string `xml:",chardata"`
			} `xml:"u"`
			C string `xml:"c"`
		}
		if err := xml.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatalf("%q: %v\n%s", label, err, body)
		}
		if len(doc.U) != 2 || doc.U[0].A != label || doc.U[0].B != label || doc.U[0].Text != label || doc.U[1].A != label || doc.C != label {
			t.Fatalf("%q reads %q\n%s", label, doc, body)
		}
	}
}

// Check reports a section of phoneprov.ini for a profile that does not exist.
func TestCheckProfiles(t *testing.T) {
	r, _ := renderer(t, map[string]string{"t": "t"})
	r.options.Profiles = map[string]ProfileOptions{"p": {}, "q": {}, "P": {}}
	var got []string
	for _, d := range Check(context.Background(), onePhone(t, ""), r, Request{Now: testNow}) {
		got = append(got, d.String())
	}
	want := []string{`error: [profile P] of phoneprov.ini: phoneprov.conf has no profile of that name; is "p" meant?`,
		"warning: [profile q] of phoneprov.ini: phoneprov.conf has no profile of that name"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
