package amisync

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/amitest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// What was in a database is served while the database is away. What was in a file is gone with the file.
func TestLostEndpoints(t *testing.T) {
	const sections = `[a]
type=phoneprov
endpoint=db
[b]
type=phoneprov
endpoint=file
[c]
type=phoneprov
endpoint=wiz
`
	const both = sections + `[file]
type=endpoint
auth=file
[file]
type=auth
username=u
`
	ep := func(id, user string) provision.Endpoint {
		return provision.Endpoint{ID: id, AuthID: id, Username: user, Password: provision.Secret(user)}
	}
	wiz := provision.Endpoint{ID: "wiz", AuthID: "wiz-iauth", Username: "w"}
	const wizard = "[wiz]\ntype=wizard\naccepts_auth=yes\n"
	type step struct {
		name          string
		pjsip, wizard string
		live, want    []provision.Endpoint
		found         int
	}
	for name, steps := range map[string][]step{
		"away and back": {
			{"first", both, wizard, []provision.Endpoint{ep("db", "x"), ep("file", "u"), wiz}, nil, 0},
			{"auths away", both, wizard, []provision.Endpoint{ep("db", ""), ep("file", "u"), wiz}, []provision.Endpoint{ep("db", "x"), ep("file", "u"), wiz}, 1},
			{"all away", both, wizard, []provision.Endpoint{ep("file", "u"), wiz}, []provision.Endpoint{ep("db", "x"), ep("file", "u"), wiz}, 1},
			{"back", both, wizard, []provision.Endpoint{ep("db", "y"), ep("file", "u"), wiz}, nil, 0},
			{"no pjsip at all", both, wizard, nil, []provision.Endpoint{ep("db", "y")}, 1},
		},
		"deleted from files": {
			{"first", both, wizard, []provision.Endpoint{ep("file", "u"), wiz}, nil, 0},
			{"edited", sections, "", []provision.Endpoint{ep("file", "u"), wiz}, nil, 0},
			{"edited, still", sections, "", []provision.Endpoint{ep("file", "u"), wiz}, nil, 0},
			{"reloaded", sections, "", nil, nil, 0},
		},
		"auths deleted from files": {
			{"first", both, wizard, []provision.Endpoint{ep("file", "u"), wiz}, nil, 0},
			{"reloaded", sections, "", []provision.Endpoint{ep("file", ""), {ID: "wiz", AuthID: "wiz-iauth"}}, []provision.Endpoint{}, 2},
		},
		"another auth that is not there": {
			{"first", both, "", []provision.Endpoint{ep("db", "x")}, nil, 0},
			{"changed", both, "", []provision.Endpoint{{ID: "db", AuthID: "none"}}, []provision.Endpoint{}, 1},
		},
		"an auth that was never there": {
			{"first", both, "", []provision.Endpoint{ep("db", "")}, []provision.Endpoint{}, 1},
		},
		"never there": {
			{"first", both, wizard, []provision.Endpoint{ep("file", "u")}, nil, 0},
		},
		"section deleted": {
			{"first", both, "", []provision.Endpoint{ep("db", "x")}, nil, 0},
			{"no section", "", "", nil, nil, 0},
			{"and again", both, "", nil, nil, 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var k keeper
			for _, st := range steps {
				config := provision.Config{"pjsip.conf": parse(t, "pjsip.conf", st.pjsip), "pjsip_wizard.conf": parse(t, "pjsip_wizard.conf", st.wizard)}
				if st.want == nil {
					st.want = st.live
				}
				live := liveOf(st.live)
				bare := map[string]bool{}
				for name, e := range live.Endpoints {
					bare[name] = e.Username == ""
				}
				found := k.fill(live, bare, config)
				if d := cmp.Diff(liveOf(st.want), live, noEndpointOptions); d != "" {
					t.Errorf("%s: %s", st.name, d)
				}
				if len(found) != st.found {
					t.Errorf("%s: got %v, want %d", st.name, found, st.found)
				}
			}
		})
	}
}

func liveOf(endpoints []provision.Endpoint) *provision.Live {
	live := &provision.Live{Endpoints: map[string]provision.Endpoint{}}
	for _, e := range endpoints {
		live.Endpoints[e.ID] = e
	}
	return live
}

func parse(t testing.TB, name, text string) *astconf.File {
	t.Helper()
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, name), text)
	file, err := (&astconf.Loader{Dir: dir}).Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// To GetConfig, a volume that is not mounted looks like a deleted configuration. The phones stay.
func TestProfilesVanish(t *testing.T) {
	t.Parallel()
	const want = "read the configuration: phoneprov.conf is gone, and phones are served: to serve none any more, leave it empty"
	for _, source := range []string{SourceAMI, SourceFiles} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			lay := func() {
				for name, text := range sample {
					testkit.Write(t, filepath.Join(dir, name), text)
				}
			}
			lay()
			o := Options{Source: source, ConfigDir: dir, Timing: Timing{Watch: 10 * time.Millisecond, Settle: 100 * time.Millisecond}}
			if source == SourceAMI {
				_, o.Address = amitest.StartDir(t, dir, amiserver.Options{})
			}
			r := start(t, o)
			r.waitPhones(t, 1)
			for name := range sample {
				removeFile(t, filepath.Join(dir, name))
			}
			r.Trigger("SIGHUP")
			testkit.Eventually(t, "the reason", func() bool { return r.Status().LastError == want })
			if n := r.store.Load().Counts().Phones; n != 1 {
				t.Errorf("%d phones", n)
			}
			if !strings.Contains(r.log.String(), want) {
				t.Errorf("got %s", r.log.String())
			}
			lay()
			r.Trigger("SIGHUP")
			testkit.Eventually(t, "recovery", func() bool { return r.Status().LastError == "" })
			testkit.Write(t, filepath.Join(dir, "phoneprov.conf"), "") // on purpose
			r.Trigger("SIGHUP")
			r.waitPhones(t, 0)
			removeFile(t, filepath.Join(dir, "phoneprov.conf"))
			before := r.Status().Syncs
			r.Trigger("SIGHUP")
			testkit.Eventually(t, "a sync that has nothing to lose", func() bool { return r.Status().Syncs > before && r.Status().LastError == "" })
		})
	}
}
