package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/phoneprov/phoneprov/provision/astconf"
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
