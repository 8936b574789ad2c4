package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// planFiles have phones that share plans and phones that do not: two profiles, one of which escapes; three zones;
// sections of several shapes; two lines; values with special characters, and values that are text of the language.
var planFiles = map[string]string{
	"phoneprov.conf": "[general]\ndefault_profile=p\n" +
		`[p]
mime_type=text/xml
setvar=CONST=pool.${SITE}
setvar=SHORT=${LABEL:0:4}
setvar=BOTH=${CONST}/${SHORT}
setvar=HERE=${SERVER}
` +
		"setvar=EVER=${EPOCH}\nsetvar=ASKED=${DB(s/${LABEL})}\nsetvar=SUMMER=${TZOFFSET}${DST_ENABLE}\nsetvar=WRONG=${MATH(${LABEL})}\n" +
		"setvar=MAYBE=${IF($[\"${LABEL}\"=\"$[1+1]\"]?${EPOCH}:no)}\nsetvar=NAT=${PP_USER(nat)}\nsetvar=AGAIN=${EVAL(${LABEL})}\n" +
		"setvar=ALL=${PP_EACH_LINE(%{LINE},${MAC})}\nsetvar=VENDOR=${PP_VENDOR}\nsetvar=VOCIEMAIL_EXTEN=${LABEL}\n${MAC} => t\n" +
		"[q]\nsetvar=CONST=other\nsetvar=SHORT=${LABEL}\n${MAC} => t,text/plain\n${MAC}.xml => t\n",
	"extensions.conf": `[globals]
SITE=${CITY}-<1>
CITY=vienna
SITE=${CITY}-&
GTIME=${EPOCH}
GASK=${DB(g)}
GBAD=${MATH(x)}
`,
	"users.conf": "[general]\nvmexten=*97\nnat=force\n" +
		"[phone](!)\nautoprov=yes\ntimezone=Europe/Vienna\n" +
		`[1](phone)
macaddress=000000000001
label=One
fullname=A
secret=s1
[2](phone)
macaddress=000000000002
label=${EPOCH}
fullname=B & <C>
secret="s2'
` +
		`[3](phone)
macaddress=000000000003
label=$[1+1]
fullname=]]>--
secret=
[4](phone)
macaddress=000000000004
label=${DB(l)}${RAND(1,1)}
fullname=${
secret=x
` +
		`[5](phone)
macaddress=000000000001
label=Two
fullname=A2
secret=s5
linenumber=2
` +
		`[6](phone)
label=Other order
macaddress=000000000006
nat=no
blf1=1,<${EPOCH}>
[7](phone)
label=Same order
macaddress=000000000007
nat=yes
` +
		"[8](phone)\nmacaddress=no MAC\nlabel=Eight\nfullname=H\nsecret=s8\n" +
		`[9]
autoprov=yes
macaddress=000000000009
timezone=Asia/Kolkata
label=Nine
[10]
autoprov=yes
macaddress=000000000010
timezone=Africa/Casablanca
label=Ten
` +
		"[11]\nautoprov=yes\nmacaddress=000000000011\ntimezone=Africa/Casablanca\nlabel=${TZOFFSET}\n" +
		`[12](phone)
profile=q
macaddress=000000000012
label=Q & A
[13](phone)
profile=q
macaddress=000000000013
label=<Q>
` +
		"[16](phone)\nprofile=p\nmacaddress=000000000016\nlabel=P\n",
	"pjsip.conf": `[e]
type=endpoint
auth=e
callerid="E <&" <1>
context=c
[e]
type=auth
username=e
password=pe
` +
		`[f]
type=endpoint
context=d
[p14]
type=phoneprov
endpoint=e
PROFILE=p
MAC=000000000014
LABEL=E1
[p15]
type=phoneprov
endpoint=f
PROFILE=p
MAC=000000000015
LABEL=F<1
`,
}

