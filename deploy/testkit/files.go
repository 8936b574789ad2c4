package testkit

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Write puts text into the file at path: it makes the directories, writes another file beside path and renames it. It
// returns path. The owner alone may read the file, as credentials and keys must be.
func Write[T string | []byte](tb testing.TB, path string, text T) string {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		tb.Fatal(err)
	}
	return path
}

// Read returns the text of a file.
func Read(tb testing.TB, path string) string {
	tb.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// WriteSteady is Write, and the file's time is an hour ago. Each call gives a later time than the call before.
func WriteSteady[T string | []byte](tb testing.TB, path string, text T) string {
	tb.Helper()
	Write(tb, path, text)
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		tb.Fatal(err)
	}
	return path
}

// WriteTree is WriteSteady for each file of a directory: files has texts by slash-separated names. It returns dir.
func WriteTree(tb testing.TB, dir string, files map[string]string) string {
	tb.Helper()
	for name, text := range files {
		WriteSteady(tb, filepath.Join(dir, filepath.FromSlash(name)), text)
	}
	return dir
}
