// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"slices"
	"strings"
	"unicode"
)

// Added reports whether there, which a server shows of what it was given, holds anything that was not given, so that
// somebody may have entered it. What servers fill in (UID, FN, N) and keep for themselves does not count, nor what is but
// written in another way: torn apart, escaped once more, shortened, or put where it does not belong, as DAViCal does with
// a vCard 2.1. What cannot be read may hold anything.
func Added(given, there []byte, kind Kind) bool {
	a, err := parseAs(given, kind)
	if err != nil {
		return true
	}
	b, err := parseAs(there, a.Kind)
	if err != nil {
		return true
	}
	mine := normalize(a).entries
	theirs := normalize(b).entries
	lost := unmatched(mine, theirs)
	filled := filledIn(a.Kind)
	all := a.signs()
	return slices.ContainsFunc(unmatched(theirs, mine), func(e entry) bool {
		_, fills := filled[e.name]
		return !e.soft && !fills && !b.spells(e.line, all) && !slices.ContainsFunc(lost, func(l entry) bool {
			return l.name == e.name && l.where == e.where && strings.Contains(signs(l.key), signs(e.key))
		})
	})
}

// spells reports whether every line of what begins in a line, which is a property or a component, is in a text of signs.
func (d *Document) spells(first int, all string) bool {
	from := slices.IndexFunc(d.lines, func(l Line) bool { return l.Number == first })
	depth := 0
	if from < 0 {
		return false
	}
	for _, l := range d.lines[from:] {
		for part := range strings.Lines(string(l.Raw)) { // a server that takes a soft line break for the end joins what comes behind
			if !strings.Contains(all, signs(part)) {
				return false
			}
		}
		switch l.Name {
		case "BEGIN":
			depth++
		case "END":
			depth--
		}
		if depth <= 0 {
			break
		}
	}
	return true
}

// signs are those of all lines, with a mark before each that begins a property.
func (d *Document) signs() string {
	var all strings.Builder
	for _, l := range d.lines {
		if l.Name != "" {
			all.WriteByte('\n')
		}
		all.WriteString(signs(string(l.content)))
	}
	return all.String()
}

// signs are the letters and digits of a text.
func signs(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}
