package amisync

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/amitest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
)

func TestMajorOf(t *testing.T) {
	for version, want := range map[string]int{
		"22.10.1": 22, "16.28.0~dfsg-0+deb11u4": 16, "22.10.1+dfsg+~cs6.17-1": 22, "23": 23, "23.0.0-rc1": 23, "certified/20.7-cert2": 20,
		"certified-22.8-cert1": 22, "GIT-23-0a1b2c3": 23, "GIT-master-0a1b2c3": 0, "": 0, "unknown": 0, "99999.1": 0,
	} {
		if got := majorOf(version); got != want {
			t.Errorf("%q: got %d, want %d", version, got, want)
		}
	}
}

// Asterisk's version and its sorcery.conf decide which files are read; without AMI, the files that exist. A file that
// is left out may be broken.
func TestReadsByVersionAndMapping(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"phoneprov.conf":       sample["phoneprov.conf"],
		"users.conf":           "[general]\n" + user("6001", "000000000001"),
		"phoneprov_users.conf": "[general]\n" + user("6002", "000000000002"),
		"sorcery.conf":         "[res_pjsip_phoneprov_provider]\nphoneprov=config,phones.conf\nphoneprov=realtime,x\n",
		"phones.conf":          "[a]\nMAC=000000000003\nPROFILE=p\n",
		"pjsip.conf":           "[b]\ntype=phoneprov\nMAC=000000000004\nPROFILE=p\n",
		"extconfig.conf":       "[settings]\nphones.conf => odbc,x\n", // over AMI Asterisk follows it itself
	}
	for _, row := range []struct {
		version, broken, source string
		want, said              string
	}{
		{"22.10.1", "", SourceAMI, "000000000001 000000000003", "phoneprov_users.conf: warning"},
		{"23.0.0", "", SourceAMI, "000000000002 000000000003", "users.conf: warning"},
		{"22.10.1", "phoneprov_users.conf", SourceAMI, "000000000001 000000000003", "phoneprov_users.conf: warning"},
		{"23.0.0", "users.conf", SourceAMI, "000000000002 000000000003", "users.conf: warning"},
		{"22.10.1", "phones.conf", SourceAMI, "000000000001", "sorcery.conf: error: [res_pjsip_phoneprov_provider] phoneprov=config,phones.conf: phones.conf is missing, or cannot be read"},
		{"22.10.1", "", SourceFiles, "000000000001", "extconfig.conf:2: error: [settings] phones.conf => odbc,x"},
		{"23.0.0", "", SourceFiles, "000000000002", "users.conf: warning"},
		{"", "", SourceFiles, "000000000002", "users.conf: warning"}, // no AMI
	} {
		t.Run(row.version+row.broken+row.source, func(t *testing.T) {
			laid := with(files, row.broken, "no section")
			delete(laid, "")
			dir := amitest.Files(t, laid)
			o := Options{Source: row.source, ConfigDir: dir, Username: testUser, Secret: testSecret}
			if row.version != "" {
				_, o.Address = amitest.StartDir(t, dir, amiserver.Options{Version: row.version})
			}
			s, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			snap, found, err := s.Once(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var ids, said []string
			for _, p := range snap.Phones() {
				ids = append(ids, p.ID)
			}
			for _, d := range found {
				said = append(said, d.String())
			}
			if got := strings.Join(ids, " "); got != row.want || !strings.Contains(strings.Join(said, "\n"), row.said) {
				t.Errorf("got %s, want %s\nsaid %q, want %s", got, row.want, said, row.said)
			}
		})
	}
}

// A file that sorcery.conf names is watched like the others.
func TestMappedFileIsWatched(t *testing.T) {
	t.Parallel()
	dir := amitest.Files(t, map[string]string{
		"phoneprov.conf": sample["phoneprov.conf"],
		"sorcery.conf":   "[res_pjsip_phoneprov_provider]\nphoneprov=config,sub/phones.conf\n",
	})
	r := start(t, Options{Source: SourceFiles, ConfigDir: dir})
	r.waitPhones(t, 0)
	sub := amitest.Files(t, map[string]string{"phones.conf": "[a]\nMAC=000000000003\nPROFILE=p\n"})
	testkit.Write(t, filepath.Join(dir, "sorcery.conf"), "[res_pjsip_phoneprov_provider]\nphoneprov=config,"+filepath.Join(sub, "phones.conf")+"\n")
	r.waitPhones(t, 1)
	testkit.Write(t, filepath.Join(sub, "phones.conf"), `[a]
MAC=000000000003
PROFILE=p
[b]
MAC=000000000004
PROFILE=p
`)
	r.waitPhones(t, 2)
	if got := r.store.Load().Counts(); got != (provision.Counts{Phones: 2, Lines: 2, Routes: 2}) {
		t.Errorf("got %+v", got)
	}
}
