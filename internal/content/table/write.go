// SPDX-License-Identifier: Apache-2.0

package table

import (
	"bufio"
	"io"
	"iter"
	"strings"
	"unicode"
)

// Write writes rows in the one form of every table that rehome makes for people: UTF-8 with a byte order mark, without
// which Excel takes the octets for its own code page; semicolons, the list separator of Excel in most of Europe; CR LF.
// The rows are written as they come. Each cell that a spreadsheet would compute is guarded. Read and Unguard give back the
// same cells, octet for octet.
func Write(w io.Writer, rows iter.Seq[[]string]) error {
	out := bufio.NewWriter(w) // keeps the first error
	_, _ = out.WriteString("\xef\xbb\xbf")
	for row := range rows {
		for i, cell := range row {
			if i > 0 {
				_ = out.WriteByte(';')
			}
			_, _ = out.WriteString(quoted(Guard(cell), len(row) == 1))
		}
		if _, err := out.WriteString("\r\n"); err != nil {
			return err
		}
	}
	return out.Flush()
}

// quoted also protects commas, tabs and outer spaces, which some readers take for their own, and a row of one empty cell,
// which would be an empty line.
func quoted(cell string, alone bool) string {
	if strings.ContainsAny(cell, ",;|\"\r\n\t") || strings.TrimSpace(cell) != cell || alone && cell == "" {
		return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
	}
	return cell
}

// Guard keeps a spreadsheet from computing what is text: an apostrophe before what begins a formula, and before what looks
// like a guarded cell, so that Unguard always knows.
func Guard(cell string) string {
	if computes(cell) {
		return "'" + cell
	}
	return cell
}

// Unguard is the cell that Guard was given.
func Unguard(cell string) string {
	if bare, guarded := strings.CutPrefix(cell, "'"); guarded && computes(bare) {
		return bare
	}
	return cell
}

// computes reports whether a cell begins like a formula behind apostrophes and what spreadsheets skip. The wide forms are
// those of East Asian input, which Excel takes for the same.
func computes(cell string) bool {
	cell = strings.TrimLeft(cell, "'")
	if cell != "" && strings.ContainsRune("\t\r\n", rune(cell[0])) {
		return true
	}
	rest := strings.TrimLeftFunc(cell, func(c rune) bool {
		return c == '\'' || unicode.IsSpace(c) || unicode.IsControl(c) || unicode.Is(unicode.Cf, c)
	})
	return rest != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(rest)[0])
}
