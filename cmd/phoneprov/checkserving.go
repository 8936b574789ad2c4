package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision"
)

// serving reports what serve would refuse or lack, and access settings that cannot be intended. It listens on the
// addresses for a moment, but does not create the directory for uploads.
func (o *oneShot) serving(ctx context.Context) (found []provision.Diagnostic) {
	report := func(severity provision.Severity, message string) {
		found = append(found, provision.Diagnostic{Severity: severity, Message: message})
	}
	s := o.settings
	if s.httpsListen != "" || s.clientCA != "" {
		if err := o.service.openTLS(s); err != nil {
			report(provision.Error, err.Error())
		}
	}
	if s.adminListen != "" {
		if _, err := o.service.openAdminTLS(s); err != nil {
			report(provision.Error, err.Error())
		}
	}
	if _, err := o.service.access(s); err != nil {
		report(provision.Error, err.Error())
	}
	if err := uploadDir(s); err != nil {
		report(provision.Error, err.Error())
	}
	found = append(found, tryListeners(ctx, s)...)
	for _, found := range append(s.readableByOthers(), s.renamed...) {
		report(provision.Warning, found)
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

// tryListeners listens on each address that serve would listen on. An address that is in use is no fault if the
// phoneprov with these settings is running.
func tryListeners(ctx context.Context, s *settings) (found []provision.Diagnostic) {
	running := sync.OnceValue(func() bool { return isRunning(ctx, s) })
	ours := map[string]bool{} // the ports that are in use here
	for _, l := range []struct{ setting, address string }{
		{"http.listen", s.httpListen}, {"https.listen", s.httpsListen}, {"admin.listen", s.adminListen},
	} {
		if l.address == "" {
			continue
		}
		listener, err := net.Listen("tcp", l.address)
		switch {
		case err == nil:
			defer listener.Close() // after the others, because two addresses may be the same
			ours[portOf(l.address)] = true
		case errors.Is(err, syscall.EADDRINUSE) && !ours[portOf(l.address)] && running():
		default:
			found = append(found, provision.Diagnostic{Severity: provision.Error, Message: fmt.Sprintf("%s: %v", l.setting, err)})
		}
	}
	return append(found, tryDoors(s, running)...)
}

// wantsHosts says why http.hosts should be set; "" if it is set, or need not be.
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

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// isRunning reports whether a phoneprov answers at the admin address.
func isRunning(ctx context.Context, s *settings) bool {
	c, err := newAdminClient(s)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	_, err = c.ready(ctx)
	return err == nil || errors.Is(err, errNotReady)
}

// uploadDir tries to write to the directory for uploads, if there is one. It may be missing if serve can create it.
func uploadDir(s *settings) error {
	if s.uploads != httpapi.UploadsStore {
		return nil
	}
	info, err := os.Stat(s.uploadDir)
	if errors.Is(err, fs.ErrNotExist) {
		return creatable(s.uploadDir)
	}
	if err != nil {
		return fmt.Errorf("http.upload_dir: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("http.upload_dir: %s: not a directory", s.uploadDir)
	}
	return writable(s.uploadDir)
}

// creatable reports why a directory cannot be created: its first existing parent must be a directory that can be
// written to.
func creatable(dir string) error {
	above := filepath.Dir(filepath.Clean(dir))
	info, err := os.Stat(above)
	switch {
	case errors.Is(err, fs.ErrNotExist) && above != dir:
		return creatable(above)
	case err != nil:
		return fmt.Errorf("http.upload_dir: %w", err)
	case !info.IsDir():
		return fmt.Errorf("http.upload_dir: %s: not a directory", above)
	}
	return writable(above)
}

// writable creates a file in a directory and removes it.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".phoneprov-check-*")
	if err != nil {
		return fmt.Errorf("http.upload_dir: %w", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// admitsNobody reports settings with which no phone gets anything.
func (s *settings) admitsNobody() bool {
	for _, p := range s.profiles {
		if len(p.allow) > 0 {
			return false
		}
	}
	return len(s.allow) == 0 && s.credentials == "" && s.clientCA == ""
}
