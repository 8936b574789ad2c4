package admin

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// phones answers with a page of the phones that the parameters select.
func (a *API) phones(w http.ResponseWriter, r *http.Request) error {
	values, err := parameters(r, "state", "profile", "pbx", "vendor", "q", "sort", "limit", "cursor")
	if err != nil {
		return err
	}
	q := PhonesQuery(values)
	if values.Has("limit") {
		if q.Limit, err = limited(values, ledger.MaxLimit); err != nil {
			return err
		}
	}
	page, err := a.Ledger.Phones(q)
	if err != nil {
		return badRequest("%v", err)
	}
	return answer(w, r, http.StatusOK, page)
}

// PhonesQuery returns the query of the parameters of a URL. Its Limit is DefaultLimit.
func PhonesQuery(values url.Values) ledger.Query {
	q := ledger.Query{Profile: values.Get("profile"), PBX: values.Get("pbx"), Vendor: values.Get("vendor"), Text: values.Get("q"), After: values.Get("cursor"), Limit: ledger.DefaultLimit}
	q.Sort, q.Desc = strings.CutPrefix(values.Get("sort"), "-")
	for _, state := range listed(values, "state") {
		q.States = append(q.States, ledger.State(state))
	}
	return q
}

// phone answers with everything that is known of a phone.
func (a *API) phone(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	phone, ok := a.Ledger.Phone(r.PathValue("mac"))
	if !ok {
		return ErrNoPhone
	}
	return answer(w, r, http.StatusOK, phone)
}

// list is the answer of all lists except that of phones.
type list[T any] struct {
	Items []T `json:"items"`
	Total int `json:"total"` // includes items beyond limit
}

// answerList answers with the first items of a list. The parameter limit says how many.
func answerList[T any](w http.ResponseWriter, r *http.Request, items []T, limit int) error {
	l := list[T]{Items: items[:min(limit, len(items))], Total: len(items)}
	if l.Items == nil {
		l.Items = []T{}
	}
	return answer(w, r, http.StatusOK, l)
}

// history answers with the events of a phone, the newest first.
func (a *API) history(w http.ResponseWriter, r *http.Request) error {
	values, err := parameters(r, "limit")
	if err != nil {
		return err
	}
	limit, err := limited(values, ledger.MaxHistory)
	if err != nil {
		return err
	}
	phone, ok := a.Ledger.Phone(r.PathValue("mac"))
	if !ok {
		return ErrNoPhone
	}
	events, err := a.Ledger.History(phone.ID)
	if err != nil {
		return err
	}
	return answerList(w, r, events, limit)
}

// maxListed bounds the parameter limit. The ledger bounds the lists itself.
const maxListed = 1000

// strangers answers with the MACs that were requested and belong to no phone, the last seen first.
func (a *API) strangers(w http.ResponseWriter, r *http.Request) error {
	limit, err := onlyLimit(r)
	if err != nil {
		return err
	}
	return answerList(w, r, a.Ledger.Strangers(), limit)
}

// syncs answers with the last syncs and the changes of each, the newest first.
func (a *API) syncs(w http.ResponseWriter, r *http.Request) error {
	limit, err := onlyLimit(r)
	if err != nil {
		return err
	}
	return answerList(w, r, a.Ledger.Syncs(), limit)
}

func onlyLimit(r *http.Request) (int, error) {
	values, err := parameters(r, "limit")
	if err != nil {
		return 0, err
	}
	return limited(values, maxListed)
}

// day answers with what happened in each quarter of an hour of the last day, the oldest first.
func (a *API) day(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	parts := a.Ledger.Day()
	return answerList(w, r, parts, len(parts))
}

// requests answers with the last requests of phones and strangers, the newest first.
func (a *API) requests(w http.ResponseWriter, r *http.Request) error {
	values, err := parameters(r, "limit", "q", "refused")
	if err != nil {
		return err
	}
	limit, err := limited(values, maxListed)
	if err != nil {
		return err
	}
	refused, err := flag(values, "refused")
	if err != nil {
		return err
	}
	return answerList(w, r, a.FoundRequests(values.Get("q"), refused), limit)
}

// FoundRequests returns the last requests that mention a text, the newest first. refused selects the refused ones.
func (a *API) FoundRequests(text string, refused bool) (found []ledger.Request) {
	text = strings.ToLower(strings.TrimSpace(text))
	for _, q := range a.Ledger.Requests() {
		if refused && !q.Refused || !mentions(text, q.File, q.MAC, q.Phone, q.Address, q.UserAgent, q.Profile, q.Reason) {
			continue
		}
		found = append(found, q)
	}
	return found
}

// mentions reports whether one of the texts in contains text. text is in lower case and may be empty.
func mentions(text string, in ...string) bool {
	for _, s := range in {
		if strings.Contains(strings.ToLower(s), text) {
			return true
		}
	}
	return false
}
