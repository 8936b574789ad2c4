package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"

	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision"
)

// serving reports what serve would refuse, and settings of access that cannot be meant. Nothing is listened on, and no
// directory for uploads is made.
func (o *once) serving() (found []provision.Diagnostic) {
	report := func(severity provision.Severity, message string) {
		found = append(found, provision.Diagnostic{Severity: severity, Message: message})
	}
	s := o.settings
	if s.httpsListen != "" {
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
	if why := s.wantsHosts(); why != "" {
		report(provision.Info, "http.hosts is empty, and "+why+": a web page can make a name of its own lead here, and ask and upload "+
			"through a browser of the LAN; set http.hosts to the names in the phones' URLs")
	}
	return found
}

// wantsHosts says why http.hosts should be set; empty: it is, or need not be.
func (s *settings) wantsHosts() string {
	switch {
	case !s.hosts.Any():
	case s.browsers:
		return "http.browsers is on"
	case s.uploads == httpapi.UploadsStore:
		return "uploads are stored"
	case slices.ContainsFunc(s.allow, func(p netip.Prefix) bool { return !access.Local(p.Addr()) }):
		return "access.allow has networks of the Internet"
	}
	return ""
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
