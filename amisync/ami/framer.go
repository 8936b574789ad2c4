package ami

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

const (
	// MaxMessage bounds a message from Asterisk, in bytes: an event or an answer has some kilobytes.
	MaxMessage = 1 << 20
	// maxLines bounds the headers of a message, because even the shortest becomes an entry of a map.
	maxLines = 20_000
	// maxConfig and maxConfigLines bound the answer to GetConfig, in bytes and lines. 100,000 users have some 50 MB and a
	// million lines. The longest answer takes about 600 MB with the map that it becomes.
	maxConfig      = 96 << 20
	maxConfigLines = 2 << 20
	// keepBuffer is the size up to which a buffer is used again for the next message, in bytes.
	keepBuffer = 1 << 20
	// amigoBuffer is the size of the buffer with which amigo reads lines. If a line is as long as the buffer or a multiple of
	// it, or a byte shorter, amigo takes its end for the empty line that ends a message.
	amigoBuffer = 8192
)

// MaxValue is the length at which Getvar cuts a value, in bytes (measured on 16 and 22).
const MaxValue = 1022

// DBEntry is the name of the event with the value of a database entry, in the answer to DBGet.
const DBEntry = "DBGetResponse"

// Errors for messages that no Asterisk sends.
var (
	errMessageTooLong = errors.New("asterisk sent a message that is too long")
	errTooManyLines   = errors.New("asterisk sent a message of too many lines")
	errNUL            = errors.New("asterisk sent a NUL byte")
)

// framer cuts what Asterisk sends into messages, and escapes each so that amigo reads what Asterisk meant.
type framer struct {
	r        *bufio.Reader
	from     *batchReader // that r reads from
	raw, out []byte
	bounds   bounds
	mark     []byte      // see Conn.EndMark; empty: there is none
	config   atomic.Bool // the next answer is to GetConfig, which may be long
}

// bounds are the bounds of a message, and of the answer to GetConfig.
type bounds struct{ bytes, lines, configBytes, configLines int }

func newFramer(r io.Reader) *framer {
	from := &batchReader{Reader: r}
	return &framer{r: bufio.NewReaderSize(from, 32<<10), from: from, bounds: bounds{MaxMessage, maxLines, maxConfig, maxConfigLines}}
}

// batchReader delays reads of long answers to batch them. Asterisk sends an answer of 50,000 lines in as many writes, and a
// reader that each of them wakes keeps both sides busy: with the delay, GetConfig of 5,000 users is up to three times as fast.
type batchReader struct {
	io.Reader
	long bool // the message has begun and is long
	last int  // bytes of the last read
}

// When batchReader waits.
const (
	longMessage = 16 << 10         // bytes from which a message is long; events are shorter
	fullRead    = 16 << 10         // bytes of a read after which there is more to read already
	batchDelay  = time.Millisecond // in which some 10 kB arrive
)

func (p *batchReader) Read(b []byte) (n int, err error) {
	if p.long && p.last < fullRead {
		time.Sleep(batchDelay)
	}
	p.last, err = p.Reader.Read(b)
	return p.last, err
}

// next returns the next message for amigo, with the empty line that ends it. The slice is valid until the next call. The error of a
// message that ends too early is io.ErrUnexpectedEOF.
func (f *framer) next() ([]byte, error) {
	if cap(f.raw) > keepBuffer {
		f.raw, f.out = nil, nil
	}
	f.raw = f.raw[:0]
	for lines := 0; ; {
		f.from.long = len(f.raw) > longMessage
		part, err := f.r.ReadSlice('\n')
		if tooLong := f.tooLong(len(f.raw)+len(part), lines); tooLong != nil {
			return nil, tooLong
		}
		f.raw = append(f.raw, part...)
		lines++
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(f.raw) > 0:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		case len(f.raw) == len(crlf) && f.raw[0] == '\r': // an extra empty line between messages
			f.raw = f.raw[:0]
		case bytes.HasSuffix(f.raw, blankLine) && f.ended(f.raw[:len(f.raw)-len(blankLine)]):
			return f.encode(f.raw[:len(f.raw)-len(blankLine)])
		}
	}
}

