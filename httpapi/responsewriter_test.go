package httpapi

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// deadlines is a connection that counts how often its write deadline is put off, and how much it takes at once.
type deadlines struct {
	*httptest.ResponseRecorder
	extended int
	largest  int64
	files    int // chunks that came as a file, which the kernel can send
}

func (d *deadlines) SetWriteDeadline(time.Time) error { d.extended++; return nil }

func (d *deadlines) Write(p []byte) (int, error) {
	d.largest = max(d.largest, int64(len(p)))
	return d.ResponseRecorder.Write(p)
}

func (d *deadlines) ReadFrom(src io.Reader) (int64, error) {
	if l, ok := src.(*io.LimitedReader); ok {
		if _, ok := l.R.(*os.File); ok {
			d.files++
		}
	}
	n, err := io.Copy(d.ResponseRecorder, src)
	d.largest = max(d.largest, n)
	return n, err
}

func TestDeadlineFollowsTheBytes(t *testing.T) {
	t.Parallel()
	const chunks = 10
	content := bytes.Repeat([]byte("firmware"), chunks*chunk/8)
	path := filepath.Join(t.TempDir(), "fw.bin")
	testkit.Write(t, path, content)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, tt := range []struct {
		name  string
		src   io.ReadSeeker
		files int
	}{{"file", file, chunks}, {"memory", bytes.NewReader(content), 0}} {
		t.Run(tt.name, func(t *testing.T) {
			d := &deadlines{ResponseRecorder: httptest.NewRecorder()}
			r := newResponseWriter(d)
			http.ServeContent(r, httptest.NewRequest("GET", "/", nil), "", time.Time{}, tt.src)
			if d.extended < chunks || d.largest > chunk {
				t.Errorf("deadline put off %d times, want %d; largest piece %d, want at most %d", d.extended, chunks, d.largest, chunk)
			}
			if d.files != tt.files {
				t.Errorf("%d pieces were a file, want %d", d.files, tt.files)
			}
			if r.bytes != int64(len(content)) || !bytes.Equal(d.Body.Bytes(), content) {
				t.Errorf("got %d bytes (%d counted), want %d", d.Body.Len(), r.bytes, len(content))
			}
		})
	}
}

func TestWriteInChunks(t *testing.T) {
	d := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	r := newResponseWriter(d)
	text := strings.Repeat("a", 3*chunk+1)
	n, err := io.WriteString(r, text)
	if n != len(text) || err != nil || d.extended != 3 || d.largest != chunk || d.Body.String() != text {
		t.Errorf("got %d, %v; put off %d times, largest %d", n, err, d.extended, d.largest)
	}
	if r.status != 200 || r.bytes != int64(len(text)) {
		t.Errorf("got status %d, %d bytes", r.status, r.bytes)
	}
}

func TestShortFile(t *testing.T) {
	d := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	r := newResponseWriter(d)
	n, err := r.ReadFrom(&io.LimitedReader{R: strings.NewReader("short"), N: 3 * chunk})
	if n != 5 || err != nil {
		t.Errorf("got %d, %v, want 5, nil", n, err)
	}
}
