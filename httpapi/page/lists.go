package page

import (
	"net/http"

	"github.com/phoneprov/phoneprov/httpapi/admin"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// maxRequestsShown is the number of requests on the page, which is fetched again at each event. The API has all.
const maxRequestsShown = 200

// requests is the data of the list of requests.
type requests struct {
	Text    string
	Refused bool
	Items   []ledger.Request
	Total   int
}

func (s *Site) requests(w http.ResponseWriter, r *http.Request) error {
	q := requests{Text: r.URL.Query().Get("q"), Refused: r.URL.Query().Get("refused") == "true"}
	q.Items = s.api.FoundRequests(q.Text, q.Refused)
	q.Total = len(q.Items)
	q.Items = q.Items[:min(q.Total, maxRequestsShown)]
	return s.show(w, r, shown{template: "requests", title: languageOf(r).Text("requests.title"), live: "request", data: q})
}

func (s *Site) problems(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, shown{template: "problems", title: languageOf(r).Text("problems.title"), live: "sync,event", data: s.currentProblems()})
}

// maxSyncChanges is the number of phones that the page names of a sync. The API names more.
const maxSyncChanges = 100

func (s *Site) syncs(w http.ResponseWriter, r *http.Request) error {
	list := s.api.Ledger.Syncs()
	for i, one := range list {
		if more := len(one.Changes) - maxSyncChanges; more > 0 {
			list[i].Changes, list[i].More = one.Changes[:maxSyncChanges], one.More+more
		}
	}
	return s.show(w, r, shown{template: "syncs", title: languageOf(r).Text("sync.title"), live: "sync", data: list})
}

// section is a section of the settings.
type section struct {
	Name     string
	Settings []admin.Setting
}

func (s *Site) settings(w http.ResponseWriter, r *http.Request) error {
	var sections []section
	for _, one := range s.api.Settings {
		if n := len(sections); n == 0 || sections[n-1].Name != one.Section {
			sections = append(sections, section{Name: one.Section})
		}
		last := &sections[len(sections)-1]
		last.Settings = append(last.Settings, one)
	}
	return s.show(w, r, shown{template: "settings", title: languageOf(r).Text("settings.title"), data: sections})
}
