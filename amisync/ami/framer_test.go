package ami

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// amigoRead reads a message with amigo's rules, and a reader of the same size.
func amigoRead(r *bufio.Reader) (map[string]string, error) {
	m := map[string]string{}
	var line []byte
	for {
		part, prefix, err := r.ReadLine()
		if err != nil || len(part) == 0 {
			return m, err
		}
		if line = append(line, part...); prefix {
			continue
		}
		name, value, ok := strings.Cut(string(line), ":")
		line = nil
		if name = strings.TrimRight(name, " "); ok && name != "" {
			m[name] = strings.TrimLeft(value, " \t")
		}
	}
}

// through passes what Asterisk sends through framer, amigo's rules and decode.
func through(in string) (out []Message, err error) {
	f := newFramer(strings.NewReader(in))
	for {
		raw, err := f.next()
		if err != nil {
			return out, err
		}
		m, err := amigoRead(bufio.NewReaderSize(bytes.NewReader(raw), amigoBuffer))
		if err != nil {
			return out, err
		}
		out = append(out, decode(m))
	}
}

func TestFramer(t *testing.T) {
	tests := map[string]struct {
		in   string
		want []Message
		err  error
	}{
		"nothing":               {"", nil, io.EOF},
		"empty lines":           {"\r\n\r\n\r\n", nil, io.EOF},
		"two":                   {"A: 1\r\n\r\nB: 2\r\nC:3\r\n\r\n", []Message{{"A": "1"}, {"B": "2", "C": "3"}}, io.EOF},
		"half":                  {"A: 1\r\n\r\nB: 2\r\n", []Message{{"A": "1"}}, io.ErrUnexpectedEOF},
		"half a line":           {"A: 1", nil, io.ErrUnexpectedEOF},
		"NUL":                   {"A: \x00\r\n\r\n", nil, errNUL},
		"no name":               {": 1\r\nA\r\n : 2\r\nB: 3\r\n\r\n", []Message{{"B": "3"}}, io.EOF},
		"asterisk's own LF":     {"Message: Unable to retrieve endpoint x\n\r\n\r\n", []Message{{"Message": "Unable to retrieve endpoint x\n"}}, io.EOF},
		"value to the end":      {"Response: Success\r\nValue: a\r\nb: c\r\n\r\n", []Message{{"Response": "Success", "Value": "a\r\nb: c"}}, io.EOF},
		"value of an event":     {"Event: VarSet\r\nValue: a\r\nb: c\r\n\r\n", []Message{{"Event": "VarSet", "Value": "a", "b": "c"}}, io.EOF},
		"empty value":           {"Response: Success\r\nValue: \r\n\r\n", []Message{{"Response": "Success", "Value": ""}}, io.EOF},
		"value without a blank": {"Response: Success\r\nValue:\r\n\r\n", []Message{{"Response": "Success", "Value": ""}}, io.EOF},
		"category with blanks":  {"Category-000000:   c \r\n\r\n", []Message{{"Category-000000": "  c "}}, io.EOF},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := through(tt.in)
			if !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			if len(got) != len(tt.want) {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			for i := range got {
				if !maps.Equal(got[i], tt.want[i]) {
					t.Errorf("got %q, want %q", got[i], tt.want[i])
				}
			}
		})
	}
}

// Nothing that a peer sends without end is stored: neither a line, nor many lines, nor many short lines.
func TestFramerBounds(t *testing.T) {
	tests := map[string]struct {
		in     string // again and again
		config bool
		want   error
	}{
		"a line":                             {"x", false, errMessageTooLong},
		"lines":                              {"A: " + strings.Repeat("b", 200) + "\r\n", false, errMessageTooLong},
		"short lines":                        {"A: b\r\n", false, errTooManyLines},
		"lines of an event during GetConfig": {"Event: " + strings.Repeat("b", 200) + "\r\n", true, errMessageTooLong},
		"lines of GetConfig":                 {"Response: " + strings.Repeat("b", 2000) + "\r\n", true, errMessageTooLong},
		"short lines of GetConfig":           {"Response: \r\n", true, errTooManyLines},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			endless := &repeating{text: tt.in}
			f := newFramer(endless)
			f.bounds.configBytes, f.bounds.configLines = 4<<20, 100_000
			f.config.Store(tt.config)
			if _, err := f.next(); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if most := 6 << 20; endless.sent > most || cap(f.raw) > most {
				t.Errorf("%d bytes were read, %d kept", endless.sent, cap(f.raw))
			}
		})
	}
}

// repeating is a text again and again, without end.
type repeating struct {
	text string
	sent int
}

