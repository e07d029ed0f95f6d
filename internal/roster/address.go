// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"errors"
	"strings"
	"unicode"

	"rehome"
)

// ParseAddress reads a cell of addresses as programs write it: "mailto:anna@example.com", "SMTP:anna@example.com",
// "Anna Berg <anna@example.com>", with characters around it that nobody sees. The error is a clause that fits behind the
// name of the column. Unlike rehome.ParseAddress it repeats nothing of the cell: in a file whose columns are shifted, that
// is somebody's password.
func ParseAddress(cell string) (string, error) {
	address, err := rehome.ParseAddress(bare(cell))
	switch {
	case err == nil:
		return address, nil
	case strings.ContainsFunc(localPart(bare(cell)), func(c rune) bool { return c >= 0x80 }):
		return "", errors.New("has a letter outside ASCII before the @: give the address that the account gets at the destination, " +
			"and the present one as SourceUser")
	case strings.Contains(err.Error(), "has the character"):
		return "", errors.New("has a character before the @ that no address has there without quotes")
	}
	return "", err
}

func localPart(address string) string {
	return address[:max(strings.LastIndex(address, "@"), 0)]
}

// bare takes off what stands around an address.
func bare(cell string) string {
	cell = strings.TrimFunc(cell, isUnseen)
	if open := strings.LastIndexByte(cell, '<'); open >= 0 && strings.HasSuffix(cell, ">") {
		cell = strings.TrimFunc(cell[open+1:len(cell)-1], isUnseen)
	}
	for _, scheme := range []string{"mailto:", "smtp:"} {
		if len(cell) > len(scheme) && strings.EqualFold(cell[:len(scheme)], scheme) {
			cell, _, _ = strings.Cut(cell[len(scheme):], "?") // RFC 6068, section 2: header fields may follow
		}
	}
	return cell
}

// isUnseen also knows the marks of direction and width that are copied along from web pages.
func isUnseen(c rune) bool {
	return unicode.IsSpace(c) || unicode.Is(unicode.Cf, c)
}
