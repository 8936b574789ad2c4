package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/sample"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// runDemo runs a demo until the test ends, and returns the URL of its page.
func runDemo(t *testing.T, args ...string) (page string, out *testkit.Log) {
	t.Helper()
	out = new(testkit.Log)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"demo", "-listen", "127.0.0.1:0"}, args...), func(string) (string, bool) { return "", false }, strings.NewReader(""), out, io.Discard)
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("exit code %d", code)
		}
	})
	first := regexp.MustCompile(`\A.*\n  (http://\S+/)\n`)
	testkit.WaitFor(t, func() error {
		m := first.FindStringSubmatch(out.String())
		if m == nil {
			return fmt.Errorf("no URL of the page at the beginning of %q", out)
		}
		page = m[1]
		return nil
	})
	return page, out
}

func fetchText(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: got %s, %v", url, resp.Status, err)
	}
	return string(text)
}

// Each state of a phone is in the demo, by a simulated phone whose name says so, and there is a stranger.
func TestDemoHasEveryState(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	url, out := runDemo(t, dir)
	testkit.WaitFor(t, func() error {
		var phones ledger.Page
		if err := json.Unmarshal([]byte(fetchText(t, url+"api/v1/phones")), &phones); err != nil {
			return err
		}
		states := map[ledger.State]string{}
		for _, p := range phones.Items {
			if name := p.Lines[0].DisplayName; strings.HasPrefix(name, "Simulated: ") {
				states[p.State] += p.ID + " "
			}
		}
		for _, d := range ledger.States() {
			if states[d.State] == "" {
				return fmt.Errorf("no simulated phone is %s: %v", d.State, states)
			}
		}
		return nil
	})
	if strangers := fetchText(t, url+"api/v1/strangers"); !strings.Contains(strangers, `"mac":"020000000099"`) || !strings.Contains(strangers, `"total":1`) {
		t.Errorf("got strangers %s", strangers)
	}
	if diff := fetchText(t, url+"api/v1/phones/020000000005/files/020000000005-simulated.cfg/diff"); !strings.Contains(diff, "\n-account.1.label = before\n+account.1.label = after\n") || strings.Contains(diff, "simulated-9005") {
		t.Errorf("the diff of the phone that a change waits for: got %q", diff)
	}
	for _, path := range []string{"", "phones", "phones/020000000003", "strangers", "problems"} {
		if page := fetchText(t, url+path); !strings.Contains(page, "Phones whose names begin with “Simulated” are simulated") {
			t.Errorf("/%s has no banner", path)
		}
	}
	if text := out.String(); strings.Contains(text, "curl http://127.0.0.1:8080/phoneprov/0200000000") || !strings.Contains(text, "0004f2000001.cfg") || !strings.Contains(text, `begin with "Simulated"`) {
		t.Errorf("the demo says %s", text)
	}
}

// A directory that an older demo made has no simulated phones. The demo goes on with it, and its files stay.
func TestDemoOfAnOlderDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	if err := claimDemoDir(dir); err != nil {
		t.Fatal(err)
	}
	if err := copyMissing(dir, sample.FS); err != nil {
		t.Fatal(err)
	}
	url, out := runDemo(t, dir)
	var phones ledger.Page
	testkit.WaitFor(t, func() error {
		if err := json.Unmarshal([]byte(fetchText(t, url+"api/v1/phones")), &phones); err != nil || len(phones.Items) == 0 {
			return fmt.Errorf("no phones, %v", err)
		}
		return nil
	})
	for _, p := range phones.Items {
		if strings.HasPrefix(p.ID, "0200000000") {
			t.Errorf("there is a simulated phone %s", p.ID)
		}
	}
	if strings.Contains(out.String(), "simulated") {
		t.Errorf("the demo says %s", out)
	}
	want, err := sample.FS.ReadFile("asterisk/users.conf")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "asterisk", "users.conf")); err != nil || string(got) != string(want) {
		t.Errorf("users.conf was changed: %v", err)
	}
}
