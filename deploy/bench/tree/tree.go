// Package tree writes the configuration for everything in deploy/bench: any number of phones, each with a user in the
// users file, a file of some 6 kB and a directory of all users; and two static files.
package tree

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Sizes of the files.
const (
	FirmwareSize = 50 << 20 // bytes, as of a phone's firmware
	fileLines    = 60       // of the template, which is rendered to some 6 kB
)

// The static files.
const (
	Firmware = "firmware.ld"
	Welcome  = "welcome.txt"
)

// MaxPhones is the number of MACs with the prefix of a vendor.
const MaxPhones = 1 << 24

// MAC returns the MAC of phone i, as in the users file.
func MAC(i int) string { return fmt.Sprintf("0004f2%06x", i) }

// File returns the name of phone i's rendered file.
func File(i int) string { return MAC(i) + ".cfg" }

// Directory returns the name of the directory that phone i fetches.
func Directory(i int) string { return MAC(i) + "-directory.xml" }

const profiles = `[general]
serveraddr=127.0.0.1
serverport=5060
default_profile=bench
[bench]
mime_type => text/xml
setvar => NTP=pool.ntp.org
setvar => SHORT=${LABEL:0:8}
static_file => ` + Welcome + `,text/plain
static_file => ` + Firmware + `,application/octet-stream
${MAC}.cfg => phone.cfg
${MAC}-directory.xml => directory.xml
`

// WriteConfig writes phoneprov.conf, and a users.conf with n phones. label is a part of each user's label.
func WriteConfig(dir string, n int, label string) error {
	if n < 1 || n > MaxPhones {
		return fmt.Errorf("%d phones: want 1 to %d", n, MaxPhones)
	}
	if err := os.WriteFile(filepath.Join(dir, "phoneprov.conf"), []byte(profiles), 0o644); err != nil {
		return err
	}
	return WriteUsers(dir, n, label)
}

// WriteUsers writes users.conf alone. It renames a new file, so that a reader sees the old one or the new one.
func WriteUsers(dir string, n int, label string) error { return WriteSome(dir, n, n, label, label) }

// WriteSome is WriteUsers with one label for the first phones and another for the others.
func WriteSome(dir string, n, first int, label, others string) error {
	path := filepath.Join(dir, "users.conf")
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprint(w, "[general]\nvmexten=*97\nlocalextenlength=6\n")
	for i := range n {
		if i == first {
			label = others
		}
		fmt.Fprintf(w, "[%06d]\nautoprov=yes\nprofile=bench\nmacaddress=%s\nusername=%06[1]d\nfullname=User Number %[1]d\n"+
			"cid_number=%06[1]d\nsecret=secret-%06[1]d\nlabel=%[3]s %06[1]d\ntimezone=Europe/Berlin\n", i, MAC(i), label)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// WriteData writes the templates and the static files. firmware is the size of the firmware in bytes.
func WriteData(dir string, firmware int) error {
	for name, text := range map[string]string{
		"phone.cfg":     PhoneTemplate(),
		"directory.xml": "<directory>\n${PP_EACH_USER(<item><ln>%{DISPLAY_NAME}</ln><ct>%{USERNAME}</ct><bw>0</bw></item>\n,${MAC})}</directory>\n",
		Welcome:         "Welcome.\n",
		Firmware:        strings.Repeat("0123456789abcdef", firmware/16),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// PhoneTemplate is a typical phone's template: variables, a setvar, a slice, an expression, a function and plain text.
func PhoneTemplate() string {
	var b strings.Builder
	b.WriteString("<phone mac=\"${MAC}\" name=\"${DISPLAY_NAME}\">\n")
	b.WriteString("  <server address=\"${SERVER}\" port=\"${SERVER_PORT}\" ntp=\"${NTP}\" offset=\"${TZOFFSET}\"/>\n")
	b.WriteString("  <dst enable=\"${IF($[\"${DST_ENABLE}\" = \"1\"]?1:0)}\" hours=\"$[${TZOFFSET} / 3600]\"/>\n")
	for i := range fileLines {
		switch i % 6 {
		case 0:
			fmt.Fprintf(&b, "  <line index=\"%d\" user=\"${USERNAME}\" secret=\"${SECRET}\" label=\"${SHORT}\" name=\"${DISPLAY_NAME}\"/>\n", i)
		case 3:
			fmt.Fprintf(&b, "  <key index=\"%d\" type=\"blf\" value=\"${USERNAME:0:4}%02d\" text=\"${TOUPPER(${LABEL})}\"/>\n", i, i)
		default:
			fmt.Fprintf(&b, "  <setting name=\"option.%02d.of.the.vendor\" value=\"nothing of this line is replaced at all\" perm=\"R\"/>\n", i)
		}
	}
	b.WriteString("</phone>\n")
	return b.String()
}
