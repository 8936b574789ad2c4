package page

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"

	"github.com/phoneprov/phoneprov/httpapi/admin"
	"github.com/phoneprov/phoneprov/httpapi/printable"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// phonePage is the data of the page of one phone.
type phonePage struct {
	Phone     ledger.Phone
	History   []ledger.Event
	CanTell   bool   // there is an Asterisk that tells phones
	FirstFile string // that the button renders; empty: there is none
	File      string // that is shown; empty: none
	Here      string // path and query of the page
	Preview   *preview

	WithVariables  bool
	Variables      []admin.LineVariables
	VariablesError string

	Ask bool // the reader is asked whether secrets are to be shown
}

// preview is a file as the phone would get it now.
type preview struct {
	Name     string
	Secrets  bool // they show
	Text     template.HTML
	Error    string // why the file cannot be shown; empty: it can
	Diff     template.HTML
	DiffNote string // why there is no Diff
}

// phone shows a phone: with the parameter file also one of its files, and with variables its variables.
func (s *Site) phone(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	return s.showPhone(w, r, values.Get("file"), values.Get("variables") == "true", false, false)
}

// reveal asks whether secrets are to be shown. With secrets=true in its URL, which httpapi logs, it shows them. So a
// page of secrets is the answer to a second POST, and no link leads to it.
func (s *Site) reveal(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	secrets := r.URL.Query().Get("secrets") == "true"
	return s.showPhone(w, r, r.PostFormValue("file"), r.PostFormValue("variables") == "true", secrets, !secrets)
}

func (s *Site) showPhone(w http.ResponseWriter, r *http.Request, file string, variables, secrets, ask bool) error {
	phone, ok := s.api.Ledger.Phone(r.PathValue("mac"))
	if !ok {
		return admin.ErrNoPhone
	}
	base := "/phones/" + url.PathEscape(phone.ID)
	p := phonePage{Phone: phone, File: file, CanTell: s.api.Notify != nil, Here: base, WithVariables: variables || secrets, Ask: ask}
	if file != "" {
		p.Here += "?file=" + url.QueryEscape(file)
	}
	title := phone.Name + " " + spelt(phone.ID)
	if phone.Name == "" {
		title = spelt(phone.ID)
	}
	page := shown{template: "phone", title: printable.Only(title), live: "event,sync", fragment: base, data: &p}
	if len(phone.Files) > 0 {
		p.FirstFile = phone.Files[0].Name
	}
	if ask {
		page.live = ""
		return s.show(w, r, page)
	}
	var err error
	if p.History, err = s.api.Ledger.History(phone.ID); err != nil {
		return err
	}
	if file != "" {
		p.Preview = s.preview(r, phone, file, secrets)
	}
	if p.WithVariables {
		p.Variables, p.VariablesError = s.variables(r, phone, secrets)
	}
	return s.show(w, r, page)
}

// preview renders a file. An error is shown in its place, as the rest of the page does not need it.
func (s *Site) preview(r *http.Request, phone ledger.Phone, name string, secrets bool) *preview {
	p := &preview{Name: name, Secrets: secrets}
	text, _, err := s.api.FileText(r.Context(), phone.ID, name, secrets)
	if err != nil {
		_, p.Error = admin.StatusOf(err)
	}
	p.Text = highlight(string(text))
	if !secrets {
		p.Diff, p.DiffNote = s.diff(r, phone, name)
	}
	return p
}

// diff returns the difference between the file as the phone got it last and as it would get it now. Without one, the
// text says why.
func (s *Site) diff(r *http.Request, phone ledger.Phone, name string) (template.HTML, string) {
	l := languageOf(r)
	text, err := s.api.DiffOf(r.Context(), phone.ID, name)
	switch {
	case errors.Is(err, ledger.ErrNotFetched):
		return "", l.Text("diff.never")
	case err != nil:
		_, why := admin.StatusOf(err)
		return "", l.Text("diff.none", l.Said(why))
	case text == "":
		return "", l.Text("diff.same")
	}
	return highlightDiff(text), ""
}

// variables returns the variables of a phone, and why they are not whole.
func (s *Site) variables(r *http.Request, phone ledger.Phone, secrets bool) ([]admin.LineVariables, string) {
	vars, err := s.api.VariablesOf(r.Context(), phone.ID, secrets)
	if err != nil {
		_, why := admin.StatusOf(err)
		return nil, why
	}
	return vars.Lines, vars.Error
}
