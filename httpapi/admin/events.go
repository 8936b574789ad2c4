package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

const (
	// maxStreams bounds the open streams of events: each takes a connection and a queue.
	maxStreams = 64
	// beatEvery is how often an idle stream sends a comment. Proxies close an idle stream after a minute, and so does
	// httpapi a connection that accepts no data.
	beatEvery = 15 * time.Second
)

// kinds maps the words of the parameter what.
var kinds = map[string]ledger.Kind{"event": ledger.KindEvent, "request": ledger.KindRequest, "sync": ledger.KindSync}

// events streams updates as they happen (server-sent events). The id counts updates. A "lost" event reports a gap: the
// client then fetches the lists again.
func (a *API) events(w http.ResponseWriter, r *http.Request) error {
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
	w.Header().Set("X-Accel-Buffering", "no") // for nginx
	w.WriteHeader(http.StatusOK)
	stream(w, r, updates, a.Ending)
	return nil
}

// stream writes updates until the client leaves or ending is closed.
func stream(w http.ResponseWriter, r *http.Request, updates <-chan ledger.Update, ending <-chan struct{}) {
	out := http.NewResponseController(w)
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	text := "retry: 3000\n: events of phoneprov\n\n" // milliseconds until a client reconnects
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

// sent returns an update in the format of server-sent events.
func sent(u ledger.Update) string {
	name, value := "event", any(u.Event)
	switch {
	case u.Request != nil:
		name, value = "request", u.Request
	case u.Sync != nil:
		name, value = "sync", u.Sync
	}
	text, err := json.Marshal(value)
	if err != nil { // cannot happen: every value of the ledger can be marshalled
		return ""
	}
	return fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", u.Seq, name, text)
}
