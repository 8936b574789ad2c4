package amiserver

import (
	"errors"
	"net"
	"sync"
)

// DefaultVersion is the version of Asterisk that a Server reports by default.
const DefaultVersion = "22.10.1"

// Options configure a Server. With the zero value, nobody can log in, and there is no configuration.
type Options struct {
	Username, Secret string
	Dir              string // has Asterisk's configuration files
	Version          string // empty: DefaultVersion
	// SIP says that chan_sip is loaded, which exists up to Asterisk 20.
	SIP bool
	// Function returns the value that Getvar answers for a call such as "MD5(x)". Nil: every function is unknown, with
	// an empty value.
	Function func(call string) string
	// Database has the entries of Asterisk's database, by "family/key". Nil: an entry is the value of Function for
	// "DB(family/key)", and an empty value is none.
	Database map[string]string
	// Contacts returns the contacts of an endpoint of PJSIP. Nil: nothing is registered.
	Contacts func(endpoint string) []Contact
	// Notified is called when an endpoint is sent NOTIFY. It must not block. Nil: the module that sends it is not
	// loaded.
	Notified func(endpoint string)
	// Connected is called before a connection is greeted. If it returns true, the connection is closed.
	Connected func(s *Session) bool
	// Intercept is called before an action is answered, including the login. If it returns true, the action has been
	// dealt with.
	Intercept func(s *Session, action Message) bool
}

// Server is an AMI server. Its methods may be called from any goroutine.
type Server struct {
	o Options

	mu       sync.Mutex
	listener net.Listener
	sessions map[*Session]bool
	database map[string]string // entries that DBPut wrote, by "family/key"
	closed   bool
	running  sync.WaitGroup
}

// New returns a Server, which does not listen yet.
func New(o Options) *Server {
	if o.Version == "" {
		o.Version = DefaultVersion
	}
	return &Server{o: o, sessions: map[*Session]bool{}, database: map[string]string{}}
}

// Serve accepts connections until Close, and then returns nil. It closes the listener.
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

// Drop ends all connections, as a killed Asterisk does, and goes on listening.
func (v *Server) Drop() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for s := range v.sessions {
		s.Close()
	}
}

// Close closes the listener and all connections, and waits until they have ended.
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

// Reload sends the event that ends a reload: of a module ("res_phoneprov.so"), or of "All".
func (v *Server) Reload(module string) {
	v.Event("Event", "Reload", "Privilege", "system,all", "Module", module, "Status", "0")
}

// Event sends an event, as names and values, to all sessions that want events.
func (v *Server) Event(fields ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for s := range v.sessions {
		if s.wantsEvents() {
			s.Send(fields...)
		}
	}
}
