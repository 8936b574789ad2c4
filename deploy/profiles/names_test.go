package profiles

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// shared is the directory of the makes' parameter lists on the development machine. .ci/run has it too.
const shared = "../../../shared/vendors/keys"

// citation is the line of a profile's head that names its parameter list.
var citation = regexp.MustCompile(`(?m)^; names: (.+)$`)

// The list that a profile's head cites has every parameter of the profile.
func TestNames(t *testing.T) {
	for _, p := range All() {
		t.Run(p.Name, func(t *testing.T) {
			m := citation.FindStringSubmatch(read(p.Name + "/" + sectionFile))
			if m == nil {
				t.Fatal("the head names no list")
			}
			known := map[string]bool{}
			for name := range strings.FieldsSeq(m[1]) {
				file := name
				if !strings.HasPrefix(name, "testdata/") {
					if file = filepath.Join(shared, name+".txt"); !there(file) {
						skips.Skip(t, "no lists of the makes' parameters in ../shared/vendors/keys", "they are on the machine that this is developed on")
					}
				}
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(string(text)) {
					if entry, _, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t"); !strings.HasPrefix(entry, "#") {
						_, value, found := strings.Cut(entry, ": ") // Digium's lists add a description
						known[entry] = true
						known[value] = known[value] || found
					}
				}
			}
			for _, c := range cases() {
				_, files := rendered(t, p, c)
				for name := range makes[p.Name].params(t, files) {
					if !slices.ContainsFunc(spellings(name), func(s string) bool { return known[s] }) {
						t.Errorf("%s: %s is in no list that %s cites", c.name, name, m[1])
					}
				}
			}
		})
	}
}

func there(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

var (
	index   = regexp.MustCompile(`[0-9]+`)
	section = regexp.MustCompile(`_[0-9]+/`)
	between = regexp.MustCompile(`\[[^]]*\]`)
)

// spellings returns the spellings that a list may use for a name: as it is, or with X or N for an index.
func spellings(name string) []string {
	if name[0] == 'P' && index.MatchString(name[1:2]) { // the number is the name
		return []string{name}
	}
	plain := between.ReplaceAllString(name, "")
	last := plain[strings.LastIndexByte(plain, '/')+1:]
	all := []string{name, plain, last, section.ReplaceAllString(name, "_N/")}
	for _, s := range []string{name, plain, last} {
		all = append(all, index.ReplaceAllString(s, "X"), index.ReplaceAllString(s, "N"))
	}
	return all
}
