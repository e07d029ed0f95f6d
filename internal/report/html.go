// SPDX-License-Identifier: Apache-2.0

package report

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed page.html.tmpl
var pageText string

//go:embed page.css
var styleText string

// WriteHTML writes the report as one self-contained HTML file.
func (r *Report) WriteHTML(w io.Writer) error {
	parsed, err := template.New("page").Parse(pageText)
	if err != nil {
		return err
	}
	return parsed.Execute(w, struct {
		page
		Style template.CSS // our own file, no input
	}{r.page(), template.CSS(styleText)})
}
