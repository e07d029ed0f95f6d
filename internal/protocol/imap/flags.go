// SPDX-License-Identifier: Apache-2.0

package imap

import "strings"

// systemFlags are the flags of RFC 9051, section 2.3.2, that a client may set. \Recent is the
// server's own.
var systemFlags = map[string]string{
	`\answered`: `\Answered`,
	`\flagged`:  `\Flagged`,
	`\deleted`:  `\Deleted`,
	`\seen`:     `\Seen`,
	`\draft`:    `\Draft`,
}

// SystemFlag returns the usual spelling of a settable system flag, and false for anything else.
func SystemFlag(flag string) (string, bool) {
	name, ok := systemFlags[strings.ToLower(flag)]
	return name, ok
}

// ValidKeyword reports whether keyword is an atom (RFC 9051, section 9: flag-keyword).
func ValidKeyword(keyword string) bool {
	if keyword == "" || keyword[0] == '\\' {
		return false
	}
	return isAtom(keyword)
}

// flagList renders flags for APPEND and STORE, or refuses.
func flagList(flags []string) (string, error) {
	var b strings.Builder
	b.WriteByte('(')
	for i, flag := range flags {
		if i > 0 {
			b.WriteByte(' ')
		}
		name, ok := SystemFlag(flag)
		if !ok {
			if !ValidKeyword(flag) {
				return "", &ArgumentError{What: "flag", Value: flag, Why: "is neither a settable system flag nor a keyword"}
			}
			name = flag
		}
		b.WriteString(name)
	}
	b.WriteByte(')')
	return b.String(), nil
}

// isAtom checks ATOM-CHAR of RFC 9051, section 9; "]" is allowed by none of the servers met.
func isAtom(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`(){%*"\]`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
