// Package cnum reads, writes and computes numbers as C does on x86, because Asterisk's results depend on it: long
// double (LongDouble), double, int, and what scanf accepts as each of them.
package cnum
