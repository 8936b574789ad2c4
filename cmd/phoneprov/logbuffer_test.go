package main

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

func TestBufferedLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lockedBuffer
		b := &bufferedLog{out: &out}
		log := zerolog.New(b)
		shows := func(what string, want ...string) {
			t.Helper()
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
		synctest.Wait()
		shows("in time", "1", "2")
		log.Info().Msg("3")
		log.Warn().Msg("4")
		shows("with a warning", "1", "2", "3", "4")
		log.Info().Msg("5")
		log.Log().Msg("6")
		shows("with what has no level", "1", "2", "3", "4", "5", "6")
		log.Info().Msg("7")
		time.Sleep(logDelay)
		synctest.Wait()
		shows("in time again", "1", "2", "3", "4", "5", "6", "7")
		log.Info().Msg("8")
		b.end()
		shows("at the end", "1", "2", "3", "4", "5", "6", "7", "8")
		log.Info().Msg("9")
		shows("after it", "1", "2", "3", "4", "5", "6", "7", "8", "9")
	})
}

func TestBufferedLogIsBounded(t *testing.T) {
	var out lockedBuffer
	b := &bufferedLog{out: &out}
	defer b.end()
	line := []byte(strings.Repeat("x", 999) + "\n")
	for n := 1; n <= 200; n++ {
		if _, err := b.WriteLevel(zerolog.InfoLevel, line); err != nil {
			t.Fatal(err)
		}
		if held := n*len(line) - len(out.String()); held < 0 || held > logBuffer {
			t.Fatalf("%d bytes are held back", held)
		}
	}
	if len(out.String()) < 4*logBuffer {
		t.Errorf("only %d bytes were written", len(out.String()))
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestBufferedLogTellsOfFailure(t *testing.T) {
	b := &bufferedLog{out: brokenWriter{}}
	if _, err := b.Write([]byte("x\n")); err == nil {
		t.Error("got no error")
	}
}
