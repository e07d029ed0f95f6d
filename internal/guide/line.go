// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"strings"
	"unicode"
)

// span is a piece of a line with one meaning.
type span struct {
	Kind spanKind
	Text string
}

// spanKind says what a piece is, which every form shows in its own way.
type spanKind string

// The kinds.
const (
	plainText spanKind = ""
	codeText  spanKind = "code" // a value to copy
	uiText    spanKind = "ui"   // a word on a screen
	nameText  spanKind = "name" // a name, which may run from right to left
)

// line is a paragraph, a step, or a cell of a table.
type line []span

// Plain returns the line without its marks.
func (l line) Plain() string {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.Text)
	}
	return b.String()
}

// The marks by which texts tell the pieces apart, in places of Unicode that mean nothing. What comes from outside cannot hold
// them: see tidy.
const (
	markEnd  = '\ue000'
	markCode = '\ue001'
	markUI   = '\ue002'
	markName = '\ue003'
)

func kindOf(mark rune) (kind spanKind, opens bool) {
	switch mark {
	case markCode:
		return codeText, true
	case markUI:
		return uiText, true
	case markName:
		return nameText, true
	}
	return plainText, mark == markEnd
}

// marked puts a text between marks.
func marked(mark rune, text string) string { return string(mark) + tidy(text) + string(markEnd) }

// tidy makes a text one line without what no text on a page holds.
func tidy(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return shown(r)
	}, strings.ToValidUTF8(text, "\ufffd")))
}

// tidyVerses is the same for a text that keeps its lines.
func tidyVerses(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(text, "\ufffd"))
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return shown(r)
	}, text)
}

// shown is a character, or -1 for those that no page shows: control characters, private use, and what changes the direction of
// everything behind it, by which a name could make a server's name look like another one.
func shown(r rune) rune {
	turns := r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f' || r == '\ufeff'
	if turns || unicode.IsControl(r) || unicode.Is(unicode.Co, r) {
		return -1
	}
	return r
}

// parse parts a text into its lines, and each into pieces. A line that begins with two blanks continues the one before. Lines that say
// nothing are left out.
func parse(text string) (lines []line) {
	for one := range strings.SplitSeq(strings.ReplaceAll(text, "\n  ", " "), "\n") {
		if l := parseLine(strings.TrimSpace(one)); len(l) > 0 {
			lines = append(lines, l)
		}
	}
	return lines
}

func parseLine(text string) (l line) {
	kind := plainText
	begin := 0
	add := func(end int) {
		if begin < end {
			l = append(l, span{kind, text[begin:end]})
		}
	}
	for i, r := range text {
		next, isMark := kindOf(r)
		if !isMark {
			continue
		}
		add(i)
		kind, begin = next, i+len(string(r))
	}
	add(len(text))
	return l
}
