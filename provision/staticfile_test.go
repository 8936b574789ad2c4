package provision

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/phoneprov/phoneprov/provision/datadir"
)

// A static file that is being written is not sent, however slowly its writer is; an empty one that is at rest is. The files'
// times are those of the bubble's clock.
func TestStaticFileMustBeSteady(t *testing.T) {
	k := newTemplateSite(t, map[string]string{"s": "whole"})
	k.expect(t, "s", "whole", "")
	text := strings.Repeat("firmware ", 10_000)
	synctest.Test(t, func(t *testing.T) {
		data, err := datadir.Open(k.dir, "")
		if err != nil {
			t.Fatal(err)
		}
		defer data.Close()
		k.Renderer = NewRenderer(RendererOptions{Data: data})
		k.age(t, "s", time.Hour)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range steps + 1 {
				writeNow(t, k.path("s"), text[:len(text)*i/steps])
				k.age(t, "s", 0)
				time.Sleep(datadir.SettleTime - 1)
			}
		}()
		synctest.Wait()
		refused := 0
		for shown := ""; shown != text; time.Sleep(datadir.SettleTime / 4) {
			got, _, err := k.get(t, "s")
			if err == nil && got != text || err != nil && !errors.Is(err, datadir.ErrNoGoodFile) {
				t.Fatalf("got %d bytes (%v)", len(got), err)
			}
			if err != nil {
				refused++
			}
			shown = got
		}
		<-done
		if refused == 0 {
			t.Error("no request came while the file was being written")
		}
		writeNow(t, k.path("s"), "")
		k.age(t, "s", time.Hour)
		k.expect(t, "s", "", "")
	})
}
