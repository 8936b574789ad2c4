package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
)

// errNoPhone says that no phone has the name.
var errNoPhone = errors.New("no such phone")

// maxAmbiguous bounds the phones that an error lists.
const maxAmbiguous = 5

// findPhone finds a phone for all commands: by its MAC, extension, user name or display name. The error does not
// contain the text, which may be a password.
func findPhone(s *provision.Snapshot, what string) (*provision.Phone, error) {
	phones := s.FindPhones(what)
	switch {
	case len(phones) == 0:
		return nil, errNoPhone
	case len(phones) == 1:
		return phones[0], nil
	}
	var ids []string
	for _, p := range phones[:min(len(phones), maxAmbiguous)] {
		ids = append(ids, p.ID)
	}
	if len(phones) > maxAmbiguous {
		ids = append(ids, "...")
	}
	return nil, fmt.Errorf("%d phones are called so: name one by its MAC: %s", len(phones), strings.Join(ids, ", "))
}

// nearest returns the end of an error for an unknown phone or file: what may be meant.
func nearest(s *provision.Snapshot, what string) string {
	switch name, phone := s.Near(what); {
	case name == "":
		return ""
	case phone == nil || name == phone.ID:
		return fmt.Sprintf("; is %q meant?", name)
	default:
		return fmt.Sprintf("; is %q of phone %s meant?", name, phone.ID)
	}
}
