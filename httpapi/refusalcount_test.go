package httpapi

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// flood requests an unknown MAC n times. Name and User-Agent make each log line as long as possible.
func flood(b *bench, source func(i int) string, n int) {
	h := Phones(b.Options)
	for i := range n {
		from(h, source(i), fmt.Sprintf("%012x%%01%%02%%22%%5c%s", i+1, strings.Repeat("%01", 300)), agent(strings.Repeat("\x01\"\\", 300)))
	}
}

// Beyond a rate, the lines of refused requests become one line with a count per second. No refusal is lost.
func TestRefusalsAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := guard(t)
		b.Log = testLog(zerolog.SyncWriter(&b.log))
		flood(b, func(int) string { return internet }, 1000)
		from(Phones(b.Options), lan, "0011223344aa.cfg", nil) // another's
		time.Sleep(countEvery)
		synctest.Wait()
		text := b.log.String()
		count := func(line string) int { return strings.Count(text, line) }
		if got := count(`"message":"request"`); got != sourceLines+1 {
			t.Errorf("%d lines of requests", got)
		}
		if got := count(`"message":"refused"`); got != sourceLines+1 {
			t.Errorf("%d lines of refusals", got)
		}
		want := fmt.Sprintf(`{"level":"warn","remote":"198.51.100.7","reason":"address not allowed","count":%d,"message":"refused"}`, 1000-sourceLines)
		if count(want) != 1 {
			t.Errorf("no count of what is missing: %s", text[max(0, len(text)-500):])
		}
		t.Logf("%d bytes in the second of a source's flood", len(text))
		if most := sourceLines * 2000; len(text) > most {
			t.Errorf("%d bytes within a second, want at most %d", len(text), most)
		}
	})
}

// However many sources there are, the log of a second is bounded.
func TestRefusalsOfManySources(t *testing.T) {
	t.Parallel()
	requests := skips.Size(t, 20_000, maxCounted+300)
	synctest.Test(t, func(t *testing.T) {
		b := guard(t)
		b.Log = testLog(zerolog.SyncWriter(&b.log))
		flood(b, func(i int) string { return fmt.Sprintf("198.51.%d.%d:1", i/100%100, i%100) }, requests)
		time.Sleep(countEvery)
		synctest.Wait()
		text := b.log.String()
		if got := strings.Count(text, `"message":"request"`); got != allLines {
			t.Errorf("%d lines of requests, want %d", got, allLines)
		}
		sum := allLines
		for _, line := range strings.Split(text, "\n") {
			if _, rest, ok := strings.Cut(line, `"count":`); ok {
				var n int
				fmt.Sscanf(rest, "%d", &n)
				sum += n
			}
		}
		if sum != requests {
			t.Errorf("%d requests are accounted for", sum)
		}
		t.Logf("%d bytes in the second of a flood of many sources", len(text))
		if most := allLines*2000 + maxCounted*200; len(text) > most {
			t.Errorf("%d bytes within a second, want at most %d", len(text), most)
		}
	})
}

// Each served file always has its own log line. A source that was quiet has its own lines again.
func TestFilesAreNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := guard(t)
		b.Log = testLog(zerolog.SyncWriter(&b.log))
		h := Phones(b.Options)
		for range 3 * sourceLines {
			from(h, lan, "0011223344aa.cfg", nil)
		}
		for range 3 {
			from(h, lan, "000000000000.cfg", nil)
			time.Sleep(countEvery)
		}
		if got := strings.Count(b.log.String(), `"message":"request"`); got != 3*sourceLines+3 || strings.Contains(b.log.String(), "count") {
			t.Errorf("%d lines", got)
		}
	})
}

