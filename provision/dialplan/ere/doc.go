// Package ere runs POSIX extended regular expressions as glibc does, on Go's regexp package. Compile translates an expression and
// bounds its work; ErrUnsupported means that Go cannot give glibc's answer.
package ere
