package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
)

// parameters are those of a request's URL. A name that an endpoint does not know is an error, as a filter that is misspelt
// would select everything.
func parameters(r *http.Request, known ...string) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badRequest("the query of the URL cannot be read: %v", err)
	}
	for name, given := range values {
		if !slices.Contains(known, name) {
			near := ""
			if n := provision.Nearest(name, slices.Values(known)); n != "" {
				near = "; is " + strconv.Quote(n) + " meant?"
			}
			return nil, badRequest("there is no parameter %q%s", clip(name), near)
		}
		if len(given) > 1 && name != "state" && name != "what" {
			return nil, badRequest("parameter %q is there %d times", name, len(given))
		}
	}
	return values, nil
}

// listed are the values of a parameter, which may be repeated, or have several with commas between them.
func listed(values url.Values, name string) (list []string) {
	for _, given := range values[name] {
		for word := range strings.SplitSeq(given, ",") {
			if word != "" {
				list = append(list, word)
			}
		}
	}
	return list
}

// flag is a parameter that is true or false.
func flag(values url.Values, name string) (bool, error) {
	switch values.Get(name) {
	case "":
		return false, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, badRequest("parameter %q is not one of: true, false", name)
}

// limited is the parameter limit, at most most; without one it is most.
func limited(values url.Values, most int) (int, error) {
	text := values.Get("limit")
	if text == "" {
		return most, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, badRequest("parameter \"limit\" is not a number from 1 to %d", most)
	}
	return n, nil
}

// maxClip bounds in bytes what a message repeats of a request.
const maxClip = 64

func clip(s string) string {
	if len(s) > maxClip {
		return strings.ToValidUTF8(s[:maxClip], "") + "…"
	}
	return s
}
