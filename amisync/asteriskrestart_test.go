package amisync

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// phoneprov follows an Asterisk that is killed and started again with other users.
func testKill(t *testing.T, a *oracle.Asterisk) {
	r := start(t, Options{Address: a.AMI})
	testkit.Eventually(t, "a snapshot", func() bool { return r.store.Load() != nil })
	before := r.store.Load().Counts()
	a.Kill(t)
	testkit.Eventually(t, "the loss", func() bool { return !r.Status().Connected })
	if r.store.Load().Counts() != before {
		t.Error("the last good snapshot is gone")
	}
	a.Write(t, "users.conf", oracleFiles["users.conf"]+"[6009]\nautoprov=yes\nmacaddress=001122334499\nprofile=p\nusername=6009\n")
	least, stop, watched := before.Phones, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				least = min(least, r.store.Load().Counts().Phones)
			}
		}
	}()
	a.Boot(t)
	testkit.Eventually(t, "the new user", func() bool { return r.store.Load().Counts().Phones == before.Phones+1 })
	close(stop)
	if <-watched; least < before.Phones {
		t.Errorf("%d of %d phones were left while asterisk booted", least, before.Phones)
	}
	testkit.Eventually(t, "no error", func() bool { return r.Status().Connected && r.Status().LastError == "" })
}

// While Asterisk stops and starts, a function has its value or an error.
func testAskRestart(t *testing.T, a *oracle.Asterisk) {
	s, err := New(Options{Address: a.AMI, Username: testUser, Secret: testSecret, Log: testLog()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	restarts := map[string]func(){
		"SIGKILL":                 func() { a.Kill(t); a.Boot(t) },
		"core restart now":        func() { a.CLI(t, "core restart now") },
		"core restart gracefully": func() { a.CLI(t, "core restart gracefully") },
	}
	for name, restart := range restarts {
		var answers, refusals atomic.Int64
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				default:
				}
				switch value, err := s.Ask(t.Context(), "TOUPPER(abc)"); {
				case err == nil && value == "ABC":
					answers.Add(1)
				case errors.Is(err, dialplan.ErrCannotAsk):
					refusals.Add(1)
				default:
					t.Errorf("%s: got %q, %v", name, value, err)
				}
			}
		}()
		testkit.Eventually(t, "an answer before", func() bool { return answers.Load() > 0 })
		restart()
		testkit.Eventually(t, "a refusal", func() bool { return refusals.Load() > 0 })
		before := answers.Load()
		testkit.Eventually(t, "an answer after", func() bool { return answers.Load() > before })
		close(stop)
		<-stopped
		t.Logf("%s: %d answers, %d refusals", name, answers.Load(), refusals.Load())
	}
}
