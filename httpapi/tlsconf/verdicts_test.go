package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi/reload"
	"github.com/phoneprov/phoneprov/provision/device"
)

// serverOf is a Server that trusts the CAs, and the path of its bundle.
func serverOf(t *testing.T, cas ...*identity) (s *Server, bundle string) {
	t.Helper()
	dir := t.TempDir()
	server := newCA(t, "server")
	o := Options{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), ClientCA: filepath.Join(dir, "ca.pem")}
	testkit.Write(t, o.Cert, server.certPEM())
	testkit.Write(t, o.Key, server.keyPEM(t))
	testkit.Write(t, o.ClientCA, bundleText(cas...))
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, o.ClientCA
}

func stateOf(chain ...*identity) *tls.ConnectionState {
	state := &tls.ConnectionState{}
	for _, id := range chain {
		state.PeerCertificates = append(state.PeerCertificates, id.cert)
	}
	return state
}

// A chain is verified once for each generation of the bundle, and again when a certificate in it has ended.
func TestChainIsVerifiedOnce(t *testing.T) {
	root, other := newCA(t, "root"), newCA(t, "other")
	phone := root.issue(t, common("0004f2aabbcc"), validity(-day, day))
	stranger := newCA(t, "mine").issue(t, common("0004f2aabbcc"))
	want := device.MAC{0x00, 0x04, 0xf2, 0xaa, 0xbb, 0xcc}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(phone.cert.NotBefore.Add(day))) // the bubble's clock begins in 2000
		s, path := serverOf(t, root)
		check := func(what string, chain *identity, wantMAC device.MAC, wantReason string) {
			t.Helper()
			if mac, reason := s.ClientMAC(stateOf(chain)); mac != wantMAC || reason != wantReason {
				t.Errorf("%s: got %v %q", what, mac, reason)
			}
		}
		check("first", phone, want, "")
		check("first, a stranger", stranger, device.MAC{}, errUnknownCA.Error())
		// What a second verification would find is otherwise: it is not made.
		good := *s.bundle.GetAt(time.Time{})
		*s.bundle.GetAt(time.Time{}) = Bundle{roots: x509.NewCertPool()}
		check("again", phone, want, "")
		*s.bundle.GetAt(time.Time{}) = *bundleOf(t, root, stranger)
		check("again, a stranger", stranger, device.MAC{}, errUnknownCA.Error())
		*s.bundle.GetAt(time.Time{}) = good
		testkit.Write(t, path, bundleText(other))
		time.Sleep(2 * reload.Interval)
		check("another bundle", phone, device.MAC{}, errUnknownCA.Error())
		testkit.Write(t, path, bundleText(root))
		time.Sleep(2 * reload.Interval)
		check("the first bundle again", phone, want, "")
		time.Sleep(2 * day)
		check("expired meanwhile", phone, device.MAC{}, errExpired.Error())
	})
}

// What chains are remembered is bounded.
func TestVerdictsAreBounded(t *testing.T) {
	var v verdicts
	chain := func(i int) [32]byte { return [32]byte{byte(i), byte(i >> 8), byte(i >> 16)} }
	const chains = 3 * maxVerdicts
	for i := range chains {
		v.put(chain(i), verdict{})
	}
	remembered := 0
	for i := range chains {
		if _, ok := v.get(chain(i), nil, time.Time{}); ok {
			remembered++
		} else if i == chains-1 {
			t.Error("the last one is not remembered")
		}
	}
	if remembered > maxVerdicts {
		t.Errorf("%d are remembered, want at most %d", remembered, maxVerdicts)
	}
}

// A stranger's own chain costs a fraction of what a phone's good one does, whatever names and keys it has.
func TestStrangersChainIsCheap(t *testing.T) {
	root := newCA(t, "root")
	issuing := root.issue(t, common("issuing"), isCA)
	good := []*identity{issuing.issue(t, common("0004f2aabbcc")), issuing}
	fake := func(name string) []*identity { // with large keys, whose signatures are of the stranger's making
		key := serverKey(t)
		top := sign(t, nil, key, common(name), isCA)
		second := sign(t, top, key, common("issuing"), isCA)
		return []*identity{sign(t, second, key, common("0004f2aabbcc")), second, top, top}
	}
	b := bundleOf(t, root)
	costs := func(chain []*identity) time.Duration {
		var certs []*x509.Certificate
		for _, id := range chain {
			certs = append(certs, id.cert)
		}
		best := time.Hour
		for range 20 {
			begun := time.Now()
			for range 10 {
				_ = b.Verify(certs, time.Now(), false)
			}
			best = min(best, time.Since(begun)/10)
		}
		return best
	}
	phone := costs(good)
	for _, name := range []string{"mine", "root"} { // a CA's name costs a signature by that CA's key
		chain := fake(name)
		if got := b.issued([]*x509.Certificate{chain[1].cert, chain[2].cert, chain[3].cert}); len(got) != 0 {
			t.Errorf("%s: %d of a stranger's certificates are kept", name, len(got))
		}
		if got := costs(chain); got > 3*phone {
			t.Errorf("%s: takes %v, a phone's %v", name, got, phone)
		}
	}
	if got := costs(append(fake("mine"), fake("mine")...)); got > phone {
		t.Errorf("a long chain takes %v", got)
	}
}