// planTemplates have every construct of templates.
func planTemplates() []string {
	rows := []string{"", "text <only/>", "${LABEL}", "${LABEL:1}${LABEL:-2:1}${LABEL:x}", "${MAC} ${USERNAME} ${SECRET} ${LINE}", "${DISPLAY_NAME}",
		"${LINEKEYS}${SERVER_PORT}${VOICEMAIL_EXTEN}${VOCIEMAIL_EXTEN}", "${CALLERID}${ENDPOINT_ID}${AUTH_ID}", "${UNKNOWN}", "${CONST}", "${SHORT}", "${BOTH}", "${HERE}", "${EVER}",
		"${ASKED}", "${SUMMER}", "${WRONG}", "${MAYBE}", "${NAT}", "${AGAIN}", "${ALL}", "${VENDOR}", "${SITE}", "${GTIME}", "${GASK}", "${GBAD}",
		"${SERVER}:${SERVER_PORT}", "${TZOFFSET} ${DST_ENABLE} ${DST_START_MONTH}-${DST_END_MDAY}", "$[${TZOFFSET}/3600]", "${EPOCH}", "${STRFTIME(0,,%F)}",
		"${STRFTIME(${EPOCH},Europe/Vienna,%F %T)}", "${IFTIME(12:00-12:10?noon:not)}", "${RAND(5,5)}${LEN(${UUID()})}", "${DB(a/b)}", "${DB(a/${LABEL})}", "${DB(${DB(${LABEL})})}",
		"${NONE(x)}", "${DB(fails/${MAC})}", "${TOUPPER(${LABEL})}", "${TOUPPER(<a>)}${LEN(${CONST})}", "${IF($[\"${LABEL}\"=\"One\"]?${EPOCH}:no)}", "${EVAL(${LABEL})}", "${${PP_USER(nat)}}",
		"${${IF(1?LABEL:x)}}", "${CUT(LABEL, ,2)}${CUT(CONST,.,1)}", "${VARIABLE_EXISTS(CALLERID)}${VARIABLE_EXISTS(LABEL)}${VARIABLE_EXISTS(SITE)}", "${STAT(e,t)}${STAT(e,/none)}",
		"${PP_EACH_USER(<u>%{LABEL}%{SUMMER}</u>,${MAC})}", "${PP_EACH_USER(%{PP_EACH_EXTENSION(%{MAC},i)},${MAC})}", "${PP_EACH_LINE(%{LABEL}%{CONST},${MAC})}", "${PP_EACH_EXTENSION(${MAC},i)}", "${PP_EACH_EXTENSION(${MAC},none)}", "${PP_EACH_KEY(<k n=\"%{KEY}\">%{KEY_LABEL}%{SHORT}</k>)}",
		"${PP_EACH_EXTENSION(000000000001,i)}", "${PP_USER(nat)}${PP_USER(none,<d/>)}${PP_USER()}", "${PP_ENDPOINT(context)}", "${MATH(1)}", "${MATH(${LABEL})}", "$[1+]", "$[1 + ${LABEL}]",
		"${LABEL", "$[1+1", "${TOUPPER(a}", "<![CDATA[${DISPLAY_NAME}]]><!-- ${DISPLAY_NAME} --><!-- a -- b -->", "a\x01\x02${DISPLAY_NAME}\x03", "&amp;${DISPLAY_NAME}&lt;",
		"${JSON_ESCAPE(${DISPLAY_NAME})}${XML_ESCAPE(${DISPLAY_NAME})}${URIENCODE(${DISPLAY_NAME})}${MD5(${SECRET})}", strings.Repeat("${EVAL(", 80) + "x",
		"${IF($[\"${LABEL}\"=\"Two\"]?" + strings.Repeat("${EVAL(", 70) + "x:y)}",
	}
	for _, v := range RequestVariables() {
		rows = append(rows, v.Example)
	}
	for _, f := range dialplan.Functions() {
		if !f.Volatile() {
			rows = append(rows, f.Example)
		}
	}
	for _, f := range Functions() {
		rows = append(rows, f.Example)
	}
	return append(rows, strings.Join(slices.DeleteFunc(slices.Clone(rows), func(row string) bool {
		return strings.Contains(row, "fails") || strings.Contains(row, "EVAL(${EVAL") || !strings.HasSuffix(row, "}")
	}), "|"))
}

