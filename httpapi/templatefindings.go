package httpapi

import (
	"sync"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/provision"
)

// maxFindings bounds the diagnostics that are remembered as logged. If templates have more, all of them are wrong, and
// some diagnostics are logged again.
const maxFindings = 1000

// findings logs a diagnostic of a template when it first appears, and again if it had disappeared in between: it
// disappears when the file that last had it is rendered without it.
type findings struct {
	mu    sync.Mutex
	shown map[string]string // maps a diagnostic to the file that last had it
}

// log logs the new diagnostics of a rendered file.
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
