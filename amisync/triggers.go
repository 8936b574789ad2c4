package amisync

import (
	"slices"
	"strings"
	"sync"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

// MaxReasons bounds the reasons that a sync names.
const MaxReasons = 8

// triggers coalesces requests for a sync: at most one sync is waiting.
type triggers struct {
	wake    chan struct{} // of capacity one
	mu      sync.Mutex
	reasons []string
}

func newTriggers() *triggers { return &triggers{wake: make(chan struct{}, 1)} }

// add requests a sync. It never waits.
func (t *triggers) add(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.reasons) < MaxReasons && !slices.Contains(t.reasons, reason) {
		t.reasons = append(t.reasons, reason)
	}
	wake(t.wake)
}

// wake wakes the receiver, if it is not being woken already.
func wake(ch chan<- struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// take returns the reasons since the last take. No sync is waiting after it.
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

// reloads are the modules whose reload can change users, peers or profiles. A name that ends in "*" is a prefix.
var reloads = [...]string{
	"All",
	"phoneprov*", "res_phoneprov*", // with any Status; deploy/cli_aliases.conf uses names of ours
	"res_pjsip*", "chan_pjsip*", "chan_sip*", "chan_iax2*", "pbx_config*",
	"res_sorcery*", "res_config*", "extconfig*", "res_odbc*", "func_odbc*",
}

// reloadReason returns the reason to sync after a Reload event; "" if there is none.
func reloadReason(m ami.Message) string {
	module := m["Module"]
	for _, name := range reloads {
		if beginning, ok := strings.CutSuffix(name, "*"); module == name || ok && strings.HasPrefix(module, beginning) {
			return "reload of " + strings.TrimSuffix(module, ".so")
		}
	}
	return ""
}
