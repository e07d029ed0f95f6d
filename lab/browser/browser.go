// SPDX-License-Identifier: Apache-2.0

// Package browser looks at pages as a person does: in Debian's Chromium, headless, driven by chromedp; axe-core judges whether everybody
// can use them (WCAG 2.2, levels A and AA).
package browser

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"rehome/lab"
)

//go:embed axe-4.14.1.min.js
var axe string

// patience is how long something that has to come is awaited.
const patience = 3 * time.Minute

// Browser is one tab.
type Browser struct {
	t   testing.TB
	ctx context.Context //nolint:containedctx // chromedp keeps the tab in it
}

// Open starts a browser, which ends with the test.
func Open(t testing.TB) *Browser {
	t.Helper()
	program, err := lab.FindProgram("chromium", "chromium")
	if err != nil {
		t.Fatal(err)
	}
	// Chromium's own sandbox does not run as root; what it looks at is ours.
	options := slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true),
	})
	allocated, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocated)
	t.Cleanup(func() {
		cancel()
		end()
	})
	b := &Browser{t: t, ctx: ctx}
	b.Do(chromedp.Navigate("about:blank"))
	return b
}

// Do takes steps in their order.
func (b *Browser) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// Goto opens a page.
func (b *Browser) Goto(url string) {
	b.t.Helper()
	b.Do(chromedp.Navigate(url))
}

// Click clicks the first element of a selector.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	b.Await(selector, "")
	b.Do(chromedp.Click(chromedp.CSS(selector)))
}

// Type types into an element.
func (b *Browser) Type(selector, text string) {
	b.t.Helper()
	b.Await(selector, "")
	b.Do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Text is what a person reads in the first element of a selector; is is false where there is none.
func (b *Browser) Text(selector string) (text string, is bool) {
	script := fmt.Sprintf(`(() => { const e = document.querySelector(%q); return e ? (e.innerText ?? "") : null; })()`, selector)
	said, err := chromedp.Run(b.ctx, chromedp.Evaluate[*string](script))
	if err != nil || said == nil { // between two pages there is none
		return "", false
	}
	return *said, true
}

// Await waits until an element has words in it, and returns its text.
func (b *Browser) Await(selector, words string) string {
	b.t.Helper()
	text := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		said, is := b.Text(selector)
		if text = said; is && strings.Contains(said, words) {
			return said
		}
	}
	page, _ := b.Text("body")
	b.t.Fatalf("%s never had %q, but %q; the page says\n%s", selector, words, text, page)
	return ""
}

// Mark leaves a mark on the page that is open, and Marked finds it as long as that page was not loaded again.
func (b *Browser) Mark() {
	b.t.Helper()
	b.Do(chromedp.Evaluate[chromedp.Void](`window.marked = true`))
}

// Marked reports whether the page is the one that Mark was called on.
func (b *Browser) Marked() bool {
	b.t.Helper()
	return evaluate[bool](b, `window.marked === true`)
}

// Shape makes the window so wide and high, in the light or the dark scheme.
func (b *Browser) Shape(width, height int64, dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.Do(chromedp.EmulateViewport(width, height))
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.t.Fatal(err)
	}
}

// Shapes makes the window that of a desk and of a telephone, each light and dark, and calls back in each. It ends as it began, light and
// wide.
func (b *Browser) Shapes(each func(name string)) {
	b.t.Helper()
	for _, width := range []int64{390, 1400} {
		for _, dark := range []bool{true, false} {
			b.Shape(width, 900, dark)
			each(fmt.Sprintf("%d-%s", width, map[bool]string{true: "dark", false: "light"}[dark]))
		}
	}
}

// Whole writes the whole page into a file, also what the window does not show.
func (b *Browser) Whole(file string) {
	b.t.Helper()
	shot, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(file, shot, 0o644)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// violation is what axe-core finds wrong.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML string `json:"html"`
		Why  string `json:"failureSummary"`
	} `json:"nodes"`
}

// Judge fails the test for each thing on the page that somebody cannot use, or that makes it wider than its window.
func (b *Browser) Judge(name string) {
	b.t.Helper()
	if !evaluate[bool](b, `typeof axe === "object"`) {
		b.Do(chromedp.Evaluate[chromedp.Void](axe))
	}
	found := evaluate[[]violation](b, `axe.run(document, {resultTypes: ["violations"],
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(r => r.violations)`, chromedp.EvalAwaitPromise)
	for _, v := range found {
		for _, n := range v.Nodes {
			b.t.Errorf("%s: %s: %s\n%.300s\n%s", name, v.ID, v.Help, n.HTML, n.Why)
		}
	}
	if over := evaluate[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		b.t.Errorf("%s: the page is %d px wider than the window", name, over)
	}
}

// evaluate returns what a script gives on the page that is open.
func evaluate[T any](b *Browser, script string, options ...chromedp.EvaluateOption) T {
	b.t.Helper()
	given, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, options...))
	if err != nil {
		b.t.Fatal(err)
	}
	return given
}

// mostOfPicture is how large a picture for the manual may be, in octets.
const mostOfPicture = 100_000

// Picture writes what the window shows into a file.
func (b *Browser) Picture(file string) {
	b.t.Helper()
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	small, err := fewColours(shot)
	if err == nil && len(small) > mostOfPicture {
		err = fmt.Errorf("%s: %d octets are too many", file, len(small))
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, small, 0o644)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// fewColours is a PNG with the 256 colours that are most frequent in it: a page has hardly more, and it becomes a third as large.
func fewColours(shot []byte) ([]byte, error) {
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return nil, err
	}
	bounds, times := picture.Bounds(), map[color.NRGBA]int{}
	at := func(x, y int) color.NRGBA { return color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA) }
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			times[at(x, y)]++
		}
	}
	var all []color.NRGBA
	for c := range times {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.NRGBA) int { return times[b] - times[a] })
	var palette color.Palette
	for _, c := range all[:min(len(all), 256)] {
		palette = append(palette, c)
	}
	indexed, nearest := image.NewPaletted(bounds, palette), map[color.NRGBA]uint8{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := at(x, y)
			index, known := nearest[c]
			if !known {
				index = uint8(palette.Index(c))
				nearest[c] = index
			}
			indexed.SetColorIndex(x, y, index)
		}
	}
	var small bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, indexed)
	return small.Bytes(), err
}
