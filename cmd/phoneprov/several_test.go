package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// Phones are looked up over all Asterisks. Each file has the template, the variables and the answers of its phone's own one.
func TestSeveralAreServed(t *testing.T) {
	t.Parallel()
	east, west := startPBX(t, "east", eastUsers), startPBX(t, "west", westUsers)
	s := serveSeveral(t, severalINI(t, t.TempDir(), east, west))
	s.expect("0004f2000001.cfg", eastFile)
	s.expect("0004f2000002.cfg", westFile)
	s.expect("00-04-F2-00-00-02.cfg", westFile)
	s.expect("0004f2000003.cfg", "200 east east Both secret-60-6003") // both have it
	s.expect("logo.bmp", "200 logo of east")
	s.expect("0004f2000009.cfg", "404 Not Found")

	const twice = `phone 0004f2000003 is in east ([6003] at users.conf) and in west ([6004] at users.conf): it gets the files of east, and none of west`
	s.shows("/api/v1/problems", twice)
	testkit.Eventually(t, "the log has it", func() bool { return containsAll(s.log.String(), []string{twice, `"pbx":"west"`}) })
	s.shows("/api/v1/phones?pbx=west", `"id":"0004f2000002"`, `"pbx":"west"`, `"total":1`)
	s.shows("/api/v1/syncs", `"pbx":"east"`, `"pbx":"west"`)
	s.shows("/metrics", `phoneprov_ami_up{pbx="east"} 1`, `phoneprov_ami_up{pbx="west"} 1`, `phoneprov_phones{pbx="east"} 2`, `phoneprov_phones{pbx="west"} 1`)
	s.shows("/readyz", `"ready": true`, `"name": "west"`, `"phones": 3`)
	for path, parts := range map[string][]string{
		"/": {`<a href="/phones?pbx=west"><bdi>west</bdi></a>`, "east"}, "/phones": {`<select name="pbx">`, `<span class="soft"><bdi>west</bdi></span>`},
		"/phones/0004f2000002": {`/phones?pbx=west`}, "/problems": {"is in east"}, "/syncs": {"<bdi>west</bdi>: "},
	} {
		s.shows(path, parts...)
	}
	for _, row := range []struct {
		args []string
		want []string
	}{
		{[]string{"status"}, []string{"east: 2 phones", "west: 1 phone", "west: Asterisk: " + amiserver.DefaultVersion + ", connected", "west: last sync: "}},
		{[]string{"status", "-state", "up_to_date"}, []string{"ASTERISK  MAC", "west      0004f2000002"}},
		{[]string{"status", "0004f2000002"}, []string{"0004f2000002 6001, profile p of west: up to date"}},
		{[]string{"healthcheck"}, []string{"ready: 3 phones"}},
	} {
		testkit.WaitFor(t, func() error {
			if _, out := s.command(row.args...); !containsAll(out, row.want) {
				return fmt.Errorf("%v: got %s, want %q", row.args, out, row.want)
			}
			return nil
		})
	}
	testkit.WaitFor(t, func() error { // the database of each Asterisk has its own phones
		e, w := east.server.Entries(), west.server.Entries()
		if e["phoneprov/summary"] != "2 phones: 2 up to date" || w["phoneprov/summary"] != "1 phone: 1 up to date" {
			return fmt.Errorf("got %v and %v", e, w)
		}
		return nil
	})
	s.expect("asks-0004f2000001.cfg", "200 answer of east")
	s.expect("asks-0004f2000002.cfg", "200 answer of west")
	s.shows("/metrics", `phoneprov_function_calls_total{function="DB",pbx="east",result="ok"}`, `phoneprov_function_calls_total{function="DB",pbx="west",result="ok"}`)
}

func containsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// One Asterisk that was never read is waited for: its phones get 503, and so does every name that may be one of theirs. The
// others are served, and it is ready. Once it was read, it hides only its own changes.
func TestOneOfSeveralIsDown(t *testing.T) {
	t.Parallel()
	east, west := startPBX(t, "east", eastUsers), startPBX(t, "west", westUsers)
	west.kill()
	s := serveSeveral(t, severalINI(t, t.TempDir(), east, west))
	s.expect("0004f2000001.cfg", eastFile)
	for _, name := range []string{"0004f2000002.cfg", "0004f2000009.cfg", "nothing.xml"} {
		s.expect(name, "503 Service Unavailable")
	}
	s.expect("0004f2000001.xml", "404 Not Found") // its Asterisk was read, and has no such file
	testkit.WaitFor(t, func() error {
		if status, body := s.get(s.admin, "/readyz"); status != 200 || !strings.Contains(body, `"read": false`) {
			return fmt.Errorf("got %d %s", status, body)
		}
		return nil
	})
	_, out := s.command("healthcheck")
	wants(t, "healthcheck", out, "ready: 2 phones", "not read yet: west")
	_, out = s.command("status")
	wants(t, "status", out, "west: its phones are not served yet", "west: Asterisk: not connected", "west: error: ") // it was tried, as it is ready
	if _, strangers := s.get(s.admin, "/api/v1/strangers"); !strings.Contains(strangers, `"total":0`) {
		t.Errorf("a phone of what was not read is a stranger: %s", strangers)
	}

	west.boot()
	s.expect("0004f2000002.cfg", westFile)
	s.expect("0004f2000009.cfg", "404 Not Found")
	west.kill()
	testkit.Eventually(t, "west is down", func() bool { return !s.summary().PBXs[1].AMI.Connected })
	east.write(t, strings.Replace(eastUsers, "East", "Orient", 1))
	s.expect("0004f2000001.cfg", "200 east east Orient secret-60-6001")
	s.expect("0004f2000002.cfg", westFile)
	s.expect("asks-0004f2000001.cfg", "200 answer of east")
	s.expect("asks-0004f2000002.cfg", "503 Service Unavailable")
	testkit.Eventually(t, "only west has an error", func() bool {
		pbxs := s.summary().PBXs
		return pbxs[0].LastError == "" && pbxs[1].LastError != "" && pbxs[1].Read
	})
	s.shows("/api/v1/problems", `"pbx":"west","about":"asterisk"`)
	testkit.Write(t, filepath.Join(west.dir, "asterisk", "users.conf"), strings.Replace(westUsers, "West", "Occident", 1))
	west.boot()
	s.expect("0004f2000002.cfg", "200 west west Occident secret-60-6001")
	s.expect("asks-0004f2000002.cfg", "200 answer of west")
}

// After a restart, an Asterisk that is down is served as it was kept, and the others as they are.
func TestOneOfSeveralIsRestored(t *testing.T) {
	t.Parallel()
	east, west := startPBX(t, "east", eastUsers), startPBX(t, "west", westUsers)
	state := t.TempDir()
	ini := severalINI(t, state, east, west)
	s := serveSeveral(t, ini)
	s.expect("0004f2000001.cfg", eastFile)
	s.expect("0004f2000002.cfg", westFile)
	waitFile(t, filepath.Join(state, "last-good-1"))
	waitFile(t, filepath.Join(state, "asterisk-west", "last-good-1"))
	s.stop()
	west.kill()
	testkit.Write(t, filepath.Join(east.dir, "asterisk", "users.conf"), strings.Replace(eastUsers, "East", "Orient", 1))
	s = serveSeveral(t, ini)
	s.expect("0004f2000001.cfg", "200 east east Orient secret-60-6001")
	s.expect("0004f2000002.cfg", westFile)
	s.expect("0004f2000009.cfg", "404 Not Found")
	// The log says of which Asterisk a file is, and that one was kept. A slow east is served as it was kept at first too.
	testkit.Eventually(t, "the log says what was kept", func() bool {
		east := strings.LastIndex(s.log.String(), `"pbx":"east","method":"GET","file":"0004f2000001.cfg","status":200`)
		west := strings.LastIndex(s.log.String(), `"pbx":"west","method":"GET","file":"0004f2000002.cfg","status":200`)
		kept := func(at int) bool {
			line, _, _ := strings.Cut(s.log.String()[at:], "\n")
			return strings.Contains(line, `"source":"last good"`)
		}
		return east >= 0 && west >= 0 && !kept(east) && kept(west)
	})
	pbxs := s.summary().PBXs
	if pbxs[0].Restored != nil || pbxs[1].Restored == nil {
		t.Errorf("got %+v", pbxs)
	}
	_, out := s.command("status")
	wants(t, "status", out, "west: 1 phone, as it was kept ")
	_, syncs := s.get(s.admin, "/api/v1/syncs")
	if strings.Contains(syncs, `"change":"added"`) || strings.Contains(syncs, `"change":"removed"`) {
		t.Errorf("the start added or removed phones: %s", syncs)
	}
}

