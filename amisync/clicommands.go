package amisync

import (
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/provision/device"
)

// notifyModule is the module name that begins a command of the Asterisk CLI that tells phones. The alias "phoneprov
// notify = module reload phoneprov-notify" of cli_aliases.conf appends the arguments of the command. Asterisk sends a
// Reload event for each argument, with the argument as Module (measured on 16 and 22).
const notifyModule = "phoneprov-notify"

// The words that may follow phoneprov-notify beside MACs.
const (
	WordStale   = "stale"   // all phones with a waiting change
	WordConfirm = "confirm" // the held phones, because the change touches too many
)

const (
	// noSuchModule is the Status of a Reload event if no module has the name (measured on 16 and 22). With another
	// Status, a real module has the name of one of our words.
	noSuchModule = "2"
	// wordsWithin bounds the time between two arguments of a command. Asterisk sends them within some ms.
	wordsWithin = 2 * time.Second
)

// commandLine finds the arguments of a command in the Reload events of one connection. The zero commandLine has seen no
// event.
type commandLine struct {
	open bool
	at   time.Time
}

// take looks at a Reload event. ours reports whether the event belongs to a command. word is the argument in the event;
// empty for the event that begins the command.
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
