package httpapi

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/phoneprov/phoneprov/provision"
)

// templateAttacks are by whoever may write templates: they reach no file outside the two directories, and STAT does not tell
// of any. OUTSIDE is the absolute path of a file that is there, DATA that of the data directory.
var templateAttacks = []struct {
	name, text string
	status     int
	body       string
}{
	{"STAT", "${STAT(e,/etc/shadow)}${STAT(s,/etc/shadow)}${STAT(m,/etc/shadow)}${STAT(e,/etc/passwd)}", 200, "0000"},
	{"STAT of what is beside", "${STAT(e,OUTSIDE)}${STAT(s,OUTSIDE)}", 200, "00"},
	{"STAT over dots", "${STAT(e,../outside.txt)}${STAT(e,static/../../outside.txt)}${STAT(s,../outside.txt)}", 200, "000"},
	{"STAT over an absolute path with dots", "${STAT(e,DATA/../outside.txt)}", 200, "0"},
	{"STAT over a link", "${STAT(e,link.txt)}${STAT(s,link.txt)}${STAT(e,DATA/link.txt)}", 200, "000"},
	{"STAT of a path that is made up", "${STAT(e,${BASE64_DECODE(L2V0Yy9zaGFkb3c=)})}", 200, "0"},
	{"STAT of a template", "${STAT(e,t.cfg)}${STAT(e,DATA/t.cfg)}", 200, "11"},
	{"PP_EACH_EXTENSION", "${PP_EACH_EXTENSION(${MAC},/etc/shadow)}", 200, ""},
	{"PP_EACH_EXTENSION of what is beside", "${PP_EACH_EXTENSION(${MAC},OUTSIDE)}", 200, ""},
	{"PP_EACH_EXTENSION over dots", "${PP_EACH_EXTENSION(${MAC},../outside.txt)}", 500, ""},
	{"PP_EACH_EXTENSION over a link", "${PP_EACH_EXTENSION(${MAC},link.txt)}", 500, ""},
	{"PP_EACH_EXTENSION of itself", "${PP_EACH_EXTENSION(${MAC},x.cfg)}", 500, ""},
	{"text without end", "${PP_EACH_USER(" + strings.Repeat("x", 1<<20) + strings.Repeat("${STAT(e,/)}", 100) + ")}", 200, strings.Repeat("x", 1<<20) + strings.Repeat("0", 100)},
	{"substitutions without end", strings.Repeat("${", 200) + "X" + strings.Repeat("}", 200), 500, ""},
	{"include that is none", "#include \"/etc/shadow\"", 200, "#include \"/etc/shadow\""},
}

func TestTemplateAttacks(t *testing.T) {
	t.Parallel()
	for _, tt := range templateAttacks {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "${MAC}-x.cfg => x.cfg\n", nil)
			data := filepath.Join(s.dir, "data")
			s.lay(t, "data/x.cfg", strings.NewReplacer("OUTSIDE", filepath.Join(s.dir, "outside.txt"), "DATA", data).Replace(tt.text))
			if err := os.Symlink("../outside.txt", filepath.Join(data, "link.txt")); err != nil {
				t.Fatal(err)
			}
			replies, _ := s.attack(t, get("/phoneprov/0011223344aa-x.cfg"), 1)
			if len(replies) != 1 || replies[0].status != tt.status || tt.status == 200 && replies[0].body != tt.body {
				t.Fatalf("got %.300v, want %d %.100q", replies, tt.status, tt.body)
			}
			checkReply(t, replies[0], []string{tt.body})
			s.checkLog(t, replies)
		})
	}
}

// What a configuration puts into the argument of a function is handed to whoever asks Asterisk as it stands, line breaks
// too, and never twice; that none of it becomes an action is held where the line is written (amisync, TestAskInjection).
func TestArgumentAttacks(t *testing.T) {
	t.Parallel()
	const action = "x\r\n\r\nAction: Originate\r\nChannel: Local/1"
	s := newSite(t, "${MAC}-x.cfg => x.cfg\n", map[string]string{"x.cfg": "a${DB(" + action + ")}b"})
	var mu sync.Mutex
	var asked []string
	o := s.options
	o.Ask = func(_ context.Context, call string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, call)
		return "${SECRET}\r\n", nil
	}
	s.Renderer = provision.NewRenderer(o)
	replies, _ := s.attack(t, get("/phoneprov/0011223344aa-x.cfg"), 1)
	if len(replies) != 1 || replies[0].status != 200 || strings.Contains(replies[0].body, attackSecret) {
		t.Errorf("got %v", replies)
	}
	if want := []string{"DB(" + action + ")"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
	s.checkLog(t, replies)
}

// A display name that is markup is in its phone's file, and on no page: no error, whatever the status, has it.
func TestMarkupOnNoPage(t *testing.T) {
	t.Parallel()
	profile := "${MAC}-hole.cfg => nowhere.cfg\n${MAC}-asked.cfg => asked.cfg\n"
	files := map[string]string{"asked.cfg": "${DB(${DISPLAY_NAME})}${DISPLAY_NAME}"}
	header := "User-Agent: <script>" + marker + "\r\nReferer: <script>" + marker + "\r\n"
	runAttacks(t, []attackTest{
		{"500", request("GET", "/phoneprov/0011223344aa-hole.cfg", header), one(503)},
		{"503", request("GET", "/phoneprov/0011223344aa-asked.cfg", header), one(503)},
		{"404", request("GET", "/phoneprov/<script>"+marker, header), one(404)},
		{"404, HEAD", request("HEAD", "/phoneprov/<script>"+marker, header), one(404)},
		{"405", request("DELETE", "/phoneprov/0011223344aa.cfg", header), one(405)},
		{"400", request("GET", "/phoneprov/%<script>", header), one(400)},
		{"413", request("PUT", "/phoneprov/0011223344aa-x.log", header+"Content-Length: 99999999\r\n") + strings.Repeat("<", 2<<20), one(413)},
		{"200", request("GET", phoneTarget, header), one(200)},
	}, func(t *testing.T) *site { return newSite(t, profile, files) }, attackFile)
}
