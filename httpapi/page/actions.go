package page

import (
	"errors"
	"net/http"
	"slices"

	"github.com/phoneprov/phoneprov/httpapi/admin"
	"github.com/phoneprov/phoneprov/httpapi/printable"
	"github.com/phoneprov/phoneprov/provision/words"
)

// maxForm bounds in bytes the body of a form.
const maxForm = 16 << 10

// errForm refuses a form that cannot be read.
var errForm = admin.BadRequest(errors.New("the form cannot be read"))

// form reads the form of an action.
func form(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if r.ParseForm() != nil {
		return errForm
	}
	return nil
}

// done answers an action: it leads to a page, which shows the outcome.
func done(w http.ResponseWriter, r *http.Request, to, outcome string) error {
	if outcome != "" {
		leaveNote(w, r, outcome)
	}
	secure(w.Header())
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// confirm applies the held change that the reader has seen.
func (s *Site) confirm(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	id := r.PostFormValue("held")
	if id == "" {
		return errForm
	}
	applied, err := s.api.ConfirmHeld(id, "page")
	if err != nil {
		return err
	}
	lost := 0
	for _, h := range applied {
		lost += h.Lost
	}
	return done(w, r, "/", languageOf(r).Text("held.applied", words.Number(lost)))
}

// reload has everything read from Asterisk again.
func (s *Site) reload(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	if err := s.api.ReadAgain("page"); err != nil {
		return err
	}
	return done(w, r, "/", languageOf(r).Text("asterisk.reloading"))
}

// display keeps the language and the colours that the reader chose.
func (s *Site) display(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	language, theme := r.PostFormValue("language"), r.PostFormValue("theme")
	if slices.ContainsFunc(words.All(), func(l *words.Language) bool { return l.Tag == language }) {
		setCookie(w, r, languageCookie, language, cookieAge)
	}
	switch {
	case slices.Contains(themes[:], theme):
		setCookie(w, r, themeCookie, theme, cookieAge)
	case theme == "":
		setCookie(w, r, themeCookie, "", -1)
	}
	return done(w, r, back(r), "")
}

// resync tells a phone to fetch its files.
func (s *Site) resync(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	phone, ok := s.api.Ledger.Phone(r.PathValue("mac"))
	if !ok {
		return admin.ErrNoPhone
	}
	result, err := s.api.Tell(r.Context(), admin.NotifyRequest{Phones: []string{phone.ID}})
	if err != nil {
		return err
	}
	l := languageOf(r)
	outcome := l.Text("told.queued")
	if len(result.Items) > 0 {
		switch one := result.Items[0]; {
		case one.Outcome == admin.NotTold:
			outcome = l.Text("told.not", l.Said(one.Why))
		case one.Why != "":
			outcome = l.Text("told.later", one.Event, one.To, l.Said(one.Why))
		default:
			outcome = l.Text("told.to", one.Event, one.To)
		}
	}
	return done(w, r, "/phones/"+phone.ID, printable.Only(outcome))
}
