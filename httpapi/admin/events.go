package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

const (
	// maxStreams is how many streams of events are open at once: each is a connection and a queue.
	maxStreams = 64
	// beatEvery is how often a stream in which nothing happens says that it is alive: proxies end idle ones after a minute,
	// and httpapi a connection that takes nothing for as long.
	beatEvery = 15 * time.Second
)

// kinds are the words of the parameter what.
var kinds = map[string]ledger.Kind{"event": ledger.KindEvent, "request": ledger.KindRequest, "sync": ledger.KindSync}

// events answers with what happens, as it happens (server-sent events). Its id counts; after a gap, which "lost" tells, the
// client asks for the lists again.
func (a *api) events(w http.ResponseWriter, r *http.Request) error {
	values, err := parameters(r, "what")
	if err != nil {
		return err
	}
	var what []ledger.Kind
	for _, word := range listed(values, "what") {
		kind, ok := kinds[word]
		if !ok {
			return badRequest("parameter \"what\": %q is not one of: event, request, sync", clip(word))
		}
		what = append(what, kind)
	}
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		return nil
	}
	select {
	case a.streams <- struct{}{}:
		defer func() { <-a.streams }()
	default:
		return &apiError{http.StatusServiceUnavailable, fmt.Sprintf("%d streams of events are open already", maxStreams)}
	}
	updates, end := a.Ledger.Subscribe(what...)
	defer end()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // of nginx
	w.WriteHeader(http.StatusOK)
	stream(w, r, updates, a.Ending)
	return nil
}

// stream writes updates until the client is gone, or ending is closed.
func stream(w http.ResponseWriter, r *http.Request, updates <-chan ledger.Update, ending <-chan struct{}) {
	out := http.NewResponseController(w)
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	text := "retry: 3000\n: events of phoneprov\n\n" // ms until a client connects again
	var seq uint64
	for {
		if _, err := w.Write([]byte(text)); err != nil {
			return
		}
		if err := out.Flush(); err != nil {
			return
		}
		select {
		case u, ok := <-updates:
			if !ok {
				return
			}
			text = ""
			if lost := u.Seq - seq - 1; lost > 0 {
				text = fmt.Sprintf("event: lost\ndata: {\"count\":%d}\n\n", lost)
			}
			seq = u.Seq
			text += sent(u)
		case <-beat.C:
			text = ": alive\n\n"
		case <-ending:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// sent is an update as it is sent.
func sent(u ledger.Update) string {
	name, value := "event", any(u.Event)
	switch {
	case u.Request != nil:
		name, value = "request", u.Request
	case u.Sync != nil:
		name, value = "sync", u.Sync
	}
	text, err := json.Marshal(value)
	if err != nil { // of no value that the ledger has
		return ""
	}
	return fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", u.Seq, name, text)
}
