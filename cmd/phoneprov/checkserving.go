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

// serving reports what serve would refuse or lack, and settings of access that cannot be meant. The addresses are
// listened on for a moment, and no directory for uploads is made.
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
	if _, err := o.service.access(s); err != nil {
		report(provision.Error, err.Error())
	}
	if err := uploadDir(s); err != nil {
		report(provision.Error, err.Error())
	}
	found = append(found, tryListeners(ctx, s)...)
	for _, found := range s.readableByOthers() {
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

// tryListeners listens on each address that serve would listen on. One that is in use is no fault where the phoneprov that
// these settings are of runs already: the addresses are its own.
func tryListeners(ctx context.Context, s *settings) (found []provision.Diagnostic) {
	running := sync.OnceValue(func() bool { return isRunning(ctx, s) })
	ours := map[string]bool{} // the ports that are listened on here
	for _, l := range []struct{ setting, address string }{
		{"http.listen", s.httpListen}, {"https.listen", s.httpsListen}, {"admin.listen", s.adminListen},
	} {
		if l.address == "" {
			continue
		}
		listener, err := net.Listen("tcp", l.address)
		switch {
		case err == nil:
			defer listener.Close() // not before the others were tried: two may be the same
			ours[portOf(l.address)] = true
		case errors.Is(err, syscall.EADDRINUSE) && !ours[portOf(l.address)] && running():
		default:
			found = append(found, provision.Diagnostic{Severity: provision.Error, Message: fmt.Sprintf("%s: %v", l.setting, err)})
		}
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

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// isRunning reports whether a phoneprov answers at the admin address.
func isRunning(ctx context.Context, s *settings) bool {
	if s.adminListen == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	_, err := askReady(ctx, "http://"+reachable(s.adminListen)+"/readyz")
	return err == nil || errors.Is(err, errNotReady)
}

// uploadDir tries to write to the directory for uploads, if there is one; serve makes it, where it may.
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

// creatable reports why a directory that is not there cannot be made: the first one above it that is there must be one to
// write to.
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

// writable makes a file in a directory and removes it.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".phoneprov-check-*")
	if err != nil {
		return fmt.Errorf("http.upload_dir: %w", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
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
