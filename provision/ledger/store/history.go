package store

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// maxHistory bounds the events of a phone in bytes, so that each phone takes one page of the file: 410 MB for 100,000
// phones.
const maxHistory = 3600

// history is the stored form of a phone's events: the oldest first, each after its length.
type history []byte

// entries returns the events in their binary form.
func (h history) entries() (list [][]byte) {
	for b := []byte(h); len(b) > 0; {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return list // nothing after a damaged event can be read
		}
		list = append(list, b[size:size+int(n)])
		b = b[size+int(n):]
	}
	return list
}

// with returns the history with more events. It drops events that are too old, too many or too long.
func (h history) with(more []ledger.Event, oldest time.Time) history {
	list := h.entries()
	for i := range more {
		list = append(list, encodeEvent(&more[i]))
	}
	first, bytes := len(list), 0
	for first > 0 && len(list)-first < ledger.MaxHistory {
		e := list[first-1]
		if bytes += len(e) + binary.MaxVarintLen16; bytes > maxHistory {
			break
		}
		d := decoder{b: e}
		if at := d.time(); at.Before(oldest) {
			break
		}
		first--
	}
	next := make(history, 0, bytes)
	for _, e := range list[first:] {
		next = append(binary.AppendUvarint(next, uint64(len(e))), e...)
	}
	return next
}

// events returns the events, the newest first.
func (h history) events(phone string) (events []ledger.Event, err error) {
	list := h.entries()
	for i := len(list) - 1; i >= 0; i-- {
		e, err := decodeEvent(phone, list[i])
		if errors.Is(err, errNewKind) {
			continue // it stays in the file
		}
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
	return events, nil
}
