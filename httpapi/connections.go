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

// Bounds of the connections of all listeners together.
const (
	// maxConnections bounds the open connections. As many idle ones take 75 MB (measured).
	maxConnections = 4096
	// maxWaitingBytes bounds the bytes of headers and handshakes that are incomplete. net/http and crypto/tls store up
	// to four times that (measured). A phone sends 0.5 kB in one go, or 4 kB with a certificate, so a thousand phones
	// stay below.
	maxWaitingBytes = 8 << 20
)

// Connections bounds the open connections of its listeners together, without turning anybody away. A new connection
// replaces one that waits for a request: the one that has waited longest, of the source with the most waiting
// connections. If all connections are being answered, it replaces the oldest of the source with the most. The bytes of
// incomplete requests are bounded too: beyond the bound, the source that sent most loses the connections that sent
// most.
type Connections struct {
	most int

	mu            sync.Mutex
	all           map[net.Conn]*connection // that are not closed yet
	waiting, busy bySource[*connection]
	sent          atomic.Int64 // bytes that waiting connections have sent
}

type connection struct {
	net.Conn
	server *http.Server
	bounds *Connections
	place  node[*connection]
	waits  *holder[*connection]   // the connection's source in Connections.waiting
	works  *holder[*connection]   // the connection's source in Connections.busy
	in     *bySource[*connection] // Connections.waiting or busy; nil: it was dropped
	busy   atomic.Bool            // it is being answered
	sent   atomic.Int64           // bytes since the last request
}

type connectionKey struct{}

// NewConnections allows as many connections as the limit of open files does, with others files besides, and at most
// maxConnections. It raises the soft limit to the hard limit.
func NewConnections(others int) *Connections {
	return newConnections(connectionsWithin(raiseOpenFiles(), others))
}

func newConnections(most int) *Connections {
	return &Connections{most: most, all: map[net.Conn]*connection{}}
}

// Most returns how many connections may be open.
func (cs *Connections) Most() int { return cs.most }

// limit bounds the open connections of a server.
func (cs *Connections) limit(s *http.Server) {
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
		case http.StateIdle: // the request is read completely, and the answer is being sent
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
		cutOff(c.Conn)
	}
	return answered
}

// add counts a connection, and closes another if there are too many.
func (cs *Connections) add(conn net.Conn, server *http.Server) *connection {
	c := &connection{Conn: conn, server: server, bounds: cs}
	c.place.value = c
	var source access.Source
	if peer, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		source = access.SourceOf(peer.Addr())
	}
	if j, ok := tcpOf(conn).(*phoneConn); ok {
		j.counted = c
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

// put adds a connection that is in no list to a list.
func (cs *Connections) put(c *connection, to *bySource[*connection]) {
	c.in = to
	to.put(c.holder(), &c.place)
}

// holder returns the connection's source in the list that it is in.
func (c *connection) holder() *holder[*connection] {
	if c.in == &c.bounds.waiting {
		return c.waits
	}
	return c.works
}

// move puts a connection at the end of a list, unless the connection was dropped.
func (cs *Connections) move(c *connection, to *bySource[*connection]) {
	if c.in != nil {
		c.in.drop(c.holder(), &c.place)
		cs.put(c, to)
	}
}

// begin is called when the request of a connection is complete.
func (cs *Connections) begin(c *connection) {
	cs.forget(c)
	c.busy.Store(true)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.move(c, &cs.busy)
}

// rest is called when a connection waits for its next request.
func (cs *Connections) rest(conn net.Conn) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if c := cs.all[conn]; c != nil {
		c.busy.Store(false)
		cs.move(c, &cs.waiting)
	}
}

// remove is called when a connection is closed and nobody reads from it any more.
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

// evict drops a connection and closes it at once.
func (cs *Connections) evict(c *connection) {
	cs.drop(c)
	cs.forget(c)
	cutOff(c.Conn)
}

// spare closes a waiting connection, and reports whether there was one.
func (cs *Connections) spare() bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	victim := cs.waiting.victim()
	if victim != nil {
		cs.evict(victim.value)
	}
	return victim != nil
}

// received counts bytes that a waiting connection sent, and makes room if there are too many.
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

// shed closes connections that sent most, of the sources that sent most, until a quarter of the bytes is free, so that
// it is not needed again soon.
func (cs *Connections) shed() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.sent.Load() <= maxWaitingBytes {
		return // another goroutine did it
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

// tcpOf returns the connection below TLS.
func tcpOf(conn net.Conn) net.Conn {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		return t.NetConn()
	}
	return conn
}
