package pnp

import (
	"net/netip"
	"slices"
	"time"
)

// Limits of exchanges.
const (
	exchangeAge  = 32 * time.Second // how long a phone repeats a request (RFC 3261, timer F)
	maxExchanges = 256              // phones that boot within exchangeAge; beyond it, begin forgets the oldest
	maxOfSource  = 8                // requests of one address within exchangeAge; a phone sends one
	newPerSecond = 200              // new requests that get an answer; each has a log line
	newAtOnce    = 400              // phones that boot after a power cut; the others ask again
	maxAnswers   = 11               // answers to a repeated request: RFC 3261 repeats a request as often
	maxNotifies  = 5                // NOTIFYs of an exchange
	firstPause   = 500 * time.Millisecond
)

// exchange is a request of a phone, with its answer and its NOTIFY.
type exchange struct {
	source netip.Addr
	callID string
	seq    uint32
	begun  time.Time
	mac    string // empty: unknown

	to             netip.AddrPort // the address that the NOTIFY goes to
	answer, notify []byte         // the messages
	answers        int            // how many answers went out
	notifies       int            // how many NOTIFYs went out
	due            time.Time      // when the next NOTIFY goes out
	ended          bool           // the phone has answered the NOTIFY
	silent         bool           // the phone gets no answer
}

// exchanges are the exchanges of the last exchangeAge, the oldest first.
type exchanges struct{ list []*exchange }

// begin returns the exchange of a request, or nil if the source has too many exchanges. fresh says that the request is
// not a repeated one.
func (x *exchanges) begin(now time.Time, source netip.Addr, callID string, seq uint32) (e *exchange, fresh bool) {
	x.forget(now)
	ofSource := 0
	for _, e := range x.list {
		if e.source != source {
			continue
		}
		if e.callID == callID && e.seq == seq {
			return e, false
		}
		ofSource++
	}
	if ofSource >= maxOfSource {
		return nil, false
	}
	if len(x.list) >= maxExchanges {
		x.list = slices.Delete(x.list, 0, 1)
	}
	e = &exchange{source: source, callID: callID, seq: seq, begun: now}
	x.list = append(x.list, e)
	return e, true
}

// of returns the last exchange of a source with a Call-ID, or nil if there is none.
func (x *exchanges) of(source netip.Addr, callID string) (found *exchange) {
	for _, e := range x.list {
		if e.source == source && e.callID == callID {
			found = e
		}
	}
	return found
}

func (x *exchanges) remove(e *exchange) {
	x.list = slices.DeleteFunc(x.list, func(o *exchange) bool { return o == e })
}

// forget forgets the exchanges that are older than exchangeAge.
func (x *exchanges) forget(now time.Time) {
	x.list = slices.DeleteFunc(x.list, func(e *exchange) bool { return now.Sub(e.begun) >= exchangeAge })
}
