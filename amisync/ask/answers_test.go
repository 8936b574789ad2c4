package ask

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

func newGeneration() *generation {
	a := New(Options{Connections: 1})
	return a.generation.Load()
}

// An answer is remembered for its TTL, from when it arrived.
func TestAnswersExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGeneration()
		q := question{value: "a", ttl: time.Second}
		g.remember(q, "1", nil)
		time.Sleep(time.Second - 1)
		if got, ok := g.answer(q); !ok || got.value != "1" {
			t.Errorf("got %v, %v", got, ok)
		}
		time.Sleep(1)
		if got, ok := g.answer(q); ok {
			t.Errorf("got %v after its time", got)
		}
		g.remember(q, "2", nil)
		if got, ok := g.answer(q); !ok || got.value != "2" {
			t.Errorf("got %v, %v after a new answer", got, ok)
		}
	})
}

// The question, and how it ended, decide whether an answer is remembered.
func TestWhichAnswersAreRemembered(t *testing.T) {
	refusal := cannot(&ami.ActionError{Action: "Command", Message: "Permission denied"})
	for _, tt := range []struct {
		name string
		q    question
		err  error
		want bool
	}{
		{"value", question{ttl: forever}, nil, true},
		{"without time", question{}, nil, false},
		{"error", question{ttl: forever, rememberRefusal: true}, cannot(errors.New("lost")), false},
		{"refusal of a value", question{ttl: forever}, refusal, false},
		{"refusal that counts", question{ttl: forever, rememberRefusal: true}, refusal, true},
	} {
		g := newGeneration()
		g.remember(tt.q, "v", tt.err)
		if _, ok := g.answer(tt.q); ok != tt.want {
			t.Errorf("%s: remembered %v", tt.name, ok)
		}
	}
}

func TestAnswersAreBounded(t *testing.T) {
	g := newGeneration()
	for i := range 20 {
		q := question{value: fmt.Sprint(i), ttl: forever}
		g.remember(q, strings.Repeat("x", maxAnswers/8), nil)
		if _, ok := g.answer(q); !ok {
			t.Errorf("the newest answer, %d, is not remembered", i)
		}
		if _, bytes := g.answers.Stats(); bytes > maxAnswers {
			t.Fatalf("%d bytes", bytes)
		}
	}
	tooLong := question{value: "too long", ttl: forever}
	g.remember(tooLong, strings.Repeat("x", maxAnswers), nil)
	if _, ok := g.answer(tooLong); ok {
		t.Error("an answer longer than all is remembered")
	}
}
