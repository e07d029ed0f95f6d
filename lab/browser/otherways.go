// SPDX-License-Identifier: Apache-2.0

package browser

import (
	"os"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// mostStops is how many stops of the keyboard are looked at on a page.
const mostStops = 40

// stop is where the keyboard is on a page.
type stop struct {
	What   string // its beginning, as it is written
	Place  int    // among all elements of the page; -1 behind the last one
	Marked bool   // somebody sees that it is there
	Seen   bool   // it is in the window
}

// where tells it.
const where = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body) return {What: "", Place: -1, Marked: true, Seen: true};
	const r = e.getBoundingClientRect(), s = getComputedStyle(e);
	return {What: e.outerHTML.slice(0, 120), Place: [...document.querySelectorAll("*")].indexOf(e),
		Marked: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2,
		Seen: r.width > 0 && r.height > 0 && r.bottom > 0 && r.right > 0 && r.top < innerHeight && r.left < innerWidth};
})()`

// Keyboard goes through the page that is open by the Tab key, and fails the test for each stop that somebody does not see, or that comes
// before one above it (WCAG 2.2, 2.1.1, 2.4.3 and 2.4.7). The first has to lead to the content past the head (2.4.1).
func (b *Browser) Keyboard(name string) {
	b.t.Helper()
	last := -1
	for n := range mostStops {
		b.Do(chromedp.KeyEvent("\t"))
		at := evaluate[stop](b, where)
		if at.Place < 0 {
			break
		}
		if !at.Marked || !at.Seen || at.Place <= last {
			b.t.Errorf("%s: stop %d of the keyboard: %+v, behind %d", name, n+1, at, last)
		}
		last = at.Place
		if n == 0 {
			b.Do(chromedp.KeyEvent("\r"))
			if !evaluate[bool](b, `document.activeElement === document.querySelector("main")`) {
				b.t.Errorf("%s: the first stop does not lead to the content: %s", name, at.What)
			}
			b.Do(chromedp.Evaluate[chromedp.Void](`document.querySelector(".skip").focus()`))
		}
	}
	if last < 0 {
		b.t.Errorf("%s: the keyboard stops nowhere", name)
	}
}

// paper is the width of A4 within its margins, in pixels of CSS.
const paper = 718

// Paper fails the test if the page that is open has something on paper that can only be clicked, or that is cut off. With a file, it is
// printed into that as PDF.
func (b *Browser) Paper(name, file string) {
	b.t.Helper()
	b.media("print")
	b.Do(chromedp.EmulateViewport(paper, 1000))
	b.Do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new Event("beforeprint"))`)) // as a browser does before it prints
	cut := evaluate[[]string](b, `[...document.querySelectorAll("main *")].filter(e => e.checkVisibility() && !e.closest(".hidden, canvas, svg") &&
		(e.matches("button, input, select") || e.getBoundingClientRect().right > innerWidth + 1)).map(e => e.outerHTML.slice(0, 120))`)
	for _, e := range cut {
		b.t.Errorf("%s: on paper: %s", name, e)
	}
	b.Do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new Event("afterprint"))`))
	if file != "" {
		given, err := chromedp.Call(b.ctx, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: 8.27, PaperHeight: 11.69})
		if err == nil {
			err = os.WriteFile(file, given.Data, 0o644)
		}
		if err != nil {
			b.t.Error(err)
		}
	}
	b.media("")
	b.Shape(1400, 900, false)
}

func (b *Browser) media(kind string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: kind}); err != nil {
		b.t.Fatal(err)
	}
}
