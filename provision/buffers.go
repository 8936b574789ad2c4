package provision

import "sync"

// maxBuffer bounds in bytes the buffers that are reused. Nearly all files are smaller; a large directory gets a buffer
// of its own.
const maxBuffer = 1 << 20

// buffers are reused buffers for the texts of files.
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
