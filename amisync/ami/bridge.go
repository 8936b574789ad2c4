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

// MarkLength is how many characters of the end mark are random, 60 bits: no value contains them by chance.
const MarkLength = 12

// maxBanner bounds Asterisk's first line, "Asterisk Call Manager/11.0.0", in bytes. amigo reads 100 bytes of it.
const maxBanner = 98

// bridge connects amigo with Asterisk. It dials Asterisk, so it knows why that fails. It listens on loopback for the connection of
// its amigo, which logs in with a token instead of the secret. It reads the answer to the login, and holds Asterisk's messages
// back until amigo is ready for them.
type bridge struct {
	target   Target
	token    string
	mark     string   // see Conn.EndMark
	up       net.Conn // to Asterisk
	framer   *framer  // of what Asterisk sends
	banner   string
	listener net.Listener

	writing sync.Mutex // held while a message is written to amigo
	mu      sync.Mutex // guards down and closed
	down    net.Conn   // to amigo
	closed  bool
	pumps   sync.WaitGroup
}

// dialBridge connects to Asterisk and reads its first line. The context bounds no more than that.
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

// login accepts amigo's connection, sends its login to Asterisk with the secret, and sends the answer to amigo.
func (b *bridge) login(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() {
		_ = b.up.SetDeadline(time.Unix(1, 0))
		_ = b.listener.Close()
	})()
	id, err := b.acceptAmigo(ctx)
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
	b.sendAmigo(string(answer))
	if m := headers(string(answer)); m["Response"] != "Success" {
		return &LoginError{User: b.target.Username, Message: strings.TrimSpace(m["Message"])}
	}
	return nil
}

// pump starts passing messages in both directions. It calls lost when Asterisk's side ends.
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
		// What amigo writes after Asterisk's side has ended is discarded: a writer that waits could not be ended.
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

// sendAmigo writes a message to amigo.
func (b *bridge) sendAmigo(text string) { _ = b.write([]byte(text)) }

// closeUp closes the connection to Asterisk.
func (b *bridge) closeUp() { _ = b.up.Close() }

// closeDown closes the connection to amigo, and waits until the bridge has ended.
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

// listenLoopback listens on a free port that only this host reaches: of IPv4, or of IPv6 if there is no IPv4.
func listenLoopback() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		if l, err6 := net.Listen("tcp", "[::1]:0"); err6 == nil {
			return l, nil
		}
	}
	return l, err
}
