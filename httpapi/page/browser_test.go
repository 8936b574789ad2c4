package page

import (
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// chromium is the browser that all tests share.
var chromium struct {
	once sync.Once
	ctx  context.Context
	end  func()
	err  error
}

func closeBrowser() {
	if chromium.end != nil {
		chromium.end()
	}
}

// browser is a tab, in a profile of its own.
type browser struct {
	*site
	ctx context.Context
}

// open returns a tab. Without chromium the test is skipped, or fails if it is required.
func (s *site) open() *browser {
	s.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("REQUIRE_CHROMIUM") != "" {
			s.Fatal("no chromium here; install it (Debian: apt-get install chromium)")
		}
		skips.Skip(s, "no chromium here", "install it (Debian: apt-get install chromium)")
	}
	chromium.once.Do(func() {
		options := []chromedp.ExecAllocatorOption{chromedp.Headless, chromedp.NoFirstRun, chromedp.DisableGPU, chromedp.ExecPath(path)}
		if os.Getuid() == 0 {
			options = append(options, chromedp.NoSandbox) // it refuses to run as root with one
		}
		chromium.ctx, chromium.end = chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(options...))
		chromium.err = chromedp.Do(chromium.ctx)
	})
	if chromium.err != nil {
		s.Fatal(chromium.err)
	}
	ctx, end := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext())
	s.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		s.Fatal(err)
	}
	ctx, stop := context.WithTimeout(ctx, 3*testkit.Patience)
	s.Cleanup(stop)
	return &browser{s, ctx}
}

// do runs actions in the tab.
func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// visit opens a page of the site.
func (b *browser) visit(path string) {
	b.Helper()
	b.do(chromedp.Navigate(b.url+path), chromedp.WaitReady(chromedp.CSS("main")))
}

// click clicks the first element of a selector.
func (b *browser) click(selector string) {
	b.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// eval returns the value of an expression of JavaScript. A promise is awaited.
func eval[T any](b *browser, expression string) T {
	b.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%.200s: %v", expression, err)
	}
	return value
}

// text returns what a reader sees of the page.
func (b *browser) text() string {
	b.Helper()
	return eval[string](b, `document.querySelector('main')?.innerText ?? ''`)
}

// waitText waits until the page shows a text.
func (b *browser) waitText(text string) {
	b.Helper()
	testkit.Eventually(b.TB, "the page shows "+text, func() bool { return strings.Contains(b.text(), text) })
}

// size sets the size of the window, in pixels of CSS.
func (b *browser) size(width, height int64) {
	b.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

// colours sets what the browser prefers: dark or light.
func (b *browser) colours(scheme string) {
	b.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		b.Fatal(err)
	}
}

// screenshot returns a picture of the whole page.
func (b *browser) screenshot() []byte {
	b.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.Fatal(err)
	}
	return png
}

//go:embed testdata/axe.min.js
var axe string

// finding is a rule of axe-core that a page breaks.
type finding struct {
	ID    string
	Help  string
	Nodes []struct {
		HTML           string
		FailureSummary string
	}
}

// accessible checks the page with axe-core: WCAG 2.2 A and AA, and its best practices.
func (b *browser) accessible(what string) {
	b.Helper()
	eval[bool](b, axe+"; true")
	text := eval[string](b, `axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations))`)
	var found []finding
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		b.Fatal(err)
	}
	for _, f := range found {
		for _, node := range f.Nodes[:min(3, len(f.Nodes))] {
			b.Errorf("%s: %s: %s\n%.300s\n%s", what, f.ID, f.Help, node.HTML, node.FailureSummary)
		}
	}
}
