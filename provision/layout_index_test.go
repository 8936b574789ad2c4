package provision

import (
	"strconv"
	"testing"
)

// An index finds the same as a map, however it has grown.
func TestIndex(t *testing.T) {
	var names []string
	nameOf := func(number int) string { return names[number] }
	for _, start := range []index{{}, newIndex(0), newIndex(10), newIndex(3000)} {
		x := start
		names = nil
		for i := range 2000 {
			name := strconv.Itoa(i * i)
			if got := x.find(name, nameOf); got != -1 {
				t.Fatalf("%q is %d before it is added", name, got)
			}
			x.add(name, i)
			names = append(names, name)
		}
		for i, name := range names {
			if got := x.find(name, nameOf); got != i {
				t.Fatalf("%q: got %d, want %d", name, got, i)
			}
		}
		if got := x.find("", nameOf); got != -1 {
			t.Errorf("the empty name is %d", got)
		}
		if free := len(x.entries) - 2000; free < 2000 {
			t.Errorf("%d places are free: a search may be long", free)
		}
	}
}

// An index compares names, not only hashes.
func TestIndexComparesNames(t *testing.T) {
	x := newIndex(1)
	x.add("a", 0)
	if got := x.find("a", func(int) string { return "another of that hash" }); got != -1 {
		t.Errorf("got %d", got)
	}
}