// planRequests differ in everything that a file may depend on.
func planRequests() []Request {
	q := Request{Server: "pbx", Now: testNow, Scheme: "http", Host: "pbx:8080", Prefix: "/phoneprov", UserAgent: "Yealink SIP-T46S 66.85.0.5"}
	other := Request{Server: "<&>", Now: testNow.Add(time.Minute), Scheme: "https", Host: "other", UserAgent: "Grandstream GXP2170 1.0.11.48"}
	none, summer, before := q, q, q
	none.Server, none.Host = "", ""
	summer.Now = time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC)
	before.Now = testNow.AddDate(-1, -6, 0)
	return []Request{q, other, summer, none, before, q} // the first three are for a test with fewer cases
}

// planRun renders every file of a snapshot for a request and returns everything about each that is not random.
type planRun struct {
	r     *Renderer
	mu    sync.Mutex
	asked []string
}

func newPlanRun(t *testing.T, template string) *planRun {
	run := &planRun{}
	var dir string
	run.r, dir = renderer(t, nil)
	k := &cachedSite{dir: dir}
	k.lay(t, "t", template, time.Hour)
	k.lay(t, "i", "<line n='${LINE}'>${LABEL}${CONST}${SERVER}</line>", time.Hour)
	run.r.options.Ask = func(_ context.Context, call string) (string, error) {
		run.mu.Lock()
		defer run.mu.Unlock()
		run.asked = append(run.asked, call)
		if strings.Contains(call, "fails/000000000002") {
			return "", errors.New("no answer")
		}
		if strings.HasPrefix(call, "NONE") {
			return "", nil
		}
		return "<" + call + ">", nil
	}
	run.r.options.Knows = func(_ context.Context, function string) (bool, error) { return function != "NONE", nil }
	return run
}

// render makes a document with the plans and lists of c, or without any if c is nil.
func (run *planRun) render(t *testing.T, s *Snapshot, c *caches, uri string, q Request) (*Document, string) {
	t.Helper()
	run.asked = nil
	b := run.r.newCalls(t.Context())
	defer b.end()
	doc, err := run.r.render(t.Context(), s, c, s.Lookup(uri), q, b)
	slices.Sort(run.asked)
	if err != nil {
		return nil, fmt.Sprintf("%v\nasked %q", err, run.asked)
	}
	return doc, fmt.Sprintf("%q\n%s %s\n%v\n%q\nvaries with %b, %d templates\nasked %q", doc.text, doc.ETag, doc.MIME, doc.Diagnostics, doc.Templates(),
		doc.inputs.varies.With, len(doc.inputs.templates), run.asked)
}

// With plans each phone's file is what it is without: its bytes, errors, diagnostics, and what it depends on, for every
// template and request.
func TestPlannedFileIsTheSame(t *testing.T) {
	t.Parallel()
	s, _ := build(t, planFiles)
	templates, requests := planTemplates(), planRequests()
	templates = templates[:skips.Size(t, len(templates), len(templates)-1)] // the last one has all others
	requests = requests[:skips.Size(t, len(requests), 3)]
	used := 0
	for _, template := range templates {
		t.Run(template, func(t *testing.T) {
			template += "<>" + template // a segment that stands twice is evaluated once, if it can be
			run := newPlanRun(t, template)
			c := newCaches(s.content, 0)
			for n, q := range requests {
				for _, rt := range s.Routes() {
					had := c.plans.Len()
					doc, got := run.render(t, s, c, rt.URI, q)
					if n > 0 && doc != nil && had > 0 && c.plans.Len() == had {
						used++
					}
					ref, want := run.render(t, s, nil, rt.URI, q)
					if got != want {
						t.Fatalf("%s of request %d:\n got %s\nwant %s", rt.URI, n, got, want)
					}
					if doc == nil {
						continue
					}
					if got, want := doc.inputs.varies.Until, ref.inputs.varies.Until; got.IsZero() != want.IsZero() || got.After(want) {
						t.Errorf("%s of request %d: made to hold until %v, want %v", rt.URI, n, got, want)
					}
				}
			}
		})
	}
	if least := 800 * (len(requests) - 1); used < least {
		t.Errorf("only %d files were made of a plan that was there, want %d", used, least)
	}
}

