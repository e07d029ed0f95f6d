// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"rehome"
	"rehome/lab/browser"
)

// Every page can be used by everybody, and fits the window, at the width of a desk and of a telephone, light and dark: with all that it
// may have on it, and words of any length; by keyboard and on paper too. REHOME_LOOK names a folder for pictures of all.
func TestPages_everyShape(t *testing.T) {
	t.Parallel()
	s := byIssuer(t)
	s.screen.options.Many = true
	s.mustCome("group-switch")
	s.do("/plan/cutover", url.Values{"domain": {"example.test"}})
	s.await("What would be done")
	b := browser.Open(t)
	b.Goto(s.server.URL + "/sign-in")
	b.Shapes(func(shape string) { look(b, "sign-in", shape) })
	b.Type("input[name=name]", "anna")
	b.Type("input[name=password]", testPassword)
	b.Click(".sign-in button")
	b.Await("h1", "Example")
	b.Click(".who button")
	b.Click(".sign-in .button") // and from the issuer, which is another site, back to this one
	b.Await("h1", "Example")
	b.Click(".who button")
	b.Await("[role=status]", "still signed in at")
	b.Shapes(func(shape string) { look(b, "signed-out", shape) })
	b.Click(".sign-in .button")
	b.Await("h1", "Example")
	last := placeText(rehome.Finding{Account: "a145@example.test", Code: "x"}) // a few rows of each list say as much as a hundred
	for name, path := range map[string]string{
		"move": "/", "work": "/desk", "workers": "/workers", "waves": "/waves", "accounts": "/accounts?part=a00", "account": "/accounts/a001@example.test",
		"findings": "/findings?after=" + last, "differences": "/differences?after=d041@example.test",
		"cutover": "/cutover", "throughput": "/speed?span=6h", "ends": "/ends", "audit": "/audit?before=9",
		"nothing": "/nothing",
	} {
		b.Goto(s.server.URL + path)
		b.Await("h1", "")
		b.Shapes(func(shape string) { look(b, name, shape) })
		b.Keyboard(name)
		file := os.Getenv("REHOME_LOOK")
		if file != "" {
			file = filepath.Join(file, name+".pdf")
		}
		b.Paper(name, file)
	}
}

func look(b *browser.Browser, name, shape string) {
	b.Judge(name + "-" + shape)
	if folder := os.Getenv("REHOME_LOOK"); folder != "" {
		b.Whole(filepath.Join(folder, name+"-"+shape+".png"))
	}
}
