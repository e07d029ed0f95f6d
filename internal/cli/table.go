// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io"
	"slices"
	"strings"
)

// table prints rows in aligned columns. text/tabwriter counts characters, not columns of the
// terminal, so that names in Chinese or Japanese would shift the rest of their row.
type table struct {
	header []string
	right  []int // columns of numbers
	rows   [][]string
}

// newTable begins a table with its header.
func newTable(header ...string) *table { return &table{header: header} }

// alignRight sets columns flush right, counted from 0.
func (t *table) alignRight(columns ...int) *table {
	t.right = columns
	return t
}

// add appends a row of as many cells as the header has. Control characters in them are replaced.
func (t *table) add(row ...string) {
	clean := make([]string, len(t.header))
	for i := range min(len(row), len(clean)) {
		clean[i] = printable(row[i])
	}
	t.rows = append(t.rows, clean)
}

// write prints the table, its header in bold if the palette has colours.
func (t *table) write(w io.Writer, colors palette) error {
	widths := make([]int, len(t.header))
	for _, row := range append([][]string{t.header}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], cells(cell))
		}
	}
	lines := []string{colors.bold(t.line(t.header, widths))}
	for _, row := range t.rows {
		lines = append(lines, t.line(row, widths))
	}
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}

func (t *table) line(row []string, widths []int) string {
	padded := make([]string, len(row))
	for i, cell := range row {
		blanks := strings.Repeat(" ", widths[i]-cells(cell))
		if slices.Contains(t.right, i) {
			padded[i] = blanks + cell
		} else {
			padded[i] = cell + blanks
		}
	}
	return strings.TrimRight(strings.Join(padded, "  "), " ")
}
