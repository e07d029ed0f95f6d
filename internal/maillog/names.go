// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"rehome"
)

// maxNames bounds the addresses of one line or header field.
const maxNames = 1000

// AddressesIn returns the addresses in a piece of text, in their one form, each once. It looks around each "@",
// no further than an address may reach (RFC 5321 section 4.5.3.1), so that a hostile line costs no
// more than its length. An address with letters beyond ASCII is none: what is left of "jürgen@" would be somebody else's.
func AddressesIn(text string) []string {
	var all []string
	seen := map[string]bool{}
	for at := 0; at < len(text) && len(all) < maxNames; at++ {
		if text[at] != '@' {
			continue
		}
		start := at
		end := at + 1
		for start > 0 && at-start < 65 && isLocal(text[start-1]) {
			start--
		}
		for end < len(text) && end-at < 255 && isDomain(text[end]) {
			end++
		}
		if letterBefore(text[:start]) || letterAt(text[end:]) {
			continue
		}
		// Quotes stand around addresses, and an "=" before them, in logs and in VERP.
		local := strings.TrimLeft(text[start:at], "'=")
		domain := strings.TrimRight(text[at+1:end], ".-")
		if address, err := rehome.ParseAddress(local + "@" + domain); err == nil && !seen[address] {
			seen[address] = true
			all = append(all, address)
		}
	}
	return all
}

// letterBefore reports whether a text ends in a letter or mark beyond ASCII, in UTF-8 or in one octet.
func letterBefore(text string) bool {
	c, size := utf8.DecodeLastRuneInString(text)
	return isWideLetter(c, size, text[len(text)-size:])
}

// letterAt reports whether a text begins with one.
func letterAt(text string) bool {
	c, size := utf8.DecodeRuneInString(text)
	return isWideLetter(c, size, text[:size])
}

func isWideLetter(c rune, size int, octets string) bool {
	if c == utf8.RuneError && size == 1 {
		return octets[0] >= 0xc0 // of the ISO 8859 family these are letters
	}
	return c >= 0x80 && size > 0 && (unicode.IsLetter(c) || unicode.IsMark(c))
}

func isLocal(c byte) bool { return isDomain(c) || strings.IndexByte("!#$%&'*+/=?^`{|}~", c) >= 0 }

func isDomain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_'
}

// nameIn returns one address, or a name without a domain, in its one form; "" if it is neither.
func nameIn(text string) string {
	text = strings.TrimSpace(text)
	text = strings.TrimSuffix(strings.TrimPrefix(text, "<"), ">")
	if address, err := rehome.ParseAddress(text); err == nil {
		return address
	}
	// As a local part it has the same letters.
	if address, err := rehome.ParseAddress(text + "@name.invalid"); err == nil && !strings.Contains(text, "@") {
		return strings.TrimSuffix(address, "@name.invalid")
	}
	return ""
}

// namesIn returns the names of a list, each once.
func namesIn(parts []string) (names []string) {
	for _, part := range parts {
		if name := nameIn(part); name != "" && len(names) < maxNames && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
