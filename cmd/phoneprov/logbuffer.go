package main

import (
	"bytes"
	"io"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

// Bounds of the log.
const (
	logDelay = 100 * time.Millisecond // a line waits this long for more lines; a human reader does not notice
	logBatch = 32 << 10               // bytes of one write: a hundred lines of requests
	logQueue = 2 << 20                // bytes that wait for a reader that stalls: 6,000 lines of requests, or 0.1 s of full load
	logSpare = 256 << 10              // bytes of a buffer that is used again: what comes while the writer waits for a processor
	logDrain = 500 * time.Millisecond // bounds the wait for a reader that stalls when the service ends
)

// logQueued is a queue between those who log and the one goroutine that writes the log. A reader that stalls stops that
// goroutine only: a line that finds the queue full is dropped and counted, and so is a line that cannot be written.
//
// Up to a hundred lines are written at once, because a system call takes 0.8 µs of the 20 µs that a request takes
// (measured, to a file). A warning or an error, for which fail2ban waits, is written at once with all lines before it.
// After hurry every line is.
type logQueued struct {
	out    io.Writer
	wake   chan struct{} // of capacity one: there is something to write now
	ended  chan struct{} // closed when the writer has ended
	logger zerolog.Logger

	mu      sync.Mutex
	lines   []byte
	since   time.Time // when the oldest line came
	now     bool      // write the lines without delay
	hurried bool      // write every line without delay
	closed  bool
	dropped uint64 // lines since the start
	told    uint64 // dropped lines that the log has reported
}

// newLog starts the log of the settings. The caller ends it with close.
func newLog(s *settings, out io.Writer) *logQueued {
	q := &logQueued{out: out, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	var w io.Writer = q
	if s.logFormat == "console" {
		w = zerolog.ConsoleWriter{Out: q, TimeFormat: time.DateTime, NoColor: true}
	}
	q.logger = zerolog.New(w).Level(s.logLevel).With().Timestamp().Logger()
	go q.write()
	return q
}

// WriteLevel queues a line or drops it. It never waits for the reader, and never fails.
func (q *logQueued) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.lines)+len(line) > logQueue {
		q.dropped++
		return len(line), nil
	}
	first := len(q.lines) == 0
	if first {
		q.since = time.Now()
	}
	q.lines = append(q.lines, line...)
	if q.hurried || level > zerolog.InfoLevel || len(q.lines) >= logBatch {
		q.now = true
	}
	if first || q.now {
		q.notify()
	}
	return len(line), nil
}

// Write queues a line that has no level.
func (q *logQueued) Write(line []byte) (int, error) { return q.WriteLevel(zerolog.NoLevel, line) }

func (q *logQueued) notify() {
	select {
	case q.wake <- struct{}{}:
	default: // it is being woken already
	}
}

// Dropped returns the number of dropped lines.
func (q *logQueued) Dropped() uint64 {
	if q == nil {
		return 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// hurry makes every line be written at once, because the service is ending.
func (q *logQueued) hurry() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.hurried, q.now = true, true
	q.notify()
}

// close writes the queued lines and ends the log. It waits at most logDrain for a reader that stalls.
func (q *logQueued) close() {
	q.mu.Lock()
	q.closed, q.now = true, true
	q.notify()
	q.mu.Unlock()
	timer := time.NewTimer(logDrain)
	defer timer.Stop()
	select {
	case <-q.ended:
	case <-timer.C: // the writer ends with the process
	}
}

// write writes batches until the log is closed and its queue is empty.
func (q *logQueued) write() {
	defer close(q.ended)
	delay := time.NewTimer(0)
	defer delay.Stop()
	var spare []byte
	for {
		batch, wait, closed := q.take(spare)
		switch {
		case len(batch) > 0:
			q.send(batch)
			if spare = batch[:0]; cap(spare) > logSpare { // the reader had stalled
				spare = nil
			}
		case closed:
			return
		case wait > 0:
			delay.Reset(wait)
			select {
			case <-q.wake:
			case <-delay.C:
			}
		default:
			<-q.wake
		}
	}
}

// take returns the lines to write now, or how long the queued lines may still wait; 0 if there are none. spare becomes
// the buffer for the next lines.
func (q *logQueued) take(spare []byte) (batch []byte, wait time.Duration, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) == 0 {
		q.now = q.hurried
		return nil, 0, q.closed
	}
	if wait = logDelay - time.Since(q.since); !q.now && wait > 0 {
		return nil, wait, false
	}
	batch, q.lines, q.now = q.lines, spare, q.hurried
	return batch, 0, false
}

// send writes a batch, and reports dropped lines once the reader accepts lines again.
func (q *logQueued) send(batch []byte) {
	n, err := q.out.Write(batch)
	q.mu.Lock()
	if err != nil {
		q.dropped += uint64(bytes.Count(batch[max(0, min(n, len(batch))):], []byte("\n")))
	}
	gone := q.dropped - q.told
	tell := err == nil && gone > 0 && !q.closed
	if tell {
		q.told = q.dropped
	}
	q.mu.Unlock()
	if tell {
		q.logger.Warn().Uint64("lines", gone).Msg("log lines were dropped: whoever reads the log stalled or was gone")
	}
}

// impatient is a writer for output besides the log. It waits at most logDrain for a reader that stalls, and drops what
// is written until the reader goes on. One goroutine may use it.
type impatient struct {
	out  io.Writer
	last chan struct{} // closed when the last write has ended
}

// Write never fails, because without a reader there is nobody to tell.
func (w *impatient) Write(p []byte) (int, error) {
	timer := time.NewTimer(logDrain)
	defer timer.Stop()
	if w.last != nil {
		select {
		case <-w.last:
		default:
			return len(p), nil
		}
	}
	done, text := make(chan struct{}), bytes.Clone(p)
	w.last = done
	go func() {
		defer close(done)
		_, _ = w.out.Write(text)
	}()
	select {
	case <-done:
	case <-timer.C:
	}
	return len(p), nil
}

// outliveReaders keeps a command running when the reader of its stdout or stderr is gone or stalls, as a pager that was
// closed must not end the service. The process ignores SIGPIPE from then on.
func (cl *call) outliveReaders() (stderr io.Writer) {
	signal.Ignore(syscall.SIGPIPE)
	stderr = cl.stderr
	cl.stdout, cl.stderr = &impatient{out: cl.stdout}, &impatient{out: cl.stderr}
	return stderr
}
