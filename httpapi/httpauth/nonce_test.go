package httpauth

import (
	"testing"
	"time"
)

// A nonce that had to make room for another is stale, and never good again; one that was not used costs nothing.
func TestNonceMakesRoom(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	n := newNonces(2)
	one, two, three := n.issue(now), n.issue(now), n.issue(now) // one and three have the same slot
	for _, step := range []struct {
		name, nonce string
		nc          uint32
		want        string
	}{
		{"first", one, 1, ""},
		{"the neighbour", two, 7, ""},
		{"again", one, 2, ""},
		{"takes the slot", three, 1, ""},
		{"had to make room", one, 3, reasonForgotten},
		{"had to make room, replayed", one, 1, reasonForgotten},
		{"goes on", three, 2, ""},
		{"replayed", three, 2, reasonReplay},
		{"the neighbour goes on", two, 8, ""},
		{"highest count", two, 1<<32 - 1, ""},
		{"count after the highest", two, 1, reasonReplay},
	} {
		if got := n.use(step.nonce, step.nc, owner{}, now); got != step.want {
			t.Errorf("%s: got %q, want %q", step.name, got, step.want)
		}
	}
}

func TestNonceIsNotOurs(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	n := newNonces(4)
	good := n.issue(now)
	for name, nonce := range map[string]string{
		"of another process": newNonces(4).issue(now),
		"empty":              "",
		"not base64":         "!" + good[1:],
		"short":              good[:len(good)-4],
		"long":               good + "AAAA",
		"other time":         "B" + good[1:],
		"other signature":    good[:30] + "AAAA" + good[34:],
		"line break in it":   good[:4] + "\n" + good[4:],
	} {
		if got := n.use(nonce, 1, owner{}, now); got != reasonForeign {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if got := n.use(good, 1, owner{}, now.Add(-time.Nanosecond)); got != reasonExpired {
		t.Errorf("before its time: got %q", got)
	}
	if got := n.use(good, 1, owner{}, now); got != "" {
		t.Errorf("good: got %q", got)
	}
}
