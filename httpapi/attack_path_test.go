package httpapi

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// pathAttacks want a file that no route leads to: outside.txt beside the data directory, a template, or /etc/shadow.
func pathAttacks() []attackTest {
	targets := []struct {
		name, target string
		want         int
	}{
		{"dot dot", "/phoneprov/../outside.txt", 404},
		{"dot dot out of a static directory", "/phoneprov/static/../../outside.txt", 404},
		{"dot dot to a template", "/phoneprov/static/../t.cfg", 404},
		{"template", "/phoneprov/t.cfg", 404},
		{"template's directory", "/phoneprov/static/fw.bin", 404},
		{"dot dot before the prefix", "/../outside.txt", 404},
		{"dot dot and the prefix", "/phoneprov/../phoneprov/0011223344aa.cfg", 404},
		{"many dots", "/phoneprov/" + strings.Repeat("../", 60) + "etc/shadow", 404},
		{"dots encoded", "/phoneprov/%2e%2e/outside.txt", 404},
		{"one dot encoded", "/phoneprov/.%2e/outside.txt", 404},
		{"upper case", "/phoneprov/%2E%2E/outside.txt", 404},
		{"slash encoded", "/phoneprov/..%2foutside.txt", 404},
		{"all encoded", "/phoneprov/%2e%2e%2foutside.txt", 404},
		{"encoded twice", "/phoneprov/%252e%252e%252foutside.txt", 404},
		{"encoded three times", "/phoneprov/%25252e%25252e%25252foutside.txt", 404},
		{"prefix encoded twice", "/%252e%252e/outside.txt", 404},
		{"overlong UTF-8, two bytes", "/phoneprov/%c0%ae%c0%ae%c0%afoutside.txt", 404},
		{"overlong UTF-8, three bytes", "/phoneprov/%e0%80%ae%e0%80%ae%e0%80%afoutside.txt", 404},
		{"overlong UTF-8, four bytes", "/phoneprov/%f0%80%80%ae%f0%80%80%ae/outside.txt", 404},
		{"overlong UTF-8, bare", "/phoneprov/\xc0\xae\xc0\xae/outside.txt", 404},
		{"UTF-16", "/phoneprov/%u002e%u002e/outside.txt", 400},
		{"wide dots", "/phoneprov/%ef%bc%8e%ef%bc%8e/outside.txt", 404},
		{"wide slash", "/phoneprov/..%ef%bc%8foutside.txt", 404},
		{"backslash", `/phoneprov/..\outside.txt`, 404},
		{"backslash encoded", "/phoneprov/..%5coutside.txt", 404},
		{"backslash twice", `/phoneprov/..\..\..\etc\shadow`, 404},
		{"mixed", `/phoneprov/..%2f..%5c../%2e%2e\outside.txt`, 404},
		{"parameter", "/phoneprov/..;/outside.txt", 404},
		{"parameter with a name", "/phoneprov/..;x=y/outside.txt", 404},
		{"four dots", "/phoneprov/....//outside.txt", 404},
		{"dot slash", "/phoneprov/./../outside.txt", 404},
		{"plus as a blank", "/phoneprov/..+/outside.txt", 404},
		{"question mark encoded", "/phoneprov/..%3f/outside.txt", 404},
		{"behind the query", "/phoneprov/?../outside.txt", 404},
		{"behind the fragment", "/phoneprov/#../outside.txt", 404},
		{"behind a file", "/phoneprov/0011223344aa.cfg/../../outside.txt", 404},
		{"behind a static file", "/phoneprov/fw.bin/../../../outside.txt", 404},
		{"absolute", "/phoneprov//etc/shadow", 404},
		{"absolute, encoded", "/phoneprov/%2fetc%2fshadow", 404},
		{"absolute without prefix", "/etc/shadow", 404},
		{"URL", "/phoneprov/file:///etc/shadow", 404},
		{"drive", `/phoneprov/c:\boot.ini`, 404},
		{"NUL", "/phoneprov/0011223344aa.cfg%00.txt", 404},
		{"NUL in front", "/phoneprov/%00/../outside.txt", 404},
		{"NUL, bare", "/phoneprov/0011223344aa.cfg\x00", 400},
		{"no hexadecimal digits", "/phoneprov/%gg%2e/outside.txt", 400},
		{"half an escape", "/phoneprov/0011223344aa.cfg%", 400},
		{"two slashes", "//phoneprov//0011223344aa.cfg", 404},
		{"another host in the path", "//evil.test/phoneprov/0011223344aa.cfg", 404},
		{"slashes before dots", "/phoneprov///../outside.txt", 404},
		{"prefix only", "/phoneprov", 404},
		{"directory", "/phoneprov/static/", 404},
		{"process", "/phoneprov/../../../../proc/self/environ", 404},
		{"substitution", "/phoneprov/${SECRET}.cfg", 404},
		{"expression", "/phoneprov/$[1+1].cfg", 404},
		{"function", "/phoneprov/${SHELL(cat%20/etc/shadow)}", 404},
		{"wildcard", "/phoneprov/*.cfg", 404},
		{"wildcard of chi", "/phoneprov/*", 404},
		{"pattern of chi", "/phoneprov/{file}", 404},
		{"longest name", "/phoneprov/" + strings.Repeat("a", 15<<10), 404},
		{"line break", "/phoneprov/" + marker + "%0d%0aSet-Cookie:%20" + marker, 404},
		{"escape sequence", "/phoneprov/%1b%5d0;" + marker + "%07%1b%5b2J", 404},
		{"C1 control", "/phoneprov/%c2%9b2J%c2%85" + marker, 404},
		{"line separator", "/phoneprov/%e2%80%a8%e2%80%a9" + marker, 404},
		{"right to left", "/phoneprov/%e2%80%aegfc." + marker, 404},
		{"markup", "/phoneprov/%3cscript%3e" + marker + "%3c/script%3e", 404},
		{"markup, bare", "/phoneprov/<script>" + marker + "</script>", 404},
		{"another phone", "/phoneprov/0011223344ab.cfg", 404},
		{"quotes", `/phoneprov/"0011223344aa".cfg`, 404},
	}
	tests := make([]attackTest, 0, len(targets))
	for _, tt := range targets {
		tests = append(tests, attackTest{tt.name, get(tt.target), one(tt.want)})
	}
	return tests
}

