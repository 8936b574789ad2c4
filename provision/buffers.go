package provision

import "sync"

// maxBuffer bounds in bytes a buffer that is used again: files are smaller, and a directory that is not is made by itself.
const maxBuffer = 1 << 20

// buffers are what files are made in.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() []byte {
	if buf, ok := b.pool.Get().(*[]byte); ok {
		return *buf
	}
	return nil
}

func (b *buffers) put(buf []byte) {
	if cap(buf) <= maxBuffer {
		b.pool.Put(&buf)
	}
}
