package amisync

import (
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/provision/device"
)

// notifyModule begins a command of the Asterisk CLI that tells phones. The alias "phoneprov notify = module reload phoneprov-notify" of
// cli_aliases.conf passes its arguments on, and each comes as the Reload event of a module of that name (measured on 16 and 22).
const notifyModule = "phoneprov-notify"

// The words that may follow phoneprov-notify beside MACs.
const (
	WordStale   = "stale"   // all phones for which a change waits
	WordConfirm = "confirm" // those that are held, as the change touches too many
)

const (
	// noSuchModule is the Status of a Reload event of a name that no module has (measured on 16 and 22). A module that is called like one of our
	// words is none of ours.
	noSuchModule = "2"
	// wordsWithin is how long after the one before it an argument may come: they are sent within some ms.
	wordsWithin = 2 * time.Second
)

// commandLine takes the arguments of a command apart that came as Reload events of one connection. The zero commandLine has heard nothing.
type commandLine struct {
	open bool
	at   time.Time
}

// take looks at a Reload event. ours: it is a part of a command. word is its argument; empty: it has none.
func (l *commandLine) take(m ami.Message, now time.Time) (word string, ours bool) {
	module := m["Module"]
	if module == notifyModule && m["Status"] == noSuchModule {
		l.open, l.at = true, now
		return "", true
	}
	follows := l.open && m["Status"] == noSuchModule && now.Sub(l.at) < wordsWithin
	l.open = false
	if !follows {
		return "", false
	}
	word = strings.ToLower(module)
	if mac, err := device.ParseMAC(word); err == nil {
		word = mac.String()
	} else if word != WordStale && word != WordConfirm {
		return "", false
	}
	l.open, l.at = true, now
	return word, true
}
