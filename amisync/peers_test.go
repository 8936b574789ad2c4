package amisync

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
)

func TestPeersOverAMI(t *testing.T) {
	files := with(sample, "pjsip.conf", `[6001]
type=endpoint
auth=a1,a2
aors=6001
transport=t
[6002]
type=endpoint
`)
	files["sip.conf"] = "[s1]\nhost=dynamic\n[s2]\nhost=192.0.2.2\n"
	files["iax.conf"] = "[i1]\nhost=dynamic\n"
	server, address := fake(t, files, amiserver.Options{SIP: true})
	r := start(t, Options{Address: address})
	want := func(what, want string) {
		t.Helper()
		var got string
		testkit.Eventually(t, what+": "+want, func() bool {
			var b strings.Builder
			for _, p := range r.Peers() {
				fmt.Fprintf(&b, "%s/%s=%s%v ", p.Kind, p.Name, p.State, len(p.Contacts))
			}
			got = b.String()
			return got == want
		})
	}
	want("list", "iax2/i1=offline0 pjsip/6001=offline0 pjsip/6002=offline0 sip/s1=offline0 sip/s2=online0 ")
	old := r.Peers()
	server.Event("Event", "DeviceStateChange", "Device", "PJSIP/6001", "State", "NOT_INUSE")
	server.Event("Event", "ContactStatus", "EndpointName", "6001", "URI", "sip:a@b", "ContactStatus", "Reachable")
	server.Event("Event", "PeerStatus", "ChannelType", "SIP", "Peer", "SIP/s1", "PeerStatus", "Registered", "Address", "192.0.2.9:5060")
	server.Event("Event", "PeerStatus", "ChannelType", "IAX2", "Peer", "IAX2/i1", "PeerStatus", "Reachable")
	server.Event("Event", "PeerStatus", "Peer", "nonsense")
	want("events", "iax2/i1=online0 pjsip/6001=online1 pjsip/6002=offline0 sip/s1=online0 sip/s2=online0 ")
	if old[1].State != Offline || len(old[1].Contacts) != 0 {
		t.Errorf("a list that was handed out changed: %+v", old[1])
	}
	server.Event("Event", "ContactStatus", "EndpointName", "6001", "URI", "sip:a@b", "ContactStatus", "Removed")
	want("removed", "iax2/i1=online0 pjsip/6001=online0 pjsip/6002=offline0 sip/s1=online0 sip/s2=online0 ")
	counts := []PeerCount{{IAX2, Online, 1}, {PJSIP, Offline, 1}, {PJSIP, Online, 1}, {SIP, Online, 2}}
	if got := r.Status().Peers; !slices.Equal(got, counts) {
		t.Errorf("got %v, want %v", got, counts)
	}
	if p := old[1]; p.Transport != "t" || !slices.Equal(p.Auths, []string{"a1", "a2"}) || !slices.Equal(p.AORs, []string{"6001"}) {
		t.Errorf("got %+v", p)
	}
}

func TestPeerStates(t *testing.T) {
	for status, want := range map[string]State{
		"OK (12 ms)": Online, "LAGGED (2000 ms)": Online, "UNREACHABLE": Offline, "UNKNOWN": Unknown, "Unmonitored": Online,
		"Registered": Online, "Unregistered": Offline, "Reachable": Online, "Lagged": Online, "Rejected": Offline, "": Unknown,
	} {
		if got := peerState(status, true); got != want {
			t.Errorf("%q: got %s, want %s", status, got, want)
		}
	}
	for status, want := range map[string]State{
		"Not in use": Online, "NOT_INUSE": Online, "In use": Online, "Ringing": Online, "Busy": Online, "Unavailable": Offline,
		"UNAVAILABLE": Offline, "INVALID": Offline, "Unknown": Unknown, "": Unknown,
	} {
		if got := deviceState(status); got != want {
			t.Errorf("%q: got %s, want %s", status, got, want)
		}
	}
}

func TestLiveEndpoints(t *testing.T) {
	files := map[string]string{"pjsip.conf": `[t]
type=transport
bind=0.0.0.0:5070
[6001]
type=endpoint
transport=t
auth=a1, a2
` +
		`callerid="A" <6001>
dtmf_mode=inband
call_group=1
mailboxes=
[a2]
type=auth
username=u2
password=p2
[a1]
type=auth
username=u1
password=  p1
[bare]
type=endpoint
`}
	_, address := fake(t, files, amiserver.Options{})
	c := mustConnect(t, address, nil)
	live, _, err := readLive(within(t, testkit.Patience), c, []string{"6001", "missing", "bare", "bad\r\nname"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]provision.Endpoint{
		"6001": {ID: "6001", CallerID: `"A" <6001>`, TransportID: "t", Bind: "0.0.0.0:5070", AuthID: "a1", Username: "u1", Password: "p1"},
		"bare": {ID: "bare"},
	}
	if d := cmp.Diff(want, live.Endpoints, noEndpointOptions); d != "" {
		t.Error(d)
	}
	for option, want := range map[string]string{"dtmf_mode": "inband", "DTMFMODE": "inband", "callgroup": "1", "call_group": "1", "Context": "default",
		"transport": "t", "device_state": "", "active_channels": "", "mailboxes": "", "password": ""} {
		if got := live.Endpoints["6001"].Options.Get(option); got != want {
			t.Errorf("%s: got %q, want %q", option, got, want)
		}
	}
	if got := live.Endpoints["bare"].Options; got.Get("dtmf_mode") != "rfc4733" || got.Get("callerid") != "" {
		t.Errorf("bare: got %+v", got)
	}
}

func TestNoPJSIP(t *testing.T) {
	_, address := fake(t, nil, amiserver.Options{Intercept: func(s *amiserver.Session, m amiserver.Message) bool {
		if strings.HasPrefix(m["Action"], "PJSIP") {
			s.Send("Response", "Error", "ActionID", m["ActionID"], "Message", "Invalid/unknown command: "+m["Action"]+". Use Action: ListCommands to show available commands.")
			return true
		}
		return false
	}})
	c := mustConnect(t, address, nil)
	live, _, err := readLive(within(t, testkit.Patience), c, []string{"6001"})
	if err != nil || live == nil || len(live.Endpoints) != 0 {
		t.Errorf("got %v, %v", live, err)
	}
	if peers, err := readPeers(within(t, testkit.Patience), c); err != nil || len(peers) != 0 {
		t.Errorf("got %v, %v", peers, err)
	}
}