// tooLong returns an error if the message that is being read exceeds a bound.
func (f *framer) tooLong(size, lines int) error {
	most := f.bounds
	if f.config.Load() && bytes.HasPrefix(f.raw, []byte("Response:")) {
		most.bytes, most.lines = most.configBytes, most.configLines
	}
	switch {
	case size > most.bytes:
		return fmt.Errorf("%w: more than %d bytes", errMessageTooLong, most.bytes)
	case lines >= most.lines:
		return fmt.Errorf("%w: more than %d", errTooManyLines, most.lines)
	}
	return nil
}

var (
	blankLine   = []byte("\r\n\r\n")
	valueHeader = []byte("\r\nValue: ")
	entryEvent  = []byte("Event: " + DBEntry + "\r\n")
	entryEnd    = []byte("Event: DBGetComplete\r\n")
)

// ended reports whether an empty line ends the message, or belongs to a value. The value of a Getvar with the end mark ends with
// the mark, or where Getvar cuts it. The value of a database entry ends where the event DBGetComplete follows.
func (f *framer) ended(raw []byte) bool {
	if bytes.HasPrefix(raw, entryEvent) {
		next, err := f.r.Peek(len(entryEnd))
		return err != nil || bytes.Equal(next, entryEnd)
	}
	if len(f.mark) == 0 || !bytes.HasPrefix(raw, []byte("Response: Success\r\n")) {
		return true
	}
	head, value, found := bytes.Cut(raw, valueHeader)
	return !found || !bytes.Contains(head, f.mark) || bytes.HasSuffix(value, f.mark) || len(value) >= MaxValue
}

var crlf = []byte("\r\n")

// encode escapes a message. The header Value of an answer, and the header Val of a database entry, have all lines to the end of the
// message, because the value of a function can have several lines.
func (f *framer) encode(raw []byte) ([]byte, error) {
	if bytes.IndexByte(raw, escape) >= 0 {
		return nil, errNUL
	}
	f.out = f.out[:0]
	answer, entry := bytes.HasPrefix(raw, []byte("Response:")), bytes.HasPrefix(raw, entryEvent)
	for more := true; more; {
		var line []byte
		if entry && bytes.HasPrefix(raw, []byte("Val:")) { // only the ActionID follows
			end := max(bytes.LastIndex(raw, []byte("\r\nActionID: ")), 0)
			f.line(raw[:end])
			raw = raw[min(end+len(crlf), len(raw)):]
			entry = false
			continue
		}
		if answer && bytes.HasPrefix(raw, []byte("Value:")) {
			line, more = raw, false
		} else {
			line, raw, more = bytes.Cut(raw, crlf)
		}
		f.line(line)
	}
	f.out = append(f.out, "\r\n"...)
	return f.out, nil
}

// line appends a header, escaped. A line without a name is left out, as amigo does.
func (f *framer) line(line []byte) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || len(bytes.Trim(line[:colon], " ")) == 0 || bytes.ContainsAny(line[:colon], "\r\n") {
		return
	}
	start := len(f.out)
	f.out = append(f.out, line[:colon+1]...)
	value := bytes.TrimPrefix(line[colon+1:], []byte(" "))
	f.out = append(f.out, ' ')
	if len(value) > 0 && (value[0] == ' ' || value[0] == '\t') {
		f.out = append(f.out, escape, escapeGuard)
	}
	if bytes.ContainsAny(value, "\r\n") {
		for _, b := range value {
			switch b {
			case '\n':
				f.out = append(f.out, escape, escapeLF)
			case '\r':
				f.out = append(f.out, escape, escapeCR)
			default:
				f.out = append(f.out, b)
			}
		}
	} else {
		f.out = append(f.out, value...)
	}
	if n := (len(f.out) - start) % amigoBuffer; len(f.out)-start >= amigoBuffer-1 && (n == 0 || n == amigoBuffer-1) {
		f.out = append(f.out, escape, escapeGuard)
	}
	f.out = append(f.out, "\r\n"...)
}
