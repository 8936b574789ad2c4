package amisync

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// maxMessage bounds one message from Asterisk. GetConfig of 100,000 users is some 50 MB.
	maxMessage = 256 << 20
	// keepBuffer is how much of a buffer is kept from one message to the next, in bytes.
	keepBuffer = 1 << 20
	// amigoBuffer is the size of the buffer amigo reads lines with. Of a line as long as that, or a multiple, or one
	// byte less, amigo takes the rest for the empty line that ends a message.
	amigoBuffer = 8192
)

// Reasons a peer is not an Asterisk that we can follow.
var (
	errMessageTooLong = fmt.Errorf("asterisk sent a message of more than %d MiB", maxMessage>>20)
	errNUL            = errors.New("asterisk sent a NUL byte")
)

// framer cuts what Asterisk sends into messages, and writes each so that amigo reads what Asterisk meant.
type framer struct {
	r        *bufio.Reader
	from     *patient // that r reads
	raw, out []byte
	limit    int // bytes of a message
}

func newFramer(r io.Reader) *framer {
	from := &patient{Reader: r}
	return &framer{r: bufio.NewReaderSize(from, 32<<10), from: from, limit: maxMessage}
}

// patient is a reader that lets more come where much is expected: Asterisk sends an answer of 50,000 lines in as many
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
	for {
		f.from.long = len(f.raw) > longMessage
		part, err := f.r.ReadSlice('\n')
		f.raw = append(f.raw, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(f.raw) > 0:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		case len(f.raw) == len(crlf) && f.raw[0] == '\r': // an empty line between messages
			f.raw = f.raw[:0]
		case bytes.HasSuffix(f.raw, []byte("\r\n\r\n")):
			return f.encode(f.raw[:len(f.raw)-len("\r\n\r\n")])
		}
		if len(f.raw) > f.limit {
			return nil, errMessageTooLong
		}
	}
}

var crlf = []byte("\r\n")

// encode rewrites a message. The value of an answer's Value header goes to the message's end: what a function returned
// may have lines of its own.
func (f *framer) encode(raw []byte) ([]byte, error) {
	if bytes.IndexByte(raw, escape) >= 0 {
		return nil, errNUL
	}
	f.out = f.out[:0]
	answer := bytes.HasPrefix(raw, []byte("Response:"))
	for more := true; more; {
		var line []byte
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
