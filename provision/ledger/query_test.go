package ledger

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/phoneprov/phoneprov/provision/device"
)

// queried returns a site with five phones. Three of them have fetched.
func queried(t *testing.T) *site {
	var users strings.Builder
	users.WriteString("[general]\n")
	for i, name := range []string{"Zoe", "Anna", "Moritz", "anton", "Berta"} {
		fmt.Fprintf(&users, "[60%02d]\nusername = 60%02[1]d\nfullname = %s\nautoprov = yes\nmacaddress = 0004f200000%[1]d\n", i, name)
	}
	s := newSite(t, users.String(), nil)
	for i, who := range []asks{
		{"192.0.2.30", "Yealink SIP-T46S 66.85.0.5", "pbx", true},
		{"192.0.2.9", "Grandstream GXP2140 1.0.8.4", "pbx", true},
		{"192.0.2.100", "Yealink SIP-T19P 53.84.0.15", "pbx", true},
	} {
		s.fetch(who, fmt.Sprintf("0004f200000%d.cfg", i))
	}
	s.Served(s.answer(asks{"192.0.2.9", "Grandstream GXP2140 1.0.8.4", "pbx", true}, "0004f2000001.cfg", 500))
	s.settled()
	return s
}

func ids(p Page) (last []string) {
	for _, phone := range p.Items {
		last = append(last, phone.ID[len(phone.ID)-1:])
	}
	return last
}

func TestQueries(t *testing.T) {
	t.Parallel()
	s := queried(t)
	for _, row := range []struct {
		name string
		q    Query
		want string
	}{
		{"all", Query{}, "0 1 2 3 4"},
		{"downwards", Query{Desc: true}, "4 3 2 1 0"},
		{"by state, the worst first", Query{Sort: "state"}, "1 3 4 0 2"},
		{"of a state", Query{States: []State{UpToDate}}, "0 2"},
		{"of two states", Query{States: []State{UpToDate, Failing}}, "0 1 2"},
		{"of a vendor", Query{Vendor: "yealink"}, "0 2"},
		{"of no vendor that is there", Query{Vendor: "Snom"}, ""},
		{"of a profile", Query{Profile: "p"}, "0 1 2 3 4"},
		{"of another profile", Query{Profile: "q"}, ""},
		{"by name", Query{Sort: "name"}, "0 1 2 3 4"},
		{"by vendor", Query{Sort: "vendor", Desc: true}, "2 0 1 4 3"},
		{"by model", Query{Sort: "model", States: []State{UpToDate}}, "2 0"},
		{"by address", Query{Sort: "address", States: []State{UpToDate, Failing}}, "1 0 2"},
		{"a display name", Query{Text: "ANNA"}, "1"},
		{"a number", Query{Text: "6003"}, "3"},
		{"a part of a MAC with colons", Query{Text: "00:04:F2:00:00:04"}, "4"},
		{"an address", Query{Text: "2.100"}, "2"},
		{"nothing", Query{Text: "nobody"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			page, err := s.Phones(row.q)
			if got := strings.Join(ids(page), " "); got != row.want || err != nil {
				t.Errorf("got %q, %v, want %q", got, err, row.want)
			}
			if page.Total != len(page.Items) || page.Counts[NeverFetched] != 2 {
				t.Errorf("got %+v", page)
			}
			for _, limit := range []int{1, 2, 3} { // pages give the same phones in the same order
				var all []string
				q := row.q
				for q.Limit = limit; ; {
					page, err := s.Phones(q)
					if err != nil || len(page.Items) > limit || page.Total != len(strings.Fields(row.want)) {
						t.Fatalf("got %+v, %v", page, err)
					}
					all = append(all, ids(page)...)
					if q.After = page.Next; q.After == "" {
						break
					}
				}
				if got := strings.Join(all, " "); got != row.want {
					t.Errorf("by pages of %d: got %q, want %q", limit, got, row.want)
				}
			}
		})
	}
}

