package provision

// slab makes many of a kind side by side: few objects for the collector. All of a chunk live as long as one of them does.
// The zero slab is ready.
type slab[T any] struct {
	free []T
	size int // of the last chunk
}

// maxSlab is how many a chunk has at most; the first has fewer.
const maxSlab = 256

func (s *slab[T]) next() *T {
	if len(s.free) == 0 {
		s.size = min(max(8, 2*s.size), maxSlab)
		s.free = make([]T, s.size)
	}
	one := &s.free[0]
	s.free = s.free[1:]
	return one
}
