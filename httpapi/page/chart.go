package page

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision/ledger"
	"github.com/phoneprov/phoneprov/provision/words"
)

// chart is the last 24 hours: a picture, and the same numbers by the hour.
type chart struct {
	SVG   template.HTML
	Hours []hour
}

type hour struct {
	At                time.Time
	Fetches, Refusals int
	Percent           string // of the phones that were up to date at its end; empty: not known
}

// Measures of the picture, in its own units.
const (
	chartWidth  = 760
	chartHeight = 200
	chartLeft   = 34 // room for the numbers
	chartRight  = 38
	chartTop    = 12
	chartBottom = 24
	chartMarks  = 6 // hours between two marks of the time
)

// partsPerHour is the number of parts of the day in an hour.
const partsPerHour = 4

// chartOf returns the chart of the parts of a day, the oldest first.
func chartOf(l *words.Language, parts []ledger.DayPart) chart {
	return chart{SVG: template.HTML(picture(l, parts)), Hours: hoursOf(parts)}
}

// hoursOf returns the hours of the parts, the newest first.
func hoursOf(parts []ledger.DayPart) (list []hour) {
	for end := len(parts); end > 0; {
		begin := end - 1
		for begin > 0 && parts[begin-1].At.Truncate(time.Hour).Equal(parts[end-1].At.Truncate(time.Hour)) {
			begin--
		}
		h := hour{At: parts[begin].At}
		for _, p := range parts[begin:end] {
			h.Fetches += p.Fetches
			h.Refusals += p.Refusals
			if p.Share != nil {
				h.Percent = percent(*p.Share)
			}
		}
		list = append(list, h)
		end = begin
	}
	return list
}

// percent returns a share for people. A share below 1 never shows as 100 %.
func percent(share float64) string {
	n := int(share*100 + 0.5)
	if n == 100 && share < 1 {
		n = 99
	}
	return fmt.Sprintf("%d %%", n)
}

// picture returns the SVG. All that it contains is numbers, and words that are escaped.
func picture(l *words.Language, parts []ledger.DayPart) string {
	most, fetches, refusals, now := 1, 0, 0, "–"
	for _, p := range parts {
		most = max(most, p.Fetches, p.Refusals)
		fetches += p.Fetches
		refusals += p.Refusals
		if p.Share != nil {
			now = percent(*p.Share)
		}
	}
	most = roundUp(most)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %d %d" role="img" aria-label="%s">`, chartWidth, chartHeight,
		template.HTMLEscapeString(l.Text("chart.says", words.Number(fetches), words.Number(refusals), now)))
	width, height := float64(chartWidth-chartLeft-chartRight), float64(chartHeight-chartTop-chartBottom)
	bottom := float64(chartHeight - chartBottom)
	for _, part := range []float64{0, 0.5, 1} { // the lines and their numbers
		y := bottom - part*height
		fmt.Fprintf(&b, `<path class="grid" d="M%d %.1fH%d"/>`, chartLeft, y, chartWidth-chartRight)
		fmt.Fprintf(&b, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`, chartLeft-5, y+4, short(float64(most)*part))
		fmt.Fprintf(&b, `<text x="%d" y="%.1f">%.0f %%</text>`, chartWidth-chartRight+5, y+4, part*100)
	}
	step := width / float64(max(len(parts), 1))
	for i := range parts { // the times
		back := len(parts) - i
		if back%(chartMarks*partsPerHour) == 0 {
			fmt.Fprintf(&b, `<text x="%.1f" y="%d">%s</text>`, chartLeft+float64(i)*step, chartHeight-8, template.HTMLEscapeString(l.Text("chart.hours", back/partsPerHour)))
		}
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, chartWidth-chartRight, chartHeight-8, template.HTMLEscapeString(l.Text("chart.now")))
	for i, p := range parts {
		x := chartLeft + float64(i)*step
		if p.Fetches > 0 {
			h := max(1.5, height*float64(p.Fetches)/float64(most))
			fmt.Fprintf(&b, `<rect class="fetch" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, x+step*0.1, bottom-h, step*0.8, h)
		}
	}
	for i, p := range parts { // triangles: another shape than the bars
		if p.Refusals > 0 {
			x, y := chartLeft+(float64(i)+0.5)*step, bottom-height*float64(p.Refusals)/float64(most)
			fmt.Fprintf(&b, `<path class="refusal" d="M%.1f %.1fl4.5 8h-9z"/>`, x, min(y, bottom-8))
		}
	}
	pen := "M"
	var line strings.Builder
	for i, p := range parts {
		if p.Share == nil {
			pen = "M"
			continue
		}
		y := bottom - height**p.Share
		fmt.Fprintf(&line, "%s%.1f %.1fH%.1f", pen, chartLeft+float64(i)*step, y, chartLeft+float64(i+1)*step)
		pen = "L"
	}
	fmt.Fprintf(&b, `<path class="share" d="%s"/></svg>`, line.String())
	return b.String()
}

// roundUp returns the next number of 2, 4, 10, 20, 40, 100, ...: its half is whole.
func roundUp(n int) int {
	for unit := 1; ; unit *= 10 {
		for _, of := range []int{2, 4, 10} {
			if n <= of*unit {
				return of * unit
			}
		}
	}
}

// short returns a number that fits beside the chart: 1.5k for 1,500.
func short(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%gM", n/1e6)
	case n >= 1e4:
		return fmt.Sprintf("%gk", n/1e3)
	}
	return fmt.Sprintf("%g", n)
}
