package page

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/phoneprov/phoneprov/httpapi/admin"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// perPage is the number of phones on a page.
const perPage = 50

// phones is the data of the list of phones. Its URL holds all of it.
type phones struct {
	Query         ledger.Query
	Sort          string // as in the URL
	Filtered      bool
	States        []choice
	SeveralStates string // states of the URL that no single choice stands for
	Profiles      []choice
	Vendors       []choice
	PBXs          []choice // of several Asterisks; nil: there is one
	Columns       []column
	Page          ledger.Page
	Number, Last  int // of the page
	Before, After string
}

// choice is an option of a filter.
type choice struct {
	State  ledger.State
	Name   string
	Count  int
	Chosen bool
}

// column is a head of the table.
type column struct {
	Title  string // key of its word
	Wide   bool   // hidden on small screens
	Sorted string // ascending, descending, or empty
	URL    string // sorts by it
}

// columns are the columns with what they are sorted by.
var columns = [...]struct {
	title, sort string
	wide        bool
}{
	{"col.state", "state", false}, {"col.phone", "name", false}, {"col.since", "since", true}, {"col.mac", "id", true}, {"col.profile", "profile", true},
	{"col.device", "model", true}, {"col.address", "address", true}, {"col.registered", "", true}, {"col.fetched", "last_fetch", true},
}

func (s *Site) phones(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	number, err := pageNumber(values.Get("page"))
	if err != nil {
		return err
	}
	q := admin.PhonesQuery(values)
	q.Limit, q.Skip = perPage, (number-1)*perPage
	p := phones{Query: q, Sort: values.Get("sort"), Filtered: q.Text != "" || q.Profile != "" || q.PBX != "" || q.Vendor != "" || len(q.States) > 0, Number: number}
	if p.Page, err = s.api.Ledger.Phones(q); err != nil {
		return admin.BadRequest(err)
	}
	p.Last = max(1, (p.Page.Total+perPage-1)/perPage)
	at := func(page int) string { return with(values, "page", strconv.Itoa(page)) }
	if number > 1 {
		p.Before = at(min(number-1, p.Last))
	}
	if number < p.Last {
		p.After = at(number + 1)
	}
	p.choices(s.api.Ledger.Uses())
	for _, pbx := range s.api.Summary().PBXs {
		p.PBXs = append(p.PBXs, choice{Name: pbx.Name, Count: pbx.Phones, Chosen: pbx.Name == q.PBX})
	}
	p.heads(values)
	l := languageOf(r)
	return s.show(w, r, shown{template: "phones", title: l.Text("nav.phones"), live: "event,sync", data: p})
}

var errPageNumber = errors.New("parameter \"page\" is no number of a page")

func pageNumber(text string) (int, error) {
	if text == "" {
		return 1, nil
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 || number > ledger.MaxSkip/perPage {
		return 0, admin.BadRequest(errPageNumber)
	}
	return number, nil
}

// choices fills the filters.
func (p *phones) choices(uses []ledger.Use) {
	for _, d := range ledger.States() {
		p.States = append(p.States, choice{State: d.State, Count: p.Page.Counts[d.State], Chosen: len(p.Query.States) == 1 && p.Query.States[0] == d.State})
	}
	if len(p.Query.States) > 1 {
		var all []string
		for _, state := range p.Query.States {
			all = append(all, string(state))
		}
		p.SeveralStates = strings.Join(all, ",")
	}
	profiles, vendors := map[string]int{}, map[string]int{}
	for _, u := range uses {
		profiles[u.Profile] += u.Phones
		vendors[u.Vendor] += u.Phones
	}
	p.Profiles, p.Vendors = choicesOf(profiles, p.Query.Profile), choicesOf(vendors, p.Query.Vendor)
}

// choicesOf returns the options of counted names, in order. chosen is one, even if nothing has it.
func choicesOf(counts map[string]int, chosen string) (list []choice) {
	found := chosen == ""
	for name, n := range counts {
		if name == "" {
			continue
		}
		is := chosen != "" && strings.EqualFold(name, chosen)
		found = found || is
		list = append(list, choice{Name: name, Count: n, Chosen: is})
	}
	if !found {
		list = append(list, choice{Name: chosen, Chosen: true})
	}
	slices.SortFunc(list, func(a, b choice) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list
}

// heads fills the columns. A click on the sorted one turns the order around.
func (p *phones) heads(values url.Values) {
	sorted, desc := strings.CutPrefix(p.Sort, "-")
	for _, c := range columns {
		head := column{Title: c.title, Wide: c.wide}
		if c.sort != "" {
			to := c.sort
			if sorted == c.sort || sorted == "" && c.sort == "id" {
				head.Sorted = "ascending"
				if desc {
					head.Sorted = "descending"
				} else {
					to = "-" + c.sort
				}
			}
			head.URL = with(values, "sort", to)
		}
		p.Columns = append(p.Columns, head)
	}
}

// with returns the URL of the list with one parameter changed. A changed order begins with the first page.
func with(values url.Values, name, value string) string {
	next := url.Values{}
	for key, list := range values {
		for _, v := range list {
			if v != "" && !(key == "page" && name != "page") {
				next.Add(key, v)
			}
		}
	}
	next.Set(name, value)
	if name == "page" && value == "1" {
		next.Del(name)
	}
	return "/phones?" + next.Encode()
}
