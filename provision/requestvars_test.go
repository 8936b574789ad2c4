package provision

import (
	"context"
	"strings"
	"testing"
	"time"
)

// varsConf has a phone with two lines, a second phone, and one without a MAC.
var varsConf = map[string]string{
	"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${PP_MAC_UPPER}.cfg => t\n",
	"users.conf": "[a]\nautoprov=yes\nmacaddress=00:15:65:AA:BB:CC\ntimezone=Asia/Kolkata\n" +
		"[a2]\nautoprov=yes\nmacaddress=001565aabbcc\nlinenumber=2\ntimezone=Europe/Vienna\n" +
		"[b]\nautoprov=yes\nmacaddress=0004F2000001\n" +
		"[c]\nautoprov=yes\nmacaddress=Desk\n",
}

var varsRequest = Request{
	Server: "pbx.test", Now: testNow, Scheme: "https", Host: "pbx.test:8443", Prefix: "/phoneprov",
	UserAgent: "Yealink SIP-T46G 28.72.0.1 00:15:65:aa:bb:cc",
}

func TestRequestVars(t *testing.T) {
	s, _ := build(t, varsConf)
	for _, row := range []struct{ name, uri, template, want string }{
		{"MAC", "001565AABBCC.cfg", "${PP_MAC_LOWER} ${PP_MAC_UPPER} ${PP_MAC_COLON} ${PP_MAC_DASH}",
			"001565aabbcc 001565AABBCC 00:15:65:aa:bb:cc 00-15-65-aa-bb-cc"},
		{"no MAC", "Desk.cfg", "${PP_MAC_LOWER} ${PP_MAC_UPPER} ${PP_MAC_COLON} ${PP_MAC_DASH}", "Desk Desk Desk Desk"},
		{"each phone's own", "0004F2000001.cfg", "${PP_MAC_COLON}: ${PP_EACH_USER(%{PP_MAC_DASH}=%{PP_LINE_COUNT} )}",
			"00:04:f2:00:00:01: 00-15-65-aa-bb-cc=2 00-04-f2-00-00-01=1 Desk=1 "},
		{"each line's own", "001565AABBCC.cfg", "${PP_EACH_EXTENSION(${MAC},zone)}", "+5.5 +05:30 330 IST-5:30 India Standard Time 0 0 []\n" +
			"+1 +01:00 60 CET-1CEST,M3.5.0,M10.5.0/3 W. Europe Standard Time 1 60 [3]\n"},
		{"the request's", "001565AABBCC.cfg", "${PP_URL} ${PP_HOST} ${PP_SCHEME} ${PP_VENDOR} ${PP_MODEL} ${PP_FIRMWARE}",
			"https://pbx.test:8443/phoneprov pbx.test:8443 https Yealink T46G 28.72.0.1"},
		{"summer time", "001565AABBCC.cfg", "${PP_EACH_EXTENSION(${MAC},dst)}", "\n" +
			"3 28 -1 0 2 0, 10 31 -1 0 3 0\n"},
		{"not one of them", "Desk.cfg", "[${PP_NOTHING}]", "[]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			change := func(name string) string {
				return "${PP_DST_" + name + "_" + strings.Join([]string{"MONTH", "MDAY", "WEEK", "WDAY", "HOUR", "MINUTE"}, "} ${PP_DST_"+name+"_") + "}"
			}
			r, _ := renderer(t, map[string]string{
				"t":    row.template,
				"zone": "${PP_TZ_OFFSET_HOURS} ${PP_TZ_OFFSET_HHMM} ${PP_TZ_OFFSET_MINUTES} ${PP_TZ_POSIX} ${PP_TZ_WINDOWS} ${PP_DST_ENABLE} ${PP_DST_SAVE_MINUTES} [${PP_DST_START_MONTH}]\n",
				"dst":  "${IF(${PP_DST_ENABLE}?" + change("START") + "\\, " + change("END") + ")}\n",
			})
			if got, err := render(t, r, s, row.uri, varsRequest); err != nil || got != row.want {
				t.Errorf("got  %q (%v)\nwant %q", got, err, row.want)
			}
		})
	}
}

// A variable in the configuration wins over a request variable; a global variable does not.
func TestRequestVarsGiveWay(t *testing.T) {
	s, _ := build(t, map[string]string{
		"phoneprov.conf":  "[p]\nx => t\nsetvar => PP_VENDOR=mine\nsetvar => OLD=${PP_HOST}\nsetvar => PP_HOST=my ${PP_HOST}\n",
		"pjsip.conf":      "[q]\ntype=phoneprov\nPROFILE=p\nMAC=000000000001\nPP_MODEL=its\n",
		"extensions.conf": "[globals]\nPP_FIRMWARE=global\nPP_OTHER=global\n",
	})
	r, _ := renderer(t, map[string]string{"t": "${PP_VENDOR} ${PP_MODEL} ${PP_FIRMWARE} ${PP_OTHER} ${OLD} ${PP_HOST}"})
	got, err := render(t, r, s, "x", varsRequest)
	if want := "mine its 28.72.0.1 global pbx.test:8443 my pbx.test:8443"; err != nil || got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

// Without a request, as in a file's name, variables of the request are empty.
func TestRequestVarsWithoutRequest(t *testing.T) {
	s, diags := build(t, map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${PP_MAC_DASH}-${PP_LINE_COUNT}-[${PP_URL}${PP_HOST}${PP_SCHEME}${PP_VENDOR}] => t\n",
		"users.conf":     "[a]\nautoprov=yes\nmacaddress=001565AABBCC\n",
	})
	if s.Lookup("00-15-65-aa-bb-cc-1-[]") == nil || len(diags) > 0 {
		t.Errorf("got %q, %v", s.Routes()[0].URI, diags)
	}
}

