package pnp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"github.com/phoneprov/phoneprov/provision/device"
)

// maxPacket bounds a packet in bytes. A phone's request has some 700.
const maxPacket = 4 << 10

// Times of a Server.
const (
	resendEvery = 100 * time.Millisecond // Serve sends the NOTIFYs that are due this often
	joinEvery   = 30 * time.Second       // Serve joins the group this often: an interface may get its address late
)

// Invite returns the URL of the directory with a phone's files. linked says that the URL is a one-time link. If ok is
// false, the phone gets no answer.
type Invite func(mac device.MAC, remote netip.Addr) (url string, linked, ok bool)

// Server answers SIP PnP.
type Server struct {
	sockets *Sockets
	invite  Invite
	log     zerolog.Logger
	now     func() time.Time

	mu        sync.Mutex
	pace      *rate.Limiter // bounds the new exchanges
	exchanges exchanges
}

// New returns a Server on sockets. Serve closes them.
func New(sockets *Sockets, invite Invite, log zerolog.Logger) *Server {
	return &Server{sockets: sockets, invite: invite, log: log, now: time.Now, pace: rate.NewLimiter(newPerSecond, newAtOnce)}
}

// Serve answers until ctx ends or a socket fails, and closes the sockets.
func (s *Server) Serve(ctx context.Context) error {
	var readers sync.WaitGroup
	errs := make(chan error, 2)
	readers.Go(func() { errs <- s.read(s.sockets.in) })
	if s.sockets.out != s.sockets.in {
		readers.Go(func() { errs <- s.read(s.sockets.out) })
	}
	resend, join := time.NewTicker(resendEvery), time.NewTicker(joinEvery)
	defer resend.Stop()
	defer join.Stop()
	var err error
	for ended := false; !ended; {
		select {
		case <-ctx.Done():
			ended = true
		case err = <-errs:
			ended = true
		case <-resend.C:
			s.resend()
		case <-join.C:
			s.sockets.join()
		}
	}
	closeErr := s.sockets.Close()
	readers.Wait()
	return errors.Join(err, closeErr)
}

// read handles the packets of a socket until it is closed.
func (s *Server) read(conn *net.UDPConn) error {
	buf := make([]byte, maxPacket+1)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return err
		case n <= maxPacket:
			s.packet(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		}
	}
}

// packet handles a packet: a phone's request, or the response to a NOTIFY. It ignores all others.
func (s *Server) packet(packet []byte, from netip.AddrPort) {
	if from.Port() == 0 {
		return
	}
	message, err := parse(packet)
	if err != nil {
		return
	}
	switch m := message.(type) {
	case *sip.Response:
		s.response(m, from)
	case *sip.Request:
		if r, err := readRequest(m); err == nil {
			s.request(r, from)
		}
	}
}

// response ends the NOTIFYs of an exchange when the phone has answered one.
func (s *Server) response(m *sip.Response, from netip.AddrPort) {
	if m.CallID() == nil || m.CSeq() == nil || m.CSeq().MethodName != sip.NOTIFY || m.StatusCode < 200 {
		return
	}
	s.mu.Lock()
	e := s.exchanges.of(from.Addr(), m.CallID().Value())
	first := e != nil && !e.ended
	if first {
		e.ended = true
	}
	s.mu.Unlock()
	if first {
		s.log.Info().Str("mac", e.mac).Stringer("remote", from.Addr()).Int("status", m.StatusCode).Msg("the phone has taken the URL of its files")
	}
}

// request answers a phone.
func (s *Server) request(r request, from netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, fresh := s.exchanges.begin(s.now(), from.Addr(), r.CallID().Value(), r.CSeq().SeqNo)
	switch {
	case e == nil:
		return
	case fresh && !s.pace.AllowN(s.now(), 1):
		s.exchanges.remove(e) // the phone asks again
		return
	case fresh:
		e.silent = !s.prepare(e, r, from)
	}
	if e.silent {
		return
	}
	if e.answers < maxAnswers {
		e.answers++
		s.send(e.answer, from)
	}
	if fresh {
		s.notify(e)
	}
}

// prepare makes the messages of an exchange, and reports whether the phone gets an answer.
func (s *Server) prepare(e *exchange, r request, from netip.AddrPort) bool {
	url, linked, ok := s.invite(r.mac, from.Addr())
	line := s.log.Info().Stringer("remote", from.Addr()).Str("vendor", short(r.vendor)).Str("model", short(r.model))
	if r.mac != (device.MAC{}) {
		e.mac = r.mac.String()
		line.Str("mac", e.mac)
	}
	if !ok {
		line.Msg("a phone asks where its files are, and no file is for its address: it gets no answer")
		return false
	}
	local := netip.AddrPortFrom(LocalAddr(from.Addr()), s.sockets.out.LocalAddr().(*net.UDPAddr).AddrPort().Port())
	e.to = r.target(from)
	if !r.To().Params.Has("tag") {
		r.To().Params.Add("tag", token()) // the same in both messages
	}
	e.answer = answerTo(r, local, from)
	e.notify = notifyFor(r, local, e.to, url+r.fileName())
	line.Bool("link", linked).Msg("a phone asks where its files are")
	return true
}

// notify sends the NOTIFY of an exchange, and sets the time of the next one.
func (s *Server) notify(e *exchange) {
	s.send(e.notify, e.to)
	e.notifies++
	e.due = s.now().Add(firstPause << (e.notifies - 1))
}

// resend sends the NOTIFYs that are due again, and forgets old exchanges.
func (s *Server) resend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, e := range s.exchanges.list {
		if !e.ended && !e.silent && e.notifies < maxNotifies && !now.Before(e.due) {
			s.notify(e)
		}
	}
	s.exchanges.forget(now)
}

// send sends a message. It only logs an error, because a phone without an answer asks again.
func (s *Server) send(message []byte, to netip.AddrPort) {
	if _, err := s.sockets.out.WriteToUDPAddrPort(message, to); err != nil && !errors.Is(err, net.ErrClosed) {
		s.log.Debug().Err(err).Stringer("remote", to.Addr()).Msg("SIP PnP: a message was not sent")
	}
}
