package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/astconf/astconftest"
)

func TestBrokenFiles(t *testing.T) {
	users := &astconf.Error{Pos: astconf.Pos{File: "users.conf", Line: 3}, Reason: "one"}
	pjsip := &astconf.Error{Pos: astconf.Pos{File: "pjsip.conf", Line: 5}, Reason: "two", Err: astconf.ErrLimit}
	disk, refused := errors.New("disk on fire"), fmt.Errorf("read: %w", errors.New("refused"))
	const wantUsers, wantPJSIP = "users.conf:3: error: one", "pjsip.conf:5: error: two"
	for _, tt := range []struct {
		name string
		err  error
		want []string
	}{
		{"none", nil, nil},
		{"another error", disk, nil},
		{"other errors", errors.Join(disk, refused), nil},
		{"one file", users, []string{wantUsers}},
		{"one file, wrapped", fmt.Errorf("read: %w", users), []string{wantUsers}},
		{"files and others", errors.Join(disk, users, refused, pjsip), []string{"error: disk on fire", wantUsers, "error: read: refused", wantPJSIP}},
		{"nested", errors.Join(fmt.Errorf("read: %w", errors.Join(users, disk)), pjsip), []string{wantUsers, "error: disk on fire", wantPJSIP}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, d := range brokenFiles(tt.err) {
				got = append(got, d.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// An Asterisk on another machine needs serveraddr, where there are several: phoneprov's own address is another one.
func TestNoServer(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		conf, label, address string
		want                 bool
	}{
		"none":                 {"[general]\ndefault_profile=p\n[p]\n", "west", "192.0.2.1:5038", true},
		"an interface":         {"[general]\nserveriface=eth0\n[p]\n", "west", "pbx:5038", true},
		"an address":           {"[general]\nserveraddr=192.0.2.1\n", "west", "192.0.2.1:5038", false},
		"a setvar":             {"[general]\n[p]\nsetvar => SERVER=192.0.2.1\n", "west", "192.0.2.1:5038", false},
		"another setvar":       {"[general]\n[p]\nsetvar => SERVERS=192.0.2.1\n", "west", "192.0.2.1:5038", true},
		"this machine":         {"[general]\n", "west", "127.0.0.1:5038", false},
		"no manager interface": {"[general]\n", "west", "", false},
		"the only one":         {"[general]\n", "", "192.0.2.1:5038", false},
	} {
		config := provision.Config{}
		astconftest.Read(t, config, config.Files(), map[string]string{"phoneprov.conf": row.conf})
		p := &pbx{asteriskSettings: &asteriskSettings{amiAddress: row.address}, label: row.label, config: config}
		if got := p.noServer(); (len(got) == 1) != row.want || row.want && !strings.HasPrefix(got[0].String(), "west: phoneprov.conf: warning: [general] has no serveraddr") {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
