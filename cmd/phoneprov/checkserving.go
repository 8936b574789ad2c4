package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/provision"
)

// serving reports what serve would refuse, and settings of access that cannot be meant. Nothing is listened on, and no
// directory for uploads is made.
func (o *once) serving() (found []provision.Diagnostic) {
	report := func(severity provision.Severity, message string) {
		found = append(found, provision.Diagnostic{Severity: severity, Message: message})
	}
	s := o.settings
	if s.httpsListen != "" || s.clientCA != "" {
		if err := o.service.openTLS(s); err != nil {
			report(provision.Error, err.Error())
		}
	}
	if _, err := o.service.access(s); err != nil {
		report(provision.Error, err.Error())
	}
	if err := uploadDir(s); err != nil {
		report(provision.Error, err.Error())
	}
	if s.admitsNobody() {
		report(provision.Warning, "access.allow is empty, and there is no access.credentials and no access.client_ca: no phone gets a file")
	}
	if s.acceptExpired && s.clientCA == "" {
		report(provision.Warning, "access.accept_expired means nothing without access.client_ca")
	}
	return found
}

// uploadDir tries the directory for uploads, if there is one; serve makes it.
func uploadDir(s *settings) error {
	if s.uploads != httpapi.UploadsStore {
		return nil
	}
	root, err := os.OpenRoot(s.uploadDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("http.upload_dir: %w", err)
	}
	return root.Close()
}

// admitsNobody says whether a phone can be admitted by nothing at all.
func (s *settings) admitsNobody() bool {
	for _, p := range s.profiles {
		if len(p.allow) > 0 {
			return false
		}
	}
	return len(s.allow) == 0 && s.credentials == "" && s.clientCA == ""
}
