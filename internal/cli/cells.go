// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// cells returns how many columns of a terminal a text takes: two for East Asian wide characters
// and emoji (Unicode UAX 11), none for combining marks and invisible format characters.
func cells(text string) int {
	n := 0
	escaped := false // within a control sequence, which takes no column
	for _, r := range text {
		switch {
		case r == '\x1b':
			escaped = true
		case escaped:
			escaped = r != 'm'
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case width.LookupRune(r).Kind() == width.EastAsianWide, width.LookupRune(r).Kind() == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// printable replaces control characters, which a mailbox name or a server's words could use to
// write elsewhere on the screen, and characters that turn the direction of writing.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// cut shortens a text to at most n columns.
func cut(text string, n int) string {
	if cells(text) <= n {
		return text
	}
	used := 0
	for i, r := range text {
		used += cells(string(r))
		if used > n-1 {
			return text[:i] + "…"
		}
	}
	return text
}