// If the answer is no file, its log line says why, and names the phone and the file.
func TestReasonsInTheLog(t *testing.T) {
	t.Parallel()
	const mac, file = "0011223344aa", "0011223344aa.cfg"
	for name, tt := range map[string]struct {
		login  bool
		method string
		target string
		header string
		want   map[string]any
	}{
		"wrong password": {true, "GET", file, basicOf("phone", "old"),
			map[string]any{"status": 401.0, "mac": mac, "file": file, "reason": "wrong credentials", "login": "wrong password"}},
		"unknown user":          {true, "GET", file, basicOf("nobody", "x"), map[string]any{"status": 401.0, "login": "unknown user"}},
		"other phone's user":    {true, "GET", "0004f2000001.cfg", basicOf("phone", "right-phone"), map[string]any{"status": 401.0, "login": "user of another phone"}},
		"no hash":               {true, "GET", file, `Digest username="phone", realm="phoneprov", nonce="x", uri="/phoneprov/0011223344aa.cfg", qop=auth, nc=00000001, cnonce="c", response="00000000000000000000000000000000"`, map[string]any{"login": "user has no hash for this scheme"}},
		"no qop":                {true, "GET", file, `Digest username="phone", realm="phoneprov", nonce="x", uri="/", response="00000000000000000000000000000000"`, map[string]any{"login": "digest: no qop"}},
		"other uri":             {true, "GET", file, `Digest username="phone", realm="phoneprov", nonce="x", uri="/", qop=auth, nc=00000001, cnonce="c", response="00000000000000000000000000000000"`, map[string]any{"login": "digest: uri is not the request's"}},
		"nc":                    {true, "GET", file, `Digest username="phone", realm="phoneprov", nonce="x", uri="/", qop=auth, nc=1, cnonce="c", response="00000000000000000000000000000000"`, map[string]any{"login": "digest: nc is not a count of 8 hexadecimal digits"}},
		"realm":                 {true, "GET", file, `Digest username="phone", realm="x", nonce="x", uri="/", qop=auth, nc=00000001, cnonce="c", response="00000000000000000000000000000000"`, map[string]any{"login": "digest: other realm"}},
		"another scheme":        {true, "GET", file, "Bearer x", map[string]any{"login": "neither Basic nor Digest"}},
		"other method":          {false, "DELETE", file, "", map[string]any{"status": 405.0, "mac": mac, "file": file, "reason": "method not allowed"}},
		"other method, encoded": {false, "PATCH", "%30011223344aa.cfg", "", map[string]any{"status": 405.0, "mac": mac, "file": file, "reason": "method not allowed"}},
		"outside":               {false, "GET", "/elsewhere/x", "", map[string]any{"status": 404.0, "file": "/elsewhere/x", "reason": "outside of the prefix"}},
		"root":                  {false, "GET", "/", "", map[string]any{"status": 404.0, "reason": "outside of the prefix"}},
		"NUL":                   {false, "GET", "x%00", "", map[string]any{"status": 404.0, "reason": "not a file name"}},
		"too many":              {true, "GET", file, basicOf("nobody", "last"), map[string]any{"status": 429.0, "mac": mac, "file": file, "reason": "too many tries"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := guard(t)
			b.Access.Rules.Allow = nil
			if tt.login {
				withLogin(t, b)
			}
			h := Phones(b.Options)
			if name == "too many" {
				for i := range 5 {
					from(h, internet, file, basic("nobody", fmt.Sprint(i)))
				}
				b.log.Reset()
			}
			target := tt.target
			if !strings.HasPrefix(target, "/") {
				target = "/phoneprov/" + target
			}
			header := []string{}
			if tt.header != "" {
				header = []string{"Authorization", tt.header}
			}
			if name == "too many" {
				from(h, internet, file, basic("nobody", "last"))
			} else {
				ask(h, tt.method, target, header...)
			}
			lines := requestLines(t, b.log.String())
			if len(lines) != 1 {
				t.Fatalf("got %s", &b.log)
			}
			for key, want := range tt.want {
				if lines[0][key] != want {
					t.Errorf("%s: got %v, want %v in %s", key, lines[0][key], want, &b.log)
				}
			}
		})
	}
}

func basicOf(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
