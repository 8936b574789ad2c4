package memo

import (
	"fmt"
	"sync"
	"testing"
)

func TestPutAndGet(t *testing.T) {
	m := New[string, int](10_000, 1_000)
	if _, ok := m.Get("a"); ok {
		t.Error("an empty memo has a value")
	}
	m.Put("a", 1, 10)
	m.Put("a", 2, 20)
	if got, ok := m.Get("a"); !ok || got != 2 {
		t.Errorf("got %d, %v, want the value that came last", got, ok)
	}
	if n, bytes := m.Stats(); n != 1 || bytes != 20+overhead {
		t.Errorf("got %d values of %d bytes", n, bytes)
	}
	m.Clear()
	if n, bytes := m.Stats(); n != 0 || bytes != 0 {
		t.Errorf("got %d values of %d bytes after Clear", n, bytes)
	}
}

// A value that is too large is not stored, and the key's old value is removed.
func TestTooLarge(t *testing.T) {
	m := New[string, int](10_000, 1_000)
	m.Put("a", 1, 1_000)
	if m.Put("a", 2, 1_001) {
		t.Error("a value beyond the bound of one value is kept")
	}
	if got, ok := m.Get("a"); ok {
		t.Errorf("got %d, want nothing: it was replaced", got)
	}
	if New[int, int](1_000, 2_000).Put(1, 1, 1_000) {
		t.Error("a value is kept that does not fit with its overhead")
	}
}

// The bound holds for any values. Values that are read stay, and others make room.
func TestBound(t *testing.T) {
	const bound, size = 100 * (100 + overhead), 100
	m := New[int, string](bound, bound)
	for i := range 10_000 {
		m.Put(i, fmt.Sprint(i), size+i%7)
		for _, used := range []int{0, 1, 2} {
			if i >= used {
				if got, ok := m.Get(used); !ok || got != fmt.Sprint(used) {
					t.Fatalf("after %d values: got %q, %v for %d, which was used all the time", i, got, ok, used)
				}
			}
		}
		if _, bytes := m.Stats(); bytes > bound {
			t.Fatalf("%d bytes, bound %d", bytes, bound)
		}
	}
	n, _ := m.Stats()
	if n < 90 || n > 100 {
		t.Errorf("got %d values, want about as many as fit: 97", n)
	}
	if _, ok := m.Get(5_000); ok {
		t.Error("a value stays that nobody asked for")
	}
}

// Wants wants a key at its second call, not at its first, and no longer after many others.
func TestWants(t *testing.T) {
	m := New[int, int](10_000, 100)
	if m.Wants(1) {
		t.Error("a new key is wanted")
	}
	if !m.Wants(1) {
		t.Error("a key is not wanted the second time")
	}
	wanted := 0
	for i := range 100_000 {
		if m.Wants(10 + i) {
			wanted++
		}
	}
	if wanted > 10 {
		t.Errorf("%d of 100,000 new keys are wanted", wanted)
	}
	if m.Wants(1) {
		t.Error("a key is wanted after 100,000 others")
	}
	m.Put(1, 1, 10)
	for i := range 100_000 {
		m.Wants(10 + i)
	}
	if !m.Wants(1) {
		t.Error("a key that has a value is not wanted")
	}
}

func TestConcurrentUse(t *testing.T) {
	m := New[int, int](50*(overhead+8), 8)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 5_000 {
				key := (i*7 + g) % 200
				if got, ok := m.Get(key); ok && got != key {
					t.Errorf("got %d for %d", got, key)
				}
				m.Put(key, key, 8)
				if i%1_000 == 0 {
					m.Clear()
				}
			}
		})
	}
	wg.Wait()
}
