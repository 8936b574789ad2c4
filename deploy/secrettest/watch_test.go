package secrettest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
)

const secret = `pa/ss "w<rd`

func TestForms(t *testing.T) {
	inJSON, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"plain":            "x" + secret + "y",
		"upper case":       strings.ToUpper(secret),
		"hexadecimal":      fmt.Sprintf("%x", secret),
		"HEXADECIMAL":      fmt.Sprintf("%X", secret),
		"%-encoded":        "pa%2Fss%20%22w%3Crd",
		"%-encoded, +":     "pa%2fss+%22w%3crd",
		"all %-encoded":    "%70%61%2f%73%73%20%22%77%3c%72%64",
		"quoted":           fmt.Sprintf("%q", secret),
		"JSON":             string(inJSON),
		"HTML":             "pa/ss &#34;w&lt;rd",
		"base64":           base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64, behind a": base64.StdEncoding.EncodeToString([]byte("a" + secret + "b")),
		"base64, a user":   base64.StdEncoding.EncodeToString([]byte("bc" + secret + "def")),
		"base64 of URLs":   base64.URLEncoding.EncodeToString([]byte("bob:" + secret)),
	} {
		for _, pieces := range []int{1, 2, len(text)} {
			w := New(secret)
			s := w.Stream("the log")
			for i := range pieces {
				io.WriteString(s, text[i*len(text)/pieces:(i+1)*len(text)/pieces])
			}
			if got := w.Findings(); len(got) != 1 || !strings.HasPrefix(got[0], `the log tells the secret "pa/ss \"w<rd" (`) {
				t.Errorf("%s in %d pieces: got %q", name, pieces, got)
			}
		}
	}
}

func TestNoSecret(t *testing.T) {
	w := New(secret)
	w.Text("a page", strings.Repeat(secret[:len(secret)-1], 100))
	w.Text("a page", secret[1:])
	one, other := w.Stream("one"), w.Stream("other")
	io.WriteString(one, secret[:5])
	io.WriteString(other, secret[5:])
	if got := w.Findings(); got != nil {
		t.Errorf("got %q", got)
	}
}

func TestAdd(t *testing.T) {
	w := New()
	w.AddKey([]byte("-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\nCCqGSM49AwEHBG0wawIBAQQg\nab==\n-----END PRIVATE KEY-----\n"))
	w.AddHeader("Basic cGhvbmU6cmlnaHQ=")
	w.AddHeader(`Digest username="a", response="0123456789abcdef0123456789abcdef", qop=auth`)
	w.AddHeader("Basic x")
	w.Add(strings.Repeat("long", maxSecret))
	for i, text := range []string{"CCqGSM49AwEHBG0wawIBAQQg", "cGhvbmU6cmlnaHQ=", "0123456789ABCDEF0123456789ABCDEF", strings.Repeat("long", maxSecret/4) + "x"} {
		w.Text("it", text)
		if got := w.Findings(); len(got) != i+1 {
			t.Errorf("%q: got %q", text, got)
		}
	}
	w = New("short")
	if got := w.Findings(); len(got) != 1 || got[0] != `the secret "short" is too short to be looked for` {
		t.Errorf("got %q", got)
	}
}

type exitCode int

func (c exitCode) Run() int { return int(c) }

func TestGuard(t *testing.T) {
	w := New(secret)
	var out strings.Builder
	for _, code := range []exitCode{0, 2} {
		if got := (guarded{w, code, &out}).Run(); got != int(code) || out.Len() > 0 {
			t.Errorf("nothing was told: got %d, want %d: %s", got, code, &out)
		}
	}
	w.Text("a page", secret)
	for _, tt := range []struct{ code, want exitCode }{{0, 1}, {1, 1}, {2, 2}} {
		if got := (guarded{w, tt.code, &out}).Run(); got != int(tt.want) {
			t.Errorf("the tests' %d: got %d, want %d", tt.code, got, tt.want)
		}
	}
	if !strings.Contains(out.String(), "secrettest: a page tells the secret ") {
		t.Errorf("got %q", &out)
	}
}

// What goes by is not kept.
func TestMemory(t *testing.T) {
	w := New(secret)
	s, _ := w.Stream("the log").(*stream)
	for range 1000 {
		io.WriteString(s, strings.Repeat(secret, 10))
	}
	if got := len(w.Findings()); got != 1 || len(s.tail) > w.longest {
		t.Errorf("%d findings and %d bytes are kept", got, len(s.tail))
	}
}
