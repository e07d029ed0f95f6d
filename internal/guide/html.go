// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"html/template"
)

//go:embed page.html.tmpl
var layout string

// HTML writes the page as one file that needs nothing else. image says where a picture is: nil puts the pictures into the page; in a
// message each is a part of its own ("cid:...", RFC 2392).
func (p Page) HTML(image func(Image) string) ([]byte, error) {
	if image == nil {
		image = func(i Image) string { return "data:image/png;base64," + base64.StdEncoding.EncodeToString(i.PNG) }
	}
	page, err := template.New("page").Funcs(template.FuncMap{
		// A data URL and the links for telephones have schemes that the escaper knows nothing of; both are ours, and what is in
		// them is in base64 or escaped by package url.
		"image": func(c code) template.URL { return template.URL(image(Image{ID: c.ID, PNG: c.png})) },
		"phone": func(l link) template.URL { return template.URL(l.URL) },
	}).Parse(layout)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, p.sheet)
	return b.Bytes(), err
}
