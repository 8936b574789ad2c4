package tftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/pin/tftp/v3"
	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/httpapi"
)

// Limits of transfers. A request with a forged address makes us send the first block tries times, and no more.
const (
	maxTransfers    = 256              // all phones of an office at once; each has a socket
	tries           = 5                // how often a block is sent
	timeout         = 2 * time.Second  // wait for the acknowledgement of a block; a LAN takes milliseconds
	maxDuration     = 15 * time.Minute // time of a transfer; 50 MB in blocks of 512 bytes take a minute on a LAN
	shutdownTimeout = 3 * time.Second  // wait for the open transfers when Serve ends
)

// MaxFiles bounds the open files of a Server besides its listener: a socket and a file for each transfer.
const MaxFiles = 2 * maxTransfers

// Server answers TFTP requests.
type Server struct {
	options         httpapi.Options
	origin          Origin
	timeout         time.Duration
	shutdownTimeout time.Duration
}

// Origin returns the scheme and host of our HTTP's URL for a phone. local is our address that the phone has reached, and
// remote is the phone's.
type Origin func(local, remote netip.Addr) (scheme, host string)

// New returns a Server for the files of o.
func New(o httpapi.Options, origin Origin) *Server {
	return &Server{o, origin, timeout, shutdownTimeout}
}

// Serve answers on conn until ctx ends. Then it waits shutdownTimeout for the open transfers, and closes conn.
func (s *Server) Serve(ctx context.Context, conn *net.UDPConn, log zerolog.Logger) error {
	h := handler{ctx: ctx, door: httpapi.NewDoor(s.options, "tftp", maxTransfers), prefix: s.options.Prefix, origin: s.origin}
	defer h.door.End()
	server := tftp.NewServer(h.read, h.write)
	server.SetTimeout(s.timeout)
	server.SetRetries(tries - 1)
	server.SetBackoff(func(int) time.Duration { return 0 }) // timeout is the pause
	served := make(chan error, 1)
	go func() { served <- server.Serve(conn) }()
	select {
	case err := <-served:
		return errors.Join(err, conn.Close())
	case <-ctx.Done():
	}
	ended := make(chan struct{})
	go func() {
		server.Shutdown()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(s.shutdownTimeout):
		log.Warn().Stringer("after", s.shutdownTimeout).Msg("TFTP transfers under way were cut off at the end of the service")
	}
	return <-served
}

// handler answers the requests of one Serve.
type handler struct {
	ctx    context.Context // of Serve
	door   *httpapi.Door
	prefix string
	origin Origin
}

// read answers a read request. If the transfer has not begun, the client gets the error.
func (h handler) read(name string, out io.ReaderFrom) error {
	ctx, cancel := context.WithTimeout(h.ctx, maxDuration)
	defer cancel()
	status := h.door.Get(ctx, h.request(name, out), func(content io.ReadSeeker, _ int64) error {
		_, err := out.ReadFrom(limitedReader{ctx, content}) // ReadFrom seeks to find the size for tsize
		return notWanted(err)
	})
	if status == http.StatusOK {
		return nil // ReadFrom has sent the error, if there is one
	}
	return errors.New(errorText(status))
}

// write refuses a write request.
func (h handler) write(name string, in io.WriterTo) error {
	h.door.Put(h.ctx, h.request(name, in))
	return errors.New("this server is read-only: uploads are not accepted over TFTP, send them by HTTP")
}

func (h handler) request(name string, transfer any) httpapi.DoorRequest {
	q := httpapi.DoorRequest{Name: h.fileName(name)}
	if out, ok := transfer.(interface{ RemoteAddr() net.UDPAddr }); ok {
		remote := out.RemoteAddr()
		addr := remote.AddrPort()
		q.Remote = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	}
	var local netip.Addr
	if info, ok := transfer.(tftp.RequestPacketInfo); ok {
		local, _ = netip.AddrFromSlice(info.LocalIP())
	}
	q.Scheme, q.Host = h.origin(local.Unmap(), q.Remote.Addr())
	return q
}

// fileName returns a file's name without a slash and without the prefix of URLs before it. Some phones write a slash
// before a name, and some write the directory that they were told.
func (h handler) fileName(name string) string {
	name = strings.TrimPrefix(name, "/")
	prefix := strings.TrimPrefix(h.prefix, "/") + "/"
	if len(prefix) > 1 && len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
		name = name[len(prefix):]
	}
	return name
}

// errorText returns the message for a status. It is the same for every request, as over HTTP.
func errorText(status int) string {
	if status == http.StatusServiceUnavailable {
		return "not available now, try again"
	}
	if text := http.StatusText(status); text != "" {
		return strings.ToLower(text)
	}
	return fmt.Sprintf("error %d", status)
}

// notWanted returns httpapi.ErrNotWanted if err says that the client refused this transfer with code 5, unknown
// transfer ID (RFC 1350), and err otherwise. A client that repeats its request before we answer gets two transfers, and
// refuses one.
func notWanted(err error) error {
	if err != nil && strings.Contains(err.Error(), "code=5,") {
		return httpapi.ErrNotWanted
	}
	return err
}

// limitedReader ends a transfer when its context ends.
type limitedReader struct {
	ctx context.Context
	io.ReadSeeker
}

func (r limitedReader) Read(p []byte) (int, error) {
	switch {
	case errors.Is(r.ctx.Err(), context.DeadlineExceeded):
		return 0, errors.New("the transfer takes too long")
	case r.ctx.Err() != nil:
		return 0, errors.New("the server ends, try again")
	}
	return r.ReadSeeker.Read(p)
}
