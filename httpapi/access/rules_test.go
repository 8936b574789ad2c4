package access

import (
	"net/netip"
	"testing"

	"github.com/phoneprov/phoneprov/provision/device"
)

func mac(t *testing.T, s string) device.MAC {
	t.Helper()
	m, err := device.ParseMAC(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestDecide has the rows of the policy: a LAN, the Internet, and the profiles "desk", "home" (passwords only) and
// "open".
func TestDecide(t *testing.T) {
	a, b, denied := mac(t, "0004f2000001"), mac(t, "0004f2000002"), mac(t, "0004f2000003")
	home := mac(t, "0004f2000004")
	lan, net := netip.MustParseAddr("192.168.1.5"), netip.MustParseAddr("198.51.100.7")
	open := Rules{Allow: DefaultAllow(), Deny: []device.MAC{denied}}
	asking := Rules{Allow: DefaultAllow(), Deny: []device.MAC{denied}, Credentials: true}
	profiles := Rules{Allow: DefaultAllow(), Credentials: true, Profiles: map[string]ProfileRules{
		"home": {Allow: []netip.Prefix{}, Deny: []device.MAC{home}},
		"same": {},
	}}
	only := Rules{Credentials: true, Profiles: map[string]ProfileRules{"p": {NoCredentials: true}, "c": {NoCertificates: true}}}
	wide := Rules{Allow: DefaultAllow(), Profiles: map[string]ProfileRules{"open": {Allow: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}}}

	file := func(m device.MAC) Facts { return Facts{Known: true, Owned: true, Phone: m, Profile: "desk"} }
	static, unknown := Facts{Known: true, Profile: "desk"}, Facts{}
	from := func(source netip.Addr, f Facts) Facts { f.Source = source; return f }
	with := func(c Credentials, f Facts) Facts { f.Credentials = c; return f }
	agent := func(m device.MAC, f Facts) Facts { f.Device = m; return f }
	cert := func(m device.MAC, holder bool, f Facts) Facts { f.Certificate, f.Holder = m, holder; return f }
	profile := func(name string, f Facts) Facts { f.Profile = name; return f }
	user := func(m device.MAC, f Facts) Facts { f.Credentials, f.User = GoodCredentials, m; return f }
	missing := func(name string) Facts { return Facts{Profile: name} } // a file that a phone of a profile does not have
	nameless := Facts{Known: true, Owned: true, Profile: "desk"}       // the file of a phone without a MAC
	link := func(m device.MAC, f Facts) Facts { f.Link = m; return f }
	udp := func(f Facts) Facts { f.NoLogin = true; return f }
	bad := func(f Facts) Facts { f.CertificateFault = true; return f }

	tests := []struct {
		name  string
		rules *Rules
		facts Facts
		want  Decision
	}{
		{"LAN", &open, from(lan, file(a)), Decision{Give, ByAddress}},
		{"LAN, IPv4 in IPv6", &open, from(netip.MustParseAddr("::ffff:192.168.1.5"), file(a)), Decision{Give, ByAddress}},
		{"LAN, link-local with a zone", &open, from(netip.MustParseAddr("fe80::1%eth0"), file(a)), Decision{Give, ByAddress}},
		{"LAN, static", &open, from(lan, static), Decision{Give, ByAddress}},
		{"LAN, unknown", &open, from(lan, unknown), Decision{Refuse, NoSuchFile}},
		{"LAN, own User-Agent", &open, from(lan, agent(a, file(a))), Decision{Give, ByAddress}},
		{"LAN, User-Agent of another", &open, from(lan, agent(b, file(a))), Decision{Refuse, OtherDevice}},
		{"LAN, User-Agent, static", &open, from(lan, agent(b, static)), Decision{Give, ByAddress}},
		{"LAN, denied", &open, from(lan, file(denied)), Decision{Refuse, Denied}},
		{"no address", &open, file(a), Decision{Refuse, AddressRefused}},
		{"Internet", &open, from(net, file(a)), Decision{Refuse, AddressRefused}},
		{"Internet, unknown", &open, from(net, unknown), Decision{Refuse, AddressRefused}},
		{"Internet, static", &open, from(net, static), Decision{Refuse, AddressRefused}},
		{"Internet, credentials where there are none", &open, from(net, with(GoodCredentials, file(a))), Decision{Refuse, AddressRefused}},
		{"zero rules", &Rules{}, from(lan, file(a)), Decision{Refuse, AddressRefused}},

		{"LAN needs no credentials", &asking, from(lan, file(a)), Decision{Give, ByAddress}},
		{"LAN, wrong credentials do no harm", &asking, from(lan, with(BadCredentials, file(a))), Decision{Give, ByAddress}},
		{"LAN, unknown is not asked", &asking, from(lan, unknown), Decision{Refuse, NoSuchFile}},
		{"asked", &asking, from(net, file(a)), Decision{Challenge, NeedsCredentials}},
		{"asked, unknown", &asking, from(net, unknown), Decision{Challenge, NeedsCredentials}},
		{"asked, static", &asking, from(net, static), Decision{Challenge, NeedsCredentials}},
		{"asked, denied", &asking, from(net, file(denied)), Decision{Challenge, NeedsCredentials}},
		{"good", &asking, from(net, with(GoodCredentials, file(a))), Decision{Give, ByCredentials}},
		{"good, unknown", &asking, from(net, with(GoodCredentials, unknown)), Decision{Refuse, NoSuchFile}},
		{"good, denied", &asking, from(net, with(GoodCredentials, file(denied))), Decision{Refuse, Denied}},
		{"good, User-Agent of another", &asking, from(net, with(GoodCredentials, agent(b, file(a)))), Decision{Refuse, OtherDevice}},
		{"bad", &asking, from(net, with(BadCredentials, file(a))), Decision{Challenge, WrongCredentials}},
		{"bad, unknown", &asking, from(net, with(BadCredentials, unknown)), Decision{Challenge, WrongCredentials}},
		{"stale", &asking, from(net, with(StaleCredentials, file(a))), Decision{Challenge, StaleNonce}},

		{"certificate", &open, from(net, cert(a, true, file(a))), Decision{Give, ByCertificate}},
		{"certificate, static", &open, from(net, cert(a, true, static)), Decision{Give, ByCertificate}},
		{"certificate of nobody, static", &open, from(net, cert(b, false, static)), Decision{Refuse, OthersCert}},
		{"certificate, unknown", &open, from(net, cert(a, true, unknown)), Decision{Refuse, NoSuchFile}},
		{"certificate of another", &open, from(net, cert(b, true, file(a))), Decision{Refuse, OthersCert}},
		{"certificate of another is not asked", &asking, from(net, cert(b, true, file(a))), Decision{Refuse, OthersCert}},
		{"certificate of nobody is asked", &asking, from(net, cert(b, false, file(a))), Decision{Challenge, OthersCert}},
		{"certificate of nobody is asked, unknown", &asking, from(net, cert(b, false, unknown)), Decision{Challenge, OthersCert}},
		{"certificate, denied", &open, from(net, cert(denied, true, file(denied))), Decision{Refuse, Denied}},
		{"bad certificate", &open, from(net, bad(file(a))), Decision{Refuse, BadCertificate}},
		{"bad certificate, LAN", &open, from(lan, bad(file(a))), Decision{Give, ByAddress}},

		{"own credentials", &asking, from(net, user(a, file(a))), Decision{Give, ByCredentials}},
		{"own credentials, static", &asking, from(net, user(a, static)), Decision{Give, ByCredentials}},
		{"own credentials, another's file", &asking, from(net, user(b, file(a))), Decision{Refuse, OthersCredentials}},
		{"own credentials, file of a phone without a MAC", &asking, from(net, user(a, nameless)), Decision{Refuse, OthersCredentials}},
		{"shared credentials, file of a phone without a MAC", &asking, from(net, user(device.MAC{}, nameless)), Decision{Give, ByCredentials}},
		{"certificate, file of a phone without a MAC", &open, from(net, cert(a, true, nameless)), Decision{Refuse, OthersCert}},
		{"LAN, file of a phone without a MAC", &open, from(lan, nameless), Decision{Give, ByAddress}},
		{"denied certificate, static", &open, from(net, cert(denied, true, static)), Decision{Refuse, Denied}},
		{"denied credentials, static", &asking, from(net, user(denied, static)), Decision{Refuse, Denied}},
		{"denied User-Agent, static", &open, from(lan, agent(denied, static)), Decision{Refuse, Denied}},
		{"denied User-Agent, unknown", &open, from(lan, agent(denied, unknown)), Decision{Refuse, Denied}},
		{"wider profile, missing file of its phone", &wide, from(net, missing("open")), Decision{Refuse, NoSuchFile}},
		{"narrower profile, missing file of its phone", &profiles, from(lan, missing("home")), Decision{Challenge, NeedsCredentials}},
		{"profile without passwords", &only, from(net, user(a, profile("p", file(a)))), Decision{Refuse, NotByCredentials}},
		{"profile without passwords, certificate", &only, from(net, cert(a, true, profile("p", file(a)))), Decision{Give, ByCertificate}},
		{"profile without certificates", &only, from(net, cert(a, true, profile("c", file(a)))), Decision{Refuse, NotByCertificate}},
		{"profile without certificates, password", &only, from(net, user(a, profile("c", file(a)))), Decision{Give, ByCredentials}},
		{"profile without addresses, LAN", &profiles, from(lan, profile("home", file(a))), Decision{Challenge, NeedsCredentials}},
		{"profile without addresses, LAN, User-Agent of another", &profiles, from(lan, agent(b, file(a))), Decision{Challenge, OtherDevice}},
		{"and so unknown, LAN", &profiles, from(lan, unknown), Decision{Challenge, NeedsCredentials}},
		{"profile without addresses, good", &profiles, from(lan, with(GoodCredentials, profile("home", file(a)))), Decision{Give, ByCredentials}},
		{"profile that denies", &profiles, from(net, with(GoodCredentials, profile("home", file(home)))), Decision{Refuse, Denied}},
		{"another profile does not", &profiles, from(net, with(GoodCredentials, profile("desk", file(home)))), Decision{Give, ByCredentials}},
		{"profile that says nothing", &profiles, from(lan, profile("same", file(a))), Decision{Give, ByAddress}},
		{"profile open to all", &wide, from(net, profile("open", file(a))), Decision{Give, ByAddress}},
		{"another is not", &wide, from(net, file(a)), Decision{Refuse, AddressRefused}},
		{"link, its phone's file", &asking, from(net, link(a, file(a))), Decision{Give, ByLink}},
		{"link, nobody's file", &asking, from(net, link(a, static)), Decision{Give, ByLink}},
		{"link, unknown", &asking, from(net, link(a, unknown)), Decision{Refuse, NoSuchFile}},
		{"link, another's file", &asking, from(net, link(b, file(a))), Decision{Challenge, NeedsCredentials}},
		{"link of a denied phone", &asking, from(net, link(denied, static)), Decision{Challenge, Denied}},
		{"link, profile without passwords", &only, from(net, link(a, profile("p", file(a)))), Decision{Challenge, NeedsCredentials}},
		{"link, profile without addresses", &profiles, from(lan, link(a, profile("home", file(a)))), Decision{Give, ByLink}},
		{"link, no passwords at all", &open, from(net, link(a, file(a))), Decision{Refuse, AddressRefused}},
		{"link, User-Agent of another", &asking, from(net, link(a, agent(b, file(a)))), Decision{Challenge, OtherDevice}},
		{"no login, LAN", &asking, from(lan, udp(file(a))), Decision{Give, ByAddress}},
		{"no login", &asking, from(net, udp(file(a))), Decision{Refuse, CannotLogin}},
		{"no login, unknown", &asking, from(net, udp(unknown)), Decision{Refuse, CannotLogin}},
		{"no login, and none would do", &open, from(net, udp(file(a))), Decision{Refuse, AddressRefused}},
		{"no login, profile without addresses, LAN", &profiles, from(lan, udp(profile("home", file(a)))), Decision{Refuse, CannotLogin}},
		{"nor what is unknown", &wide, from(net, unknown), Decision{Refuse, AddressRefused}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.rules.Decide(tt.facts); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// A client that may not have a file cannot tell it from a name that does not exist, whatever the client sends.
func TestStrangerLearnsNothing(t *testing.T) {
	mine, other := mac(t, "0004f2000001"), mac(t, "0004f2000002")
	prefix := netip.MustParsePrefix
	lists := [][]netip.Prefix{nil, {}, {prefix("192.168.0.0/16")}, {prefix("0.0.0.0/0"), prefix("::/0")}}
	for _, all := range lists {
		for _, own := range lists {
			for _, credentials := range []bool{false, true} {
				rules := Rules{Allow: all, Credentials: credentials, Profiles: map[string]ProfileRules{"p": {Allow: own}}, Deny: []device.MAC{other}}
				for _, source := range []string{"192.168.1.1", "198.51.100.7", "2001:db8::1"} {
					for c := NoCredentials; c <= StaleCredentials; c++ {
						for _, certificate := range []device.MAC{{}, mine} {
							f := Facts{Source: netip.MustParseAddr(source), Credentials: c, Certificate: certificate, Holder: certificate == mine, Device: mine}
							unknown := rules.Decide(f)
							f.Known, f.Owned, f.Phone, f.Profile = true, true, other, "p"
							if known := rules.Decide(f); known.Verdict != Give && known.Verdict != unknown.Verdict {
								t.Errorf("%+v, %+v: known is %+v, unknown %+v", rules, f, known, unknown)
							}
						}
					}
				}
			}
		}
	}
}
