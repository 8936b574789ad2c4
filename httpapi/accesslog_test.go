package httpapi

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

func TestLogLine(t *testing.T) {
	b := newBench(t)
	b.get("GET", phoneURL, "User-Agent", "Yealink SIP-T46G")
	if strings.Contains(b.log.String(), "do-not-log-me") {
		t.Error("the log has a secret")
	}
	var line map[string]any
	if err := json.Unmarshal(b.log.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, &b.log)
	}
	delete(line, "duration_ms")
	want := map[string]any{"level": "info", "message": "request", "mac": "0011223344aa", "phone": "6001", "method": "GET",
		"file": "0011223344aa.cfg", "status": 200.0, "bytes": 22.0, "remote": "192.0.2.1", "reason": "address", "user_agent": "Yealink SIP-T46G"}
	if !maps.Equal(line, want) {
		t.Errorf("got %v, want %v", line, want)
	}
}

func TestLogTellsTheVersionOfTLS(t *testing.T) {
	for version, want := range map[uint16]string{tls.VersionTLS10: `"tls":"1.0"`, tls.VersionTLS13: `"tls":"1.3"`} {
		b := newBench(t)
		r := httptest.NewRequest("GET", phoneURL, nil)
		r.TLS = &tls.ConnectionState{Version: version}
		Phones(b.Options).ServeHTTP(httptest.NewRecorder(), r)
		if !strings.Contains(b.log.String(), want) {
			t.Errorf("got %s, want %s", &b.log, want)
		}
	}
}

func TestLogCannotBeForged(t *testing.T) {
	nasty := "x\r\n{\"level\":\"info\",\"message\":\"request\"}\x1b[2J\x00\u2028 status=200"
	for _, format := range []string{"json", "console"} {
		t.Run(format, func(t *testing.T) {
			b := newBench(t)
			if format == "console" {
				b.Log = zerolog.New(zerolog.ConsoleWriter{Out: io.MultiWriter(&b.log, secrets.Stream("a log for people")), NoColor: true})
			}
			h := Phones(b.Options)
			ask(h, "GET", "/phoneprov/x%0d%0a%7b%22level%22%3a1%7d%1b%5b2J", "User-Agent", nasty)
			ask(h, "GET", "/elsewhere%0d%0ax", "User-Agent", nasty)
			got := b.log.String()
			if strings.Count(got, "\n") != 2 {
				t.Errorf("got %d lines, want 2: %q", strings.Count(got, "\n"), got)
			}
			if i := strings.IndexFunc(strings.ReplaceAll(got, "\n", ""), func(c rune) bool { return c < ' ' || c == 0x7f }); i >= 0 {
				t.Errorf("a control character is in the log: %q", got)
			}
		})
	}
}

func TestLogIsBounded(t *testing.T) {
	b := newBench(t)
	b.get("GET", "/phoneprov/"+strings.Repeat("a", 4000), "User-Agent", strings.Repeat("b", 4000))
	if b.log.Len() > 1000 {
		t.Errorf("got a line of %d bytes", b.log.Len())
	}
}

func TestLogLevels(t *testing.T) {
	b := newBench(t)
	b.get("GET", phoneURL)
	b.get("GET", "/phoneprov/nope")
	b.get("GET", "/phoneprov/hole0011223344aa.cfg")
	ask(Admin(b.Options), "GET", "http://localhost/healthz")
	var levels []string
	for line := range strings.Lines(b.log.String()) {
		var v struct{ Level string }
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		levels = append(levels, v.Level)
	}
	if want := []string{"info", "info", "warn", "debug"}; !slices.Equal(levels, want) {
		t.Errorf("got %q, want %q: %s", levels, want, &b.log)
	}
}
