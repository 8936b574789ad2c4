package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
)

const (
	// sessionLifetime is how long a session lasts: a working day.
	sessionLifetime = 12 * time.Hour
	// maxSessions bounds the sessions. A new one ends the one that would end first. Only who signs in begins one.
	maxSessions = 1000
)

// The names of the cookie of a session. A browser takes a name with __Host- over TLS only, so no plain answer of the
// same host replaces it.
const (
	sessionCookie       = "phoneprov_session"
	secureSessionCookie = "__Host-phoneprov_session"
)

// The values of a session.
const (
	sessionUser  = "user"
	sessionStamp = "stamp" // of the credentials; see httpauth.Admins.Stamp
)

// sessions are the sessions of admins, in memory. They end with the process.
type sessions struct {
	plain, secure *scs.SessionManager // for cookies over HTTP and over TLS
	store         sessionStore
}

func newSessions() *sessions {
	s := &sessions{store: sessionStore{byToken: map[string]*session{}}}
	manager := func(cookie string, secure bool) *scs.SessionManager {
		return &scs.SessionManager{ // scs.New would start a goroutine for its own store
			Lifetime: sessionLifetime, Store: &s.store, Codec: scs.GobCodec{},
			Cookie: scs.SessionCookie{Name: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure, Persist: true},
		}
	}
	s.plain, s.secure = manager(sessionCookie, false), manager(secureSessionCookie, true)
	return s
}

// of returns the sessions of a client: those over TLS are not those over HTTP.
func (s *sessions) of(c *client) *scs.SessionManager {
	if c.scheme == "https" {
		return s.secure
	}
	return s.plain
}

// load returns a context with the session of a request, and the session's token; "" if there is none.
func load(m *scs.SessionManager, r *http.Request) (ctx context.Context, token string) {
	if cookie, err := r.Cookie(m.Cookie.Name); err == nil {
		token = cookie.Value
	}
	ctx, err := m.Load(r.Context(), token)
	if err != nil { // the store never fails
		ctx, _ = m.Load(r.Context(), "")
	}
	return ctx, token
}

// begin begins a session and sets its cookie. An older session of the same browser ends.
func (s *sessions) begin(w http.ResponseWriter, r *http.Request, c *client, user, stamp string) error {
	m := s.of(c)
	ctx, _ := load(m, r)
	if err := m.RenewToken(ctx); err != nil {
		return err
	}
	m.Put(ctx, sessionUser, user)
	m.Put(ctx, sessionStamp, stamp)
	token, expiry, err := m.Commit(ctx)
	if err != nil {
		return err
	}
	m.WriteSessionCookie(ctx, w, token, expiry)
	return nil
}

// end ends the session of a request, and removes its cookie. Streams of the session end too.
func (s *sessions) end(w http.ResponseWriter, r *http.Request, c *client) error {
	m := s.of(c)
	ctx, _ := load(m, r)
	err := m.Destroy(ctx)
	m.WriteSessionCookie(ctx, w, "", time.Time{})
	return err
}

// find returns who is signed in by the session of a request, the stamp of the credentials, and a context that ends with
// the session. user is empty if there is none.
func (s *sessions) find(r *http.Request, c *client) (user, stamp string, ended context.Context) {
	m := s.of(c)
	ctx, token := load(m, r)
	if ended = s.store.ended(token); ended == nil {
		return "", "", nil
	}
	return m.GetString(ctx, sessionUser), m.GetString(ctx, sessionStamp), ended
}

// session is one entry of a sessionStore.
type session struct {
	data   []byte
	expiry time.Time
	ended  context.Context
	end    context.CancelFunc
}

// sessionStore is a bounded scs.Store in memory.
type sessionStore struct {
	mu      sync.Mutex
	byToken map[string]*session
}

// Find implements scs.Store.
func (s *sessionStore) Find(token string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byToken[token]
	if e == nil || !time.Now().Before(e.expiry) {
		return nil, false, nil
	}
	return e.data, true, nil
}

// Commit implements scs.Store. It removes the sessions that are over.
func (s *sessionStore) Commit(token string, data []byte, expiry time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(token)
	first, now := "", time.Now()
	for other, e := range s.byToken {
		if !now.Before(e.expiry) {
			s.remove(other)
		} else if first == "" || e.expiry.Before(s.byToken[first].expiry) {
			first = other
		}
	}
	if len(s.byToken) >= maxSessions {
		s.remove(first)
	}
	e := &session{data: data, expiry: expiry}
	e.ended, e.end = context.WithDeadline(context.Background(), expiry)
	s.byToken[token] = e
	return nil
}

// Delete implements scs.Store.
func (s *sessionStore) Delete(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(token)
	return nil
}

func (s *sessionStore) remove(token string) {
	if e := s.byToken[token]; e != nil {
		e.end()
		delete(s.byToken, token)
	}
}

// ended returns a context that ends with a session, or nil if there is no such session.
func (s *sessionStore) ended(token string) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byToken[token]
	if e == nil || !time.Now().Before(e.expiry) {
		return nil
	}
	return e.ended
}
