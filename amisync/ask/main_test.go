package ask

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/amitest"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func fake(t testing.TB, files map[string]string, o amiserver.Options) (*amiserver.Server, string) {
	t.Helper()
	return amitest.Start(t, files, o)
}

// asking is an Asker for the tests' account, with the defaults of amisync.
func asking(t testing.TB, address string, o Options) *Asker {
	t.Helper()
	ending := new(sync.WaitGroup)
	o.Target = ami.Target{
		Address: address, Username: amitest.User, Secret: amitest.Secret, Dial: new(net.Dialer).DialContext,
		Ending: ending, ToldBooted: new(atomic.Bool),
	}
	if o.Connections == 0 {
		o.Connections = 4
	}
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Second
	}
	o.AssumeBooted = func() bool { return false }
	a := New(o)
	t.Cleanup(func() { a.Close(); ending.Wait() })
	return a
}

// expectAsk calls X(), which either has the value wanted, or cannot be asked where that is "".
func expectAsk(t *testing.T, a *Asker, want string) {
	t.Helper()
	got, err := a.Ask(t.Context(), "X()")
	if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, dialplan.ErrCannotAsk) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// eventually polls until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 10 s", what)
		}
		<-time.After(2 * time.Millisecond)
	}
}
