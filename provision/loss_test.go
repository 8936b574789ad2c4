package provision

import (
	"fmt"
	"slices"
	"testing"
)

func lossConfig(phones ...string) map[string]string {
	users := "[general]\n"
	for _, name := range phones {
		users += fmt.Sprintf("[%s]\nautoprov=yes\nprofile=p\nusername=%[1]s\nmacaddress=0004f20000%[1]s\n", name)
	}
	return map[string]string{"phoneprov.conf": "[p]\n${MAC}.cfg => x\n[static]\nstatic_file => x\n[bare]\n", "users.conf": users}
}

func TestLossOf(t *testing.T) {
	served, _ := build(t, lossConfig("01", "02", "03", "04"))
	with := func(profile string, phones ...string) map[string]string {
		files := lossConfig(phones...)
		files["phoneprov.conf"] = profile
		return files
	}
	tests := []struct {
		name string
		next map[string]string
		lost []string
		left int
	}{
		{"nothing", lossConfig("01", "02", "03", "04"), nil, 4},
		{"a new one", lossConfig("05", "01", "02", "03", "04"), nil, 5},
		{"two", lossConfig("02", "04"), []string{"0004f2000001", "0004f2000003"}, 2},
		{"one is another one", lossConfig("01", "02", "03", "05"), []string{"0004f2000004"}, 4},
		{"all", map[string]string{}, []string{"0004f2000001", "0004f2000002", "0004f2000003", "0004f2000004"}, 0},
		{"the files of the profile", with("[p]\nsetvar => A=1\n", "01", "02", "03", "04"), []string{"0004f2000001", "0004f2000002", "0004f2000003", "0004f2000004"}, 4},
		{"other files", with("[p]\nstatic_file => y\n", "01", "02", "03", "04"), nil, 4},
	}
	prints := map[uint64]string{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			next, _ := build(t, tt.next)
			l := LossOf(served, next)
			if l.Served != 4 || l.Left != tt.left || l.Lost != len(tt.lost) || !slices.Equal(l.Phones, tt.lost) {
				t.Errorf("got %+v", l)
			}
			if again, _ := build(t, tt.next); LossOf(served, again).Print != l.Print {
				t.Error("the same loss has two prints")
			}
			if other, ok := prints[l.Print]; ok && l.Lost > 0 && l.Lost != 4 {
				t.Errorf("the print is that of %s", other)
			}
			prints[l.Print] = tt.name
		})
	}
	if l := LossOf(served, served); l.Lost != 0 || l.Served != 4 {
		t.Errorf("got %+v of the same", l)
	}
}

// Where phones never had files, they lose none.
func TestLossOfPhonesWithoutFiles(t *testing.T) {
	files := lossConfig("01", "02")
	files["phoneprov.conf"] = "[p]\n"
	served, _ := build(t, files)
	next, _ := build(t, files)
	if l := LossOf(served, next); l.Lost != 0 {
		t.Errorf("got %+v", l)
	}
}

func TestLossExceeds(t *testing.T) {
	for _, tt := range []struct {
		lost, served, percent, least int
		want                         bool
	}{{10, 20, 50, 5, false}, {11, 20, 50, 5, true}, {4, 4, 50, 5, false}, {5, 5, 50, 5, true}, {5, 5, 100, 5, false}, {0, 0, 50, 0, false}, {1, 20, 0, 0, true}} {
		if got := (Loss{Lost: tt.lost, Served: tt.served}).Exceeds(tt.percent, tt.least); got != tt.want {
			t.Errorf("%+v: got %v", tt, got)
		}
	}
}

// Options that are taken apart and put together again are the same, to everybody who compares them.
func TestOptionsParts(t *testing.T) {
	var sets OptionSets
	sets.Add(map[string]string{"a": "1", "b": "2", "c": "3"})
	o := sets.Add(map[string]string{"a": "1", "b": "x", "D": "4"})
	shared, own := o.Parts()
	back := NewSharedOptions(shared).With(own)
	if back.print != o.print {
		t.Error("the print is another one")
	}
	for name, want := range map[string]string{"a": "1", "b": "x", "c": "", "d": "4"} {
		if got := back.Get(name); got != want || o.Get(name) != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestStoreOffer(t *testing.T) {
	var store Store
	first, second := &Snapshot{}, &Snapshot{}
	if !store.Offer(first) || store.Load() != first || first.Generation != 1 {
		t.Errorf("got %v, generation %d", store.Load(), first.Generation)
	}
	if store.Offer(second) || store.Load() != first {
		t.Error("an offer has replaced what was served")
	}
	if store.Swap(second) != first || second.Generation != 2 {
		t.Errorf("got generation %d", second.Generation)
	}
}
