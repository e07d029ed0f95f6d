// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"net/mail"
	"strings"

	"rehome"
)

// splitTargets parts a list of targets at commas, semicolons and line ends. What stands in quotes, angle brackets or
// parentheses stays together, as in a header (RFC 5322 section 3.4); a quote that is never closed quotes nothing.
func splitTargets(text string) (parts []string) {
	const openers, closers = `"<(`, `">)`
	var last [len(closers)]int
	for at := range last {
		last[at] = strings.LastIndexByte(text, closers[at])
	}
	start := 0
	var closing byte
	cut := func(end int) {
		if part := strings.TrimSpace(text[start:end]); part != "" {
			parts = append(parts, part)
		}
		start = end + 1
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case closing != 0:
			if c == closing {
				closing = 0
			}
		case strings.IndexByte(",;\r\n", c) >= 0:
			cut(i)
		default:
			if at := strings.IndexByte(openers, c); at >= 0 && i < last[at] {
				closing = closers[at]
			}
		}
	}
	cut(len(text))
	return parts
}

// parseTarget returns the address of one target, which may have a person's name or a comment with it. A backslash before it
// keeps it from further aliases, in aliases(5).
func parseTarget(part string) (address string, ok bool) {
	part = strings.TrimPrefix(part, `\`)
	if address, err := rehome.ParseAddress(part); err == nil {
		return address, true
	}
	if strings.HasPrefix(part, "|") || strings.HasPrefix(part, "/") || strings.HasPrefix(part, ":") {
		return "", false
	}
	named, err := mail.ParseAddress(part)
	if err != nil {
		return "", false
	}
	address, err = rehome.ParseAddress(named.Address)
	return address, err == nil
}

// inDomain returns a bare name with the domain that the row names for itself. It is only tried where no part of the row
// has a person's name: that may hold the comma at which the list was parted, and what is left of it is no address.
func inDomain(name, domain string) (address string, ok bool) {
	name = strings.TrimPrefix(name, `\`)
	if domain == "" || strings.ContainsFunc(name, func(c rune) bool { return !isNameCharacter(c) }) {
		return "", false
	}
	address, err := rehome.ParseAddress(name + "@" + domain)
	return address, err == nil
}

// isNameCharacter knows what names of people and functions are made of. An address may have more, and so has what mail
// servers take for a program, a file or a pattern.
func isNameCharacter(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._+-'&", c)
}
