package amisync

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// manyUsers is a users.conf, of some 480 bytes per user in AMI.
func manyUsers(n int) string {
	var b strings.Builder
	b.WriteString(`[general]
[base](!)
autoprov=yes
profile=p
hassip=yes
context=default
`)
	for i := range n {
		fmt.Fprintf(&b, `[%d](base)
macaddress=%012x
username=%d
secret=very-secret-%d
fullname=User %d
label=%d
`, 10000+i, i, i, i, i, i)
	}
	return b.String()
}

// BenchmarkGetConfig measures an answer of 5,000 users, from framer, bridge and amigo to the parsed file, and for
// comparison Asterisk's answer alone.
func BenchmarkGetConfig(b *testing.B) {
	run := func(b *testing.B, c *ami.Conn) {
		for b.Loop() {
			file, err := getConfig(context.Background(), c, "", "users.conf", "")
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
			up, err := net.Dial("tcp", a.AMI)
			if err != nil {
				b.Fatal(err)
			}
			defer up.Close()
			answers := bufio.NewScanner(up)
			next := func() {
				for answers.Scan() && answers.Text() != "" { // an empty line ends a message
				}
				if err := answers.Err(); err != nil {
					b.Fatal(err)
				}
			}
			fmt.Fprintf(up, "Action: Login\r\nUsername: %s\r\nSecret: %s\r\nEvents: off\r\n\r\n", testUser, testSecret)
			next()
			for b.Loop() {
				fmt.Fprint(up, "Action: GetConfig\r\nFilename: users.conf\r\n\r\n")
				next()
			}
		})
	})
}

// BenchmarkSyncFiles measures a whole sync of a directory of files, in which every user or nothing has changed.
func BenchmarkSyncFiles(b *testing.B) {
	for _, row := range []struct {
		name       string
		n, changed int
	}{{"1000", 1_000, 1_000}, {"100000", 100_000, 100_000}, {"100000 unchanged", 100_000, 0}} {
		n := row.n
		b.Run(row.name, func(b *testing.B) {
			dirs := []string{b.TempDir(), b.TempDir()}
			for i, dir := range dirs {
				testkit.Write(b, filepath.Join(dir, "phoneprov.conf"), "[general]\n[p]\nsetvar => A=${LABEL:0:3}\n${MAC}.cfg => t\n${MAC}-dir.xml => d\n")
				testkit.Write(b, filepath.Join(dir, "users.conf"), strings.ReplaceAll(manyUsers(n), "label=", fmt.Sprintf("label=%d", i)))
			}
			s, err := New(Options{Source: SourceFiles, ConfigDir: dirs[0], Store: new(provision.Store)})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if row.changed > 0 {
					s.o.ConfigDir = dirs[i%2]
				}
				if err := s.sync(b.Context(), "bench"); err != nil {
					b.Fatal(err)
				}
				if c := s.Status().LastSync; i > 0 && c.Changes.Changed != row.changed {
					b.Fatalf("got %+v", c)
				}
			}
		})
	}
}

// BenchmarkAskSideBySide renders a file with eight independent calls of 5 ms each: one after the other, and side by side.
func BenchmarkAskSideBySide(b *testing.B) {
	const calls = 8
	_, address := fake(b, nil, amiserver.Options{Function: func(call string) string {
		<-time.After(5 * time.Millisecond)
		return call
	}})
	var template strings.Builder
	for i := range calls {
		fmt.Fprintf(&template, "${X%d()}", i)
	}
	dir := b.TempDir()
	testkit.Write(b, filepath.Join(dir, "t"), template.String())
	data, err := datadir.Open(dir, "")
	if err != nil {
		b.Fatal(err)
	}
	defer data.Close()
	snapshot, _, err := provision.Build(b.Context(), provision.Input{Config: provision.Config{
		"phoneprov.conf": parse(b, "phoneprov.conf", "[general]\ndefault_profile=p\n[p]\nx => t\n"),
		"users.conf":     parse(b, "users.conf", "[a]\nautoprov=yes\nmacaddress=000000000001\n"),
	}}, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	took := map[int]time.Duration{}
	for _, n := range []int{1, 4, calls} {
		b.Run(fmt.Sprintf("%d connections", n), func(b *testing.B) {
			s, err := New(Options{Address: address, Username: testUser, Secret: testSecret, Connections: n})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(s.Close)
			r := provision.NewRenderer(provision.RendererOptions{Data: data, Ask: s.Ask, SideBySide: n})
			for b.Loop() {
				doc, err := r.Render(b.Context(), snapshot, snapshot.Lookup("x"), provision.Request{})
				if err != nil {
					b.Fatal(err)
				}
				doc.Close()
			}
			took[n] = b.Elapsed() / time.Duration(b.N)
			b.ReportMetric(float64(took[1])/float64(took[n]), "times-faster")
		})
	}
}
