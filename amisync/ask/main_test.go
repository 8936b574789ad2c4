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
	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

func TestMain(m *testing.M) {
	testkit.SideBySide(8)
	goleak.VerifyTestMain(skips.Reporting{M: m})
}

func fake(t testing.TB, files map[string]string, o amiserver.Options) (*amiserver.Server, string) {
	t.Helper()
	return amitest.Start(t, files, o)
}

// asking returns an Asker for the account of the tests, with the defaults of amisync.
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

// expectAsk calls X(). If want is "", the call must fail.
func expectAsk(t *testing.T, a *Asker, want string) {
	t.Helper()
	got, err := a.Ask(t.Context(), "X()")
	if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, dialplan.ErrCannotAsk) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
