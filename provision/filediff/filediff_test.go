package filediff

import (
	"strings"
	"testing"
)

func TestUnified(t *testing.T) {
	const head = "--- a\n+++ b\n"
	tests := []struct {
		name     string
		old, new File
		want     string
	}{
		{"the same", File{"a\n", "a\n"}, File{"a\n", "a\n"}, ""},
		{"no secret", File{"name=Alice\nx=1\n", "name=Alice\nx=1\n"}, File{"name=Bob\nx=1\n", "name=Bob\nx=1\n"},
			head + "@@ -1,2 +1,2 @@\n-name=Alice\n+name=Bob\n x=1\n"},
		{"a changed secret", File{"name=Alice\npass=one\n", "name=Alice\npass=<secret>\n"}, File{"name=Alice\npass=two\n", "name=Alice\npass=<secret>\n"},
			head + "@@ -1,2 +1,2 @@\n name=Alice\n-pass=<secret>\n+pass=<secret, changed>\n"},
		{"a secret in the context", File{"name=Alice\npass=one\n", "name=Alice\npass=<secret>\n"}, File{"name=Bob\npass=one\n", "name=Bob\npass=<secret>\n"},
			head + "@@ -1,2 +1,2 @@\n-name=Alice\n+name=Bob\n pass=<secret>\n"},
		{"the rest of its line changed", File{"Alice:one\n", "Alice:<secret>\n"}, File{"Bob:one\n", "Bob:<secret>\n"},
			head + "@@ -1 +1 @@\n-Alice:<secret>\n+Bob:<secret>\n"},
		{"both changed", File{"Alice:one\n", "Alice:<secret>\n"}, File{"Bob:two\n", "Bob:<secret>\n"},
			head + "@@ -1 +1 @@\n-Alice:<secret>\n+Bob:<secret, changed>\n"},
		{"one of two", File{"a=one b=two;\n", "a=<secret> b=<secret>;\n"}, File{"a=one b=2;\n", "a=<secret> b=<secret>;\n"},
			head + "@@ -1 +1 @@\n-a=<secret> b=<secret>;\n+a=<secret> b=<secret, changed>;\n"},
		{"a secret that is new", File{"a\n", "a\n"}, File{"a\npass=one\n", "a\npass=<secret>\n"},
			head + "@@ -1 +1,2 @@\n a\n+pass=<secret, changed>\n"},
		{"a line that moved", File{"pass=one\na\nb\n", "pass=<secret>\na\nb\n"}, File{"a\nb\npass=one\n", "a\nb\npass=<secret>\n"},
			head + "@@ -1,3 +1,3 @@\n-pass=<secret>\n a\n b\n+pass=<secret>\n"},
		{"a hash of it", File{"ha1=111\n", "ha1=000\n"}, File{"ha1=222\n", "ha1=000\n"},
			head + "@@ -1 +1 @@\n-ha1=000\n+ha1=000 <secret, changed>\n"},
		{"no newline at the end", File{"pass=one", "pass=<secret>"}, File{"pass=two", "pass=<secret>"},
			head + "@@ -1 +1 @@\n-pass=<secret>\n\\ No newline at end of file\n+pass=<secret, changed>\n\\ No newline at end of file\n"},
		{"a secret with a line break", File{"pass=o\nne\n", "pass=<secret>\n"}, File{"pass=two\n", "pass=<secret>\n"},
			head + "<secret, changed>\n"},
		{"a secret that decides how many lines there are", File{"a\nlong\n", "b\n"}, File{"a\n", "c\n"},
			head + "@@ -1 +1 @@\n-b\n+c\n"},
		{"secrets that touch", File{"onetwo\n", "<secret><secret>\n"}, File{"one2\n", "<secret><secret>\n"},
			head + "@@ -1 +1 @@\n-<secret><secret>\n+<secret><secret> <secret, changed>\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Unified("a", "b", tt.old, tt.new); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// Whatever the files are, what is shown is made of masked lines only.
func FuzzUnified(f *testing.F) {
	f.Add("user=%\npass=%\n", "user=%\nx\npass=%\n", "one", "two")
	f.Add("%%", "%\n%", "a\nb", "")
	f.Fuzz(func(t *testing.T, old, new, oldSecret, newSecret string) {
		oldSecret, newSecret = "old-secret-"+oldSecret, "new-secret-"+newSecret
		fill := func(text, secret string) File {
			return File{strings.ReplaceAll(text, "%", secret), strings.ReplaceAll(text, "%", Masked)}
		}
		if strings.Contains(old+new, "-secret-") {
			return
		}
		if got := Unified("a", "b", fill(old, oldSecret), fill(new, newSecret)); strings.Contains(got, "-secret-") {
			t.Errorf("got %q", got)
		}
	})
}
