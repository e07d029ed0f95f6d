// SPDX-License-Identifier: Apache-2.0

package atmail8

import "unicode"

// The cloud's default policy, as its help page on account settings states it.
const (
	minPasswordLength = 8
	maxSameCharacter  = 4 // in total: the page does not say "in a row"
)

// policyObjection says why the cloud refuses a password, or "".
func policyObjection(password string) string {
	var length int
	var lower, upper, digit, other bool
	count := map[rune]int{}
	most := 0
	for _, r := range password {
		length++
		count[r]++
		most = max(most, count[r])
		switch {
		case 'a' <= r && r <= 'z':
			lower = true
		case 'A' <= r && r <= 'Z':
			upper = true
		case '0' <= r && r <= '9':
			digit = true
		case !unicode.IsLetter(r) && !unicode.IsNumber(r):
			other = true
		}
	}
	switch {
	case length < minPasswordLength:
		return "password is shorter than 8 characters"
	case !lower:
		return "password has no lower case letter"
	case !upper:
		return "password has no upper case letter"
	case !digit:
		return "password has no digit"
	case !other:
		return "password has no character that is neither letter nor digit"
	case most > maxSameCharacter:
		return "password has the same character more than 4 times"
	}
	return ""
}
