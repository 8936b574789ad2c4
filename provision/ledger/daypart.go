package ledger

import "time"

// DayPart counts what happened in a quarter of an hour.
type DayPart struct {
	At       time.Time
	Fetches  int
	Refusals int
	Phones   int
	UpToDate int
	Share    *float64
}

// Day returns the parts of the last 24 hours, the oldest first.
func (l *Ledger) Day() []DayPart { return nil }
