package cnum

import (
	"math"
	"testing"
)

// The rules of C's scanf at the ends of numbers. Whole calls are compared with Asterisk in dialplan/testdata/rows.
func TestScanFloat(t *testing.T) {
	for _, row := range []struct {
		in   string
		want float64
		ok   bool
	}{
		{" \t-1.5x", -1.5, true},
		{".5", 0.5, true},
		{"0x10", 16, true},
		{"0x1p4", 16, true},
		{"1e999", math.Inf(1), true},
		{"-infinity!", math.Inf(-1), true},
		{"1e", 0, false},
		{"0x", 0, false},
		{"infi", 0, false},
		{"nan(1", 0, false},
		{".", 0, false},
		{"", 0, false},
		{"1234567890123456789012345678901", 123456789012345678901234567890, true}, // scanf reads 30 characters
	} {
		if got, ok := ScanFloat(row.in, 64); ok != row.ok || ok && got != row.want {
			t.Errorf("%q: got %v, %v, want %v, %v", row.in, got, ok, row.want, row.ok)
		}
	}
}

func TestScanInt(t *testing.T) {
	for _, row := range []struct {
		in   string
		want int
		rest string
		ok   bool
	}{
		{" -12:3", -12, ":3", true},
		{"+7", 7, "", true},
		{"x", 0, "x", false},
		{"4294967297", 1, "", true},            // the low 32 bits
		{"99999999999999999999", -1, "", true}, // 64 bits are saturated first
	} {
		if got, rest, ok := ScanInt(row.in); got != row.want || rest != row.rest || ok != row.ok {
			t.Errorf("%q: got %d, %q, %v, want %d, %q, %v", row.in, got, rest, ok, row.want, row.rest, row.ok)
		}
	}
}

// A LongDouble has the 64 bits of mantissa that x86 has.
func TestLongDouble(t *testing.T) {
	third, ok := Div(New(1), New(3))
	if got := Format(third); got != "0.333333333333333333" || !ok {
		t.Errorf("1/3: got %s, %v", got, ok)
	}
	if got, ok := Div(New(1), New(0)); Format(got) != "2147483647" || ok {
		t.Errorf("1/0: got %s, %v", Format(got), ok)
	}
	large := New(1)
	for range 15 {
		large = Mul(large, New(math.MaxInt32))
	}
	if rest, ok := Mod(large, New(1000)); Format(rest) == "" || !ok || rest.Cmp(New(1000)) >= 0 {
		t.Errorf("the remainder is %s, %v", Format(rest), ok)
	}
}
