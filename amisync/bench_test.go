package amisync

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
)

// manyUsers is a users.conf of some 480 bytes a user on the wire.
func manyUsers(n int) string {
	var b strings.Builder
	b.WriteString("[general]\n[base](!)\nautoprov=yes\nprofile=p\nhassip=yes\ncontext=default\n")
	for i := range n {
		fmt.Fprintf(&b, "[%d](base)\nmacaddress=%012x\nusername=%d\nsecret=very-secret-%d\nfullname=User %d\nlabel=%d\n", 10000+i, i, i, i, i, i)
	}
	return b.String()
}

// BenchmarkGetConfig measures the way of an answer of 5,000 users through framer, bridge and amigo into a tree, and for
// comparison what Asterisk's answer takes alone.
func BenchmarkGetConfig(b *testing.B) {
	run := func(b *testing.B, c *conn) {
		for b.Loop() {
			file, err := getConfig(context.Background(), c, "users.conf")
			if err != nil || len(file.Categories) != 5001 {
				b.Fatal(err)
			}
		}
	}
	b.Run("fake", func(b *testing.B) {
		_, address := fake(b, map[string]string{"users.conf": manyUsers(5000)}, amiserver.Options{})
		run(b, mustConnect(b, address, nil))
	})
	b.Run("asterisk", func(b *testing.B) {
		a := oracle.Start(b, oracle.Options{Files: with(oracleFiles, "users.conf", manyUsers(5000))})
		c := mustConnect(b, a.AMI, nil)
		b.Run("tree", func(b *testing.B) { run(b, c) })
		b.Run("bytes", func(b *testing.B) { // read and dropped
			up, err := dialBridge(b.Context(), testTarget(b, a.AMI))
			if err != nil {
				b.Fatal(err)
			}
			defer up.closeDown()
			defer up.closeUp()
			fmt.Fprintf(up.up, "Action: Login\r\nUsername: %s\r\nSecret: %s\r\nEvents: off\r\n\r\n", testUser, testSecret)
			if _, err := up.framer.next(); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				fmt.Fprint(up.up, "Action: GetConfig\r\nFilename: users.conf\r\n\r\n")
				if _, err := up.framer.next(); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}
