package httpapi

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/phoneprov/phoneprov/httpapi/access"
)

// Bounds of what connections take, all listeners together.
const (
	// maxConnections is of those that are open. As many that are idle take 75 MB (measured).
	maxConnections = 4096
	// maxWaitingBytes is of what connections have sent of headers and handshakes that are not whole yet. net/http and crypto/tls keep
	// up to four times that (measured). A phone sends 0.5 kB, with a certificate 4 kB, in one go: a thousand of them are below.
	maxWaitingBytes = 8 << 20
)

// Connections bounds the open connections of the listeners that it serves, together, and still turns nobody away: a new one
// takes the place of one that waits for a request, of the source that has most of those, and there of the one that waits longest.
// Where all are being answered it takes that of the oldest of the source that has most of them. What connections send before their
// request is whole is bounded too: then the source that sent most loses those that sent most.
type Connections struct {
	most int

	mu            sync.Mutex
	all           map[net.Conn]*connection // until they are closed
	waiting, busy shares[*connection]
	sent          atomic.Int64 // bytes that waiting connections have sent
}

type connection struct {
	net.Conn
	server *http.Server
	bounds *Connections
	place  node[*connection]
	waits  *holder[*connection] // its source among those that wait
	works  *holder[*connection] // and among those that are busy
	in     *shares[*connection] // waiting or busy; nil: it was dropped
	busy   atomic.Bool          // it is being answered
	sent   atomic.Int64         // bytes since the last request
}

type connectionKey struct{}

// NewConnections are as many as the limit of open files has room for, beside others files, and at most maxConnections. The soft
// limit is raised to the hard one.
func NewConnections(others int) *Connections {
	return newConnections(connectionsWithin(raiseOpenFiles(), others))
}

func newConnections(most int) *Connections {
	return &Connections{most: most, all: map[net.Conn]*connection{}}
}

// Most is how many may be open.
func (cs *Connections) Most() int { return cs.most }

// bound caps the open connections of a server.
func (cs *Connections) bound(s *http.Server) {
	h := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connectionKey{}).(*connection); ok {
			cs.begin(c)
		}
		h.ServeHTTP(w, r)
	})
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, cs.add(c, s))
	}
	s.ConnState = func(c net.Conn, state http.ConnState) {
		switch state {
		case http.StateIdle: // its answer is on the way, and the rest of its request is read
			cs.rest(c)
		case http.StateClosed:
			cs.remove(c)
		}
	}
}

// endAll closes the connections of a server that ends, and returns how many of them were being answered.
func (cs *Connections) endAll(of *http.Server) (answered int) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, c := range cs.all {
		if c.server != of {
			continue
		}
		if c.in == &cs.busy {
			answered++
		}
		_ = tcpOf(c.Conn).Close()
	}
	return answered
}

// add counts a connection, and closes another where it is one too many.
func (cs *Connections) add(conn net.Conn, server *http.Server) *connection {
	c := &connection{Conn: conn, server: server, bounds: cs}
	c.place.value = c
	var source access.Source
	if peer, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		source = access.SourceOf(peer.Addr())
	}
	if j, ok := tcpOf(conn).(*joined); ok {
		j.of = c
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.waiting.n+cs.busy.n >= cs.most {
		victim := cs.waiting.victim()
		if victim == nil {
			victim = cs.busy.victim()
		}
		cs.evict(victim.value)
	}
	cs.all[conn] = c
	c.waits, c.works = cs.waiting.open(source), cs.busy.open(source)
	cs.put(c, &cs.waiting)
	return c
}

// put counts a connection of no list with those of one.
func (cs *Connections) put(c *connection, to *shares[*connection]) {
	c.in = to
	to.put(c.holder(), &c.place)
}

// holder is the connection's source in the list that it is in.
func (c *connection) holder() *holder[*connection] {
	if c.in == &c.bounds.waiting {
		return c.waits
	}
	return c.works
}

// move puts a connection behind the others of its source, unless it was dropped.
func (cs *Connections) move(c *connection, to *shares[*connection]) {
	if c.in != nil {
		c.in.drop(c.holder(), &c.place)
		cs.put(c, to)
	}
}

// begin tells that a connection's request is whole.
func (cs *Connections) begin(c *connection) {
	cs.forget(c)
	c.busy.Store(true)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.move(c, &cs.busy)
}

// rest tells that a connection waits for its next request.
func (cs *Connections) rest(conn net.Conn) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if c := cs.all[conn]; c != nil {
		c.busy.Store(false)
		cs.move(c, &cs.waiting)
	}
}

// remove ends the count of a connection that is closed. Nobody reads from it any more.
func (cs *Connections) remove(conn net.Conn) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if c := cs.all[conn]; c != nil {
		cs.drop(c)
		delete(cs.all, conn)
		cs.forget(c)
	}
}

func (cs *Connections) drop(c *connection) {
	if c.in != nil {
		c.in.drop(c.holder(), &c.place)
		c.in = nil
		cs.waiting.close(c.waits)
		cs.busy.close(c.works)
	}
}

// evict closes a connection without waiting for its other end, as TLS would.
func (cs *Connections) evict(c *connection) {
	cs.drop(c)
	cs.forget(c)
	_ = tcpOf(c.Conn).Close()
}

// spare closes a connection that waits, and reports whether there was one.
func (cs *Connections) spare() bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	victim := cs.waiting.victim()
	if victim != nil {
		cs.evict(victim.value)
	}
	return victim != nil
}

// received counts what a connection sends while it waits, and makes room where it is too much.
func (c *connection) received(n int) {
	if c.busy.Load() {
		return
	}
	c.sent.Add(int64(n))
	if c.bounds.sent.Add(int64(n)) > maxWaitingBytes {
		c.bounds.shed()
	}
}

func (cs *Connections) forget(c *connection) { cs.sent.Add(-c.sent.Swap(0)) }

// shed closes connections of the sources that sent most, those that sent most first, until a quarter of the bytes are free: so
// it is not needed again soon.
func (cs *Connections) shed() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.sent.Load() <= maxWaitingBytes {
		return // another has done it
	}
	type sender struct {
		c             *connection
		own, bySource int64
	}
	sums := map[*holder[*connection]]int64{}
	var senders []sender
	for _, c := range cs.all {
		if own := c.sent.Load(); own > 0 && c.in == &cs.waiting {
			sums[c.waits] += own
			senders = append(senders, sender{c: c, own: own})
		}
	}
	for i, s := range senders {
		senders[i].bySource = sums[s.c.waits]
	}
	slices.SortFunc(senders, func(a, b sender) int {
		return cmp.Or(cmp.Compare(b.bySource, a.bySource), cmp.Compare(b.own, a.own))
	})
	for _, s := range senders {
		if cs.sent.Load() <= maxWaitingBytes*3/4 {
			return
		}
		cs.evict(s.c)
	}
}

// tcpOf is the connection below TLS.
func tcpOf(conn net.Conn) net.Conn {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		return t.NetConn()
	}
	return conn
}
