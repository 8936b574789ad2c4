package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

var (
	linkedPhone = device.MAC{0x00, 0x11, 0x22, 0x33, 0x44, 0xaa}
	linkedAddr  = netip.MustParseAddr("198.51.100.1")
)

const (
	fromLinked = "198.51.100.1:1"
	linkedFile = "0011223344aa.cfg"
)

// linkSite is a site whose files need passwords, and where a phone has a link.
func linkSite(t *testing.T) (s *site, links *Links, path string) {
	t.Helper()
	s = newSite(t, "static_file => fw.bin\n", nil)
	withDigest(t, s)
	links = NewLinks()
	s.Access.Links = links
	path = links.New(linkedPhone, linkedAddr)
	token, _ := cutLink(path)
	secrets.Add(token) // no log may have it
	return s, links, path
}

// A link opens its phone's file once, from the address that it was made for, and nothing else.
func TestLinkIsValidOnce(t *testing.T) {
	t.Parallel()
	s, _, path := linkSite(t)
	h := Phones(s.Options)
	for _, step := range []struct {
		name, from, file string
		edit             func(*http.Request)
		status           int
	}{
		{"without the link", fromLinked, linkedFile, nil, 401},
		{"another link", fromLinked, "once-00000000000000000000000000000000/" + linkedFile, nil, 401},
		{"another address", "198.51.100.2:1", path + linkedFile, nil, 401},
		{"another phone's file", fromLinked, path + "0011223344ab.cfg", nil, 401},
		{"another phone's name", fromLinked, path + "0011223344ac.cfg", nil, 401},
		{"a name that nobody has", fromLinked, path + "y000000000028.cfg", nil, 404},
		{"a file for all", fromLinked, path + "fw.bin", nil, 200},
		{"the head only", fromLinked, path + linkedFile, func(r *http.Request) { r.Method = http.MethodHead }, 200},
		{"an upload", fromLinked, path + "0011223344aa-boot.log", func(r *http.Request) { r.Method = http.MethodPut }, 401},
		{"a User-Agent of another phone", fromLinked, path + linkedFile, agent("Fanvil X4 2.10.2.6887 0c383e07e16c"), 401},
		{"nothing but the link", fromLinked, path, nil, 404},
		{"nothing but the link, without a slash", fromLinked, strings.TrimSuffix(path, "/"), nil, 404},
		{"the file", fromLinked, path + linkedFile, nil, 200},
		{"the file again", fromLinked, path + linkedFile, nil, 401},
		{"a file for all, afterwards", fromLinked, path + "fw.bin", nil, 401},
		{"with the password", fromLinked, path + linkedFile, func(r *http.Request) { r.RemoteAddr = "192.168.1.1:1" }, 200}, // an address that is enough
	} {
		if w := from(h, step.from, step.file, step.edit); w.Code != step.status {
			t.Errorf("%s: got %d, want %d", step.name, w.Code, step.status)
		}
	}
	if !strings.Contains(s.log.String(), `"reason":"one-time link"`) {
		t.Errorf("the log does not say why the file was given: %s", &s.log)
	}
}

// After its time a link is worth nothing.
func TestLinkEndsInTime(t *testing.T) {
	t.Parallel()
	s, links, _ := linkSite(t)
	now := time.Now()
	links.now = func() time.Time { return now }
	path := links.New(linkedPhone, linkedAddr)
	h := Phones(s.Options)
	now = now.Add(LinkAge - time.Second)
	if w := from(h, fromLinked, path+"fw.bin", nil); w.Code != 200 {
		t.Errorf("in time: got %d, want 200", w.Code)
	}
	now = now.Add(time.Second)
	if w := from(h, fromLinked, path+linkedFile, nil); w.Code != 401 {
		t.Errorf("too late: got %d, want 401", w.Code)
	}
}

