package amisync

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// rightTests are accounts that lack one right each of those that README names, and what fails for want of it. The rest works:
// so each is needed, and no other is.
var rightTests = []struct {
	user, read, write string
	lacks             []string
	said              []string // of readAccount: the beginnings
}{
	{"all", "system,call", "system,reporting,command", nil, nil},
	{"no-read-system", "call", "system,reporting,command", []string{"event FullyBooted", "event Reload"},
		[]string{`user "no-read-system" lacks read = system in manager.conf: reloads of asterisk are not seen`}},
	{"no-read-call", "system", "system,reporting,command", []string{"event DeviceStateChange"},
		[]string{`user "no-read-call" lacks read = call in manager.conf: the states of peers`}},
	{"no-write-system", "system,call", "reporting,command", []string{"configuration", "endpoints", "peers", "telling phones"},
		[]string{`user "no-write-system" lacks write = system in manager.conf: the configuration, the endpoints and the peers cannot be read`}},
	{"no-write-reporting", "system,call", "system,command", []string{"functions"},
		[]string{`user "no-write-reporting" lacks write = reporting in manager.conf: functions in templates cannot be asked`}},
	{"no-write-command", "system,call", "system,reporting", []string{"names of functions"}, nil},
	{"every-right", "all", "all", nil, nil},
	{"no-read", "", "system,reporting,command", []string{"event DeviceStateChange", "event FullyBooted", "event Reload"},
		[]string{`user "no-read" lacks read = system in manager.conf`, `user "no-read" lacks read = call in manager.conf`}},
}

func rightsAccounts() string {
	var text strings.Builder
	for _, tt := range rightTests {
		fmt.Fprintf(&text, "[%s]\nsecret=%s\nread=%s\nwrite=%s\n", tt.user, testSecret, tt.read, tt.write)
	}
	return text.String()
}

func testRights(t *testing.T, a *oracle.Asterisk) {
	for _, tt := range rightTests {
		t.Run(tt.user, func(t *testing.T) {
			target := testTarget(t, a.AMI)
			target.Username = tt.user
			var mu sync.Mutex
			var events []string
			c, err := ami.Connect(testkit.Within(t, testkit.Patience), target, func(m ami.Message) {
				mu.Lock()
				defer mu.Unlock()
				events = append(events, m["Event"])
			})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			lacks := refusedActions(t, c)

			a.CLI(t, "module reload res_phoneprov.so")
			a.CLI(t, "devstate change Custom:rights INUSE")
			a.CLI(t, "devstate change Custom:rights NOT_INUSE")
			seen := func(event string) bool {
				mu.Lock()
				defer mu.Unlock()
				return slices.Contains(events, event)
			}
			for event, came := range map[string]func() bool{
				"event FullyBooted": c.IsBooted,
				"event Reload":      func() bool { return seen("Reload") }, "event DeviceStateChange": func() bool { return seen("DeviceStateChange") },
			} {
				if !slices.Contains(tt.lacks, event) {
					testkit.Eventually(t, event, came)
				} else if _, err := c.Do(testkit.Within(t, testkit.Patience), "Ping", nil); err != nil {
					t.Error(err)
				} else if !came() { // what was said before the answer has arrived with it
					lacks = append(lacks, event)
				}
			}
			slices.Sort(lacks)
			if want := slices.Sorted(slices.Values(tt.lacks)); !slices.Equal(lacks, want) {
				t.Errorf("lacks %q, want %q", lacks, want)
			}
			account, err := readAccount(testkit.Within(t, testkit.Patience), c)
			said := account.missing()
			if err != nil || !slices.EqualFunc(said, tt.said, strings.HasPrefix) {
				t.Errorf("said %q (%v), want %q", said, err, tt.said)
			}
		})
	}
}

// refusedActions tries every action that phoneprov sends, and returns those that Asterisk refuses.
func refusedActions(t *testing.T, c *ami.Conn) (refused []string) {
	t.Helper()
	_, config := getConfig(testkit.Within(t, testkit.Patience), c, "", "users.conf", "")
	_, _, live := readLive(testkit.Within(t, testkit.Patience), c, []string{"6002"})
	_, peers := readPeers(testkit.Within(t, testkit.Patience), c)
	_, function := c.Do(testkit.Within(t, testkit.Patience), "Getvar", ami.Message{"Variable": "LEN(x)"})
	_, name := c.Do(testkit.Within(t, testkit.Patience), "Command", ami.Message{"Command": "core show function LEN"})
	_, telling := c.Do(testkit.Within(t, testkit.Patience), "PJSIPNotify", ami.Message{"Endpoint": "6002", "Variable": "Event=check-sync"})
	var unknown *ami.ActionError
	if errors.As(telling, &unknown) && !unknown.Denied() { // there is no such endpoint, but it may be told
		telling = nil
	}
	for what, err := range map[string]error{"telling phones": telling, "configuration": config, "endpoints": live, "peers": peers, "functions": function, "names of functions": name} {
		var denied *ami.ActionError
		switch {
		case errors.As(err, &denied) && denied.Denied():
			refused = append(refused, what)
		case err != nil:
			t.Errorf("%s: %v", what, err)
		}
	}
	return refused
}
