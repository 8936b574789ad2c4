package httpauth

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkCheck(b *testing.B) {
	a := authenticator(b, credentials(b))
	run := func(name string, header func() string, want State) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := a.Check(request("GET", testURI, header()), alice, Client{}); got.State != want {
					b.Fatalf("got %+v", got)
				}
			}
		})
	}
	always := func(header string) func() string { return func() string { return header } }
	nonce, nc := nonceOf(b, a), 0
	run("digest and its client", func() string {
		nc++
		return client{nonce: nonce, nc: fmt.Sprintf("%08x", nc)}.header()
	}, OK)
	run("digest, wrong", always(client{nonce: nonce, password: "guess"}.header()), Bad)
	run("digest, unknown user", always(client{nonce: nonce, user: "mallory"}.header()), Bad)
	run("basic, known", always(basicHeader("alice", alicePass)), OK)
	run("basic, wrong, at the lowest cost", always(basicHeader("alice", "guess")), Bad)
	run("basic, unknown user, at the lowest cost", always(basicHeader("mallory", "guess")), Bad)
}

func BenchmarkParse(b *testing.B) {
	var text strings.Builder
	for i := range 100_000 {
		mac := fmt.Sprintf("0004f2%06x", i)
		fmt.Fprintf(&text, "%s:%[1]s:%s\n%[1]s:%[1]s:%[3]s\n%[1]s:%[1]s:%[4]s\n", mac, hash2b, hashMD5, hashSHA)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseTable("f", []byte(text.String())); err != nil {
			b.Fatal(err)
		}
	}
}
