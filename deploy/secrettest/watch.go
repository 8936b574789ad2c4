package secrettest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// Bounds of a Watch.
const (
	minSecret   = 6      // bytes; a shorter text occurs in innocent words
	maxSecret   = 256    // bytes that are looked for of a longer secret
	maxSecrets  = 20_000 // a test that makes a secret per request should give them something in common
	maxFindings = 20     // findings that are reported
	minPEMLine  = 16     // characters; the last line of a key may have only a few
)

// Watch knows the secrets of a test run, and notes where one of them appears. New makes one.
type Watch struct {
	mu       sync.Mutex
	secrets  map[string]bool
	forms    map[[minSecret]byte][]form // by their first bytes
	longest  int                        // length of the longest form
	findings []string
	seen     map[string]bool
}

// New returns a Watch for the secrets.
func New(secrets ...string) *Watch {
	w := &Watch{secrets: map[string]bool{}, forms: map[[minSecret]byte][]form{}, seen: map[string]bool{}}
	w.Add(secrets...)
	return w
}

// Add adds secrets. A secret that is too short to be looked for fails the run.
func (w *Watch) Add(secrets ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range secrets {
		s = s[:min(len(s), maxSecret)]
		switch {
		case len(s) < minSecret:
			w.note(fmt.Sprintf("the secret %q is too short to be looked for", s))
		case len(w.secrets) == maxSecrets:
			w.note("there are too many secrets")
		case !w.secrets[s]:
			w.secrets[s] = true
			w.index(s)
		}
	}
}

// AddKey adds the lines of a private key in PEM.
func (w *Watch) AddKey(pem []byte) {
	for line := range strings.Lines(string(pem)) {
		if line = strings.TrimSpace(line); len(line) >= minPEMLine && !strings.HasPrefix(line, "-") {
			w.Add(line)
		}
	}
}

var digestResponse = regexp.MustCompile(`(?i)response="?([0-9a-f]{32,64})`)

// AddHeader adds the secret part of an Authorization header, if it is long enough: all of Basic, the response of
// Digest.
func (w *Watch) AddHeader(value string) {
	if scheme, credentials, _ := strings.Cut(value, " "); strings.EqualFold(scheme, "Basic") && len(credentials) >= minSecret {
		w.Add(credentials)
	}
	if m := digestResponse.FindStringSubmatch(value); m != nil {
		w.Add(m[1])
	}
}

// Text searches a text for secrets: a page, an error, the output of a program.
func (w *Watch) Text(where, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.search(where, []byte(text))
}

// Stream searches what is written to it for secrets, also across writes.
func (w *Watch) Stream(where string) io.Writer { return &stream{watch: w, where: where} }

type stream struct {
	watch *Watch
	where string
	tail  []byte // the last bytes, which may be the beginning of a secret
}

func (s *stream) Write(p []byte) (int, error) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	text := append(s.tail, p...)
	s.watch.search(s.where, text)
	s.tail = append([]byte(nil), text[max(0, len(text)-s.watch.longest):]...)
	return len(p), nil
}

func (w *Watch) search(where string, text []byte) {
	lower := lowerASCII(text)
	for i := 0; i+minSecret <= len(lower); i++ {
		for _, f := range w.forms[[minSecret]byte(lower[i:])] {
			if bytes.HasPrefix(lower[i:], f.text) {
				w.note(fmt.Sprintf("%s tells the secret %q (%s)", where, f.secret, f.name))
			}
		}
	}
}

// note adds a finding, once.
func (w *Watch) note(finding string) {
	if !w.seen[finding] && len(w.findings) < maxFindings {
		w.seen[finding] = true
		w.findings = append(w.findings, finding)
	}
}

// Findings returns what was found so far.
func (w *Watch) Findings() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.findings...)
}

// Runner is a *testing.M.
type Runner interface{ Run() int }

// Guard returns a Runner that fails if a secret was found, and reports at its end which tests were skipped.
func (w *Watch) Guard(m Runner) Runner { return guarded{w, m, os.Stderr} }

type guarded struct {
	watch *Watch
	m     Runner
	out   io.Writer
}

func (g guarded) Run() int {
	code := skips.Reporting{M: g.m}.Run()
	for _, finding := range g.watch.Findings() {
		fmt.Fprintln(g.out, "secrettest:", finding)
		code = max(code, 1)
	}
	return code
}
