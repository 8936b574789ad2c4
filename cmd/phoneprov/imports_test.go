package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/phoneprov/phoneprov"

// importRules are the one way that imports go: who, matched as path.Match does within the module, may not depend on
// what, even through others. A dependency outside the module counts with all below it.
var importRules = []struct {
	name string
	who  []string
	not  []string
}{
	{"provision knows no network, log or AMI", []string{"provision", "provision/*", "provision/*/*"},
		[]string{"net/http", "github.com/go-chi/...", "github.com/ivahaev/...", "github.com/rs/zerolog/...", module + "/amisync", module + "/httpapi/..."}},
	{"leaves of provision know nothing of ours", []string{"provision/astconf", "provision/background", "provision/device", "provision/memo", "provision/zone", "provision/dialplan/cnum"},
		[]string{module + "/..."}},
	{"times and expressions know no templates", []string{"provision/dialplan/ctime", "provision/dialplan/ere"},
		[]string{module + "/provision", module + "/provision/dialplan", module + "/provision/datadir", module + "/provision/astconf"}},
	{"the language knows no phones", []string{"provision/dialplan"},
		[]string{module + "/provision", module + "/provision/astconf", module + "/provision/datadir", module + "/provision/device", module + "/provision/memo"}},
	{"datadir knows no configuration", []string{"provision/datadir"}, []string{module + "/provision", module + "/provision/astconf", module + "/provision/device"}},
	{"amisync and httpapi do not know each other", []string{"amisync", "amisync/*"}, []string{module + "/httpapi/...", "github.com/go-chi/..."}},
	{"httpapi and amisync do not know each other", []string{"httpapi", "httpapi/*"}, []string{module + "/amisync/...", "github.com/ivahaev/..."}},
	{"one connection knows nothing of functions and syncs", []string{"amisync/ami"}, []string{module + "/amisync", module + "/amisync/ask"}},
	{"functions know nothing of syncs", []string{"amisync/ask"}, []string{module + "/amisync"}},
	{"reload and regularfile are leaves", []string{"httpapi/reload", "provision/regularfile"}, []string{module + "/httpapi", module + "/provision"}},
	{"the API knows no router and no log", []string{"httpapi/admin"}, []string{module + "/httpapi", "github.com/go-chi/...", "github.com/rs/zerolog/...", "github.com/prometheus/..."}},
	{"metrics know nothing of ours", []string{"httpapi/metrics"}, []string{module + "/..."}},
	{"SIP PnP knows no HTTP", []string{"httpapi/pnp"}, []string{module + "/httpapi", module + "/provision"}},
	{"httpauth knows no routes", []string{"httpapi/httpauth"}, []string{module + "/httpapi", "github.com/go-chi/...", "github.com/rs/zerolog/..."}},
	{"nobody imports a command", []string{"provision", "provision/*", "provision/*/*", "amisync", "amisync/*", "httpapi", "httpapi/*", "deploy/*", "deploy/*/*"}, []string{module + "/cmd/..."}},
	{"deploy is for commands and tests", []string{"provision", "provision/*", "provision/*/*", "amisync", "amisync/*", "httpapi", "httpapi/*"}, []string{module + "/deploy/..."}},
}

// directRules say who alone may import a third-party package itself: its types stay where they are adapted.
var directRules = map[string][]string{
	"github.com/ivahaev/amigo": {"amisync/ami"},
	"github.com/go-chi/chi/v5": {"httpapi", "deploy/bench/barechi"},
	"gopkg.in/ini.v1":          {"cmd/phoneprov"},

	"github.com/aymanbagabas/go-udiff": {"cmd/phoneprov", "provision/filediff"},
	"github.com/fsnotify/fsnotify":     {"amisync"},
	"github.com/zeebo/xxh3":            {"provision"},
	"golang.org/x/crypto/bcrypt":       {"httpapi/httpauth"},
	"golang.org/x/term":                {"cmd/phoneprov"},

	"github.com/pin/tftp/v3":      {"httpapi/tftp"},
	"github.com/emiago/sipgo/sip": {"httpapi/pnp"},
	"golang.org/x/net/ipv4":       {"httpapi/pnp"},

	"github.com/chromedp/chromedp":                              {"deploy/browser"},
	"github.com/prometheus/client_golang/prometheus":            {"httpapi/metrics"},
	"github.com/prometheus/client_golang/prometheus/collectors": {"httpapi/metrics"},
	"github.com/prometheus/client_golang/prometheus/promhttp":   {"httpapi/metrics"},
}

type goPackage struct {
	ImportPath    string
	Imports, Deps []string
}

func TestImports(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	for _, rule := range importRules {
		t.Run(rule.name, func(t *testing.T) {
			found := 0
			for _, p := range packages {
				if !matchesAny(rule.who, strings.TrimPrefix(p.ImportPath, module+"/")) {
					continue
				}
				found++
				for _, dep := range p.Deps {
					if slices.ContainsFunc(rule.not, func(not string) bool { return under(dep, not) }) {
						t.Errorf("%s depends on %s", p.ImportPath, dep)
					}
				}
			}
			if found == 0 {
				t.Errorf("no package matches %q", rule.who)
			}
		})
	}
	for _, p := range packages {
		for _, imported := range p.Imports {
			who := strings.TrimPrefix(p.ImportPath, module+"/")
			if only, ok := directRules[imported]; ok && !slices.Contains(only, who) {
				t.Errorf("%s imports %s, which is for %q only", who, imported, only)
			}
		}
	}
}

// listPackages asks the go command, as it alone knows build constraints.
func listPackages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Deps", module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(p.ImportPath, module+"/") {
			packages = append(packages, p)
		}
	}
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
}

// under reports that a path is the pattern, or below it where it ends in "/...".
func under(name, pattern string) bool {
	parent, below := strings.CutSuffix(pattern, "/...")
	return name == parent || below && strings.HasPrefix(name, parent+"/")
}
