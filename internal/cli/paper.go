// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// paper is where an answer is written: it knows how wide its lines may be, and breaks longer ones between words. A table fits
// itself to it. In a pipe or a file lines stay whole, so that programs can read them.
type paper struct {
	w       io.Writer
	columns int // 0: as wide as it comes
	palette palette
	rest    bytes.Buffer // a line without its end
}

// narrowest is a width below which nothing can be laid out.
const narrowest = 30

// newPaper finds out how wide w is: its terminal, or what COLUMNS says (POSIX, XBD section 8.3).
func newPaper(w io.Writer, getenv func(string) string) *paper {
	p := &paper{w: w, palette: paletteFor(w, getenv)}
	if file, ok := w.(*os.File); ok && isTerminal(w) {
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil {
			p.columns = columns
		}
	} else if columns, err := strconv.Atoi(getenv("COLUMNS")); err == nil {
		p.columns = columns
	}
	if p.columns < narrowest {
		p.columns = 0
	}
	return p
}

// Write breaks the lines that are complete.
func (p *paper) Write(text []byte) (int, error) {
	p.rest.Write(text)
	for bytes.IndexByte(p.rest.Bytes(), '\n') >= 0 {
		line, _ := p.rest.ReadString('\n') // is there
		if _, err := io.WriteString(p.w, broken(strings.TrimSuffix(line, "\n"), p.columns)+"\n"); err != nil {
			return 0, err
		}
	}
	return len(text), nil
}

// flush writes a last line that has no end.
func (p *paper) flush() error {
	_, err := io.WriteString(p.w, broken(p.rest.String(), p.columns))
	p.rest.Reset()
	return err
}

// broken breaks a line between words into several of at most so many columns, all but the first indented. A word that is
// longer stays whole: it is an address, a path or a key that somebody copies.
func broken(line string, columns int) string {
	if columns <= 0 || cells(line) <= columns {
		return line
	}
	return strings.Join(wrap(line, columns, hang(line)), "\n")
}

// hang is how far the lines behind the first are indented: under the text of a next step, else a little more than the line.
func hang(line string) int {
	trimmed := strings.TrimLeft(line, " ")
	indent := len(line) - len(trimmed)
	if strings.HasPrefix(trimmed, "-> ") {
		return indent + len("-> ")
	}
	return indent + 2
}

// wrapBehind breaks a text into lines that begin behind a lead, those that follow after indent blanks.
func wrapBehind(lead, text string, columns, indent int) []string {
	lines := wrap(strings.Repeat("x", cells(lead))+text, columns, indent)
	lines[0] = lead + lines[0][cells(lead):]
	return lines
}

// wrap breaks a text into lines; those behind the first begin with indent blanks.
func wrap(text string, columns, indent int) []string {
	leading := text[:len(text)-len(strings.TrimLeft(text, " "))]
	words := strings.Fields(text)
	var lines []string
	line := leading
	begun := false
	for _, word := range words {
		switch {
		case !begun:
			line += word
		case cells(line)+1+cells(word) <= columns:
			line += " " + word
		default:
			lines = append(lines, line)
			line = strings.Repeat(" ", indent) + word
		}
		begun = true
	}
	return append(lines, line)
}
