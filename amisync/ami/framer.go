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
	// MaxMessage bounds one message from Asterisk, in bytes: an event or an answer has some kilobytes.
	MaxMessage = 1 << 20
	// maxLines bounds its headers: each becomes an entry of a map, however short it is.
	maxLines = 20_000
	// maxConfig and maxConfigLines bound the answer to GetConfig. That of 100,000 users is some 50 MB and a million lines;
	// with the map that it becomes, one as long as this takes about 600 MB.
	maxConfig      = 96 << 20
	maxConfigLines = 2 << 20
	// keepBuffer is how much of a buffer is kept from one message to the next, in bytes.
	keepBuffer = 1 << 20
	// amigoBuffer is the size of the buffer amigo reads lines with. Of a line as long as that, or a multiple, or one
	// byte less, amigo takes the rest for the empty line that ends a message.
	amigoBuffer = 8192
)

// MaxValue is where Getvar cuts a value, in bytes (measured on 16 and 22).
const MaxValue = 1022

// DBEntry is the event that carries the value of a database entry in the answer to DBGet.
const DBEntry = "DBGetResponse"

// Reasons a peer is not an Asterisk that we can follow.
var (
	errMessageTooLong = errors.New("asterisk sent a message that is too long")
	errTooManyLines   = errors.New("asterisk sent a message of too many lines")
	errNUL            = errors.New("asterisk sent a NUL byte")
)

// framer cuts what Asterisk sends into messages, and writes each so that amigo reads what Asterisk meant.
type framer struct {
	r        *bufio.Reader
	from     *patient // that r reads
	raw, out []byte
	bounds   bounds
	mark     []byte      // what ends the value of a Getvar that names it; empty: none does
	config   atomic.Bool // the answer to GetConfig is expected, which may be long
}

// bounds are those of messages, and of the answer to GetConfig.
type bounds struct{ bytes, lines, configBytes, configLines int }

func newFramer(r io.Reader) *framer {
	from := &patient{Reader: r}
	return &framer{r: bufio.NewReaderSize(from, 32<<10), from: from, bounds: bounds{MaxMessage, maxLines, maxConfig, maxConfigLines}}
}

// patient delays reads of long answers to batch them: Asterisk sends an answer of 50,000 lines in as many
// writes, and to be woken by each of them keeps both sides busy.
type patient struct {
	io.Reader
	long bool // the message has begun and is long
	last int  // bytes that came last
}

// What patient goes by.
const (
	longMessage = 16 << 10         // bytes that make a message long: no event is
	fullRead    = 16 << 10         // bytes of a read after which more is there already
	patience    = time.Millisecond // in which some 10 kB come
)

func (p *patient) Read(b []byte) (n int, err error) {
	if p.long && p.last < fullRead {
		time.Sleep(patience)
	}
	p.last, err = p.Reader.Read(b)
	return p.last, err
}

// next returns the next whole message, for amigo, with the empty line that ends it. It is valid until the following call.
// A message that ends too early is io.ErrUnexpectedEOF.
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
		case len(f.raw) == len(crlf) && f.raw[0] == '\r': // an empty line between messages
			f.raw = f.raw[:0]
		case bytes.HasSuffix(f.raw, blankLine) && f.ended(f.raw[:len(f.raw)-len(blankLine)]):
			return f.encode(f.raw[:len(f.raw)-len(blankLine)])
		}
	}
}

// tooLong bounds the message that is being read.
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

// ended tells whether a message ends at an empty line, or has that in its value: the value of an evaluation ends with the
// mark, or where Getvar cuts it; the one of DBGet's answer where the event follows that ends the answer.
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

// encode rewrites a message. The value of an answer's Value header goes to the message's end, and so does that of an entry
// of the database: what a function returned may have lines of its own.
func (f *framer) encode(raw []byte) ([]byte, error) {
	if bytes.IndexByte(raw, escape) >= 0 {
		return nil, errNUL
	}
	f.out = f.out[:0]
	answer, entry := bytes.HasPrefix(raw, []byte("Response:")), bytes.HasPrefix(raw, entryEvent)
	for more := true; more; {
		var line []byte
		if entry && bytes.HasPrefix(raw, []byte("Val:")) { // the ActionID comes last
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

// line appends one header, escaped. What has no name is left out, as amigo would.
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
