package httpauth

import (
	"fmt"
	"strings"
	"testing"
)

const (
	hash2b  = "$2b$04$abcdefghijklmnopqrstuu5Lo0g67CiD3M4RpN1BmBb4Crp5w7dbK"
	hashMD5 = "MD5:3d78807defe7de2157e2b0b6573a855f"
	hashSHA = "SHA-256:7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232"
)

func TestParseLine(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		mac, user  string
		scheme     scheme
		hash       string
	}{
		{"bcrypt", "0004f2000001:alice:" + hash2b, "0004f2000001", "alice", basic, hash2b},
		{"bcrypt of htpasswd", "0004f2000001:alice:$2y" + hash2b[3:], "0004f2000001", "alice", basic, "$2y" + hash2b[3:]},
		{"bcrypt of old", "0004f2000001:alice:$2a" + hash2b[3:], "0004f2000001", "alice", basic, "$2a" + hash2b[3:]},
		{"MD5", "0004f2000001:alice:" + hashMD5, "0004f2000001", "alice", digestMD5, hashMD5[4:]},
		{"SHA-256", "0004f2000001:alice:" + hashSHA, "0004f2000001", "alice", digestSHA256, hashSHA[8:]},
		{"HA1 in upper case", "0004f2000001:alice:md5:" + strings.ToUpper(hashMD5[4:]), "0004f2000001", "alice", digestMD5, hashMD5[4:]},
		{"MAC with colons", "00:04:F2:00:00:01:alice:" + hashMD5, "0004f2000001", "alice", digestMD5, hashMD5[4:]},
		{"MAC with dashes", "00-04-f2-00-00-01:alice:" + hash2b, "0004f2000001", "alice", basic, hash2b},
		{"shared", "*:alice:" + hash2b, "000000000000", "alice", basic, hash2b},
		{"user named as an algorithm", "*:MD5:" + hashMD5, "000000000000", "MD5", digestMD5, hashMD5[4:]},
		{"user with blanks, quotes and a number sign", `*:# a"b\ é:` + hash2b, "000000000000", `# a"b\ é`, basic, hash2b},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := parseLine(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if l.mac.String() != tt.mac || l.user != tt.user || l.scheme != tt.scheme || l.hash != tt.hash {
				t.Errorf("got %q %q %v %q", l.mac, l.user, l.scheme, l.hash)
			}
		})
	}
}

func TestBadLines(t *testing.T) {
	const ok = "*:all:" + hash2b + "\n"
	for _, tt := range []struct{ name, text, want string }{
		{"no colon", ok + "alice", "f:2: want mac:user:hash"},
		{"no user", "*:" + hash2b, "f:1: want mac:user:hash"},
		{"user without a MAC", "alice:" + hashMD5, "f:1: want mac:user:hash"},
		{"no hash", "*:alice:", "f:1: " + errHash.Error()},
		{"MAC", "# a\n\n0004f200001:alice:" + hash2b, "f:3: not a MAC address: want 12 hexadecimal digits, or * for the user that all phones share"},
		{"MAC of no phone", "000000000000:alice:" + hash2b, "f:1: " + errMAC.Error()},
		{"user", "*::" + hash2b, "f:1: not a user name: want 1 to 128 bytes without colons and control characters"},
		{"user with a control character", "*:a\tb:" + hash2b, "f:1: " + errUser.Error()},
		{"user that is not UTF-8", "*:a\xff:" + hash2b, "f:1: " + errUser.Error()},
		{"user too long", "*:" + strings.Repeat("a", maxUser+1) + ":" + hash2b, "f:1: " + errUser.Error()},
		{"user with a colon", "0004f2000001:a:b:" + hash2b, "f:1: " + errMAC.Error()},
		{"line too long", "*:" + strings.Repeat("a", maxLine) + ":" + hash2b, "f:1: longer than 512 bytes"},
		{"password in plain", "*:alice:hunter2", "f:1: the hash is neither bcrypt nor MD5:<32 hexadecimal digits> nor SHA-256:<64 hexadecimal digits>"},
		{"MD5 without its name", "*:alice:" + hashMD5[4:], "f:1: " + errHash.Error()},
		{"MD5 too short", "*:alice:" + hashMD5[:35], "f:1: " + errHash.Error()},
		{"MD5 of 64 digits", "*:alice:MD5:" + hashSHA[8:], "f:1: " + errHash.Error()},
		{"MD5 not hexadecimal", "*:alice:" + hashMD5[:35] + "x", "f:1: " + errHash.Error()},
		{"crypt of another kind", "*:alice:$6$" + hash2b[3:], "f:1: " + errHash.Error()},
		{"bcrypt 2x", "*:alice:$2x" + hash2b[3:], "f:1: " + errHash.Error()},
		{"bcrypt too short", "*:alice:" + hash2b[:59], "f:1: " + errHash.Error()},
		{"bcrypt with another letter", "*:alice:" + hash2b[:59] + "=", "f:1: " + errHash.Error()},
		{"bcrypt without a cost", "*:alice:$2b$xx" + hash2b[6:], "f:1: " + errCost.Error()},
		{"bcrypt too slow", "*:alice:$2b$13" + hash2b[6:], "f:1: the bcrypt hash's cost is not 4 to 12"},
		{"bcrypt too fast", "*:alice:$2b$03" + hash2b[6:], "f:1: the bcrypt hash's cost is not 4 to 12"},
		{"twice", ok + ok, "f:2: a second hash of the same kind for this phone and user"},
		{"twice, the MAC in two spellings", "0004f2000001:a:" + hash2b + "\n00:04:F2:00:00:01:a:" + hash2b, "f:2: " + errSecond.Error()},
		{"two lines", "secret\n" + ok + "hunter2:x\n", "f:1: want mac:user:hash\nf:3: " + errHash.Error()},
		{"another file", strings.Repeat("x\n", 100), badLines(20) + "f:21: and more"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseTable("f", []byte(tt.text))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// badLines returns the error for n bad first lines.
func badLines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "f:%d: want mac:user:hash\n", i+1)
	}
	return b.String()
}

// A line that parses prints as itself, and no error quotes a byte of the line.
func FuzzParseLine(f *testing.F) {
	for _, s := range []string{"*:all:" + hash2b, "00:04:f2:00:00:01:a:" + hashMD5, "0004.f200.0001:MD5:" + hashSHA, "::::", "a:$2b$04$"} {
		f.Add(s)
	}
	fixed := map[error]bool{errLine: true, errMAC: true, errUser: true, errHash: true, errCost: true}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := parseLine(s)
		if err != nil {
			if !fixed[err] {
				t.Errorf("%q: error %v is none of the fixed ones", s, err)
			}
			return
		}
		hash := l.hash
		if l.scheme != basic {
			hash = l.scheme.name() + ":" + hash
		}
		again, err := parseLine(strings.TrimSuffix(string(entryLines(l.owner, []string{hash})), "\n"))
		if err != nil || again != l {
			t.Errorf("%q: got %+v, which reads back as %+v (%v)", s, l, again, err)
		}
	})
}
