// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// table prints rows in aligned columns. text/tabwriter counts characters, not columns of the
// terminal, so that names in Chinese or Japanese would shift the rest of their row.
//
// It shows nothing that tells nobody anything: a column of numbers that are all zero is left out, and so is a column of empty
// cells. On paper of a certain width it fits: titles take two lines, long cells are continued below, and where even that is
// not enough, each row becomes a list.
type table struct {
	header []string
	right  []int // columns of numbers
	tones  map[int]func(palette, string) string
	narrow bool // the paper has a width, at which cells are broken
	rows   [][]string
}

// newTable begins a table with its header.
func newTable(header ...string) *table {
	return &table{header: header, tones: map[int]func(palette, string) string{}}
}

// alignRight sets columns flush right, counted from 0.
func (t *table) alignRight(columns ...int) *table {
	t.right = columns
	return t
}

// coloured has the cells of a column coloured by what they say.
func (t *table) coloured(column int, tone func(palette, string) string) *table {
	t.tones[column] = tone
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

// write prints the table, its header in bold if the palette has colours; nothing if it has no rows.
func (t *table) write(w io.Writer, colors palette) error {
	if len(t.rows) == 0 {
		return nil
	}
	columns := 0
	if p, known := w.(*paper); known {
		columns = p.columns
	}
	t = t.told()
	t.narrow = columns > 0
	widths, fits := t.fit(columns)
	if p, known := w.(*paper); known {
		w = p.w // the lines are as they shall be
		if err := p.flush(); err != nil {
			return err
		}
	}
	out := bufio.NewWriter(w) // keeps the first error
	if fits {
		t.writeLines(out, widths, colors)
	} else {
		t.writeList(out, columns, colors)
	}
	return out.Flush()
}

// told returns the table without the columns that tell nothing; the first names the row and stays.
func (t *table) told() *table {
	kept := &table{tones: map[int]func(palette, string) string{}}
	var columns []int
	for i := range t.header {
		if i == 0 || slices.ContainsFunc(t.rows, func(row []string) bool { return !isNothing(row[i]) }) {
			columns = append(columns, i)
		}
	}
	if len(columns) == len(t.header) {
		return t
	}
	pick := func(row []string) (cells []string) {
		for _, i := range columns {
			cells = append(cells, row[i])
		}
		return cells
	}
	for i, column := range columns {
		if slices.Contains(t.right, column) {
			kept.right = append(kept.right, i)
		}
		if tone := t.tones[column]; tone != nil {
			kept.tones[i] = tone
		}
	}
	kept.header = pick(t.header)
	for _, row := range t.rows {
		kept.rows = append(kept.rows, pick(row))
	}
	return kept
}

// isNothing reports whether a cell says only that there is nothing.
func isNothing(cell string) bool { return cell == "" || cell == "0" || cell == "0 B" }

// Between two columns, the least that is left of one of words, and the most that other rows are filled up to where lines may be of any
// length: a longer cell moves only the rest of its own row. One list with ten thousand members would fill every row with blanks.
const (
	gutter     = 2
	leastWords = 12
	mostFilled = 160
)

// fit returns how wide each column is; ok is false if the table cannot be made to fit.
func (t *table) fit(columns int) (widths []int, ok bool) {
	widths = make([]int, len(t.header))
	for i, title := range t.header {
		widths[i] = cells(title)
		for _, row := range t.rows {
			widths[i] = max(widths[i], cells(row[i]))
		}
	}
	if columns <= 0 {
		for i := range widths {
			widths[i] = min(widths[i], mostFilled)
		}
		return widths, true
	}
	if total(widths) <= columns {
		return widths, true
	}
	for i, title := range t.header {
		widths[i] = longestWord(title)
		for _, row := range t.rows {
			widths[i] = max(widths[i], cells(row[i]))
		}
	}
	for total(widths) > columns {
		widest := -1
		for i := range widths {
			if !slices.Contains(t.right, i) && widths[i] > leastWords && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return nil, false
		}
		widths[widest]--
	}
	return widths, true
}

func total(widths []int) int {
	sum := gutter * (len(widths) - 1)
	for _, w := range widths {
		sum += w
	}
	return sum
}

func longestWord(text string) int {
	longest := 0
	for _, word := range strings.Fields(text) {
		longest = max(longest, cells(word))
	}
	return longest
}

// writeLines writes header and rows.
func (t *table) writeLines(w io.Writer, widths []int, colors palette) {
	for _, line := range t.row(t.header, widths, nil, colors) {
		fmt.Fprintln(w, colors.bold(line))
	}
	for _, row := range t.rows {
		for _, line := range t.row(row, widths, t.tones, colors) {
			fmt.Fprintln(w, line)
		}
	}
}

// row renders one row, in as many lines as its longest cell needs. Those of a header stand on the last of them.
func (t *table) row(row []string, widths []int, tones map[int]func(palette, string) string, colors palette) []string {
	folded := make([][]string, len(row))
	height := 1
	for i, cell := range row {
		if folded[i] = []string{cell}; t.narrow {
			folded[i] = foldCell(cell, widths[i])
		}
		height = max(height, len(folded[i]))
	}
	lines := make([]string, height)
	for n := range lines {
		parts := make([]string, len(row))
		for i := range row {
			cell := ""
			at := n
			if tones == nil {
				at = n - (height - len(folded[i]))
			}
			if at >= 0 && at < len(folded[i]) {
				cell = folded[i][at]
			}
			blanks := strings.Repeat(" ", max(widths[i]-cells(cell), 0))
			if tone := tones[i]; tone != nil && cell != "" {
				cell = tone(colors, cell)
			}
			if slices.Contains(t.right, i) {
				parts[i] = blanks + cell
			} else {
				parts[i] = cell + blanks
			}
		}
		lines[n] = strings.TrimRight(strings.Join(parts, "  "), " ")
	}
	return lines
}

// foldCell breaks a cell into lines: between words, else behind what parts a path or an address, else anywhere.
func foldCell(cell string, width int) []string {
	var lines []string
	for cells(cell) > width && width > 0 {
		at := foldAt(cell, width)
		lines = append(lines, strings.TrimRight(cell[:at], " "))
		cell = strings.TrimLeft(cell[at:], " ")
	}
	return append(lines, cell)
}

// foldAt returns where a cell is broken.
func foldAt(cell string, width int) int {
	used, fits, blank, part, joint := 0, 0, 0, 0, 0
	for i, r := range cell {
		if used += cells(string(r)); used > width {
			if r == ' ' {
				blank = i
			}
			break
		}
		fits = i + len(string(r))
		switch {
		case r == ' ':
			blank = i
		case strings.ContainsRune("/@,;", r):
			part = fits
		case strings.ContainsRune(".-_", r):
			joint = fits
		}
	}
	switch {
	case blank > 0:
		return blank
	case part > 0:
		return part
	case joint > 0:
		return joint
	}
	_, first := utf8.DecodeRuneInString(cell)
	return max(fits, first)
}

// writeList writes each row as its first cell, and below that what the others say.
func (t *table) writeList(w io.Writer, columns int, colors palette) {
	for _, row := range t.rows {
		var parts []string
		for i := 1; i < len(row); i++ {
			if !isNothing(row[i]) {
				parts = append(parts, strings.ToLower(t.header[i])+" "+row[i])
			}
		}
		fmt.Fprintln(w, colors.bold(row[0]))
		if len(parts) > 0 {
			fmt.Fprintln(w, strings.Join(wrap("  "+strings.Join(parts, ", "), columns, 2), "\n"))
		}
	}
}
