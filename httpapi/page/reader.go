package page

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/words"
)

// The cookies of a reader. None is a secret.
const (
	languageCookie = "phoneprov_language"
	themeCookie    = "phoneprov_theme"
	noteCookie     = "phoneprov_note"
)

// cookieAge is how long a choice lasts, in seconds: a year.
const cookieAge = 365 * 24 * 3600

// maxNote bounds the outcome of an action in bytes, so that the cookie fits into every browser's limit of 4,096.
const maxNote = 1000

// themes are the choices of colours besides that of the browser.
var themes = [...]string{"light", "dark"}

// languageOf returns the language that a reader chose, or the one that the browser asks for.
func languageOf(r *http.Request) *words.Language {
	return words.Choose(cookie(r, languageCookie), r.Header.Get("Accept-Language"))
}

// themeOf returns the colours that a reader chose, or "".
func themeOf(r *http.Request) string {
	if theme := cookie(r, themeCookie); slices.Contains(themes[:], theme) {
		return theme
	}
	return ""
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	value, err := url.QueryUnescape(c.Value)
	if err != nil {
		return ""
	}
	return value
}

// setCookie sets a cookie of the reader. age is in seconds; a negative age deletes the cookie.
func setCookie(w http.ResponseWriter, r *http.Request, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: url.QueryEscape(value), Path: "/", MaxAge: age, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
}

// noteAge is how long an outcome waits for the page that shows it, in seconds.
const noteAge = 60

// leaveNote keeps the outcome of an action for the next page.
func leaveNote(w http.ResponseWriter, r *http.Request, text string) {
	if len(text) > maxNote {
		text = strings.ToValidUTF8(text[:maxNote], "") + "…"
	}
	setCookie(w, r, noteCookie, text, noteAge)
}

// takeNote returns the outcome of the last action, once. A fragment leaves it to the next whole page.
func takeNote(w http.ResponseWriter, r *http.Request) string {
	text := cookie(r, noteCookie)
	if text == "" || r.Header.Get(fragmentHeader) != "" {
		return ""
	}
	setCookie(w, r, noteCookie, "", -1)
	return text
}

// back returns where an action leads: the path of the form's field "back" if it is one of this site, else the overview.
func back(r *http.Request) string {
	to := r.PostFormValue("back")
	if u, err := url.Parse(to); err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

type userKey struct{}

// WithUser returns a request that says who is signed in. The page then shows the name and a button to sign out.
func WithUser(r *http.Request, name string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), userKey{}, name))
}

// UserOf returns who is signed in; empty: nobody had to.
func UserOf(r *http.Request) string {
	name, _ := r.Context().Value(userKey{}).(string)
	return name
}
