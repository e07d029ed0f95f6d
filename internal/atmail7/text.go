// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// recoding says how stored bytes became text.
type recoding string

const (
	asStored    recoding = ""
	fromCP1252  recoding = "cp1252" // were Windows-1252, not UTF-8
	fromDoubled recoding = "double" // were UTF-8 that a latin1 connection encoded once more
)

// decode turns the bytes of a text column into text. atmail 5 named no character set to its
// database and 6 names UTF-8, so a column may hold either, or UTF-8 twice.
func decode(stored []byte) (string, recoding) {
	if !utf8.Valid(stored) {
		return cp1252(stored), fromCP1252
	}
	text := string(stored)
	if once, doubled := undouble(text); doubled {
		return once, fromDoubled
	}
	return text, asStored
}

// cp1252 decodes as MySQL's latin1 does: the five bytes without a character are C1 controls there.
func cp1252(stored []byte) string {
	var out strings.Builder
	for _, b := range stored {
		r := charmap.Windows1252.DecodeByte(b)
		if r == utf8.RuneError {
			r = rune(b)
		}
		out.WriteRune(r)
	}
	return out.String()
}

// undouble reverses one encoding too many. Text that reads as Windows-1252 bytes of valid UTF-8
// beyond ASCII is such text: no language writes like that.
func undouble(text string) (string, bool) {
	bytes := make([]byte, 0, len(text))
	beyond := false
	for _, r := range text {
		b, ok := charmap.Windows1252.EncodeRune(r)
		if !ok && r >= 0x80 && r <= 0x9f {
			b, ok = byte(r), true
		}
		if !ok {
			return "", false
		}
		beyond = beyond || b >= 0x80
		bytes = append(bytes, b)
	}
	if !beyond || !utf8.Valid(bytes) {
		return "", false
	}
	return string(bytes), true
}

// decodeExact is for passwords: nothing is guessed where the bytes are valid as they are.
func decodeExact(stored []byte) string {
	if utf8.Valid(stored) {
		return string(stored)
	}
	return cp1252(stored)
}

// tidy makes one line of a name: what separates its words is one space each.
func tidy(name string) string {
	return strings.Join(strings.FieldsFunc(name, func(c rune) bool {
		return unicode.IsSpace(c) || unicode.IsControl(c)
	}), " ")
}

// key is the form of an account by which tables are joined.
func key(stored []byte) string { return strings.ToLower(strings.TrimSpace(decodeExact(stored))) }

// isZero reads a switch: no value, 0 and nothing are off, and so are the words for it. A BIT comes as an octet.
func isZero(stored []byte) bool {
	text := strings.ToLower(strings.Trim(string(stored), " \t\r\n\x00"))
	return strings.Trim(text, "0") == "" || slices.Contains([]string{"n", "no", "f", "false", "off", "disabled"}, text)
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(c rune) bool { return c >= 0x80 }) < 0
}
