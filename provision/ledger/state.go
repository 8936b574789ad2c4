package ledger

import "slices"

// State is the state of a file or a phone, as one word. Scripts compare the word: it never changes.
type State string

// The states. States returns their definitions.
const (
	NeverFetched  State = "never_fetched"
	UpToDate      State = "up_to_date"
	ChangeWaiting State = "change_waiting"
	Told          State = "told"
	NoReaction    State = "no_reaction"
	Refused       State = "refused"
	Failing       State = "failing"
	Unknown       State = "unknown"
)

// Definition is one row of the table of states.
type Definition struct {
	State State  `json:"state"`
	Text  string `json:"text"`    // for people: "change waiting"
	Means string `json:"meaning"` // of a file, in one sentence
}

// definitions is the table of all states, from the worst to the best. A phone has the first state that one of its files
// has.
var definitions = [...]Definition{
	{Failing, "failing", "The last request for the file ended with 5xx, or the file cannot be made now, as its template has an error."},
	{Refused, "refused", "The last request for the file was refused, and the phone has not got it since."},
	{NoReaction, "no reaction", "A change waits, the phone was told to fetch it, and it did not in time."},
	{ChangeWaiting, "change waiting", "The file that the phone would get now is another one than it last got."},
	{Told, "told, waiting", "A change waits, and the phone was told to fetch it; its time is not over."},
	{Unknown, "unknown", "What the phone would get now cannot be known now: the reason says why."},
	{NeverFetched, "never fetched", "The phone never got a file, and was refused none."},
	{UpToDate, "up to date", "The file that the phone last got is the one that it would get now."},
}

// States returns the table of all states, from the worst to the best. The page, the API, the CLI, the metrics and the
// documentation use it.
func States() []Definition { return slices.Clone(definitions[:]) }

// rank is a state's index in the table. A smaller rank is worse.
type rank uint8

func (r rank) state() State { return definitions[r].State }

func rankOf(s State) rank {
	for i := range definitions {
		if definitions[i].State == s {
			return rank(i)
		}
	}
	return rankOf(Unknown)
}

// Valid reports whether s is one of the States.
func (s State) Valid() bool { return definitions[rankOf(s)].State == s }

// NotWell returns the states of phones that an admin may have to look at: all but up_to_date and never_fetched, the worst
// first.
func NotWell() (states []State) {
	for _, d := range definitions {
		if d.State != UpToDate && d.State != NeverFetched {
			states = append(states, d.State)
		}
	}
	return states
}

// Text returns the state for people: "change waiting".
func (s State) Text() string {
	if !s.Valid() {
		return string(s)
	}
	return definitions[rankOf(s)].Text
}

// Worse reports whether s is a worse state than other.
func (s State) Worse(other State) bool { return rankOf(s) < rankOf(other) }
