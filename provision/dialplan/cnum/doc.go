// Package cnum reads, writes and computes numbers as C does on x86, where Asterisk's results depend on it: long double
// (LongDouble), double, int, and what scanf accepts of each.
package cnum
