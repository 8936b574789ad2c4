package httpauth

import (
	"net/http"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

func TestEdit(t *testing.T) {
	const other = "*:all:" + hash2b + "\n"
	const hers = "00:04:F2:00:00:01:alice:" + hashMD5 + "\n"
	for _, tt := range []struct {
		name, text string
		mac        device.MAC
		user       string
		hashes     []string
		want       string
		err        string
	}{
		{"first", "", alice, "alice", []string{hash2b, hashMD5}, "0004f2000001:alice:" + hash2b + "\n0004f2000001:alice:" + hashMD5 + "\n", ""},
		{"shared", "# a\n", noMAC, "all", []string{hash2b}, "# a\n" + other, ""},
		{"no line break at the end", "# a", noMAC, "all", []string{hash2b}, "# a\n" + other, ""},
		{"in its place", "# a\r\n" + hers + "\n # b\n" + other, alice, "alice", []string{hashSHA},
			"# a\r\n0004f2000001:alice:" + hashSHA + "\n\n # b\n" + other, ""},
		{"all of its lines", other + hers + "# b\n0004f2000001:alice:" + hashSHA + "\n# c\n", alice, "alice", []string{hash2b},
			other + "0004f2000001:alice:" + hash2b + "\n# b\n# c\n", ""},
		{"another user of the phone", hers, alice, "alice2", []string{hash2b}, hers + "0004f2000001:alice2:" + hash2b + "\n", ""},
		{"another phone of the user", hers, bob, "alice", []string{hash2b}, hers + "0004f2000002:alice:" + hash2b + "\n", ""},
		{"taken out", "# a\n" + hers + other, alice, "alice", nil, "# a\n" + other, ""},
		{"nothing to take out", other, alice, "alice", nil, "", "f: no such phone and user"},
		{"user", other, alice, "a:b", []string{hash2b}, "", errUser.Error()},
		{"a comment is no user's", "#" + hers, alice, "alice", nil, "", "f: no such phone and user"},
		{"another kind of file", "root:x:0:0:root:/root:/bin/sh\n", alice, "alice", []string{hash2b}, "", "f:1: " + errHash.Error()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := edit("f", []byte(tt.text), owner{tt.mac, tt.user}, tt.hashes)
			if string(got) != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			if text := message(err); text != tt.err {
				t.Errorf("got error %q, want %q", text, tt.err)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	secrets.Text("an error", err.Error())
	return err.Error()
}

// Check accepts the hashes that Hashes computes, in every scheme.
func TestHashes(t *testing.T) {
	hashes, err := Hashes(testRealm, "alice", alicePass)
	if err != nil {
		t.Fatal(err)
	}
	text, err := edit("f", nil, owner{alice, "alice"}, hashes)
	if err != nil {
		t.Fatal(err)
	}
	a := authenticator(t, string(text))
	headers := []string{basicHeader("alice", alicePass)}
	for _, s := range []scheme{digestMD5, digestSHA256} {
		headers = append(headers, client{nonce: nonceOf(t, a), scheme: s}.header())
	}
	for _, header := range headers {
		if got := a.Check(request(http.MethodGet, testURI, header), alice, Client{}); got.State != OK {
			t.Errorf("%.10s: got %+v", header, got)
		}
	}
}

func TestBadPasswords(t *testing.T) {
	for _, tt := range []struct{ name, realm, user, password, want string }{
		{"empty", testRealm, "alice", "", "the password is empty"},
		{"too long", testRealm, "alice", strings.Repeat("x", 73), "the password has more than the 72 bytes that bcrypt can see"},
		{"control character", testRealm, "alice", "a\tb", "the password has control characters in it, or is not UTF-8"},
		{"not UTF-8", testRealm, "alice", "a\xff", "the password has control characters in it, or is not UTF-8"},
		{"user", testRealm, "a:b", "x", errUser.Error()},
		{"realm", "", "alice", "x", "not a realm: want printable ASCII without quotes and backslashes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Hashes(tt.realm, tt.user, provision.Secret(tt.password)); message(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// Makers of phones that know no better Digest have MD5 written for them; makers of much else, and unknown ones, do not.
func TestNeedsMD5(t *testing.T) {
	for text, want := range map[string]string{"0004f2000001": "Poly", "805ec0000001": "Yealink", "1400e9000001": "Mitel", "00085d000001": "Mitel",
		"0c383e000001": "Fanvil", "000413000001": "", "00000c000001": ""} {
		mac, err := device.ParseMAC(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := NeedsMD5(mac); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	if NeedsMD5(noMAC) != "" {
		t.Error("the shared user has a maker")
	}
}
