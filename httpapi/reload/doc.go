// Package reload keeps a value that is parsed from files, and parses it again when they change.
//
// Nobody waits for a file: at most once a second, one caller of Get looks whether the files changed and reads them, while
// all others get the value that there is. Files that cannot be read or parsed leave the last good value in use.
package reload
