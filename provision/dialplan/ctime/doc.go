// Package ctime writes and reads times as glibc does in the C locale: Format is strftime with Asterisk's additions,
// Parse is strptime, Epoch is mktime.
package ctime