func TestQueriesThatAreWrong(t *testing.T) {
	t.Parallel()
	s := queried(t)
	for _, row := range []struct {
		q    Query
		want string
	}{
		{Query{States: []State{"well"}}, `state "well" is not one of: failing, refused, no_reaction, change_waiting, told, unknown, never_fetched, up_to_date`},
		{Query{Sort: "colour"}, `sort "colour" is not one of: id, state, since, name, profile, vendor, model, address, last_fetch`},
		{Query{Limit: -1}, "limit -1 is not from 1 to 1000"},
		{Query{Limit: 1001}, "limit 1001 is not from 1 to 1000"},
		{Query{After: "%"}, `cursor "%" is none of this list: begin with the first page`},
		{Query{After: "YQ"}, `cursor "YQ" is none of this list: begin with the first page`},
	} {
		if _, err := s.Phones(row.q); err == nil || err.Error() != row.want {
			t.Errorf("got %v, want %s", err, row.want)
		}
	}
}

// TestCursorOutlivesItsPhone checks that the next page begins after the previous one, even if the cursor's phone is gone.
func TestCursorOutlivesItsPhone(t *testing.T) {
	t.Parallel()
	s := queried(t)
	page, err := s.Phones(Query{Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	s.sync("[general]\n[x]\nusername = x\nautoprov = yes\nmacaddress = 0004f2000003\n")
	s.settled()
	next, err := s.Phones(Query{Limit: 2, After: page.Next})
	if got := strings.Join(ids(next), " "); got != "3" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestNotWell(t *testing.T) {
	t.Parallel()
	s := queried(t)
	if got := s.NotWell(10); len(got) != 1 || got[0].State != Failing {
		t.Errorf("got %+v", got)
	}
}

// TestNamesInJSON pins the JSON names: scripts depend on them.
func TestNamesInJSON(t *testing.T) {
	t.Parallel()
	s := queried(t)
	page, err := s.Phones(Query{States: []State{UpToDate}, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	for what, row := range map[string]struct {
		v    any
		want string
	}{
		"page":  {page, "counts items next total"},
		"phone": {page.Items[0], "address evidence files firmware id last_fetch lines mac model name peers_known profile reason since state vendor"},
		"line":  {page.Items[0].Lines[0], "address contact detail display_name endpoint name registered registered_at registered_since round_trip_ms user_agent"},
		"file": {page.Items[0].Files[0],
			"address bytes fetched_at fetched_etag host name reason requested_at scheme since state status tls user_agent wanted_etag"},
	} {
		text, err := json.Marshal(row.v)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		var names []string
		for name := range fields {
			names = append(names, name)
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != row.want {
			t.Errorf("%s: got %s, want %s", what, got, row.want)
		}
	}
}

func TestStrangers(t *testing.T) {
	t.Parallel()
	s := newSite(t, twoPhones, nil)
	at := func(mac string, n int, status int) {
		for range n {
			a := s.answer(asks{"203.0.113.4", "Yealink SIP-T46S 66.85.0.5", "", true}, mac+".cfg", status)
			a.Reason, a.Refused = "no such phone", true
			a.MAC, _ = device.ParseMAC(mac)
			s.Served(a)
		}
	}
	at(macNone, 3, 404)
	at("001565aabbcc", 1, 429) // the source asked for too many MACs
	s.settled()
	got := s.Strangers()
	if len(got) != 1 {
		t.Fatalf("got %+v", got)
	}
	want := Stranger{MAC: macNone, Vendor: "Yealink", Model: "T46S", Address: "203.0.113.4", UserAgent: "Yealink SIP-T46S 66.85.0.5", File: macNone + ".cfg",
		Reason: "no such phone", First: got[0].First, Last: got[0].Last, Count: 3}
	if diff := cmp.Diff(want, got[0]); diff != "" || got[0].Last.Before(got[0].First) {
		t.Error(diff)
	}
	for i := range maxStrangers + 50 {
		if at(fmt.Sprintf("0015650%05x", i), 1, 404); i%500 == 0 {
			s.settled()
		}
	}
	s.settled()
	if got = s.Strangers(); len(got) != maxStrangers || got[0].MAC != fmt.Sprintf("0015650%05x", maxStrangers+49) {
		t.Errorf("got %d, first %+v", len(got), got[0])
	}
	if slices.ContainsFunc(got, func(s Stranger) bool { return s.MAC == macNone }) {
		t.Error("the one that was seen the longest ago is still there")
	}
	// The stranger becomes a phone.
	mac := got[0].MAC
	s.sync(twoPhones + "[x]\nusername = x\nautoprov = yes\nmacaddress = " + mac + "\n")
	s.settled()
	if slices.ContainsFunc(s.Strangers(), func(s Stranger) bool { return s.MAC == mac }) {
		t.Error("a phone is a stranger")
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t, twoPhones, nil)
	a := s.fetched(desk, cfg1)
	a.TLS, a.Took = "1.3", 1500*time.Microsecond
	s.Served(a)
	s.refuse(asks{"203.0.113.4", strings.Repeat("x", 1000), "", true}, cfg1, "address")
	s.settled()
	got := s.Requests()
	if len(got) != 2 || got[1].Phone != mac1 || got[1].Profile != "p" || got[1].TLS != "1.3" || got[1].DurationMS != 1.5 || got[1].MAC != mac1 || got[1].Bytes != a.Bytes {
		t.Fatalf("got %+v", got)
	}
	if !got[0].Refused || got[0].Reason != "address" || len(got[0].UserAgent) > maxText+len("…") || got[0].Phone != mac1 {
		t.Errorf("got %+v", got[0])
	}
	for i := range maxRequests + 10 {
		a.Status = 200 + i
		s.Served(a)
	}
	s.settled()
	got = s.Requests()
	if len(got) != maxRequests || got[0].Status != 200+maxRequests+9 || got[maxRequests-1].Status != 210 {
		t.Errorf("got %d: %d to %d", len(got), got[0].Status, got[len(got)-1].Status)
	}
}

func TestSyncs(t *testing.T) {
	t.Parallel()
	s := newSite(t, twoPhones, nil)
	s.Synced(Sync{At: time.Now(), Trigger: "reload", Error: "Asterisk is away"})
	s.sync(changed)
	s.settled()
	got := s.Syncs()
	if len(got) != 3 || got[1].Error != "Asterisk is away" || got[1].Changes == nil || got[0].Changed != 1 || got[0].Phones != 2 || got[2].Added != 0 {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff([]SyncChange{{mac1, "6001", ChangedEvent}}, got[0].Changes); diff != "" {
		t.Error(diff)
	}
	for range maxSyncs + 5 {
		s.Synced(Sync{At: time.Now(), Trigger: "x", Error: "y"})
	}
	s.settled()
	if n := len(s.Syncs()); n != maxSyncs {
		t.Errorf("got %d", n)
	}
}

func TestSubscribers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, twoPhones, nil)
		s.settled()
		events, end := s.Subscribe()
		requests, endRequests := s.Subscribe(KindRequest)
		slow, endSlow := s.Subscribe(KindRequest)
		s.fetch(desk, cfg1)
		s.sync(changed)
		s.settled()
		var got []string
		for range 5 {
			switch u := <-events; {
			case u.Event != nil:
				got = append(got, fmt.Sprint(u.Seq, u.Event.Kind))
			case u.Sync != nil:
				got = append(got, fmt.Sprint(u.Seq, "sync", u.Sync.Changed))
			}
		}
		if text := strings.Join(got, ","); text != "1fetched,2state,3changed,4sync1,5state" {
			t.Errorf("got %s", text)
		}
		if u := <-requests; u.Request == nil || u.Request.File != cfg1 {
			t.Errorf("got %+v", u)
		}
		for range maxSubscribed + 10 {
			s.Served(s.answer(desk, cfg1, 404))
			s.settled()
			<-requests
		}
		s.settled()
		var last uint64
		for range maxSubscribed {
			last = (<-slow).Seq
		}
		s.Served(s.answer(desk, cfg1, 404))
		s.settled()
		if u := <-slow; u.Seq <= last+1 {
			t.Errorf("a slow subscriber does not see that it lost updates: %d after %d", u.Seq, last)
		}
		for _, end := range []func(){end, endRequests, endSlow, endSlow} {
			end()
		}
		if _, open := <-slow; open {
			t.Error("the channel is open")
		}
	})
}

// TestRefusalsOfOthersDoNotFloodTheHistory checks that refusals that do not count add few events.
func TestRefusalsOfOthersDoNotFloodTheHistory(t *testing.T) {
	s := newSite(t, twoPhones, nil)
	s.fetch(desk, cfg1)
	for i := range 300 {
		s.refuse(asks{fmt.Sprintf("203.0.113.%d", i%250), fmt.Sprint(i), "", true}, cfg1, "address")
	}
	p := s.wantState(mac1, UpToDate)
	if p.Refusal == nil || p.Refusal.Counts || p.Refusal.Count != 300 {
		t.Errorf("got %+v", p.Refusal)
	}
	if history, _ := s.History(mac1); len(history) != 3 {
		t.Errorf("got %d events", len(history))
	}
}
