package amiserver

import (
	"errors"
	"net"
	"sync"
)

// DefaultVersion is the Asterisk that a Server says it is.
const DefaultVersion = "22.10.1"

// Options configure a Server. The zero value lets nobody in and has no configuration.
type Options struct {
	Username, Secret string
	Dir              string // Asterisk's configuration
	Version          string // DefaultVersion where empty
	// SIP says that chan_sip is loaded, as it can be up to Asterisk 20.
	SIP bool
	// Function answers Getvar for a call such as "MD5(x)". Nil: every function is unknown, and its value empty.
	Function func(call string) string
	// Database has the entries of Asterisk's database by "family/key". Nil: an entry is what Function answers for
	// "DB(family/key)", and there is none where that is empty.
	Database map[string]string
	// Connected sees a connection before it is greeted. It returns true to have it closed.
	Connected func(s *Session) bool
	// Intercept sees each action before it is answered, the login too. It returns true if it was dealt with.
	Intercept func(s *Session, action Message) bool
}

// Server is an AMI server. Its methods may be called from any goroutine.
type Server struct {
	o Options

	mu       sync.Mutex
	listener net.Listener
	sessions map[*Session]bool
	database map[string]string // what was put, by "family/key"
	closed   bool
	running  sync.WaitGroup
}

// New returns a Server that does not listen yet.
func New(o Options) *Server {
	if o.Version == "" {
		o.Version = DefaultVersion
	}
	return &Server{o: o, sessions: map[*Session]bool{}, database: map[string]string{}}
}

// Serve takes connections until Close, and returns nil then. The listener is closed when it returns.
func (v *Server) Serve(l net.Listener) error {
	defer l.Close()
	v.mu.Lock()
	v.listener = l
	closed := v.closed
	v.mu.Unlock()
	if closed {
		return nil
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			v.mu.Lock()
			defer v.mu.Unlock()
			if v.closed && errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		v.start(conn)
	}
}

func (v *Server) start(conn net.Conn) {
	s := newSession(v, conn)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		_ = conn.Close()
		return
	}
	v.sessions[s] = true
	v.running.Go(func() {
		s.run()
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(v.sessions, s)
	})
}

// Drop ends all connections, as an Asterisk that is killed does, and goes on listening.
func (v *Server) Drop() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for s := range v.sessions {
		s.Close()
	}
}

// Close ends the listening and all connections, and waits for them.
func (v *Server) Close() {
	v.mu.Lock()
	v.closed = true
	if v.listener != nil {
		_ = v.listener.Close()
	}
	v.mu.Unlock()
	v.Drop()
	v.running.Wait()
}

// Reload sends the event that ends a reload: of a module by its name, "res_phoneprov.so", or of "All".
func (v *Server) Reload(module string) {
	v.Event("Event", "Reload", "Privilege", "system,all", "Module", module, "Status", "0")
}

// Event sends an event, given as names and values, to every session that wants events.
func (v *Server) Event(fields ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for s := range v.sessions {
		if s.wantsEvents() {
			s.Send(fields...)
		}
	}
}
