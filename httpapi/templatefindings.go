package httpapi

import (
	"maps"
	"slices"
	"sync"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/provision"
)

// maxFindings bounds the diagnostics that are remembered as logged. If templates have more, all of them are wrong, and
// some diagnostics are logged again.
const maxFindings = 1000

// Findings logs a diagnostic when a file first has it, and again when it had gone in between: when the file that showed it
// last was made without it.
type Findings struct {
	mu    sync.Mutex
	shown map[string]shownFinding // by the diagnostic's text
}

// shownFinding is a diagnostic and the file that showed it last.
type shownFinding struct {
	file       string
	diagnostic provision.Diagnostic
}

// NewFindings makes Findings for Options.
func NewFindings() *Findings { return &Findings{shown: map[string]shownFinding{}} }

// Current are the diagnostics that the files had when they were made last, in the order of their texts.
func (f *Findings) Current() (current []provision.Diagnostic) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, text := range slices.Sorted(maps.Keys(f.shown)) {
		current = append(current, f.shown[text].diagnostic)
	}
	return current
}

// log takes note of the diagnostics of a file that was made.
func (f *Findings) log(log zerolog.Logger, file string, found []provision.Diagnostic) {
	for _, d := range f.news(file, found) {
		log.Warn().Str("file", short(file)).Str("diagnostic", d).Msg("rendered")
	}
}

func (f *Findings) news(file string, found []provision.Diagnostic) (news []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(found) == 0 && len(f.shown) == 0 {
		return nil
	}
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
	return news
}
