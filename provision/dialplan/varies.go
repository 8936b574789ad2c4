package dialplan

import "time"

// Value is what a variable or a function gives, and how long it holds.
type Value struct {
	Text   string
	Varies Varies
	// Slot is where the same variable of another expansion stands, see Slots; 0: nowhere.
	Slot int
}

// Varies says when a value can be another one. The zero Varies: never. Every value carries its own; the expansion adds
// them up, so that the result of AppendTo carries all that it was made of.
type Varies struct {
	With  With
	Until time.Time // the value holds until then; zero: no moment ends it
}

// With is a set of what a value depends on. The bits from FirstOwn up are the caller's own: the parts of a request, say.
type With uint16

const (
	// ByExpansion: another expansion can see another value; within one expansion it is the same everywhere.
	ByExpansion With = 1 << iota
	// ByPlace: each place can see another value, or the evaluation does more than give a value: it reports a
	// Diagnostic, or reads a file.
	ByPlace
	// Unpredictable: the value is made of the time, of chance, of an answer of Asterisk, or of anything else that
	// changes without notice.
	Unpredictable
	// FirstOwn is the first bit of the caller's own.
	FirstOwn
)

// Add adds what another value depends on.
func (v *Varies) Add(other Varies) {
	v.With |= other.With
	if v.Until.IsZero() || !other.Until.IsZero() && other.Until.Before(v.Until) {
		v.Until = other.Until
	}
}

// sameInExpansion tells whether the value is the same at every place of one expansion.
func (v Varies) sameInExpansion() bool { return v.With&(ByPlace|Unpredictable) == 0 }