func (r *repeating) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.text[(r.sent+i)%len(r.text)]
	}
	r.sent += len(p)
	return len(p), nil
}

// FuzzMessages: whatever Asterisk sends, amigo reads the same number of messages, with the values that were sent.
func FuzzMessages(f *testing.F) {
	for _, seed := range []string{
		"Response: Success\r\nActionID: 1\r\nValue: a\nb\r\n\r\n\r\nEvent: X\r\n\r\n", "A:  b\r\n\r\n", "\r\n", "A: \r\r\n\r\n", "A\r\n\r\n",
		"A: " + strings.Repeat("x", amigoBuffer-3) + "\r\n\r\nB: " + strings.Repeat("\r", amigoBuffer-4) + "\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		fr := newFramer(bytes.NewReader(in))
		for {
			raw, err := fr.next()
			if err != nil {
				return
			}
			sent := reference(fr.raw)
			r := bufio.NewReaderSize(bytes.NewReader(raw), amigoBuffer)
			got, err := amigoRead(r)
			if err != nil || r.Buffered() > 0 {
				t.Fatalf("%q: amigo did not read all: %v", raw, err)
			}
			if !maps.Equal(decode(got), sent) {
				t.Fatalf("%q: got %q, want %q", fr.raw, decode(got), sent)
			}
		}
	})
}

// reference parses a message by the book, including its end.
func reference(raw []byte) Message {
	text := strings.TrimSuffix(string(raw), "\r\n\r\n")
	m := Message{}
	tail := ""
	if strings.HasPrefix(text, "Response:") {
		if i := strings.Index(text, "\r\nValue:"); i >= 0 {
			text, tail = text[:i], text[i+2:]
		}
	}
	lines := strings.Split(text, "\r\n")
	if tail != "" {
		lines = append(lines, tail)
	}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if ok && strings.Trim(name, " ") != "" && !strings.ContainsAny(name, "\r\n") {
			m[strings.TrimRight(name, " ")] = strings.TrimPrefix(value, " ")
		}
	}
	return m
}

// FuzzAction: what CheckFields accepts is one message with exactly those headers for every reader.
func FuzzAction(f *testing.F) {
	f.Add("Variable", "MD5(x)")
	f.Add("Variable", "x\r\n\r\nAction: Logoff")
	f.Add("A: b\r\nC", "\x00")
	f.Fuzz(func(t *testing.T, name, value string) {
		m := Message{name: value}
		if CheckFields(m) != nil {
			return
		}
		wire := name + ": " + value + "\r\n\r\n" // as amigo writes it
		if n := strings.Count(wire, "\n") + strings.Count(wire, "\r"); n != 4 || strings.Contains(wire, "\x00") {
			t.Fatalf("%q: more than one line", wire)
		}
		if n, v, _ := strings.Cut(strings.TrimSuffix(wire, "\r\n\r\n"), ": "); n != name || v != value {
			t.Fatalf("got %q: %q", n, v)
		}
	})
}

// trickle has 20 bytes more every 2 µs, as Asterisk writes an answer.
type trickle struct {
	text  string
	start time.Time
	given int
	reads int
}

func (r *trickle) Read(p []byte) (int, error) {
	if r.given == len(r.text) {
		return 0, io.EOF
	}
	r.reads++
	written := func() int { return min(len(r.text), int(time.Since(r.start)/(2*time.Microsecond))*20) }
	for written() == r.given {
		time.Sleep(2 * time.Microsecond)
	}
	n := copy(p, r.text[r.given:written()])
	r.given += n
	return n, nil
}

// A long answer is read in few parts, a short one at once.
func TestLongAnswersAreBatched(t *testing.T) {
	answer := "Response: Success\r\n" + strings.Repeat("Line-000001-000001: name=value\r\n", 30_000) + "\r\n"
	event := "Event: Reload\r\nModule: All\r\n\r\n"
	synctest.Test(t, func(t *testing.T) {
		r := &trickle{text: answer + event, start: time.Now()}
		f := newFramer(r)
		f.config.Store(true)
		got, err := f.next()
		if err != nil || string(got) != answer {
			t.Fatalf("got %d bytes, %v, want %d", len(got), err, len(answer))
		}
		if most := len(answer)/8000 + longMessage/20 + 10; r.reads > most {
			t.Errorf("%d reads, want %d", r.reads, most)
		}
		before := time.Now()
		if got, err = f.next(); err != nil || string(got) != event {
			t.Errorf("got %q, %v", got, err)
		}
		if took := time.Since(before); took > batchDelay/2 {
			t.Errorf("an event took %v", took)
		}
	})
}
