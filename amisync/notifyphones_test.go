package amisync

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/notify"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

func TestInCall(t *testing.T) {
	for state, want := range map[string]bool{
		"Not in use": false, "NOT_INUSE": false, "Unavailable": false, "UNKNOWN": false, "Invalid": false, "": false,
		"In use": true, "INUSE": true, "Busy": true, "Ringing": true, "RINGING": true, "Ring+Inuse": true, "RINGINUSE": true, "On Hold": true, "ONHOLD": true,
	} {
		if got := inCall(state); got != want {
			t.Errorf("%q: got %v", state, got)
		}
	}
}

func TestReachOf(t *testing.T) {
	e := reachOf("6001", []ami.Message{
		{"Event": "EndpointDetail", "DeviceState": "In use"},
		{"Event": "AorDetail", "Contacts": "6001/sip:6001@192.0.2.1:5062"},
		{"Event": "ContactStatusDetail", "URI": "sip:6001@192.0.2.1:5062;transport=tcp", "UserAgent": "Yealink SIP-T46S 66.84.0.15"},
		{"Event": "ContactStatusDetail", "URI": "sip:6001@[2001:db8::7]:5060"},
		{"Event": "ContactStatusDetail", "URI": "sip:6001@phone.example"},
	})
	if !e.InCall || len(e.Contacts) != 3 || e.Contacts[0].Address.String() != "192.0.2.1" || e.Contacts[0].UserAgent == "" ||
		e.Contacts[1].Address.String() != "2001:db8::7" || e.Contacts[2].Address.IsValid() {
		t.Errorf("got %+v", e)
	}
}

func TestOutboundEndpoint(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "default_outbound_endpoint",
		"[global]\ntype=global\nuser_agent=x\n": "default_outbound_endpoint",
		"[g]\ntype=global\ndefault_outbound_endpoint=out\n[out]\ntype=endpoint\n": "out",
		"[out]\ntype=endpoint\ndefault_outbound_endpoint=no\n":                    "default_outbound_endpoint",
	} {
		dir := t.TempDir()
		testkit.Write(t, filepath.Join(dir, "pjsip.conf"), text)
		file, err := (&astconf.Loader{Dir: dir}).Load("pjsip.conf")
		if err != nil {
			t.Fatal(err)
		}
		if got := outboundEndpoint(provision.Config{"pjsip.conf": file}); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := outboundEndpoint(nil); got != defaultOutbound {
		t.Errorf("without a file: got %q", got)
	}
}