// A file that could not be made does not use up the link.
func TestLinkOutlivesAFailure(t *testing.T) {
	t.Parallel()
	s, _, path := linkSite(t)
	render, fail := s.Renderer, true
	s.Renderer = renderRoute(func(ctx context.Context, sn *provision.Snapshot, r *provision.Route, q provision.Request) (*provision.Document, error) {
		if fail {
			return nil, errors.New("broken")
		}
		return render.Render(ctx, sn, r, q)
	})
	h := Phones(s.Options)
	if w := from(h, fromLinked, path+linkedFile, nil); w.Code != 500 {
		t.Errorf("got %d, want 500", w.Code)
	}
	fail = false
	if w := from(h, fromLinked, path+linkedFile, nil); w.Code != 200 {
		t.Errorf("got %d, want 200", w.Code)
	}
}

type renderRoute func(context.Context, *provision.Snapshot, *provision.Route, provision.Request) (*provision.Document, error)

func (f renderRoute) Render(ctx context.Context, s *provision.Snapshot, r *provision.Route, q provision.Request) (*provision.Document, error) {
	return f(ctx, s, r, q)
}

// Of many requests with a link at one time, one gets the file.
func TestLinkIsValidOnceAtOneTime(t *testing.T) {
	t.Parallel()
	s, _, path := linkSite(t)
	h := Phones(s.Options)
	var all sync.WaitGroup
	given := make(chan int, 32)
	for range cap(given) {
		all.Go(func() { given <- from(h, fromLinked, path+linkedFile, nil).Code })
	}
	all.Wait()
	close(given)
	n := 0
	for code := range given {
		if code == 200 {
			n++
		} else if code != 401 {
			t.Errorf("got %d, want 200 or 401", code)
		}
	}
	if n != 1 {
		t.Errorf("%d requests got the file, want 1", n)
	}
}

// Links are bounded in number, a phone has one, and where no link is given the path looks alike.
func TestLinksAreBounded(t *testing.T) {
	t.Parallel()
	l := NewLinks()
	now := time.Now()
	l.now = func() time.Time { return now }
	valid := func(path string, mac device.MAC) bool {
		token, _ := cutLink(path)
		return l.phone(token, linkedAddr) == mac
	}
	first := l.New(linkedPhone, linkedAddr)
	if second := l.New(linkedPhone, linkedAddr); valid(first, linkedPhone) || !valid(second, linkedPhone) {
		t.Error("a new link of a phone does not replace the older one")
	}
	mac := func(i int) device.MAC { return device.MAC{2, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)} }
	for i := range maxLinks - 1 {
		if !valid(l.New(mac(i), linkedAddr), mac(i)) {
			t.Fatalf("link %d does not count", i)
		}
	}
	if path := l.New(mac(maxLinks), linkedAddr); valid(path, mac(maxLinks)) || len(path) != len(first) {
		t.Errorf("one link more than %d counts: %q", maxLinks, path)
	}
	now = now.Add(LinkAge)
	if path := l.New(mac(maxLinks), linkedAddr); !valid(path, mac(maxLinks)) || len(l.links) != 1 || len(l.of) != 1 {
		t.Errorf("after their time %d links are left", len(l.links))
	}
	if path := l.New(device.MAC{}, linkedAddr); len(path) != len(first) || len(l.links) != 1 {
		t.Errorf("a link of no phone is %q", path)
	}
}

// No log has a link, wherever it stands in a request.
func TestLinkIsNotLogged(t *testing.T) {
	t.Parallel()
	s, _, path := linkSite(t)
	token, _ := cutLink(path)
	s.Hosts = hostsOf(t, "phones.example")
	h := Phones(s.Options)
	for _, target := range []string{path, path + linkedFile, strings.ToUpper(path) + linkedFile, "../" + path + linkedFile, "../../" + path} {
		from(h, fromLinked, target, nil)
	}
	s.Hosts = Hosts{}
	for _, target := range []string{path, path + linkedFile, "x/" + path + linkedFile, "../" + path + linkedFile} {
		from(Phones(s.Options), fromLinked, target, nil)
	}
	addr := listen(t, Phones(s.Options))
	rawRequest(t, addr, "GET", "/phoneprov/"+path+"\x01 x")
	if strings.Contains(strings.ToLower(s.log.String()), token) {
		t.Errorf("the log has the link %s: %s", token, &s.log)
	}
}
