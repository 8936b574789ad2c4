package httpapi

import "github.com/phoneprov/phoneprov/httpapi/access"

// bySource holds items that belong to sources, such as connections and uploads, and finds the one to give up when there
// are too many: the oldest item of the source that has most. So nobody is turned away, and a source with many items
// competes with itself. Every operation takes the same short time. The zero value is empty. It is not safe for
// concurrent use.
type bySource[T any] struct {
	n       int // items in all
	sources map[access.Source]*holder[T]
	ranks   []chain[*holder[T]] // the holders with n items are in ranks[n]
	top     int                 // no higher rank has a holder
}

// holder is a source that has items, or is about to.
type holder[T any] struct {
	source access.Source
	users  int // calls of open without close
	n      int
	held   chain[T] // oldest first
	place  node[*holder[T]]
}

// open returns the holder of a source, for put. The caller ends its use with close.
func (s *bySource[T]) open(source access.Source) *holder[T] {
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
func (s *bySource[T]) close(h *holder[T]) {
	if h.users--; h.users == 0 {
		delete(s.sources, h.source)
	}
}

// put adds an item to a holder.
func (s *bySource[T]) put(h *holder[T], share *node[T]) {
	h.held.push(share)
	s.n++
	s.rank(h, h.n+1)
}

// drop removes an item from its holder.
func (s *bySource[T]) drop(h *holder[T], share *node[T]) {
	h.held.pull(share)
	s.n--
	s.rank(h, h.n-1)
}

// rank moves a holder to the end of the rank with n items.
func (s *bySource[T]) rank(h *holder[T], n int) {
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

// victim returns the item to give up first; nil if there is none.
func (s *bySource[T]) victim() *node[T] {
	for ; s.top > 0; s.top-- { // on average short, because top rises by at most one with each put
		if first := s.ranks[s.top].first; first != nil {
			return first.value.held.first
		}
	}
	return nil
}

// chain is a linked list whose nodes are fields of its elements, so that a move allocates nothing.
type chain[T any] struct{ first, last *node[T] }

type node[T any] struct {
	value      T
	prev, next *node[T]
}

// push appends a node that is in no chain.
func (c *chain[T]) push(n *node[T]) {
	n.prev = c.last
	if c.last != nil {
		c.last.next = n
	} else {
		c.first = n
	}
	c.last = n
}

// pull removes a node of the chain.
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
