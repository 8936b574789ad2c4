package httpapi

import (
	"context"
	"net/http"
	"testing"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision"
)

// Check gets the answer of a phone that may have everything, and leaves no trace of it.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, uri string
		change    func(*bench)
		want      int
	}{
		{"a file", "0011223344AA.cfg", nil, 200},
		{"a static file", "fw.bin", nil, 200},
		{"a name that must be escaped", "0011223344AA+plus.cfg", nil, 200},
		{"a name with a percent sign", "0011223344AA%20x.cfg", nil, 200},
		{"nobody is allowed", "0011223344AA.cfg", func(b *bench) { b.Access.Rules = access.Rules{} }, 200},
		{"a host is demanded", "0011223344AA.cfg", func(b *bench) { b.Hosts = hostsOf(t, "pbx.example.com") }, 200},
		{"no such file", "0011223344bb.cfg", nil, 404},
		{"nothing was read yet", "0011223344AA.cfg", func(b *bench) { b.Store = new(provision.Store) }, 503},
		{"a rendering that panics", "0011223344AA.cfg", func(b *bench) { b.Renderer = panicking{} }, 500},
	} {
		t.Run(row.name, func(t *testing.T) {
			b, r := newBench(t), &recorded{}
			b.Recorder = r
			if row.change != nil {
				row.change(b)
			}
			if got := Check(t.Context(), Phones(b.Options), b.Prefix, row.uri); got != row.want {
				t.Errorf("got %d, want %d", got, row.want)
			}
			if len(r.all) != 0 || b.log.String() != "" {
				t.Errorf("it left a trace: %+v, %s", r.all, b.log.String())
			}
		})
	}
}

type panicking struct{}

func (panicking) Render(context.Context, *provision.Snapshot, *provision.Route, provision.Request) (*provision.Document, error) {
	panic("template")
}

// No header of a client makes its request one of Check.
func TestNobodyElseChecks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Access.Rules.Allow = nil
	r, err := http.NewRequest(http.MethodHead, "http://localhost/phoneprov/0011223344AA.cfg", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = "127.0.0.1:1"
	if w := serveTest(Phones(b.Options), r); w.Code != http.StatusNotFound {
		t.Errorf("got %d", w.Code)
	}
}

// While the lookup or the rendering is blocked, Check is.
func TestCheckWaitsForTheRendering(t *testing.T) {
	t.Parallel()
	b, entered, release := newBench(t), make(chan struct{}), make(chan struct{})
	b.Renderer = blocking{b.Renderer, entered, release}
	done := make(chan int)
	go func() { done <- Check(context.Background(), Phones(b.Options), b.Prefix, "0011223344AA.cfg") }()
	<-entered
	select {
	case status := <-done:
		t.Fatalf("it returned %d", status)
	default:
	}
	close(release)
	if status := <-done; status != 200 {
		t.Errorf("got %d", status)
	}
}

type blocking struct {
	Renderer
	entered, release chan struct{}
}

func (r blocking) Render(ctx context.Context, s *provision.Snapshot, rt *provision.Route, q provision.Request) (*provision.Document, error) {
	close(r.entered)
	<-r.release
	return r.Renderer.Render(ctx, s, rt, q)
}
