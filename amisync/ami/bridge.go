package ami

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// MarkLength is how many characters of the end mark are made by chance, 60 bits: no value has them.
const MarkLength = 12

// maxBanner bounds Asterisk's first line, "Asterisk Call Manager/11.0.0": amigo reads 100 bytes of it.
const maxBanner = 98

// bridge lies between amigo and Asterisk. It dials Asterisk itself, so it knows why that failed; it listens on loopback
// for the one connection of its amigo, which proves itself with a token in place of the secret; it sees the login's answer;
// and it holds Asterisk's messages back until amigo is ready for them.
type bridge struct {
	target   Target
	token    string
	mark     string   // what ends a value that is evaluated, see framer
	up       net.Conn // to Asterisk
	framer   *framer  // of what comes from there
	banner   string
	listener net.Listener

	writing sync.Mutex // held for a message to amigo
	mu      sync.Mutex // guards down and closed
	down    net.Conn   // to amigo
	closed  bool
	pumps   sync.WaitGroup
}

// dialBridge connects to Asterisk and reads its first line. The context bounds this only.
func dialBridge(ctx context.Context, t Target) (*bridge, error) {
	up, err := t.Dial(ctx, "tcp", t.Address)
	if err != nil {
		return nil, fmt.Errorf("asterisk cannot be reached: %w", err)
	}
	b := &bridge{target: t, token: rand.Text(), mark: "~" + rand.Text()[:MarkLength], up: up, framer: newFramer(up)}
	b.framer.mark = []byte(b.mark)
	defer context.AfterFunc(ctx, func() { _ = up.SetDeadline(time.Unix(1, 0)) })()
	if b.banner, err = readBanner(b.framer.r); err == nil {
		b.listener, err = listenLoopback()
	}
	if err != nil {
		_ = up.Close()
		if ctx.Err() != nil {
			return nil, LateError("greeting", ctx)
		}
		return nil, PlainError(err)
	}
	return b, nil
}

func readBanner(r *bufio.Reader) (string, error) {
	const start = "Asterisk Call Manager/"
	var line []byte
	for len(line) < maxBanner {
		c, err := r.ReadByte()
		if err != nil {
			return "", err
		}
		line = append(line, c)
		if c == '\n' {
			break
		}
	}
	if !strings.HasPrefix(string(line), start) || !strings.HasSuffix(string(line), "\n") {
		return "", fmt.Errorf("this is not the manager port of an asterisk: it greets with %q", line)
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

func (b *bridge) address() string { return b.listener.Addr().String() }

// login takes amigo's connection and passes its login on with the true secret, and the answer back.
func (b *bridge) login(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() {
		_ = b.up.SetDeadline(time.Unix(1, 0))
		_ = b.listener.Close()
	})()
	id, err := b.admit(ctx)
	if err != nil {
		return err
	}
	fields := Message{"Username": b.target.Username, "Secret": b.target.Secret.Reveal()}
	if err := CheckFields(fields); err != nil {
		return err
	}
	_, err = fmt.Fprintf(b.up, "Action: Login\r\n%sUsername: %s\r\nSecret: %s\r\n\r\n", id, fields["Username"], fields["Secret"])
	if err != nil {
		return err
	}
	answer, err := b.framer.next()
	switch {
	case ctx.Err() != nil:
		return LateError("log in", ctx)
	case err != nil:
		return fmt.Errorf("log in: %w", PlainError(err))
	}
	b.answer(string(answer))
	if m := headers(string(answer)); m["Response"] != "Success" {
		return &LoginError{User: b.target.Username, Message: strings.TrimSpace(m["Message"])}
	}
	return nil
}

// pump starts passing messages in both directions; lost is told when Asterisk's side ends.
func (b *bridge) pump(lost func(error)) {
	b.pumps.Go(func() {
		for {
			m, err := b.framer.next()
			if err == nil {
				err = b.write(m)
			}
			if err != nil {
				lost(err)
				return
			}
		}
	})
	b.pumps.Go(func() {
		if _, err := io.Copy(b.up, b.down); err != nil {
			lost(err)
		}
		// amigo's writer must never wait: it could not be taken apart then.
		_, _ = io.Copy(io.Discard, b.down)
	})
}

func (b *bridge) write(p []byte) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.Lock()
	down, closed := b.down, b.closed
	b.mu.Unlock()
	if down == nil || closed {
		return ErrClosed
	}
	_, err := down.Write(p)
	return err
}

// answer writes a message of our own to amigo.
func (b *bridge) answer(text string) { _ = b.write([]byte(text)) }

// closeUp ends Asterisk's side: nothing comes from there any more.
func (b *bridge) closeUp() { _ = b.up.Close() }

// closeDown ends amigo's side and the bridge with it.
func (b *bridge) closeDown() {
	_ = b.listener.Close()
	b.mu.Lock()
	b.closed = true
	if b.down != nil {
		_ = b.down.Close()
	}
	b.mu.Unlock()
	b.pumps.Wait()
}

// listenLoopback listens on a free port of this host that no other reaches, where there is no IPv4 too.
func listenLoopback() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		if l, err6 := net.Listen("tcp", "[::1]:0"); err6 == nil {
			return l, nil
		}
	}
	return l, err
}