func TestPathAttacks(t *testing.T) {
	t.Parallel()
	runAttacks(t, pathAttacks(), func(t *testing.T) *site { return newSite(t, "", nil) })
}

// A stranger gets nothing for any path, not even what a phone may have.
func TestPathAttacksOfStrangers(t *testing.T) {
	t.Parallel()
	tests := append(skips.Some(t, 4, pathAttacks()), attackTest{"phone's file", get("/phoneprov/0011223344aa.cfg"), one(404)},
		attackTest{"static file", get("/phoneprov/fw.bin"), one(404)})
	runAttacks(t, tests, func(t *testing.T) *site {
		s := newSite(t, "", nil)
		s.strangers()
		return s
	})
}

// Whoever may write phoneprov.conf or lay links into the data directory reaches nothing outside it.
func TestLinksOutOfTheDataDirectory(t *testing.T) {
	t.Parallel()
	const profile = `static_file => link.txt
static_file => absolute.txt
static_file => ../../outside.txt
static_file => /etc/shadow
static_file => up/outside.txt
static_file => proc/environ
static_file => chain.txt
static_file => dir
static_file => pipe
${MAC}-up.cfg => ../outside.txt
${MAC}-far.cfg => ../../../../../../../../etc/shadow
${MAC}-link.cfg => static/link.txt
${MAC}-dir.cfg => static/up/outside.txt
${MAC}-shadow.cfg => /etc/shadow
`
	makeSite := func(t *testing.T) *site {
		s := newSite(t, profile, map[string]string{"static/dir/x": "x"})
		for name, to := range map[string]string{
			"link.txt": "../../outside.txt", "absolute.txt": filepath.Join(s.dir, "outside.txt"), "up": "../..", "proc": "/proc/self", "chain.txt": "link.txt",
		} {
			if err := os.Symlink(to, filepath.Join(s.dir, "data", "static", name)); err != nil {
				t.Fatal(err)
			}
		}
		makePipe(t, filepath.Join(s.dir, "data", "static", "pipe"))
		return s
	}
	var tests []attackTest
	for _, name := range []string{"/etc/shadow", "dir", "pipe"} { // under the static directory they are not there, or no files
		tests = append(tests, attackTest{"static " + name, get("/phoneprov/" + name), one(404)})
	}
	for _, name := range []string{"link.txt", "absolute.txt", "../../outside.txt", "up/outside.txt", "proc/environ", "chain.txt"} {
		tests = append(tests, attackTest{"static " + name, get("/phoneprov/" + name), one(500)})
	}
	tests = append(tests, attackTest{"template shadow", get("/phoneprov/0011223344aa-shadow.cfg"), one(503)}) // of the directory, where it is not
	for _, name := range []string{"up", "far", "link", "dir"} {
		tests = append(tests, attackTest{"template " + name, get("/phoneprov/0011223344aa-" + name + ".cfg"), one(500)})
	}
	runAttacks(t, tests, makeSite)
}
