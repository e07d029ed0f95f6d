// SPDX-License-Identifier: Apache-2.0

package dsync

import "strings"

// tabescape is the escaping of all values (lib/strescape.c, str_tabescape): what would end a field or a line, and NUL, is
// written with an 0x01 in front.
func tabescape(s string) string {
	if !strings.ContainsAny(s, "\x00\x01\t\r\n") {
		return s
	}
	var out strings.Builder
	for i := range len(s) {
		if at := strings.IndexByte("\x01\x00\t\r\n", s[i]); at >= 0 {
			out.WriteByte('\x01')
			out.WriteByte("10trn"[at])
		} else {
			out.WriteByte(s[i])
		}
	}
	return out.String()
}

// tabunescape undoes tabescape. An escape that nobody knows stands for the octet itself, as in Dovecot.
func tabunescape(s string) string {
	if !strings.Contains(s, "\x01") {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\x01' || i+1 == len(s) {
			out.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case '1':
			out.WriteByte('\x01')
		case '0':
			out.WriteByte('\x00')
		case 't':
			out.WriteByte('\t')
		case 'r':
			out.WriteByte('\r')
		case 'n':
			out.WriteByte('\n')
		default:
			out.WriteByte(s[i])
		}
	}
	return out.String()
}
