package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/httpapi/httpauth"
	"github.com/phoneprov/phoneprov/httpapi/uploads"
	"github.com/phoneprov/phoneprov/provision/device"
)

// budgetPeriod is the time for which a stranger's tries count.
const budgetPeriod = 10 * time.Minute

// maxBudget bounds the settings of budgets, because what each source tried takes memory.
const maxBudget = 1000

// access opens everything that decides who gets files.
func (v *service) access(s *settings) (httpapi.Access, error) {
	a := httpapi.Access{
		Rules:   access.Rules{Allow: s.allow, Deny: s.deny, Profiles: map[string]access.ProfileRules{}},
		Proxies: s.proxies,
		Unknown: budget(s.unknownMACs),
		Failed:  budget(s.failedLogins),

		CertificateHeader: s.certHeader,
	}
	if v.tls != nil {
		a.Certificates = v.tls
	}
	for name, p := range s.profiles {
		a.Rules.Profiles[name] = access.ProfileRules{
			Allow: p.allow, Deny: p.deny, NoCredentials: p.noCredentials, NoCertificates: p.noCertificates,
		}
	}
	if s.credentials == "" {
		return a, nil
	}
	file, err := httpauth.Open(s.credentials, v.reloaded)
	if err != nil {
		return a, fmt.Errorf("access.credentials: %w", err)
	}
	if a.Login, err = httpauth.New(file, s.realm); err != nil {
		return a, err
	}
	a.Login.NoQOP = s.noQOP
	return a, nil
}

func (v *service) reloaded(err error) {
	if err != nil {
		v.log.Error().Err(err).Msg("the credentials stay as they were")
		return
	}
	v.log.Info().Msg("read the credentials again")
}

// budgets are those that bound what strangers may try, by what they count; nil: nothing does.
func (v *service) budgets() map[string]*httpapi.Budget {
	return map[string]*httpapi.Budget{
		"unknown_macs": v.options.Access.Unknown, "failed_logins": v.options.Access.Failed, "admin_logins": v.options.Admins.Failed,
	}
}

func budget(most int) *httpapi.Budget {
	if most == 0 {
		return nil
	}
	return &httpapi.Budget{Budget: access.NewBudget(most, budgetPeriod), Period: budgetPeriod}
}

// openUploads opens the directory for uploads. The caller closes the store, if there is one.
func openUploads(s *settings) (httpapi.Uploads, error) {
	u := httpapi.Uploads{Mode: s.uploads}
	if u.Mode != httpapi.UploadsStore {
		return u, nil
	}
	store, err := uploads.Open(s.uploadDir, uploads.Limits{Phone: s.uploadPhone, All: s.uploadAll})
	if err != nil {
		return u, fmt.Errorf("http.upload_dir: %w", err)
	}
	u.Store = store
	return u, nil
}

// lanWord stands for the networks of a LAN in a list of networks.
const lanWord = "lan"

// parseNetworks parses networks and addresses, separated by commas or blanks. The list is never nil.
func parseNetworks(v string) ([]netip.Prefix, error) {
	list := []netip.Prefix{}
	for _, word := range words(v) {
		if word == lanWord {
			list = append(list, access.DefaultAllow()...)
			continue
		}
		p, err := netip.ParsePrefix(word)
		if addr, addrErr := netip.ParseAddr(word); addrErr == nil && addr.Zone() == "" { // PrefixFrom would drop a zone
			p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil || p.Addr().Is4In6() || p != p.Masked() { // addresses are compared without the IPv6 form of IPv4
			return nil, fmt.Errorf("%q is not a network: want 10.1.0.0/16, 2001:db8::/32, an address, or lan", word)
		}
		list = append(list, p)
	}
	return list, nil
}

func parseMACs(v string) (list []device.MAC, err error) {
	for _, word := range words(v) {
		m, err := device.ParseMAC(word)
		if err != nil {
			return nil, fmt.Errorf("%q is %w", word, err)
		}
		list = append(list, m)
	}
	return list, nil
}

func words(v string) []string {
	return strings.FieldsFunc(v, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' })
}

func networks(f func(*settings) *[]netip.Prefix) func(*settings, string) error {
	return func(s *settings, v string) (err error) {
		*f(s), err = parseNetworks(v)
		return err
	}
}

// hosts parses names, separated by commas or blanks.
func hosts(f func(*settings) *httpapi.Hosts) func(*settings, string) error {
	return func(s *settings, v string) (err error) {
		*f(s), err = httpapi.NewHosts(words(v))
		return err
	}
}

func setDeny(s *settings, v string) (err error) {
	s.deny, err = parseMACs(v)
	return err
}

// number parses an integer from least to most.
func number(f func(*settings) *int, least, most int) func(*settings, string) error {
	return func(s *settings, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < least || n > most {
			return fmt.Errorf("%q is not a number from %d to %d", v, least, most)
		}
		*f(s) = n
		return nil
	}
}

// uploadModes are the values of http.uploads.
var uploadModes = [...]string{httpapi.UploadsOff: "off", httpapi.UploadsDiscard: "discard", httpapi.UploadsStore: "store"}

func setUploads(s *settings, v string) error {
	mode := slices.Index(uploadModes[:], v)
	if mode < 0 {
		return fmt.Errorf("%q is not one of: %s", v, strings.Join(uploadModes[:], ", "))
	}
	s.uploads = httpapi.UploadMode(mode)
	return nil
}

// megabytes parses a size in megabytes.
func megabytes(f func(*settings) *int64) func(*settings, string) error {
	return func(s *settings, v string) error {
		var n int
		if err := number(func(*settings) *int { return &n }, 1, 1<<20)(s, v); err != nil {
			return err
		}
		*f(s) = int64(n) << 20
		return nil
	}
}
