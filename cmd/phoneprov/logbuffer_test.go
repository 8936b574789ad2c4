package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// testLogTo is the log of a service whose settings are the defaults.
func testLogTo(t *testing.T, out io.Writer) *logQueued {
	t.Helper()
	return newLog(&settings{logLevel: zerolog.InfoLevel, logFormat: "json"}, out)
}

func TestLogDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out testkit.Log
		q := testLogTo(t, &out)
		log := zerolog.New(q)
		shows := func(what string, want ...string) {
			t.Helper()
			synctest.Wait()
			var text strings.Builder
			for _, message := range want {
				text.WriteString(`{"message":"` + message + "\"}\n")
			}
			got := out.String()
			for _, level := range []string{"info", "warn", "error"} {
				got = strings.ReplaceAll(got, `"level":"`+level+`",`, "")
			}
			if got != text.String() {
				t.Errorf("%s: got %q, want %q", what, got, text.String())
			}
		}
		log.Info().Msg("1")
		time.Sleep(logDelay - 1) // of a clock that is not real
		shows("before its time")
		log.Info().Msg("2")
		time.Sleep(time.Nanosecond)
		shows("in time", "1", "2")
		log.Info().Msg("3")
		shows("of the next batch", "1", "2")
		log.Warn().Msg("4")
		shows("with a warning", "1", "2", "3", "4")
		log.Info().Msg("5")
		log.Log().Msg("6")
		shows("with what has no level", "1", "2", "3", "4", "5", "6")
		log.Info().Msg("7")
		time.Sleep(logDelay)
		shows("in time again", "1", "2", "3", "4", "5", "6", "7")
		log.Info().Msg("8")
		q.hurry()
		shows("in a hurry", "1", "2", "3", "4", "5", "6", "7", "8")
		log.Info().Msg("9")
		shows("and from then on", "1", "2", "3", "4", "5", "6", "7", "8", "9")
		q.close()
		log.Info().Msg("10")
		shows("after the end", "1", "2", "3", "4", "5", "6", "7", "8", "9")
		if got := q.Dropped(); got != 1 {
			t.Errorf("%d lines were dropped, want the one after the end", got)
		}
	})
}

// What many goroutines log is written whole, once, and of each in its order.
func TestLogKeepsAllLines(t *testing.T) {
	var out testkit.Log
	q := testLogTo(t, &out)
	const writers, each = 4, 2000
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range each {
				if _, err := q.WriteLevel(zerolog.InfoLevel, []byte(strings.Repeat(string(rune('a'+w)), 1+n%100)+"\n")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	q.close()
	if dropped := q.Dropped(); dropped != 0 {
		t.Fatalf("%d lines were dropped though the reader kept up", dropped)
	}
	var next [writers]int
	for line := range strings.Lines(out.String()) {
		w := int(line[0] - 'a')
		if want := strings.Repeat(line[:1], 1+next[w]%100) + "\n"; line != want {
			t.Fatalf("line %d of %c: got %q, want %q", next[w], line[0], line, want)
		}
		next[w]++
	}
	if next != [writers]int{each, each, each, each} {
		t.Errorf("got %d lines", next)
	}
}

// faultyReader takes a batch for each token, and fails while it is told to.
type faultyReader struct {
	testkit.Log
	tokens chan error
}

func (r *faultyReader) Write(p []byte) (int, error) {
	if err := <-r.tokens; err != nil {
		return 0, err
	}
	return r.Log.Write(p)
}

// A reader that stalls stops nobody, costs a bounded number of bytes, and learns how many lines it has missed.
func TestLogReaderStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &faultyReader{tokens: make(chan error)}
		q := testLogTo(t, r)
		line := []byte(strings.Repeat("x", 999) + "\n")
		const lines = 3 * logQueue / 1000
		start := time.Now()
		for range lines {
			if n, err := q.WriteLevel(zerolog.WarnLevel, line); n != len(line) || err != nil {
				t.Fatalf("got %d, %v", n, err)
			}
		}
		synctest.Wait()
		if waited := time.Since(start); waited != 0 {
			t.Errorf("writing to the log took %v", waited)
		}
		dropped := q.Dropped()
		if dropped < lines/3-100 || dropped > lines*2/3+100 { // the queue, and a batch that is being written
			t.Errorf("%d of %d lines were dropped", dropped, lines)
		}
		close(r.tokens) // it goes on
		synctest.Wait()
		q.close()
		got := r.String()
		if have := uint64(strings.Count(got, string(line))); have+dropped != lines {
			t.Errorf("%d lines were written and %d dropped, of %d", have, dropped, lines)
		}
		if n := strings.Count(got, "log lines were dropped"); n != 1 || !strings.Contains(got, fmt.Sprintf(`"lines":%d`, dropped)) {
			t.Errorf("the gap is told of %d times: %q", n, got[max(0, len(got)-200):])
		}
	})
}

// What cannot be written is counted too, and told of when it can be again.
func TestLogCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &faultyReader{tokens: make(chan error)}
		q := testLogTo(t, r)
		for range 3 {
			q.logger.Error().Msg("lost")
			r.tokens <- errors.New("no space left on device")
		}
		synctest.Wait()
		if got := q.Dropped(); got != 3 {
			t.Errorf("%d lines were dropped, want 3", got)
		}
		close(r.tokens)
		q.logger.Error().Msg("there")
		synctest.Wait()
		q.close()
		if got := r.String(); strings.Contains(got, "lost") || !strings.Contains(got, "there") || !strings.Contains(got, `"lines":3`) {
			t.Errorf("got %q", got)
		}
	})
}

// The end waits for a reader that stalls, but not long.
func TestLogEndsThoughTheReaderStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &faultyReader{tokens: make(chan error)}
		q := testLogTo(t, r)
		q.logger.Info().Msg("last words")
		start := time.Now()
		q.close()
		if took := time.Since(start); took != logDrain {
			t.Errorf("took %v, want %v", took, logDrain)
		}
		close(r.tokens) // so that no goroutine is left
		<-q.ended
	})
}

// What is said besides the log waits for a reader that stalls once, and goes on with it.
func TestImpatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &faultyReader{tokens: make(chan error)}
		w := &impatient{out: r}
		for i, want := range []time.Duration{logDrain, 0, 0} {
			start := time.Now()
			io.WriteString(w, "stalled")
			if took := time.Since(start); took != want {
				t.Errorf("write %d took %v, want %v", i, took, want)
			}
		}
		close(r.tokens)
		synctest.Wait()
		io.WriteString(w, ", goes on")
		if got := r.String(); got != "stalled, goes on" {
			t.Errorf("got %q", got)
		}
	})
}
