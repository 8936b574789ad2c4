package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

func TestMain(m *testing.M) {
	testkit.SideBySide(10) // TestNoTornFiles mostly waits
	goleak.VerifyTestMain(skips.Reporting{M: m})
}

// asker answers calls with the call in lower case, once as many calls as it waits for are being made at the same time.
type asker struct {
	together int32

	mu    sync.Mutex
	asked []string
	now   int32
	most  int32
	met   chan struct{} // closed when so many were
	meet  func()
}

func newAsker(together int32) *asker {
	met := make(chan struct{})
	return &asker{together: together, met: met, meet: sync.OnceFunc(func() { close(met) })}
}

func (a *asker) ask(ctx context.Context, call string) (string, error) {
	a.mu.Lock()
	a.asked = append(a.asked, call)
	a.now++
	a.most = max(a.most, a.now)
	if a.now >= a.together {
		a.meet()
	}
	a.mu.Unlock()
	defer func() { a.mu.Lock(); a.now--; a.mu.Unlock() }()
	if a.together > 0 {
		select {
		case <-a.met:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	return strings.ToLower(strings.Trim(call, "()")), nil
}

// Independent calls of a file are made at the same time, wherever they stand. If they were made one after the other,
// the asker would never answer.
func TestAskedSideBySide(t *testing.T) {
	s, _ := build(t, map[string]string{
		"phoneprov.conf": `[general]
default_profile=p
[p]
setvar => V=${X(v)}
setvar => W=${V}${X(w)}
x => t
`,
		"users.conf": `[a]
autoprov=yes
macaddress=000000000001
[b]
autoprov=yes
macaddress=000000000001
linenumber=2
[c]
autoprov=yes
macaddress=000000000002
`,
		"extensions.conf": "[globals]\nG=${X(g)}\nH=${G}${X(h)}\n",
	})
	for _, row := range []struct{ name, template, want string }{
		{"in a template", "${X(1)} ${X(2)} ${X(3)}", "x(1 x(2 x(3"},
		{"in setvars", "${W} ${X(3)}", "x(vx(w x(3"},
		{"in globals", "${H} ${X(3)}", "x(gx(h x(3"},
		{"in an argument", "${LEN(${X(1)})}${TOUPPER(${X(2)}${X(3)})}", "3X(2X(3"},
		{"in an expression", "$[${LEN(${X(1)})} + ${LEN(${X(2)}${X(3)})}]", "9"},
		{"for each user", "${PP_EACH_USER(%{X(%{USERNAME})})}${X(3)}", "x(ax(cx(3"},
		{"for each user within one", "${PP_EACH_USER(%{PP_EACH_USER(%{X(%{USERNAME})})})}${X(3)}", "x(ax(ax(cx(cx(3"},
		{"for each line", "${PP_EACH_EXTENSION(000000000001,l)}${X(3)}", "x(ax(bx(3"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, _ := renderer(t, map[string]string{"t": row.template, "l": "${X(${USERNAME})}"})
			a := newAsker(3)
			r.options.Ask = a.ask
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			got, err := renderCtx(ctx, r, s, "x")
			if err != nil || got != row.want {
				t.Errorf("got %q, %v, want %q", got, err, row.want)
			}
			if len(a.asked) != 3 {
				t.Errorf("asked %q, want three calls, each once", a.asked)
			}
		})
	}
}

func renderCtx(ctx context.Context, r *Renderer, s *Snapshot, uri string) (string, error) {
	doc, err := r.Render(ctx, s, s.Lookup(uri), Request{Now: testNow})
	if err != nil {
		return "", err
	}
	text := make([]byte, doc.Size)
	_, err = doc.Content.Read(text)
	return string(text), err
}

// There are never more calls at once than RendererOptions.SideBySide.
func TestSideBySideIsBounded(t *testing.T) {
	for most, want := range map[int]int32{0: defaultSideBySide, 1: 1, 3: 3} {
		var calls strings.Builder
		for i := range 40 {
			fmt.Fprintf(&calls, "${X(%d)}", i)
		}
		r, _ := renderer(t, map[string]string{"t": calls.String()})
		a := newAsker(0)
		if want > 1 {
			a = newAsker(want)
		}
		r.options.Ask, r.options.SideBySide = a.ask, most
		if _, err := render(t, r, onePhone(t, ""), "x", Request{}); err != nil || a.most != want || len(a.asked) != 40 {
			t.Errorf("%d: got %d at once of %d, %v, want %d", most, a.most, len(a.asked), err, want)
		}
	}
}

// A failed call ends the rendering at once, and the message names that call.
func TestAskedFails(t *testing.T) {
	r, _ := renderer(t, map[string]string{"t": "${HANG(1)}${HANG(2)}\n ${FAIL()}${HANG(3)}${HANG(4)}${HANG(5)}"})
	var begun, ended atomic.Int32
	r.options.Ask = func(ctx context.Context, call string) (string, error) {
		begun.Add(1)
		defer ended.Add(1)
		if call == "FAIL()" {
			return "", errors.New("broken")
		}
		<-ctx.Done()
		return "", ctx.Err()
	}
	_, err := render(t, r, onePhone(t, ""), "x", Request{})
	want := `phoneprov.conf:4: template "t": asterisk cannot be asked: FAIL: cannot ask asterisk: broken`
	if !errors.Is(err, ErrUnavailable) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if b, e := begun.Load(), ended.Load(); b != e || b > defaultSideBySide {
		t.Errorf("of %d calls %d have ended, want all, and at most %d", b, e, defaultSideBySide)
	}
}

// The end of the request ends the rendering and its calls.
func TestAskedUntilTheRequestEnds(t *testing.T) {
	r, _ := renderer(t, map[string]string{"t": "${HANG(1)}${HANG(2)}"})
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan struct{}, 2)
	r.options.Ask = func(ctx context.Context, call string) (string, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return "", ctx.Err()
	}
	go func() { <-begun; <-begun; cancel() }()
	if _, err := renderCtx(ctx, r, onePhone(t, ""), "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
}

// A rendering ends after RenderTimeout, whatever Asterisk does.
func TestRenderTimeout(t *testing.T) {
	r, _ := renderer(t, map[string]string{"t": "${HANG(1)}"})
	r.options.Ask = func(ctx context.Context, call string) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}
	s := onePhone(t, "")
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		_, err := render(t, r, s, "x", Request{})
		if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took != RenderTimeout {
			t.Errorf("got %v after %v", err, took)
		}
	})
}