// While an Asterisk does not answer a function, the others do.
func TestOneOfSeveralHangs(t *testing.T) {
	t.Parallel()
	east, west := startPBX(t, "east", eastUsers), startPBX(t, "west", westUsers)
	west.asked = make(chan struct{})
	s := serveSeveral(t, severalINI(t, t.TempDir(), east, west))
	s.expect("0004f2000002.cfg", westFile)
	s.expect("0004f2000001.cfg", eastFile)
	hung := make(chan string)
	go func() { hung <- s.file("asks-0004f2000002.cfg") }()
	<-west.asked
	for range 20 {
		if got := s.file("asks-0004f2000001.cfg"); got != "200 answer of east" {
			t.Errorf("got %q", got)
		}
	}
	if got := s.file("0004f2000002.cfg"); got != westFile {
		t.Errorf("got %q", got)
	}
	<-west.asked
	if got := <-hung; got != "200 answer of west" && got != "503 Service Unavailable" { // 503 where the machine is slow
		t.Errorf("got %q", got)
	}
}

// An Asterisk without a manager interface is one whose files are read, and read again when they change.
func TestSeveralWithFiles(t *testing.T) {
	t.Parallel()
	east, west := startPBX(t, "east", eastUsers), startPBX(t, "west", westUsers)
	ini := testkit.Read(t, severalINI(t, t.TempDir(), east, west))
	ini, _, _ = strings.Cut(ini, "[ami west]")
	ini = strings.Replace(ini, "[asterisk west]\n", "[asterisk west]\nconfig = files\n", 1)
	s := serveSeveral(t, testkit.Write(t, filepath.Join(t.TempDir(), "files.ini"), ini))
	s.expect("0004f2000001.cfg", eastFile)
	s.expect("0004f2000002.cfg", westFile)
	testkit.Write(t, filepath.Join(west.dir, "asterisk", "users.conf"), strings.Replace(westUsers, "West", "Occident", 1))
	s.expect("0004f2000002.cfg", "200 west west Occident secret-60-6001")
	s.expect("asks-0004f2000002.cfg", "503 Service Unavailable")
	_, out := s.command("status")
	wants(t, "status", out, "west: Asterisk: not asked, its files are read", "east: Asterisk: "+amiserver.DefaultVersion)
	_, metrics := s.get(s.admin, "/metrics")
	if strings.Contains(metrics, `phoneprov_ami_up{pbx="west"}`) || !strings.Contains(metrics, `phoneprov_ami_up{pbx="east"} 1`) {
		t.Error("an Asterisk without a manager interface has a connection, or the other has none")
	}
	if code, out := s.command("healthcheck"); code != 0 {
		t.Errorf("got %d, %s", code, out)
	}
}

// A change that is held is that of one Asterisk. A confirmation applies every one, and says which.
func TestOneOfSeveralIsHeld(t *testing.T) {
	t.Parallel()
	many := func(first int) (users string) {
		for i := range 8 {
			users += pbxUser(fmt.Sprint(first+i), fmt.Sprintf("0004f200%04x", first+i), "Many")
		}
		return users
	}
	east, west := startPBX(t, "east", many(0x100)), startPBX(t, "west", many(0x200))
	s := serveSeveral(t, severalINI(t, t.TempDir(), east, west))
	s.expect("0004f2000100.cfg", "200 east east Many secret-60-256")
	s.expect("0004f2000200.cfg", "200 west west Many secret-60-512")
	west.write(t, pbxUser("512", "0004f2000200", "Few"))
	testkit.Eventually(t, "west's change is held", func() bool { h := s.summary().Held; return h != nil && h.PBX == "west" && h.Lost == 7 })
	s.expect("0004f2000207.cfg", "200 west west Many secret-60-519")
	east.write(t, strings.Replace(many(0x100), "Many", "More", 8))
	s.expect("0004f2000100.cfg", "200 east east More secret-60-256")
	_, page := s.get(s.admin, "/")
	wants(t, "the page", page, "7 of 8 phones", ": <bdi>west</bdi></h2>")
	_, out := s.command("status")
	wants(t, "status", out, "west: held since ")
	if strings.Contains(out, "east: held") {
		t.Errorf("got %s", out)
	}
	east.write(t, pbxUser("256", "0004f2000100", "Few"))
	testkit.Eventually(t, "east's change is held too", func() bool { return len(s.held()) == 2 })
	_, out = s.command("confirm")
	wants(t, "confirm", out, "east: confirmed", "west: confirmed", "may take away 7 of 8 phones")
	s.expect("0004f2000200.cfg", "200 west west Few secret-60-512")
	s.expect("0004f2000100.cfg", "200 east east Few secret-60-256")
	s.expect("0004f2000207.cfg", "404 Not Found")
}

