// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Policy is what the cloud asks of a password. A zero field asks nothing.
//
// Letters and digits are those of ASCII: what a platform makes of others is not documented, so that
// they count for the length only. The settings hold it as it stands: the tags are those of package config.
type Policy struct {
	MinLength int `yaml:"min_length" doc:"Minimum number of characters."`
	MinLower  int `yaml:"min_lower" doc:"Minimum number of lower-case letters."`
	MinUpper  int `yaml:"min_upper" doc:"Minimum number of upper-case letters."`
	MinDigit  int `yaml:"min_digit" doc:"Minimum number of digits."`
	MinSymbol int `yaml:"min_symbol" doc:"Minimum number of characters that are neither letter nor digit."`
	MaxSame   int `yaml:"max_same" doc:"How often one character may occur in a password. 0: no limit."` // all occurrences together
}

// DefaultPolicy is the cloud's documented default. It allows four identical characters without
// saying whether in a row or in all; counting all of them is the safe reading.
func DefaultPolicy() Policy {
	return Policy{MinLength: 8, MinLower: 1, MinUpper: 1, MinDigit: 1, MinSymbol: 1, MaxSame: 4}
}

// Violations returns one clause for each rule that the password breaks, "has 5 characters, needs 8",
// or nothing if it passes. No clause repeats any part of the password.
func (p Policy) Violations(password string) []string {
	if password == "" {
		return []string{"is empty"}
	}
	have := countKinds(password)
	var broken []string
	lacks := func(have, need int, what string) {
		if have < need {
			broken = append(broken, fmt.Sprintf("has %d %s, needs %d", have, what, need))
		}
	}
	lacks(utf8.RuneCountInString(password), p.MinLength, "characters")
	lacks(have.lower, p.MinLower, "lower-case letters (a-z)")
	lacks(have.upper, p.MinUpper, "upper-case letters (A-Z)")
	lacks(have.digit, p.MinDigit, "digits")
	lacks(have.symbol, p.MinSymbol, "characters that are neither letter nor digit")
	if p.MaxSame > 0 && have.same > p.MaxSame {
		broken = append(broken, fmt.Sprintf("has one character %d times, at most %d are allowed", have.same, p.MaxSame))
	}
	return append(broken, unimportable(password)...)
}

// unimportable names what a policy does not forbid, but what a CSV import may change unseen.
func unimportable(password string) []string {
	var broken []string
	if !utf8.ValidString(password) {
		broken = append(broken, "is not valid UTF-8")
	}
	if strings.ContainsFunc(password, unicode.IsControl) {
		broken = append(broken, "has a line break or another control character")
	}
	if strings.TrimSpace(password) != password {
		broken = append(broken, "begins or ends with a space, which an import may drop")
	}
	return broken
}

type kinds struct {
	lower, upper, digit, symbol int
	same                        int // occurrences of the most frequent character
}

func countKinds(password string) kinds {
	var k kinds
	seen := map[rune]int{}
	for _, c := range password {
		switch {
		case c >= 'a' && c <= 'z':
			k.lower++
		case c >= 'A' && c <= 'Z':
			k.upper++
		case c >= '0' && c <= '9':
			k.digit++
		case c > ' ' && c < unicode.MaxASCII:
			k.symbol++
		}
		seen[c]++
		k.same = max(k.same, seen[c])
	}
	return k
}
