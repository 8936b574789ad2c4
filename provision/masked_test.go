package provision

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// What a masked file shows of each way in which a template can get at a secret. The secret of line one is also plain text of
// the template and the display name; that of line two is part of another value.
func TestRenderMasked(t *testing.T) {
	const one, two, other = "geheim-wie-nie", "zwei+zwei=fuenf", "the-other-phone"
	s, _ := build(t, map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n" +
			"setvar => LOGIN=${USERNAME}:${SECRET}\nsetvar => HA1=${MD5(${USERNAME}:asterisk:${SECRET})}\nsetvar => ADMINPW=${ADMIN_PASSWORD}\n" +
			"setvar => COPY=x" + one + "y\nsetvar => INNOCENT=${LOGIN}\nstatic_file => s\nx => t\nx.xml => t.xml\n",
		"users.conf": "[general]\nvmsecret=" + other + "\n" +
			"[6001]\nautoprov=yes\nmacaddress=000000000001\nsecret=" + one + "\nfullname=" + one + "\n" +
			"[6002]\nautoprov=yes\nmacaddress=000000000001\nlinenumber=2\nsecret=" + two + "\n" +
			"[6003]\nautoprov=yes\nmacaddress=000000000002\nsecret=" + other + "\n",
		"extensions.conf": "[globals]\nADMIN_PASSWORD=" + other + "\nG=${ADMIN_PASSWORD}${LEN(${ADMIN_PASSWORD})}\n",
	})
	for _, row := range []struct{ name, template, want string }{
		{"the variable", "${SECRET}", "<secret>"},
		{"a part of it", "${SECRET:3:4}", "<secret>"[3:7]},
		{"its hash", "${MD5(${SECRET})}", md5Of("<secret>")},
		{"a setvar", "${HA1}", "<secret>"},
		{"in base64", "${BASE64_ENCODE(${SECRET})}", base64.StdEncoding.EncodeToString([]byte("<secret>"))},
		{"its length", "${LEN(${SECRET})}", "8"},
		{"by a name that is computed", "${S${IF(1?ECRET)}}", "<secret>"},
		{"in EVAL", "${EVAL(${PASSTHRU(${SECRET})})}", "<secret>"},
		{"in an expression", `$["${SECRET}" = "` + one + `"]`, "0"},
		{"letter by letter", "${TOUPPER(${SECRET:0:1})}${TOUPPER(${SECRET:1:1})}", "<S"},
		{"within another variable", "${LOGIN} ${INNOCENT}", "6001:<secret> 6001:<secret>"},
		{"a value that contains it", "${COPY}", "<secret>"},
		{"an option", "${PP_USER(secret)} ${PP_USER(SECRET)} ${PP_USER(vmsecret)}", "<secret> <secret> <secret>"},
		{"a global", "${ADMIN_PASSWORD} ${ADMINPW} ${G}", "<secret> <secret> <secret>8"},
		{"of all users", "${PP_EACH_USER(%{USERNAME}=%{SECRET};)}", "6001=<secret>;6003=<secret>;"},
		{"of all lines", "${PP_EACH_LINE(%{SECRET}-%{MD5(%{SECRET})};,${MAC})}", ""},
		{"of a line's file", "${PP_EACH_EXTENSION(${MAC},l)}", "6001<secret>6002<secret>"},
		{"of an answer", "${DB(a/b)}", "<secret>"},
		{"of an answer that is asked with it", "${X(${SECRET})}", "<secret>"},
		{"plain text", one + " ${DISPLAY_NAME} ${USERNAME}", one + " " + one + " 6001"},
		{"an answer that is none", "${DEVICE_STATE(PJSIP/6001)}", "answer to DEVICE_STATE(PJSIP/6001)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, _ := renderer(t, map[string]string{"t": row.template, "l": "${USERNAME}${SECRET}", "t.xml": "<x>" + row.template + "</x>", "s": "static"})
			r.options.Ask = func(_ context.Context, call string) (string, error) { return "answer to " + call, nil }
			got := renderMasked(t, r, s, "x")
			if row.want != "" && got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			if row.name == "plain text" {
				return
			}
			inXML := renderMasked(t, r, s, "x.xml")
			for _, secret := range []string{one, two, other} {
				for _, form := range []string{secret, secret[:6], strings.ToUpper(secret), md5Of(secret), base64.StdEncoding.EncodeToString([]byte(secret))} {
					if strings.Contains(got, form) || strings.Contains(inXML, form) {
						t.Errorf("got %q and %q, in which %q shows", got, inXML, form)
					}
				}
			}
			// Without the mask the same file shows the secrets, before and after.
			if plain, err := render(t, r, s, "x", Request{}); err != nil || plain == got && row.name != "an answer that is none" {
				t.Errorf("unmasked: got %q, %v", plain, err)
			}
		})
	}
	r, _ := renderer(t, map[string]string{"s": "static"})
	if _, err := r.RenderMasked(t.Context(), s, s.Lookup("s"), Request{Now: testNow}); !errors.Is(err, ErrNotMasked) {
		t.Errorf("a static file: got %v", err)
	}
}

func renderMasked(t *testing.T, r *Renderer, s *Snapshot, uri string) string {
	t.Helper()
	doc, err := r.RenderMasked(t.Context(), s, s.Lookup(uri), Request{Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Close()
	text, err := io.ReadAll(doc.Content)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range doc.Diagnostics {
		t.Log(d)
	}
	return string(text)
}

func md5Of(text string) string { return fmt.Sprintf("%x", md5.Sum([]byte(text))) }
