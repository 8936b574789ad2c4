package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// simulated is one simulated phone of the demo. Its MAC is a locally administered one, which no real phone has.
type simulated struct {
	mac, user string
	name      string // begins with simulatedName
	profile   string // one of simulatedProfiles; empty: there is no such phone in the configuration
	agent     string // its User-Agent; empty: it never asks
	contact   bool   // it is registered
	reacts    bool   // it fetches when it is told to
	changes   bool   // its label changes once, after its first fetch
}

// simulatedName begins the name of each simulated phone. The page's banner quotes it.
const simulatedName = "Simulated"

// simulatedPhones returns the phones that the demo simulates, so that every state is on the page.
func simulatedPhones() []simulated {
	return []simulated{
		{mac: "020000000001", user: "9001", name: "up to date", profile: "simulated", agent: "Yealink SIP-T46S 66.86.0.15 02:00:00:00:00:01", contact: true, reacts: true},
		{mac: "020000000002", user: "9002", name: "reacts to a change", profile: "simulated", agent: "snomD785/10.1.54.13", contact: true, reacts: true, changes: true},
		{mac: "020000000003", user: "9003", name: "does not react", profile: "simulated", agent: "Gigaset N670 IP PRO/83.V2.48.0+build.a546b91;020000000003", contact: true, changes: true},
		{mac: "020000000004", user: "9004", name: "was told a moment ago", profile: "simulated", agent: "Grandstream Model HW GXP2160 SW 1.0.11.3 DevId 020000000004", contact: true, changes: true},
		{mac: "020000000005", user: "9005", name: "is not registered", profile: "simulated", agent: "FileTransport PolycomVVX-VVX_410-UA/5.9.6.2327", changes: true},
		{mac: "020000000006", user: "9006", name: "is refused", profile: "simulated", agent: "Yealink SIP-T46S 66.86.0.15 02:00:00:00:00:06"},
		{mac: "020000000007", user: "9007", name: "has a template with a mistake", profile: "simulated-failing", agent: "Fanvil X4 2.12.1 020000000007"},
		{mac: "020000000008", user: "9008", name: "has chance in its file", profile: "simulated-chance", agent: "Yealink SIP-T46S 66.86.0.15 02:00:00:00:00:08"},
		{mac: "020000000009", user: "9009", name: "was never switched on", profile: "simulated"},
		{mac: "020000000099", user: "stranger", agent: "Yealink SIP-T31P 124.86.0.40 02:00:00:00:00:99"},
	}
}

// file returns the name of the file that a simulated phone asks for.
func (p simulated) file() string { return p.mac + "-simulated.cfg" }

// isSimulated reports whether a phone is a simulated one.
func isSimulated(of *provision.Phone) bool {
	for _, p := range simulatedPhones() {
		if p.mac == of.ID {
			return true
		}
	}
	return false
}

// simulatedDenied returns the MACs that the demo refuses.
func simulatedDenied() (denied []device.MAC) {
	for _, p := range simulatedPhones() {
		if p.name == "is refused" {
			mac, _ := device.ParseMAC(p.mac)
			denied = append(denied, mac)
		}
	}
	return denied
}

// The files of the simulated phones. The demo includes those of configuration in the file of the same name without
// _simulated, when it copies the sample. It writes them anew at each start.
const (
	simulatedUsers     = "asterisk/users_simulated.conf"
	simulatedPJSIP     = "asterisk/pjsip_simulated.conf"
	simulatedProfiles  = "asterisk/phoneprov_simulated.conf"
	simulatedTemplate  = "phoneprov/simulated.cfg"
	simulatedChance    = "phoneprov/simulated-chance.cfg"
	simulatedPreamble  = "; Written by phoneprov demo at each start: its simulated phones, one for each state of the page.\n; Edit the file that includes this one instead.\n"
	includeSimulated   = "\n; the simulated phones of phoneprov demo\n#include %s\n"
	simulatedSuffix    = "_simulated"
	simulatedOldLabel  = "before"
	simulatedNewLabel  = "after"
	simulatedPasswords = "simulated-"
)

// simulatedFiles returns the files of the simulated phones, with the label of those that change.
func simulatedFiles(label string) map[string]string {
	var users, pjsip strings.Builder
	users.WriteString(simulatedPreamble)
	pjsip.WriteString(simulatedPreamble)
	for _, p := range simulatedPhones() {
		if p.profile == "" {
			continue
		}
		own := simulatedOldLabel
		if p.changes {
			own = label
		}
		fmt.Fprintf(&users, "\n[%[1]s]\nautoprov = yes\nusername = %[1]s\nfullname = %[2]s: %[3]s\nsecret = %[4]s%[1]s\nmacaddress = %[5]s\nprofile = %[6]s\nlabel = %[7]s\n",
			p.user, simulatedName, p.name, simulatedPasswords, p.mac, p.profile, own)
		fmt.Fprintf(&pjsip, "\n[%[1]s]\ntype = endpoint\naors = %[1]s\n\n[%[1]s]\ntype = aor\n", p.user)
	}
	return map[string]string{
		simulatedUsers: users.String(),
		simulatedPJSIP: pjsip.String(),
		simulatedProfiles: simulatedPreamble + `
[simulated]
mime_type = text/plain
${MAC}-simulated.cfg => simulated.cfg

; its template is missing
[simulated-failing]
mime_type = text/plain
${MAC}-simulated.cfg => simulated-missing.cfg

; its template has chance in it, so that nobody knows what the phone would get now
[simulated-chance]
mime_type = text/plain
${MAC}-simulated.cfg => simulated-chance.cfg
`,
		simulatedTemplate: "# a simulated phone of phoneprov demo\naccount.1.user_name = ${USERNAME}\naccount.1.password = ${SECRET}\n" +
			"account.1.display_name = ${DISPLAY_NAME}\naccount.1.label = ${LABEL}\naccount.1.sip_server.1.address = ${SERVER}\n",
		simulatedChance: "# a simulated phone of phoneprov demo\naccount.1.user_name = ${USERNAME}\nauto_provision.repeat.minutes = ${RAND(1,1440)}\n",
	}
}

// writeSimulated writes the files of the simulated phones to the directory of the demo. It leaves those alone that are
// the same: a template that is written again counts as another one.
func writeSimulated(dir, label string) error {
	for name, text := range simulatedFiles(label) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if had, err := os.ReadFile(path); err == nil && string(had) == text {
			continue
		}
		next := path + ".next" // Asterisk, and phoneprov, never see half a file
		if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
			return err
		}
		if err := os.Rename(next, path); err != nil {
			return err
		}
	}
	return nil
}

// includeSimulatedIn adds the includes to the files that are not there yet, before the sample is copied over them. A
// file that exists has what its owner wants.
func includeSimulatedIn(dir string, sample fs.FS) error {
	for _, name := range []string{simulatedUsers, simulatedPJSIP, simulatedProfiles} {
		into := strings.Replace(name, simulatedSuffix, "", 1)
		path := filepath.Join(dir, filepath.FromSlash(into))
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		text, err := fs.ReadFile(sample, into)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		text = append(text, fmt.Sprintf(includeSimulated, filepath.Base(name))...)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