func TestExplainRequestVars(t *testing.T) {
	s, _ := build(t, varsConf)
	r, _ := renderer(t, nil)
	lines := r.Explain(context.Background(), s, s.Lookup("001565AABBCC.cfg"), varsRequest).Lines
	origins := map[string]string{}
	for _, v := range lines[0].Variables {
		origins[v.Name] = v.Value + " " + v.Origin
		if v.Secret {
			t.Errorf("%s is taken for a secret", v.Name)
		}
	}
	for _, v := range RequestVariables() {
		if _, ok := origins[v.Name]; !ok {
			t.Errorf("%s is not explained", v.Name)
		}
	}
	for name, want := range map[string]string{
		"PP_MAC_UPPER": "001565AABBCC phone", "PP_MODEL": "T46G request", "PP_TZ_OFFSET_HOURS": "+5.5 time zone Asia/Kolkata",
	} {
		if origins[name] != want {
			t.Errorf("%s: got %q, want %q", name, origins[name], want)
		}
	}
}

func TestOffsets(t *testing.T) {
	for offset, want := range map[int]string{0: "+0", 19800: "+5.5", 20700: "+5.75", -12600: "-3.5", 50400: "+14", -43200: "-12", 3600: "+1"} {
		if got := decimalHours(offset); got != want {
			t.Errorf("%d: got %q, want %q", offset, got, want)
		}
	}
}

// SERVER has no brackets. Before a port an IPv6 address has them, wherever SERVER comes from.
func TestServerVars(t *testing.T) {
	const template = "${SERVER} ${PP_SERVER_HOST} ${PP_SERVER_HOSTPORT}|${PP_EACH_USER(%{PP_SERVER_HOSTPORT})}"
	for _, row := range []struct{ name, general, setvar, template, server, want string }{
		{"IPv6 of the request", "", "", template, "2001:db8::1", "2001:db8::1 [2001:db8::1] [2001:db8::1]:5060|[2001:db8::1]:5060"},
		{"loopback", "", "", template, "::1", "::1 [::1] [::1]:5060|[::1]:5060"},
		{"IPv4", "", "", template, "192.0.2.1", "192.0.2.1 192.0.2.1 192.0.2.1:5060|192.0.2.1:5060"},
		{"a name", "", "", template, "pbx.test", "pbx.test pbx.test pbx.test:5060|pbx.test:5060"},
		{"unknown", "", "", template, "", "  |"},
		{"IPv6 of serveraddr", "serveraddr=2001:db8::2\nserverport=5070\n", "", template, "192.0.2.1", "2001:db8::2 [2001:db8::2] [2001:db8::2]:5070|[2001:db8::2]:5070"},
		{"brackets of the configuration's own", "serveraddr=[2001:db8::2]\n", "", template, "::1", "[2001:db8::2] [2001:db8::2] [2001:db8::2]:5060|[2001:db8::2]:5060"},
		{"IPv4 in IPv6", "serveraddr=::ffff:192.0.2.1\n", "", template, "", "::ffff:192.0.2.1 [::ffff:192.0.2.1] [::ffff:192.0.2.1]:5060|[::ffff:192.0.2.1]:5060"},
		{"a zone", "serveraddr=fe80::1%eth0\n", "", template, "", "fe80::1%eth0 [fe80::1%eth0] [fe80::1%eth0]:5060|[fe80::1%eth0]:5060"},
		{"a setvar of it", "", "setvar => REG=<${PP_SERVER_HOSTPORT}>\n", "${REG}", "::1", "<[::1]:5060>"},
		{"a setvar for it", "", "setvar => PP_SERVER_HOST=mine\n", "${PP_SERVER_HOST} ${PP_SERVER_HOSTPORT}", "::1", "mine [::1]:5060"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, _ := build(t, map[string]string{"phoneprov.conf": "[general]\n" + row.general + "[p]\nx => t\n" + row.setvar,
				"users.conf": "[a]\nautoprov=yes\nprofile=p\nmacaddress=000000000001\n"})
			r, _ := renderer(t, map[string]string{"t": row.template})
			for range 3 { // the third response is a remembered one
				if got, err := render(t, r, s, "x", Request{Server: row.server}); err != nil || got != row.want {
					t.Errorf("got  %q (%v)\nwant %q", got, err, row.want)
				}
			}
			if got, err := render(t, r, s, "x", Request{Server: "other"}); err != nil || row.general == "" && !strings.Contains(got, "other") && row.template == template {
				t.Errorf("another server: got %q (%v)", got, err)
			}
		})
	}
}

// A snapshot outlives the change of the clocks: the variables are those at the time of the request.
func TestDaylightSavingIsOfTheRequest(t *testing.T) {
	s, _ := build(t, map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\nx => t\n",
		"users.conf":     "[a]\nautoprov=yes\nmacaddress=000000000001\ntimezone=Europe/Vienna\n",
	})
	r, _ := renderer(t, map[string]string{"t": "${DST_START_MONTH}/${DST_START_MDAY}"})
	for now, want := range map[time.Time]string{
		time.Date(2027, 3, 28, 0, 59, 59, 0, time.UTC):  "3/28", // in the future, this year's
		time.Date(2027, 10, 31, 0, 59, 59, 0, time.UTC): "3/28", // in the past, this year's
		time.Date(2027, 10, 31, 1, 0, 0, 0, time.UTC):   "3/26", // in the future, next year's
	} {
		got, err := render(t, r, s, "x", Request{Now: now})
		if err != nil || got != want {
			t.Errorf("at %v: got %q (%v), want %q", now, got, err, want)
		}
	}
}
