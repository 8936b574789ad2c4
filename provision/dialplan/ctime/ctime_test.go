package ctime

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata" // the zones of these tests, on any machine
)

var errStop = errors.New("stop")

// What Format writes, Parse reads. Formats are compared with Asterisk in dialplan/testdata/rows.
func TestParseReadsFormat(t *testing.T) {
	at := time.Date(2026, 3, 28, 23, 7, 9, 0, time.UTC)
	for _, format := range []string{"%Y-%m-%d %H:%M:%S", "%F %T", "%c", "%j %Y %I:%M:%S %p", "%s", "%d %B %y, %T"} {
		text, err := Format(at, 0, time.UTC, format, func(int) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		wall, ok := Parse(text, format, time.UTC)
		if !ok || !wall.Equal(at) {
			t.Errorf("%s: %q reads as %v, %v", format, text, wall, ok)
		}
		if seconds, ok := Epoch(wall, time.UTC); !ok || seconds != at.Unix() {
			t.Errorf("%s: got epoch %d, %v", format, seconds, ok)
		}
	}
}

// step sees the length after each conversion, and its error ends the work.
func TestFormatStops(t *testing.T) {
	var lengths []int
	_, err := Format(time.Unix(0, 0).UTC(), 0, time.UTC, "%Y %m", func(length int) error {
		lengths = append(lengths, length)
		return nil
	})
	if err != nil || len(lengths) != 2 || lengths[0] != 4 || lengths[1] != 7 {
		t.Errorf("got %v, %v", lengths, err)
	}
	if got, err := Format(time.Unix(0, 0), 0, time.UTC, "%Y %m", func(int) error { return errStop }); got != "" || err != errStop {
		t.Errorf("got %q, %v", got, err)
	}
}

// There is no time in the hour that a clock skips.
func TestEpochOfSkippedHour(t *testing.T) {
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := Epoch(time.Date(2026, 3, 29, 2, 30, 0, 0, time.UTC), vienna); ok {
		t.Error("2:30 exists on the day that the clock skips it")
	}
}
