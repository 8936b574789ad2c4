package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// portal is what a vendor's redirect service takes: a page where an admin says to which server the vendor sends a phone
// that is new.
type portal struct {
	vendor string // as device.VendorOfMAC has it
	name   string
	header []string // empty: the file has no header
	row    func(exported) []string
	about  string // what an admin must know, and how sure the form is
}

// exported is a phone in an export. It has no secret.
type exported struct {
	mac  device.MAC
	name string
	url  string // of the directory of the files, with a slash at its end
}

// portals is the only list of vendors' services. The sources are in deploy/doc/DOORS.md.
func portals() []portal {
	return []portal{
		{"Yealink", "RPS, in Yealink's management cloud", []string{"MAC", "Unique Server URL", "Remark"},
			func(p exported) []string { return []string{p.mac.String(), p.url, p.name} },
			"second-hand: the columns have the names of the fields in Yealink's API; compare them with the template that the portal gives"},
		{"Snom", "SRAPS", nil,
			func(p exported) []string { return []string{strings.ToUpper(p.mac.String())} },
			"from Snom's page: paste the MACs into \"Add endpoints\", and give them a profile whose setting_server is {url}{mac}.xml"},
		{"Grandstream", "GDMS", []string{"Device Name", "MAC Address", "Serial Number", "Site"},
			func(p exported) []string { return []string{p.name, strings.ToUpper(p.mac.String()), "", ""} },
			"second-hand: compare the columns with the template that GDMS gives, and write the serial numbers from the boxes; the config server path, without its scheme, is that of {url}"},
		{"Poly", "Lens (ZTP)", []string{"mac_address", "serial_number", "device_model", "room_name", "site_name", "device.set", "device.prov.serverName", "device.prov.serverName.set"},
			func(p exported) []string { return []string{p.mac.String(), "", "", "", "", "1", p.url, "1"} },
			"from Poly's page, but for the settings at the end, which are those of Poly's firmware: write serial_number and device_model from the boxes"},
		{"Fanvil", "FDPS", []string{"MAC"},
			func(p exported) []string { return []string{p.mac.String()} },
			"second-hand: a list of MACs; the group's server address is {url}"},
		{"Gigaset", "redirect service", []string{"MAC", "URL"},
			func(p exported) []string { return []string{strings.ToUpper(p.mac.String()), p.url} },
			"second-hand: the service also wants the four characters after the MAC on each box"},
	}
}

func portalNames() (names []string) {
	for _, p := range portals() {
		names = append(names, strings.ToLower(p.vendor))
	}
	return names
}

func setupExport(cl *call) func(context.Context) error {
	config := configFlag(cl)
	vendor := cl.flags.String("vendor", "", "`make` of the phones: "+strings.Join(portalNames(), ", "))
	url := cl.flags.String("url", "", "`URL` of this server, scheme and host, if http.url is empty or another one is meant")
	profile := cl.flags.String("profile", "", "the phones of this `profile`, whoever made them (default those whose MAC is one of the make's)")
	return func(ctx context.Context) error {
		if len(cl.args) != 1 || cl.args[0] != "rps" {
			fmt.Fprintln(cl.stderr, "phoneprov export: what? give rps")
			return errUsage
		}
		n := slices.IndexFunc(portals(), func(p portal) bool { return strings.EqualFold(p.vendor, *vendor) })
		if n < 0 {
			fmt.Fprintf(cl.stderr, "phoneprov export: -vendor %q is none of: %s\n", *vendor, strings.Join(portalNames(), ", "))
			return errUsage
		}
		o, err := openOneShot(ctx, *config, cl)
		if err != nil {
			return err
		}
		defer o.close()
		if *url != "" {
			if err := setHTTPURL(o.settings, strings.TrimSuffix(*url, "/")); err != nil {
				return fmt.Errorf("-url: %w", err)
			}
		}
		if o.settings.httpURL == "" {
			return errors.New("nobody knows by which URL phones outside reach this server: set http.url, or give -url https://phones.example.com")
		}
		return cl.export(portals()[n], o, *profile)
	}
}

// export writes the file of a portal. What an admin must know is on stderr.
func (cl *call) export(p portal, o *oneShot, profile string) error {
	if profile != "" && !slices.ContainsFunc(o.snapshot.Phones(), func(ph *provision.Phone) bool { return ph.Profile.Name == profile }) {
		return fmt.Errorf("no phone has the profile %q", profile)
	}
	url := o.settings.httpURL + o.settings.httpPrefix + "/"
	w := csv.NewWriter(cl.stdout)
	if len(p.header) > 0 {
		_ = w.Write(p.header) // the error comes with Flush
	}
	written, others := 0, 0
	for _, phone := range o.snapshot.Phones() {
		if phone.MAC == (device.MAC{}) || profile == "" && device.VendorOfMAC(phone.MAC) != p.vendor || profile != "" && phone.Profile.Name != profile {
			others++
			continue
		}
		written++
		_ = w.Write(p.row(exported{phone.MAC, plainCell(cmp.Or(phone.Lines[0].DisplayName(), phone.Name())), url}))
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	fmt.Fprintf(cl.stderr, "phoneprov export: %d phones for %s's %s, %d others are left out; nothing is sent anywhere\n", written, p.vendor, p.name, others)
	fmt.Fprintf(cl.stderr, "phoneprov export: %s\n", strings.ReplaceAll(p.about, "{url}", url))
	if strings.HasPrefix(url, "http://") {
		fmt.Fprintln(cl.stderr, "phoneprov export: the URL is not HTTPS: what phones fetch over the Internet, passwords too, can be read on the way")
	}
	return nil
}

// plainCell returns a text that no spreadsheet takes for a formula.
func plainCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