// Diagnostics and templates are those of the last pass only.
func TestAskedPassesAreVoid(t *testing.T) {
	r, _ := renderer(t, map[string]string{"t": "${A:x}${Y(${X(1)})}${PP_EACH_EXTENSION(000000000001,l)}", "l": "."})
	r.options.Ask = newAsker(0).ask
	s := onePhone(t, "")
	doc, err := r.Render(t.Context(), s, s.Lookup("x"), Request{Now: testNow})
	if err != nil || len(doc.Diagnostics) != 1 || !slices.Equal(doc.Templates(), []string{"t", "l"}) {
		t.Errorf("got %v, %v, %v", doc, err, doc)
	}
}

// Setvars that use pending setvars are evaluated once in each pass, not once for each path to them.
func TestAskedThroughManySetvars(t *testing.T) {
	more := "setvar => V0=${X(1)}\n"
	for i := range 60 {
		more += fmt.Sprintf("setvar => V%d=${LEN(${V%d}${V%[2]d})}\n", i+1, i)
	}
	r, _ := renderer(t, map[string]string{"t": "${V60}"})
	r.options.Ask = newAsker(0).ask
	if got, err := render(t, r, onePhone(t, more), "x", Request{}); err != nil || got != "2" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestUnknownFunction(t *testing.T) {
	for _, row := range []struct {
		name, value string
		known       bool
		err         error
		want        []string
	}{
		{"unknown", "", false, nil, []string{"t:2: warning: column 3: NOSUCH: no such function in Asterisk"}},
		{"known, and empty", "", true, nil, nil},
		{"cannot be told", "", false, errors.New("no right"), nil},
		{"a value is known", "v", false, nil, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, _ := renderer(t, map[string]string{"t": "a\n  ${NOSUCH(x)}"})
			r.options.Ask = func(context.Context, string) (string, error) { return row.value, nil }
			r.options.Knows = func(_ context.Context, name string) (bool, error) { return row.known && name == "NOSUCH", row.err }
			s := onePhone(t, "")
			doc, err := r.Render(t.Context(), s, s.Lookup("x"), Request{Now: testNow})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range doc.Diagnostics {
				got = append(got, d.String())
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// A file that makes another call in each pass has its calls made one after the other in the end.
func TestPassesEnd(t *testing.T) {
	r := NewRenderer(RendererOptions{Ask: newAsker(0).ask})
	b := r.newCalls(t.Context())
	defer b.end()
	n := 0
	var got []string
	err := b.passes(func() error {
		got = nil
		for range 3 {
			n++
			v, err := b.askAt(t.Context(), dialplan.Question{Call: fmt.Sprintf("X(%d)", n)})
			if err != nil {
				return err
			}
			got = append(got, v)
		}
		return nil
	})
	want := []string{fmt.Sprint("x(", n-2), fmt.Sprint("x(", n-1), fmt.Sprint("x(", n)}
	if err != nil || !slices.Equal(got, want) || n > 3*(maxPasses+1) {
		t.Errorf("got %q, %v after %d calls, want %q", got, err, n, want)
	}
}

// A function that takes a pending answer for an empty one does not leave a hole in the file.
func TestPassesTrustNoFunction(t *testing.T) {
	r := NewRenderer(RendererOptions{Ask: newAsker(0).ask})
	b := r.newCalls(t.Context())
	defer b.end()
	var got string
	err := b.passes(func() error {
		got, _ = b.askAt(t.Context(), dialplan.Question{Call: "X(1)"})
		return nil
	})
	if got != "x(1" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAskedLimits(t *testing.T) {
	var users strings.Builder
	for i := range maxAsked + 1 {
		fmt.Fprintf(&users, "[%d]\nautoprov=yes\nmacaddress=%012x\n", i, i)
	}
	s, _ := build(t, map[string]string{"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t\n", "users.conf": users.String()})
	long := strings.Repeat("x", maxAskedBytes/3)
	for name, row := range map[string]struct {
		template string
		value    string
	}{
		"calls":   {"${PP_EACH_USER(%{X(%{MAC})})}", ""},
		"answers": {"${LEN(${X(1)})}${LEN(${X(2)})}${LEN(${X(3)})}${LEN(${X(4)})}", long},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := renderer(t, map[string]string{"t": row.template})
			r.options.Ask = func(context.Context, string) (string, error) { return row.value, nil }
			_, err := render(t, r, s, "000000000001.cfg", Request{})
			if !errors.Is(err, errAsksTooMuch) || errors.Is(err, ErrUnavailable) {
				t.Errorf("got %v, want %v", err, errAsksTooMuch)
			}
		})
	}
}

// A file without calls starts no goroutine and has no context of its own.
func TestAskedNothing(t *testing.T) {
	r, _ := renderer(t, map[string]string{"t": "${MAC}"})
	r.options.Ask = newAsker(0).ask
	b := r.newCalls(t.Context())
	s := onePhone(t, "")
	if _, err := r.render(t.Context(), s, nil, s.Lookup("x"), Request{}, b); err != nil || b.ctx != nil || len(b.finished()) != 0 {
		t.Errorf("got %v, context %v", err, b.ctx)
	}
}
