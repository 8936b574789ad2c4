package httpapi

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/provision"
)

// maxFindings bounds the diagnostics that are remembered as logged. If templates have more, all of them are wrong, and
// some diagnostics are logged again.
const maxFindings = 1000

// Findings logs a diagnostic when a file first has it. It logs it again if it came back: if the last file that showed
// it was rendered without it in between.
type Findings struct {
	any   atomic.Bool // shown is not empty; read without mu
	mu    sync.Mutex
	shown map[string]shownFinding // maps the text of a diagnostic to the file that last had it
}

// shownFinding is a diagnostic and the file that last had it.
type shownFinding struct {
	file       string
	diagnostic provision.Diagnostic
}

// NewFindings returns Findings that have logged nothing yet.
func NewFindings() *Findings { return &Findings{shown: map[string]shownFinding{}} }

// Current returns the diagnostics that the files had at their last rendering, sorted by text.
func (f *Findings) Current() (current []provision.Diagnostic) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, text := range slices.Sorted(maps.Keys(f.shown)) {
		current = append(current, f.shown[text].diagnostic)
	}
	return current
}

// log records the diagnostics of a rendered file and logs new ones.
func (f *Findings) log(log zerolog.Logger, file string, found []provision.Diagnostic) {
	for _, d := range f.news(file, found) {
		log.Warn().Str("file", short(file)).Str("diagnostic", d).Msg("rendered")
	}
}

func (f *Findings) news(file string, found []provision.Diagnostic) (news []string) {
	if len(found) == 0 && !f.any.Load() {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	has := make(map[string]provision.Diagnostic, len(found))
	for _, d := range found {
		text := d.String()
		if _, twice := has[text]; twice {
			continue
		}
		has[text] = d
		if _, ok := f.shown[text]; !ok {
			news = append(news, text)
		}
	}
	for text, last := range f.shown {
		if _, still := has[text]; !still && last.file == file {
			delete(f.shown, text)
		}
	}
	for text, d := range has {
		if _, ok := f.shown[text]; !ok && len(f.shown) >= maxFindings {
			clear(f.shown)
		}
		f.shown[text] = shownFinding{file, d}
	}
	f.any.Store(len(f.shown) > 0)
	return news
}
