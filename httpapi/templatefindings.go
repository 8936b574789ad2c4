package httpapi

import (
	"sync"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/provision"
)

// maxFindings bounds the diagnostics that are remembered as logged. Templates with so many are all wrong; then some are
// logged again.
const maxFindings = 1000

// findings logs a diagnostic when a file first has it, and again when it had gone in between: when the file that showed it
// last was made without it.
type findings struct {
	mu    sync.Mutex
	shown map[string]string // the file that showed it last, by the diagnostic
}

// log takes note of the diagnostics of a file that was made.
func (f *findings) log(log zerolog.Logger, file string, found []provision.Diagnostic) {
	for _, d := range f.news(file, found) {
		log.Warn().Str("file", short(file)).Str("diagnostic", d).Msg("rendered")
	}
}

func (f *findings) news(file string, found []provision.Diagnostic) (news []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(found) == 0 && len(f.shown) == 0 {
		return nil
	}
	has := make(map[string]bool, len(found))
	for _, d := range found {
		text := d.String()
		if has[text] {
			continue
		}
		has[text] = true
		if _, ok := f.shown[text]; !ok {
			news = append(news, text)
		}
	}
	for text, last := range f.shown {
		if last == file && !has[text] {
			delete(f.shown, text)
		}
	}
	for text := range has {
		if _, ok := f.shown[text]; !ok && len(f.shown) >= maxFindings {
			clear(f.shown)
		}
		f.shown[text] = file
	}
	return news
}