func TestNotifyWithoutAConnection(t *testing.T) {
	s, err := New(Options{Source: SourceFiles, ConfigDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Notify(context.Background(), notify.Target{Endpoint: "6001"}, "check-sync"); !errors.Is(err, notify.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	if _, _, err := s.Reach(context.Background(), "6001"); !errors.Is(err, notify.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}

// Asterisk refuses Notify, closes the connection or stays silent.
func TestNotifyFaults(t *testing.T) {
	var answer atomic.Pointer[func(*amiserver.Session, amiserver.Message)]
	var variable atomic.Value
	_, address := fake(t, sample, amiserver.Options{Intercept: func(s *amiserver.Session, m amiserver.Message) bool {
		if m["Action"] != "PJSIPNotify" {
			return false
		}
		variable.Store(m["Variable"])
		(*answer.Load())(s, m)
		return true
	}})
	r := start(t, Options{Address: address})
	r.waitPhones(t, 1)
	to := notify.Target{Driver: notify.PJSIP, Endpoint: "6001"}
	reply := func(fields ...string) func(*amiserver.Session, amiserver.Message) {
		return func(s *amiserver.Session, m amiserver.Message) { s.Send(append(fields, "ActionID", m["ActionID"])...) }
	}
	for _, tt := range []struct {
		name   string
		event  string
		answer func(*amiserver.Session, amiserver.Message)
		is     error // nil: none
		sent   bool  // Asterisk sent the NOTIFY, or may have sent it
	}{
		{"sent", "check-sync;reboot=false", reply("Response", "Success", "Message", "NOTIFY sent"), nil, true},
		{"no right", "check-sync", reply("Response", "Error", "Message", "Permission denied"), notify.ErrDenied, false},
		{"no endpoint", "check-sync", reply("Response", "Error", "Message", "Unable to retrieve endpoint 6001"), notify.ErrRefused, false},
		{"a header of its own", "check-sync\r\nURI: sip:x@y", reply(), notify.ErrRefused, false},
		{"another header", "check-sync,Content-type=a/b", reply(), notify.ErrRefused, false},
		{"half an answer", "check-sync", func(s *amiserver.Session, m amiserver.Message) { s.Raw("Response: Succ"); s.Close() }, nil, false},
		{"the connection ends", "check-sync", func(s *amiserver.Session, m amiserver.Message) { s.Close() }, nil, false},
		{"silence", "check-sync", func(*amiserver.Session, amiserver.Message) {}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			testkit.Eventually(t, "connected", func() bool { _, err := r.notifyConn(); return err == nil })
			answer.Store(&tt.answer)
			wait := testkit.Patience
			if tt.name == "silence" {
				wait = 50 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			defer cancel()
			text, err := r.Notify(ctx, to, tt.event)
			known := errors.Is(err, notify.ErrDenied) || errors.Is(err, notify.ErrRefused) || errors.Is(err, notify.ErrUnreachable)
			switch {
			case tt.sent && (err != nil || text != "NOTIFY sent" || variable.Load() != "Event="+tt.event),
				tt.is != nil && !errors.Is(err, tt.is),
				!tt.sent && tt.is == nil && (err == nil || known):
				t.Errorf("got %q, %v", text, err)
			}
		})
	}
}

// TestNotifyOfChanSIP reads a peer of chan_sip on a real Asterisk 16, and tells it.
func TestNotifyOfChanSIP(t *testing.T) {
	a := oracle.Start(t, oracle.Options{Suite: oracle.Bullseye, Files: map[string]string{
		"sip.conf": `[general]
bindport=5070
callcounter=yes
[7001]
type=friend
host=dynamic
secret=` + testSecret + "\n[7002]\ntype=friend\nhost=dynamic\n",
		"users.conf": sample["users.conf"], "phoneprov.conf": sample["phoneprov.conf"],
	}})
	r := start(t, Options{Address: a.AMI, Username: oracle.User, Secret: oracle.Secret})
	r.waitPhones(t, 1)
	phone := a.SIPPhone(t, 5070, "7001", testSecret, "Yealink SIP-T46S 66.85.0.5")
	phone.Register(time.Hour)
	testkit.Eventually(t, "the peer is known", func() bool { e, ok := r.Known("7001"); return ok && len(e.Contacts) == 1 && e.Driver == notify.SIP })
	e, ok, err := r.Reach(testkit.Within(t, testkit.Patience), "7001")
	if err != nil || !ok || len(e.Contacts) != 1 || e.Contacts[0].UserAgent != "Yealink SIP-T46S 66.85.0.5" || e.InCall || e.State != "NOT_INUSE" {
		t.Errorf("got %+v, %v, %v", e, ok, err)
	}
	if e, ok, err := r.Reach(testkit.Within(t, testkit.Patience), "7002"); err != nil || !ok || len(e.Contacts) != 0 {
		t.Errorf("got %+v, %v, %v", e, ok, err)
	}
	if text, err := r.Notify(testkit.Within(t, testkit.Patience), notify.Target{Driver: notify.SIP, Endpoint: "7001"}, "check-sync;reboot=false"); err != nil || text != "Notify Sent" {
		t.Errorf("got %q, %v", text, err)
	}
	if _, err := r.Notify(testkit.Within(t, testkit.Patience), notify.Target{Driver: notify.SIP, Endpoint: "7002"}, "check-sync"); !errors.Is(err, notify.ErrRefused) {
		t.Errorf("got %v", err)
	}
}