// With plans too, random values differ for each phone and at each place.
func TestPlanLeavesChance(t *testing.T) {
	run := newPlanRun(t, "${UUID()} ${UUID()}")
	s, _ := build(t, planFiles)
	c := newCaches(s.content, 0)
	seen := map[string]bool{}
	for _, rt := range s.Routes() {
		doc, _ := run.render(t, s, c, rt.URI, Request{Now: testNow})
		for _, id := range strings.Fields(string(doc.text)) {
			if seen[id] {
				t.Errorf("%s: %s once more", rt.URI, id)
			}
			seen[id] = true
		}
	}
}

// There is one plan for all phones with the same shape, zone, profile and way of escaping.
func TestPlansAreShared(t *testing.T) {
	run := newPlanRun(t, "${LABEL}")
	s, _ := build(t, planFiles)
	c := newCaches(s.content, 0)
	for _, rt := range s.Routes() {
		for range 2 {
			run.render(t, s, c, rt.URI, Request{Now: testNow})
		}
	}
	if got := c.plans.Len(); got < 6 || got >= len(s.Routes()) {
		t.Errorf("%d files, %d plans", len(s.Routes()), got)
	}
}

// A template that is too large for a plan is expanded each time.
func TestFileWithoutPlan(t *testing.T) {
	text := strings.Repeat("x", maxPlan)
	run := newPlanRun(t, text+"${LABEL}")
	s, _ := build(t, planFiles)
	c := newCaches(s.content, 0)
	for range 2 {
		for uri, label := range map[string]string{"000000000001": "One", "000000000003": "$[1+1]"} {
			if doc, said := run.render(t, s, c, uri, Request{Now: testNow}); doc == nil || string(doc.text) != text+label {
				t.Errorf("%s: got %.100s", uri, said)
			}
		}
	}
	if n := c.plans.Len(); n > 0 {
		t.Errorf("there are %d plans", n)
	}
}

// The diagnostics of a document stay the same while other documents use its memory.
func TestDocumentOutlivesItsRendering(t *testing.T) {
	run := newPlanRun(t, "${LABEL} ${MATH(x)} ${SERVER} ${TZOFFSET} ${PP_EACH_EXTENSION(${MAC},i)}")
	s, _ := build(t, planFiles)
	said := func(d *Document) string {
		return fmt.Sprintf("%q %s %v %q %+v", d.text, d.ETag, d.Diagnostics, d.Templates(), d.inputs)
	}
	c := newCaches(s.content, 0)
	var docs []*Document
	var want []string
	for n, q := range planRequests() {
		for i, rt := range s.Routes() {
			doc, failed := run.render(t, s, c, rt.URI, q)
			if doc == nil || len(doc.inputs.templates) != 2 || len(doc.Templates()) != 2 || len(doc.Diagnostics) == 0 {
				t.Fatalf("%d, %d: %s", n, i, failed)
			}
			docs, want = append(docs, doc), append(want, said(doc))
		}
	}
	for i, doc := range docs {
		if got := said(doc); got != want[i] {
			t.Errorf("got  %s\nwant %s", got, want[i])
		}
	}
}
