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
	asStored     recoding = ""
	fromCP1252   recoding = "cp1252"  // were no UTF-8, and read as Windows-1252
	fromUnknown  recoding = "unknown" // the same, but hardly are Windows-1252
	fromDoubled  recoding = "double"  // were UTF-8 that a latin1 connection encoded once more, as all of the column
	looksDoubled recoding = "maybe"   // look like that, but the column's other values say otherwise
)

// decodeWith decodes as MySQL does its latin1: bytes without a character are C1 controls there.
func decodeWith(set *charmap.Charmap, stored []byte) string {
	var out strings.Builder
	for _, b := range stored {
		r := set.DecodeByte(b)
		if r == utf8.RuneError {
			r = rune(b)
		}
		out.WriteRune(r)
	}
	return out.String()
}

// undouble reverses one encoding too many, if the result is a text that somebody may have written. One value proves
// nothing: MATÚŠ in Windows-1252 is valid UTF-8 too.
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
	if !beyond || !utf8.Valid(bytes) || !isWritten(string(bytes)) {
		return "", false
	}
	return string(bytes), true
}

// scripts are those that are told apart; letters of other scripts are not expected.
var scripts = []*unicode.RangeTable{unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic, unicode.Thai, unicode.Hangul}

// accents are the combining marks of European languages and of Vietnamese, which some programs write behind the letter.
const accents = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u0309\u030a\u030b\u030c\u031b\u0323\u0326\u0327\u0328\u0331"

// isWritten reports whether a text is one that people write: no word has letters of two scripts, none is a single letter of
// a far one, and the Latin ones are those of European languages.
func isWritten(text string) bool {
	odd := func(c rune) bool {
		return unicode.IsControl(c) && !unicode.IsSpace(c) || unicode.IsMark(c) && !strings.ContainsRune(accents, c) || unicode.Is(unicode.Co, c)
	}
	if strings.ContainsFunc(text, odd) {
		return false
	}
	for word := range strings.FieldsFuncSeq(text, func(c rune) bool { return !unicode.IsLetter(c) }) {
		letters := []rune(word)
		table := scriptOf(letters[0])
		if table == nil || len(letters) == 1 && table != unicode.Latin && table != unicode.Han {
			return false
		}
		for _, c := range letters {
			if scriptOf(c) != table {
				return false
			}
		}
	}
	return true
}

func scriptOf(c rune) *unicode.RangeTable {
	switch {
	case c < 0x180 || c >= 0x218 && c <= 0x21b || c >= 0x1e80 && c <= 0x1ef9: // Latin of Europe and Viet Nam
		return unicode.Latin
	case unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana) || c == 'ー':
		return unicode.Han
	}
	for _, table := range scripts {
		if unicode.Is(table, c) {
			return table
		}
	}
	return nil
}

// decodeExact is for passwords: nothing is guessed where the bytes are valid as they are.
func decodeExact(stored []byte) string {
	if utf8.Valid(stored) {
		return string(stored)
	}
	return decodeWith(charmap.Windows1252, stored)
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
