// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"slices"
	"strings"
	"unicode"
)

// Added reports whether there, which a server shows of what it was given, holds anything that was not given, so that
// somebody may have entered it. What servers fill in (UID, FN, N) and keep for themselves does not count, nor what is but
// written in another way: torn apart, escaped once more, or shortened. What cannot be read may hold anything.
func Added(given, there []byte, kind Kind) bool {
	a, err := parseAs(given, kind)
	if err != nil {
		return true
	}
	b, err := parseAs(there, a.Kind)
	if err != nil {
		return true
	}
	mine, theirs := normalize(a).entries, normalize(b).entries
	lost, filled := unmatched(mine, theirs), filledIn(a.Kind)
	return slices.ContainsFunc(unmatched(theirs, mine), func(e entry) bool {
		_, fills := filled[e.name]
		return !e.soft && !fills && !slices.ContainsFunc(lost, func(l entry) bool {
			return l.name == e.name && l.where == e.where && strings.Contains(signs(l.key), signs(e.key))
		})
	})
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
