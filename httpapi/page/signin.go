package page

import (
	"net/http"
	"strconv"
)

// SignIn is what the page of signing in shows. It is httpapi.SignInForm.
type SignIn struct {
	To      string // the path that the reader wanted
	Name    string // that the reader typed
	Names   bool   // people sign in with a name and a password
	Tokens  bool   // a token signs in too
	Outcome int    // status of the last try: 401 wrong, 429 too many, 503 busy; 0: there was none
}

// Problem returns the key of the words for the outcome; "" for none.
func (f SignIn) Problem() string {
	if f.Outcome == 0 {
		return ""
	}
	return "signin.problem." + strconv.Itoa(f.Outcome)
}

// SignIn answers with the page of signing in. It is the only page that a reader gets who is not signed in, so it says
// nothing about phones.
func (s *Site) SignIn(w http.ResponseWriter, r *http.Request, f SignIn) {
	page := shown{template: "signin", title: languageOf(r).Text("signin.title"), status: f.Outcome, bare: true, data: f}
	if err := s.show(w, r, page); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}
