package dialplan

import "time"

// Value is the value of a variable or a function, and how long it holds.
type Value struct {
	Text   string
	Varies Varies
	// Slot is where Slots finds the same variable in another expansion; 0: nowhere.
	Slot int
}

// Varies says when a value may differ. The zero Varies means never. Every Value has one, and the expansion adds them
// up, so that the result of AppendTo has everything that it depends on.
type Varies struct {
	With  With
	Until time.Time // the value holds until then; zero: time does not change it
}

// With is a set of what a value depends on. The bits from FirstOwn up are for the caller: the parts of a request, for
// example.
type With uint16

const (
	// ByExpansion: another expansion may have another value. Within one expansion it is the same everywhere.
	ByExpansion With = 1 << iota
	// ByPlace: the value may differ from place to place. Or the evaluation does more than return a value: it reports a
	// Diagnostic or reads a file.
	ByPlace
	// Unpredictable: the value depends on the time, on chance, on an answer of Asterisk, or on anything else that
	// changes without notice.
	Unpredictable
	// FirstOwn is the first bit for the caller.
	FirstOwn
)

// Add adds what another value depends on.
func (v *Varies) Add(other Varies) {
	v.With |= other.With
	if v.Until.IsZero() || !other.Until.IsZero() && other.Until.Before(v.Until) {
		v.Until = other.Until
	}
}

// sameInExpansion reports whether the value is the same at every place of one expansion.
func (v Varies) sameInExpansion() bool { return v.With&(ByPlace|Unpredictable) == 0 }
