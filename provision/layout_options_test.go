package provision

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// endpointOptions returns as many options as Asterisk's endpoints have. Endpoints of one kind share most of them.
func endpointOptions(kind, n int) map[string]string {
	options := map[string]string{"Callerid": fmt.Sprintf(`"User %d" <%d>`, n, n), "Aors": fmt.Sprint(n), "Auth": fmt.Sprint(n), "Mailboxes": ""}
	for i := range 120 {
		options["Option_"+strconv.Itoa(i)] = "value " + strconv.Itoa(i*kind)
	}
	return options
}

// Options are the same however they are stored.
func TestOptionSets(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 0))
	var sets OptionSets
	for n := range skips.Size(t, 300, 100) {
		options := endpointOptions(random.IntN(50), n)
		for range random.IntN(40) {
			delete(options, fmt.Sprintf("Option_%d", random.IntN(120)))
		}
		o := sets.Add(options)
		for i := range 120 {
			name := "Option_" + strconv.Itoa(i)
			if got := o.Get("OPTION" + strconv.Itoa(i)); got != options[name] {
				t.Fatalf("endpoint %d, %s: got %q, want %q", n, name, got, options[name])
			}
		}
		if o.Get("callerid") != options["Callerid"] || o.Get("mailboxes") != "" {
			t.Fatalf("endpoint %d: got %q", n, o.Get("callerid"))
		}
	}
	if len(sets.shared) > maxShared {
		t.Errorf("%d kinds", len(sets.shared))
	}
	if got := (*Options)(nil).Get("x"); got != "" {
		t.Errorf("got %q", got)
	}
}

// If most endpoints share 120 options, each needs little memory.
func TestOptionSetsMemory(t *testing.T) {
	const most = 400 // bytes each: a handful of its own
	endpoints := skips.Size(t, 3_000, 600)
	var before, after runtime.MemStats
	all := make([]*Options, endpoints)
	runtime.GC()
	runtime.ReadMemStats(&before)
	var sets OptionSets
	for n := range all {
		all[n] = sets.Add(endpointOptions(1+n%3, n))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / int64(endpoints); each > most || len(sets.shared) != 3 {
		t.Errorf("%d bytes for each endpoint, want at most %d; %d kinds", each, most, len(sets.shared))
	}
	runtime.KeepAlive(all)
}
