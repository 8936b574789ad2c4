// Package browser drives Debian's chromium, for tests of the page of the admin address.
//
// All tests of a package share one chromium, and each Tab has a profile of its own: cookies of one test are not seen by
// another. Its tests run if REQUIRE_CHROMIUM or REQUIRE_ASTERISK is set, and are skipped otherwise: they take longer than
// all other tests of a package.
//
// axe-core (testdata/axe.min.js, 4.14.1 of npm, MPL-2.0: testdata/axe.LICENSE) checks what people with a screen reader
// or a keyboard need. No program but tests has it.
package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// chromium is the browser of this process.
var chromium struct {
	once sync.Once
	ctx  context.Context
	end  func()
	err  error
}

// Close ends the browser, if a test has started it. TestMain calls it after the tests.
func Close() {
	if chromium.end != nil {
		chromium.end()
	}
}

// tabTimeout bounds a test's time with a tab.
const tabTimeout = 5 * testkit.Patience

// Tab is a tab of the browser.
type Tab struct {
	testing.TB
	ctx context.Context
}

// Open returns a tab, which closes with the test.
func Open(tb testing.TB) *Tab {
	tb.Helper()
	if os.Getenv("REQUIRE_CHROMIUM") == "" && !skips.Required() {
		skips.Skip(tb, "a browser takes too long for each go test", "with chromium (Debian: apt-get install chromium) REQUIRE_CHROMIUM=1 go test runs it")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		tb.Fatal("no chromium here; install it (Debian: apt-get install chromium)")
	}
	chromium.once.Do(func() { start(path) })
	if chromium.err != nil {
		tb.Fatal(chromium.err)
	}
	ctx, end := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext())
	tb.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithTimeout(ctx, tabTimeout)
	tb.Cleanup(stop)
	return &Tab{tb, ctx}
}

func start(path string) {
	options := []chromedp.ExecAllocatorOption{
		chromedp.Headless, chromedp.NoFirstRun, chromedp.DisableGPU, chromedp.ExecPath(path), chromedp.WSURLReadTimeout(testkit.Patience),
		chromedp.Flag("lang", "en-US"),
	}
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // chromium refuses to run as root with one
	}
	chromium.ctx, chromium.end = chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(options...))
	chromium.err = chromedp.Do(chromium.ctx)
}

// replaced is part of chromium's error where the page has replaced an element between an action's look for it and the
// action. Nothing was done then.
const replaced = "node with given id"

// Do runs actions. An action is tried again while the page replaces its element.
func (b *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	for _, action := range actions {
		err := chromedp.Do(b.ctx, action)
		for err != nil && strings.Contains(err.Error(), replaced) {
			err = chromedp.Do(b.ctx, action)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// Visit opens a URL.
func (b *Tab) Visit(url string) {
	b.Helper()
	b.Do(chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("main")))
}

// Click clicks the first element of a selector.
func (b *Tab) Click(selector string) {
	b.Helper()
	b.Do(chromedp.Click(chromedp.CSS(selector)))
}

// Type types a text into the first element of a selector. "\n" is the Enter key.
func (b *Tab) Type(selector, text string) {
	b.Helper()
	b.Do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Press presses keys, wherever the focus is. "\t" is the Tab key, "\n" is Enter.
func (b *Tab) Press(keys string) {
	b.Helper()
	b.Do(chromedp.KeyEvent(keys))
}

// Eval returns the value of an expression of JavaScript. A promise is awaited.
func Eval[T any](b *Tab, expression string) T {
	b.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%.200s: %v", expression, err)
	}
	return value
}

// Text returns what a reader sees of the page.
func (b *Tab) Text() string {
	b.Helper()
	return Eval[string](b, `document.querySelector('main')?.innerText ?? ''`)
}

// WaitText waits until the page shows a text.
func (b *Tab) WaitText(text string) {
	b.Helper()
	testkit.WaitFor(b.TB, func() error {
		if shown := b.Text(); !strings.Contains(shown, text) {
			return fmt.Errorf("the page does not show %q: %.2000s", text, shown)
		}
		return nil
	})
}

// Size sets the size of the window, in pixels of CSS.
func (b *Tab) Size(width, height int64) {
	b.Helper()
	b.Do(chromedp.EmulateViewport(width, height))
}

// Prefer sets the colours that the reader prefers: light or dark.
func (b *Tab) Prefer(scheme string) {
	b.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		b.Fatal(err)
	}
}

// NoScripts has the tab run no JavaScript of pages from now on.
func (b *Tab) NoScripts() {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		b.Fatal(err)
	}
}

// Speak sets the language that the browser asks for.
func (b *Tab) Speak(language string) {
	b.Helper()
	agent := Eval[string](b, `navigator.userAgent`)
	if _, err := chromedp.Call(b.ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: language}); err != nil {
		b.Fatal(err)
	}
}

// Zone sets the browser's time zone.
func (b *Tab) Zone(name string) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: name}); err != nil {
		b.Fatal(err)
	}
}

// Screenshot returns a picture of the whole page, as PNG.
func (b *Tab) Screenshot() []byte {
	b.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.Fatal(err)
	}
	return png
}

//go:embed testdata/axe.min.js
var axe string

// Barrier is a rule of axe-core that a page breaks.
type Barrier struct {
	ID    string
	Help  string
	Nodes []struct {
		HTML           string
		FailureSummary string
	}
}

// Barriers returns what axe-core finds on the page: WCAG 2.2 A and AA, and its best practices.
func (b *Tab) Barriers() (found []Barrier) {
	b.Helper()
	Eval[bool](b, axe+"; true")
	text := Eval[string](b, `axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(r => JSON.stringify(r.violations))`)
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		b.Fatal(err)
	}
	return found
}

// maxNodes bounds the elements that a failure shows.
const maxNodes = 3

// Accessible fails the test if axe-core finds anything.
func (b *Tab) Accessible(what string) {
	b.Helper()
	for _, f := range b.Barriers() {
		for _, node := range f.Nodes[:min(maxNodes, len(f.Nodes))] {
			b.Errorf("%s: %s: %s\n%.300s\n%s", what, f.ID, f.Help, node.HTML, node.FailureSummary)
		}
	}
}
