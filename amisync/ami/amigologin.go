package ami

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// amigoLoginTimeout bounds the login of a process that connects to the bridge. amigo needs no time; a stranger must not delay it
// for long.
const amigoLoginTimeout = 3 * time.Second

// acceptAmigo waits for the connection that logs in with the token, and closes all others: any process of this host can reach
// the port. It returns the header with the ActionID of amigo's login.
func (b *bridge) acceptAmigo(ctx context.Context) (actionID string, err error) {
	defer b.listener.Close()
	for {
		down, err := b.listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return "", LateError("log in", ctx)
			}
			return "", err
		}
		m, err := b.readLogin(down)
		if err != nil || subtle.ConstantTimeCompare([]byte(m["Secret"]), []byte(b.token)) != 1 {
			_ = down.Close()
			continue
		}
		b.mu.Lock()
		b.down = down
		closed := b.closed
		b.mu.Unlock()
		if closed {
			_ = down.Close()
			return "", ErrClosed
		}
		if id := m["ActionID"]; id != "" {
			return "ActionID: " + id + "\r\n", nil
		}
		return "", nil
	}
}

// readLogin sends Asterisk's banner and reads the login that follows.
func (b *bridge) readLogin(down net.Conn) (Message, error) {
	_ = down.SetDeadline(time.Now().Add(amigoLoginTimeout))
	defer func() { _ = down.SetDeadline(time.Time{}) }()
	if _, err := io.WriteString(down, b.banner+"\r\n"); err != nil {
		return nil, err
	}
	var text strings.Builder
	for buf := make([]byte, 512); !strings.HasSuffix(text.String(), "\r\n\r\n"); {
		n, err := down.Read(buf)
		text.Write(buf[:n])
		if err != nil {
			return nil, err
		}
		if text.Len() > 4*maxLine {
			return nil, errors.New("too long for a login")
		}
	}
	return headers(text.String()), nil
}

// headers parses the headers of a short message.
func headers(text string) Message {
	m := Message{}
	for line := range strings.SplitSeq(text, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			m[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return m
}
