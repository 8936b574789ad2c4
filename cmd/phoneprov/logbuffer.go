package main

import (
	"io"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Bounds of what the log holds back.
const (
	logDelay  = 100 * time.Millisecond // whoever reads along does not notice
	logBuffer = 32 << 10               // bytes: a hundred lines of requests
)

// bufferedLog writes the lines of requests a hundred at a time where so many come: a call of the system for each takes 0.8 µs
// (measured, to a file), of some 20 that a request takes in all. A warning or an error, which fail2ban waits for, is written at once with all before it; and so is
// every line from the moment on that the service is to end.
type bufferedLog struct {
	out io.Writer

	mu      sync.Mutex
	lines   []byte
	timer   *time.Timer // nil: nothing was held back yet
	through bool
}

// WriteLevel takes a line.
func (b *bufferedLog) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	first := len(b.lines) == 0
	b.lines = append(b.lines, line...)
	switch {
	case b.through || level > zerolog.InfoLevel || len(b.lines) >= logBuffer:
		return len(line), b.flush()
	case !first:
	case b.timer == nil:
		b.timer = time.AfterFunc(logDelay, b.late)
	default:
		b.timer.Reset(logDelay)
	}
	return len(line), nil
}

// Write takes a line that has no level.
func (b *bufferedLog) Write(line []byte) (int, error) { return b.WriteLevel(zerolog.NoLevel, line) }

func (b *bufferedLog) late() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.flush() // as for a line that cannot be written: there is nowhere to say so
}

// end makes every line be written at once.
func (b *bufferedLog) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.through = true
	_ = b.flush()
}

func (b *bufferedLog) flush() error {
	if len(b.lines) == 0 {
		return nil
	}
	_, err := b.out.Write(b.lines)
	b.lines = b.lines[:0]
	return err
}
