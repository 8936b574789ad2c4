package amisync

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/background"
)

// A sync of many phones runs at low priority, and nothing after it does. A sync of few phones does not. Both work in
// turns of the background, also where nothing changed.
func TestSyncAtLowPriority(t *testing.T) {
	before := testkit.Niceness(t)
	for _, row := range []struct{ phones, want int }{{manyPhones, background.Niceness}, {manyPhones - 1, before}} {
		t.Run(fmt.Sprintf("%d phones", row.phones), func(t *testing.T) {
			dir := t.TempDir()
			testkit.WriteSteady(t, filepath.Join(dir, "phoneprov.conf"), "[general]\ndefault_profile=p\nserveriface=x\n[p]\n${MAC}.cfg => t\n")
			var users strings.Builder
			for i := range row.phones {
				fmt.Fprintf(&users, "[%d]\nautoprov=yes\nmacaddress=%012x\n", i, i)
			}
			testkit.WriteSteady(t, filepath.Join(dir, "users.conf"), users.String())
			var got []int
			s, err := New(Options{Source: SourceFiles, ConfigDir: dir, Store: new(provision.Store), Interfaces: func(string) (netip.Addr, error) {
				got = append(got, testkit.Niceness(t))
				if !testkit.TurnRuns(background.Turn) {
					t.Error("the snapshot is not built or compared in a turn")
				}
				return netip.IPv6Loopback(), nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // before the first it is not known how many they are
				if err := s.sync(t.Context(), "test"); err != nil {
					t.Fatal(err)
				}
			}
			if want := []int{before, row.want}; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got %v, want %v", got, want)
			}
			if after := testkit.Niceness(t); after != before {
				t.Errorf("afterwards: got %d, want %d", after, before)
			}
		})
	}
}
