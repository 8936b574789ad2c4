package amisync

import (
	"slices"
	"strings"
	"sync"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

// maxReasons bounds the reasons that one sync names.
const maxReasons = 8

// triggers coalesces what asks for a sync: at most one is waiting.
type triggers struct {
	wake    chan struct{} // of size one
	mu      sync.Mutex
	reasons []string
}

func newTriggers() *triggers { return &triggers{wake: make(chan struct{}, 1)} }

// add asks for a sync. It never waits.
func (t *triggers) add(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.reasons) < maxReasons && !slices.Contains(t.reasons, reason) {
		t.reasons = append(t.reasons, reason)
	}
	wake(t.wake)
}

// wake sends without waiting: one that is pending is enough.
func wake(ch chan<- struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// take is what asked since the last take; no sync is waiting then.
func (t *triggers) take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.wake:
	default:
	}
	reasons := strings.Join(t.reasons, ", ")
	t.reasons = nil
	return reasons
}

// reloads are the modules whose reload can change users, peers or profiles; a name that ends in "*" is a beginning.
var reloads = [...]string{
	"All",
	"phoneprov*", "res_phoneprov*", // names of our own among them, whatever the Status: see deploy/cli_aliases.conf
	"res_pjsip*", "chan_pjsip*", "chan_sip*", "chan_iax2*", "pbx_config*",
	"res_sorcery*", "res_config*", "extconfig*", "res_odbc*", "func_odbc*",
}

// reloadReason says what a Reload event asks for: "" nothing.
func reloadReason(m ami.Message) string {
	module := m["Module"]
	for _, name := range reloads {
		if beginning, ok := strings.CutSuffix(name, "*"); module == name || ok && strings.HasPrefix(module, beginning) {
			return "reload of " + strings.TrimSuffix(module, ".so")
		}
	}
	return ""
}
