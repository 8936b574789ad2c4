package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// row is a line of the targets.
type row struct {
	name    string
	what    string // what it measures
	measure func(context.Context, *bench) (outcome, error)
}

// outcome is the result of a row: a text for each server, and the checks of the targets.
type outcome struct {
	cells  [4]string // in the order of columns
	checks []check
}

// columns are the servers of the table.
var columns = [...]string{"phoneprov", "bare chi", "nginx", "Asterisk"}

// set sets the cell of a server.
func (o *outcome) set(server, text string) {
	if i := slices.Index(columns[:], server); i >= 0 {
		o.cells[i] = text
	}
}

// check is a number with its target.
type check struct {
	label string
	value float64 // NaN: it could not be measured
	bound float64
	most  bool   // the bound is the maximum; otherwise the minimum
	unit  string // of value and bound; "": a ratio
	why   string // why it could not be measured
}

func atLeast(label string, value, bound float64) check {
	return check{label: label, value: value, bound: bound}
}

func atMost(label string, value, bound float64, unit string) check {
	return check{label: label, value: value, bound: bound, unit: unit, most: true}
}

// not returns a check that could not be measured.
func not(label string, err error) check {
	return check{label: label, value: math.NaN(), why: err.Error()}
}

func (c check) met() bool {
	if c.most {
		return c.value <= c.bound
	}
	return c.value >= c.bound
}

func (c check) texts() (value, target, met string) {
	if math.IsNaN(c.value) {
		return c.label + ": " + c.why, "", "not run"
	}
	sign, met := "≥", "**no**"
	if c.most {
		sign = "≤"
	}
	if c.met() {
		met = "yes"
	}
	return c.label + " " + number(c.value, c.unit), sign + " " + number(c.bound, c.unit), met
}

// number formats a ratio with two digits, and other numbers with three significant digits.
func number(v float64, unit string) string {
	switch {
	case unit == "":
		return fmt.Sprintf("%.2f", v)
	case v == math.Trunc(v) || v >= 100:
		return fmt.Sprintf("%.0f %s", v, unit)
	}
	return fmt.Sprintf("%.*f %s", max(0, 2-int(math.Floor(math.Log10(max(v, 0.01))))), v, unit)
}

// line is a row with its outcome.
type line struct {
	row     row
	outcome outcome
	err     error
}

// table returns the Markdown table of all rows.
func table(lines []line) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| row | what | %s | result | target | met |\n|---|---|%s---|---|---|\n",
		strings.Join(columns[:], " | "), strings.Repeat("---|", len(columns)))
	for _, l := range lines {
		if l.err != nil {
			l.outcome.checks = []check{not("not run", l.err)}
		}
		var values, targets, met []string
		for _, c := range l.outcome.checks {
			value, target, ok := c.texts()
			values, targets, met = append(values, value), append(targets, target), append(met, ok)
		}
		cells := []string{l.row.name, l.row.what}
		cells = append(cells, l.outcome.cells[:]...)
		for _, list := range [][]string{values, targets, met} {
			cells = append(cells, strings.Join(list, "<br>"))
		}
		for i, c := range cells {
			cells[i] = strings.NewReplacer("|", "\\|", "\n", " ").Replace(c)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	return b.String()
}

// median returns the median; of an even number, the mean of the two in the middle.
func median[T cmp.Ordered](list []T, mean func(a, b T) T) T {
	var zero T
	if len(list) == 0 {
		return zero
	}
	sorted := slices.Sorted(slices.Values(list))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return mean(sorted[half-1], sorted[half])
}

func medianOf(list []float64) float64 {
	return median(list, func(a, b float64) float64 { return (a + b) / 2 })
}

func medianTime(list []time.Duration) time.Duration {
	return median(list, func(a, b time.Duration) time.Duration { return (a + b) / 2 })
}

// medians returns the median of each part of the measures, and the highest memory.
func medians(list []measure) measure {
	var rates, cpus []float64
	m := measure{time: time.Second}
	for _, x := range list {
		rates, cpus = append(rates, x.rate), append(cpus, x.cpu())
		m.usage.rss, m.asked = max(m.usage.rss, x.usage.rss), max(m.asked, x.asked)
	}
	m.rate = medianOf(rates)
	m.usage.cpu = time.Duration(medianOf(cpus) * float64(time.Second))
	return m
}

// text returns a cell: the rate per second with its unit, CPU and memory.
func (m measure) text(unit string) string {
	return fmt.Sprintf("%s%s/s, %.0f %% CPU, %s", thousands(m.rate), unit, 100*m.cpu(), megabytes(m.usage.rss))
}

func megabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }

func milliseconds(d time.Duration) string { return number(float64(d)/1e6, "ms") }

// thousands formats 31204 as 31,204.
func thousands(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
