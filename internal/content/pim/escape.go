// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"strings"
	"unicode/utf8"
)

// unescape resolves backslashes. One that escapes nothing stays.
func unescape(value string) string {
	if strings.IndexByte(value, '\\') < 0 {
		return value
	}
	var text strings.Builder
	text.Grow(len(value))
	for i := 0; i < len(value); i++ {
		if value[i] != '\\' || i+1 == len(value) {
			text.WriteByte(value[i])
			continue
		}
		i++
		switch value[i] {
		case 'n', 'N':
			text.WriteByte('\n')
		case ',', ';', '\\', ':', '"':
			text.WriteByte(value[i])
		default:
			text.WriteByte('\\')
			text.WriteByte(value[i])
		}
	}
	return text.String()
}

// escape writes text as a value of vCard 3.0 and iCalendar.
func escape(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\n`, ",", `\,`, ";", `\;`).Replace(text)
}

// splitEscaped cuts a value at every separator that no backslash escapes. The parts are still escaped.
func splitEscaped(value string, separator byte) []string {
	var parts []string
	from := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case separator:
			parts = append(parts, value[from:i])
			from = i + 1
		}
	}
	return append(parts, value[from:])
}

// fold breaks a content line into physical lines of at most 75 octets, never inside a character and never
// behind a stray carriage return, which would become part of the line end, and ends it.
func fold(content string) []byte {
	const limit = 75
	folded := make([]byte, 0, len(content)+len(content)/limit*3+2)
	room := limit
	for len(content) > 0 {
		_, size := utf8.DecodeRuneInString(content)
		if size > room && folded[len(folded)-1] != '\r' {
			folded = append(folded, "\r\n "...)
			room = limit - 1
		}
		folded = append(folded, content[:size]...)
		content = content[size:]
		room -= size
	}
	return append(folded, "\r\n"...)
}
