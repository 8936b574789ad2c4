// Package testsite makes snapshots of the text of configuration files, and runs Ledgers, for tests. Package testkit has
// what needs no provision.
package testsite

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf/astconftest"
	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// Snapshot builds the snapshot of a configuration. files has the texts of the files of /etc/asterisk, by name.
func Snapshot(tb testing.TB, files map[string]string) *provision.Snapshot {
	tb.Helper()
	return PartOf(tb, "", files).Snapshot
}

// PartOf builds the same of one of several Asterisks, for provision.Join.
func PartOf(tb testing.TB, pbx string, files map[string]string) provision.Part {
	tb.Helper()
	config := provision.Config{}
	astconftest.Read(tb, config, config.Files(), files)
	s, _, err := provision.Build(tb.Context(), provision.Input{PBX: pbx, Config: config}, time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	return provision.Part{PBX: pbx, Snapshot: s}
}

// RunLedger runs a Ledger until the test ends. The test fails if Run returns an error.
func RunLedger(tb testing.TB, l *ledger.Ledger) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
}

// Settle waits until a Ledger that runs has applied and compared everything that it was told.
func Settle(tb testing.TB, l *ledger.Ledger) {
	tb.Helper()
	if err := l.Settle(testkit.Within(tb, testkit.Patience)); err != nil {
		tb.Fatal(err)
	}
}

// Renderer renders files. *provision.Renderer is one.
type Renderer interface {
	Render(context.Context, *provision.Snapshot, *provision.Route, provision.Request) (*provision.Document, error)
}

// Answered completes an answer to a request for a.File and tells the Ledger of it: with the MAC in the name, with the
// file's route, and, if the status is 200, with what was rendered.
func Answered(tb testing.TB, l *ledger.Ledger, s *provision.Snapshot, r Renderer, a ledger.Answer) {
	tb.Helper()
	a.MAC, _, _ = device.FindMAC(a.File)
	if a.Route = s.Lookup(a.File); a.Route != nil && a.Status == http.StatusOK {
		doc, err := r.Render(tb.Context(), s, a.Route, a.Asked)
		if err != nil {
			tb.Fatal(err)
		}
		a.ETag, a.Basis, a.Bytes = doc.ETag, doc.Basis(s, a.Route), doc.Size
		doc.Close()
	}
	l.Served(a)
}
