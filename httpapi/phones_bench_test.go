package httpapi

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// benchPhones is the handler as the service has it by default, with so many phones of three files: <mac>.cfg of 6 kB,
// <mac>-epoch.cfg that cannot be kept, and <mac>-directory.xml of all users; and fw.bin, which is static.
func benchPhones(b *testing.B, phones int) http.Handler {
	b.Helper()
	var users strings.Builder
	users.WriteString(`[general]
vmexten=*97
[phone](!)
autoprov=yes
profile=p
timezone=Europe/Vienna
`)
	for i := range phones {
		fmt.Fprintf(&users, "[%06d](phone)\nusername=%06[1]d\nsecret=secret%06[1]d\nfullname=User %[1]d\nmacaddress=%012[1]x\n", i)
	}
	s := buildConfig(b, map[string]string{"users.conf": users.String(), "phoneprov.conf": "[general]\n[p]\nstatic_file => fw.bin\n" +
		"${MAC}.cfg => t.cfg\n${MAC}-epoch.cfg => e.cfg\n${MAC}-directory.xml => d.xml\n"})
	lines := strings.Repeat(`reg.displayName="${DISPLAY_NAME}" reg.address="${USERNAME}@${SERVER}:${SERVER_PORT}" p="${SECRET}" tz="${TZOFFSET}"
`+strings.Repeat("option.name=\"a value for the phone\"\n", 3), 28)
	dir := b.TempDir()
	for name, text := range map[string]string{
		"t.cfg": lines, "e.cfg": lines + "${EPOCH}\n", "fw.bin": strings.Repeat("firmware", 128<<10),
		"d.xml": "<directory>\n${PP_EACH_USER(<item><ln>%{DISPLAY_NAME}</ln><ct>%{USERNAME}</ct></item>\n,${MAC})}</directory>\n",
	} {
		testkit.WriteSteady(b, filepath.Join(dir, name), text)
	}
	data, err := datadir.Open(dir, "")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { data.Close() })
	o := Options{
		Prefix: "/phoneprov", Store: new(provision.Store), Renderer: provision.NewRenderer(provision.RendererOptions{Data: data}),
		Access: Access{Rules: access.Rules{Allow: access.DefaultAllow()}},
		Log:    zerolog.New(io.Discard).With().Timestamp().Logger(),
	}
	o.Store.Swap(s)
	return Phones(o)
}

// sink is a ResponseWriter that keeps nothing.
type sink struct {
	header http.Header
	status int
}

func (d *sink) Header() http.Header         { return d.header }
func (d *sink) WriteHeader(status int)      { d.status = status }
func (d *sink) Write(p []byte) (int, error) { return len(p), nil }

func (d *sink) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkPhones is all of a request but net/http's part.
func BenchmarkPhones(b *testing.B) {
	for _, row := range []struct {
		name, file string // with the phone's MAC for a %s
		phones     int
		asked      int // how many phones ask, in turns
	}{
		{"kept", "%s.cfg", 100, 1},
		{"not_kept", "%s-epoch.cfg", 100, 1},
		{"kept_100000", "%s.cfg", 100_000, 100_000},
		{"directory", "%s-directory.xml", 5000, 1},
		{"directories", "%s-directory.xml", 5000, 5000},
		{"static", "fw.bin%.0s", 100, 1},
		{"unknown", "y%s.cfg", 100, 1},
	} {
		b.Run(row.name, func(b *testing.B) {
			h := benchPhones(b, row.phones)
			requests := make([]*http.Request, row.asked)
			for i := range requests {
				r, err := http.NewRequest(http.MethodGet, "http://pbx.test/phoneprov/"+fmt.Sprintf(row.file, fmt.Sprintf("%012x", i)), nil)
				if err != nil {
					b.Fatal(err)
				}
				r.RemoteAddr = "127.0.0.1:4711"
				r.Header.Set("User-Agent", "Yealink SIP-T46S 66.85.0.5")
				requests[i] = r
			}
			w := &sink{header: http.Header{}}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				clear(w.header)
				h.ServeHTTP(w, requests[i%len(requests)])
			}
			if row.name != "unknown" && w.status != http.StatusOK {
				b.Fatalf("got %d", w.status)
			}
		})
	}
}
