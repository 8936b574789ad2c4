package httpapi

import (
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/phoneprov/phoneprov/httpapi/access"
)

// maxConnections bounds the connections of a listener. As many that are idle take 75 MB (measured), as many phones that read
// a large file slowly 290 MB (reckoned from 1,000). It is far below the descriptors that a process may have: files need some.
const maxConnections = 4096

// connections bounds the open connections of a server and still turns nobody away: a new one takes the place of the one
// that has waited longest for a request, which may be closed at any time. Where all are being answered it takes that of the
// oldest of the source that has most of them. So whoever holds connections open holds them against himself.
type connections struct {
	most int

	mu            sync.Mutex
	all           map[net.Conn]*connection
	waiting, busy list.List // of *connection; the longest in front
}

type connection struct {
	net.Conn
	source access.Source
	in     *list.List // waiting or busy
	place  *list.Element
}

type connectionKey struct{}

// bound makes a server's connections be bounded, and returns them.
func bound(s *http.Server, most int) *connections {
	cs := &connections{most: most, all: map[net.Conn]*connection{}}
	h := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connectionKey{}).(*connection); ok {
			cs.move(c, &cs.busy)
			defer cs.move(c, &cs.waiting)
		}
		markHandled(r)
		h.ServeHTTP(w, r)
	})
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, cs.add(c))
	}
	s.ConnState = func(c net.Conn, state http.ConnState) {
		switch state {
		case http.StateClosed:
			cs.remove(c)
		case http.StateIdle:
			if j, ok := c.(*joined); ok {
				j.handled = false
			}
		}
	}
	return cs
}

// cutAll ends all connections, and returns how many of them were being answered.
func (cs *connections) cutAll() (answered int) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, c := range cs.all {
		c.cut()
	}
	return cs.busy.Len()
}

// add counts a connection, and closes another where it is one too many.
func (cs *connections) add(conn net.Conn) *connection {
	c := &connection{Conn: conn, in: &cs.waiting}
	if peer, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		c.source = access.SourceOf(peer.Addr())
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if len(cs.all) >= cs.most {
		if victim := cs.victim(); victim != nil {
			cs.drop(victim)
			victim.cut()
		}
	}
	cs.all[conn] = c
	c.place = cs.waiting.PushBack(c)
	return c
}

// victim is the connection that can be spared most.
func (cs *connections) victim() *connection {
	if front := cs.waiting.Front(); front != nil {
		c, _ := front.Value.(*connection)
		return c
	}
	counts := map[access.Source]int{}
	var victim *connection
	for e := cs.busy.Back(); e != nil; e = e.Prev() { // from the youngest, so that the oldest of a source is the last
		c, _ := e.Value.(*connection)
		counts[c.source]++
		if victim == nil || counts[c.source] >= counts[victim.source] {
			victim = c
		}
	}
	return victim
}

// cut ends a connection without waiting for its other end, as TLS would.
func (c *connection) cut() {
	conn := c.Conn
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	_ = conn.Close()
}

// move puts a connection behind the others of a list, unless it is gone.
func (cs *connections) move(c *connection, to *list.List) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.all[c.Conn] == c {
		c.in.Remove(c.place)
		c.in, c.place = to, to.PushBack(c)
	}
}

func (cs *connections) remove(conn net.Conn) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if c := cs.all[conn]; c != nil {
		cs.drop(c)
	}
}

func (cs *connections) drop(c *connection) {
	c.in.Remove(c.place)
	delete(cs.all, c.Conn)
}
