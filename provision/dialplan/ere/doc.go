// Package ere runs POSIX extended regular expressions as glibc does, with Go's regexp package. Compile translates an
// expression to Go's syntax and bounds its work. ErrUnsupported means that Go cannot give glibc's answer.
package ere