// A phone is told through its own Asterisk, and registered where its own Asterisk says so: the 6001 of the other one is
// another phone's.
func TestSeveralAreTold(t *testing.T) {
	t.Parallel()
	east, west := startPBX(t, "east", eastUsers), startPBX(t, "west", westUsers)
	west.registered.Store(true)
	s := serveSeveral(t, severalINI(t, t.TempDir(), east, west))
	s.expect("0004f2000001.cfg", eastFile)
	s.expect("0004f2000002.cfg", westFile)
	testkit.WaitFor(t, func() error {
		_, e := s.get(s.admin, "/api/v1/phones/0004f2000001")
		_, w := s.get(s.admin, "/api/v1/phones/0004f2000002")
		if !strings.Contains(e, `"registered":false`) || strings.Contains(e, `"registered":true`) || !strings.Contains(w, `"registered":true`) {
			return fmt.Errorf("got %s and %s", e, w)
		}
		return nil
	})
	code, out := s.command("notify", "0004f2000002", "0004f2000001")
	wants(t, "notify", out, "0004f2000002 (6001): told: NOTIFY ", "0004f2000001 (6001): not told: ", "1 of 2 phones")
	testkit.WaitFor(t, func() error {
		if got := west.told(); code != 1 || !slices.Equal(got, []string{"6001"}) || len(east.told()) > 0 {
			return fmt.Errorf("got %d, %q and %q", code, got, east.told())
		}
		return nil
	})
}

// The commands that read the configuration read that of all Asterisks, and say of which something is.
func TestCommandsOfSeveral(t *testing.T) {
	t.Parallel()
	east, west := startPBX(t, "east", eastUsers), startPBX(t, "west", westUsers+"[x]\nautoprov=yes\nmacaddress=0004f2000007\nprofile=nosuch\n")
	state := t.TempDir()
	ini := severalINI(t, state, east, west)
	command := func(want int, args ...string) string {
		t.Helper()
		code, out := runCommand(t, nil, append(args[:1:1], append([]string{"-config", ini}, args[1:]...)...)...)
		if code != want {
			t.Errorf("%v: got exit code %d, want %d: %s", args, code, want, out)
		}
		return out
	}
	testkit.Write(t, filepath.Join(west.dir, "data", "t.cfg"), "${PP_PBX} ${NOSUCHVARIABLE}\n")
	wants(t, "check", command(1, "check"), "west: users.conf: error: [x]: profile \"nosuch\"", "west: t.cfg:1: warning: ", "phone 0004f2000003 is in east", "3 phones, 3 lines")
	wants(t, "routes", command(0, "routes"), "==> east <==", "==> west <==", "0004f2000002.cfg")
	wants(t, "routes -json", command(0, "routes", "-json"), `"pbx": "west"`)
	wants(t, "explain", command(0, "render", "-explain", "0004f2000002"), `PP_PBX`, `"west"`)
	wants(t, "render", command(1, "render", "6001"), "2 phones are called so", "0004f2000001, 0004f2000002")

	wants(t, "phone list", command(0, "phone", "-pbx", "west", "list"), "0004f2000002  1  6001  West")
	wants(t, "phone list of nobody", command(1, "phone", "-pbx", "north", "list"), `-pbx "north": there is no such Asterisk`)

	s := serveSeveral(t, ini)
	s.expect("0004f2000002.cfg", "200 west")
	waitFile(t, filepath.Join(state, "last-good-1"))
	waitFile(t, filepath.Join(state, "asterisk-west", "last-good-1"))
	s.stop()
	testkit.Write(t, filepath.Join(west.dir, "asterisk", "users.conf"), pbxUser("6001", "0004f2000002", "West")+pbxUser("6005", "0004f2000005", "New"))
	wants(t, "diff", command(1, "diff"), "==> west <==", "phone 0004f2000003 is removed", "phone 0004f2000005 is added", "east: compared with", "0 phones added, 0 removed, 0 changed")
	if out := command(0, "diff", "0004f2000002"); out != "" {
		t.Errorf("got %q for a phone that has not changed", out)
	}
	wants(t, "diff of nobody", command(2, "diff", "0004f2000009"), "no such phone")

	pages := startPages(t, map[string]comparePage{"0004f2000002.cfg": {mime: "text/plain", body: "west \n"}})
	wants(t, "compare", command(1, "compare", "-pbx", "west", pages), "0004f2000005.cfg")
	wants(t, "compare with nobody", command(2, "compare", "-pbx", "north", pages), `-pbx "north": there is no such Asterisk`)

	west.kill()
	wants(t, "routes without west", command(0, "routes"), "phoneprov: west cannot be read, and its phones are left out: ", "0004f2000001.cfg")
	wants(t, "check without west", command(1, "check"), "west: error: ", "2 phones, 2 lines")
	east.kill()
	wants(t, "routes without all", command(1, "routes"), "east: ", "west: ")
}
