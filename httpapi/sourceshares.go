package httpapi

import "github.com/phoneprov/phoneprov/httpapi/access"

// shares are things that sources hold, as connections and uploads. They tell which one is given up where there are too many: the
// oldest of the source that holds most. So nobody is turned away, and whoever holds many holds them against himself. All that is
// done takes the same short time, however many there are. The zero shares are empty; they are not safe for concurrent use.
type shares[T any] struct {
	n       int // in all
	sources map[access.Source]*holder[T]
	ranks   []chain[*holder[T]] // by how many each holds
	top     int                 // the highest rank that may have one
}

// holder is a source that holds shares, or is about to.
type holder[T any] struct {
	source access.Source
	users  int // see open
	n      int
	held   chain[T] // the oldest first
	place  node[*holder[T]]
}

// open is the holder of a source, for put. It is there until it was closed as often.
func (s *shares[T]) open(source access.Source) *holder[T] {
	h := s.sources[source]
	if h == nil {
		h = &holder[T]{source: source}
		h.place.value = h
		if s.sources == nil {
			s.sources = map[access.Source]*holder[T]{}
		}
		s.sources[source] = h
	}
	h.users++
	return h
}

// close ends the use of a holder.
func (s *shares[T]) close(h *holder[T]) {
	if h.users--; h.users == 0 {
		delete(s.sources, h.source)
	}
}

// put gives a share to a holder.
func (s *shares[T]) put(h *holder[T], share *node[T]) {
	h.held.push(share)
	s.n++
	s.rank(h, h.n+1)
}

// drop takes a share from its holder.
func (s *shares[T]) drop(h *holder[T], share *node[T]) {
	h.held.pull(share)
	s.n--
	s.rank(h, h.n-1)
}

// rank moves a holder behind those that hold n.
func (s *shares[T]) rank(h *holder[T], n int) {
	if h.n > 0 {
		s.ranks[h.n].pull(&h.place)
	}
	if h.n = n; n == 0 {
		return
	}
	for len(s.ranks) <= n {
		s.ranks = append(s.ranks, chain[*holder[T]]{})
	}
	s.ranks[n].push(&h.place)
	s.top = max(s.top, n)
}

// victim is what is given up first; nil: there is nothing.
func (s *shares[T]) victim() *node[T] {
	for ; s.top > 0; s.top-- { // it rises by one with each put, so this is short in the mean
		if first := s.ranks[s.top].first; first != nil {
			return first.value.held.first
		}
	}
	return nil
}

// chain is a list whose nodes are parts of what they list: a move allocates nothing.
type chain[T any] struct{ first, last *node[T] }

type node[T any] struct {
	value      T
	prev, next *node[T]
}

// push puts a node of no chain at the end.
func (c *chain[T]) push(n *node[T]) {
	n.prev = c.last
	if c.last != nil {
		c.last.next = n
	} else {
		c.first = n
	}
	c.last = n
}

// pull takes a node of the chain out.
func (c *chain[T]) pull(n *node[T]) {
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		c.first = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	} else {
		c.last = n.prev
	}
	n.prev, n.next = nil, nil
}
