package provision

import (
	"context"
	"slices"
	"testing"
)

func TestBindPort(t *testing.T) {
	for _, row := range []struct{ bind, want string }{
		{"", ""},
		{"0.0.0.0", "5060"},
		{"0.0.0.0:5061", "5061"},
		{"192.0.2.1:0", "5060"},
		{"[::]", "5060"},
		{"[::]:5062", "5062"},
		{"::", "5060"},
		{"2001:db8::1", "5060"},
		{"pbx.example.com:5063", "5063"},
	} {
		if got := bindPort(row.bind); got != row.want {
			t.Errorf("bindPort(%q): got %q, want %q", row.bind, got, row.want)
		}
	}
}

func TestSplitCallerID(t *testing.T) {
	for _, row := range []struct{ in, name, number string }{
		{`"Grace Hopper" <7001>`, "Grace Hopper", "7001"},
		{`Joe Q <7001>`, "Joe Q", "7001"},
		{`Joe Q <>`, "Joe Q", ""},
		{`"" <77>`, "", "77"},
		{`<77>`, "", "77"},
		{`"A \"B\" C" <77>`, `A "B" C`, "77"},
		{`7003`, "", "7003"},
		{`Joe`, "Joe", ""},
		{``, "", ""},
	} {
		if name, number := splitCallerID(row.in); name != row.name || number != row.number {
			t.Errorf("splitCallerID(%q): got %q, %q, want %q, %q", row.in, name, number, row.name, row.number)
		}
	}
}

// The state in the running Asterisk wins over the files, and an endpoint that only the running Asterisk has is known.
func TestLiveEndpoints(t *testing.T) {
	c := config(t, map[string]string{
		"phoneprov.conf": "[p]\n${MAC}.cfg => t\n",
		"pjsip.conf": "[only]\ntype=transport\nbind=0.0.0.0:5099\n" +
			`[7001]
type=endpoint
callerid=File <1>
auth=7001
[7001]
type=auth
username=file
password=file
` +
			"[a]\ntype=phoneprov\nPROFILE=p\nMAC=000000000001\nendpoint=7001\n" +
			"[b]\ntype=phoneprov\nPROFILE=p\nMAC=000000000002\nendpoint=realtime\n" +
			"[c]\ntype=phoneprov\nPROFILE=p\nMAC=000000000003\nendpoint=gone\n" +
			"[d]\ntype=phoneprov\nPROFILE=p\nMAC=000000000004\nendpoint=7001\n",
	})
	if got, want := Endpoints(c), []string{"7001", "realtime", "gone"}; !slices.Equal(got, want) {
		t.Errorf("Endpoints: got %q, want %q", got, want)
	}
	live := &Live{Endpoints: map[string]Endpoint{
		"7001":     {ID: "7001", CallerID: "Live <2>", Username: "live", Password: "live-secret", TransportID: "t", Bind: "[::]:5070"},
		"realtime": {ID: "realtime", Username: "rt"},
	}}
	s, diags, err := Build(context.Background(), Input{Config: c, Live: live}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := renderer(t, map[string]string{"t": "${USERNAME} ${SECRET} ${CALLERID} ${DISPLAY_NAME} ${SERVER_PORT} ${TRANSPORT_ID}"})
	for uri, want := range map[string]string{
		"000000000001.cfg": "live live-secret 2 Live 5070 t",
		"000000000002.cfg": "rt    5099 ",
	} {
		if got, err := render(t, r, s, uri, Request{}); err != nil || got != want {
			t.Errorf("%s: got %q (%v), want %q", uri, got, err, want)
		}
	}
	want := `pjsip.conf:26: error: [c]: endpoint "gone": asterisk knows none of that name: its phone is not served`
	if len(diags) != 1 || diags[0].String() != want {
		t.Errorf("got %q, want %q", diags, want)
	}
}
