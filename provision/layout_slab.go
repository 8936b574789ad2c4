package provision

// slab allocates many values in chunks, so that the garbage collector sees few objects. A chunk lives as long as one of
// its values. The zero slab is ready.
type slab[T any] struct {
	free []T
	size int // of the last chunk
}

// maxSlab is how many values a chunk has at most. The first chunks have fewer.
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
