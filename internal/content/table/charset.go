// SPDX-License-Identifier: Apache-2.0

package table

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Charset is how the octets of a file became text.
type Charset string

// The character sets that are read. The last two are told by what the octets are not: a caller says so to the person.
const (
	UTF8        Charset = "UTF-8"
	UTF16       Charset = "UTF-16"
	Windows1252 Charset = "Windows-1252"
	MacRoman    Charset = "Mac OS Roman" // what Excel for the Mac writes with lines that end in CR
)

// Guessed reports whether another character set would have fitted the octets too.
func (c Charset) Guessed() bool { return c == Windows1252 || c == MacRoman }

const saveAsUTF8 = `save it as "CSV UTF-8"`

// decode tells the character set. Octets that it does not have stay broken, so that the field that holds them can be named.
func decode(raw []byte) (string, Charset, error) {
	switch {
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")), bytes.HasPrefix(raw, []byte("\xd0\xcf\x11\xe0")):
		return "", "", &UnreadableError{"the file is a workbook or an archive, not a CSV file", "open it in a spreadsheet and " + saveAsUTF8}
	case bytes.HasPrefix(raw, []byte("\xff\xfe")):
		return decodeUTF16(raw[2:], 0)
	case bytes.HasPrefix(raw, []byte("\xfe\xff")):
		return decodeUTF16(raw[2:], 1)
	}
	if low, is := looksUTF16(raw); is {
		return decodeUTF16(raw, low)
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(raw, 0) >= 0 {
		return "", "", &UnreadableError{"the file is not text: it holds the octet 0", saveAsUTF8}
	}
	if utf8.Valid(raw) || hasUTF8Letters(raw) {
		return string(raw), UTF8, nil
	}
	if !looksWestern(raw) {
		return "", "", &UnreadableError{"the file is neither UTF-8 nor UTF-16, and its letters are not those of Western Europe",
			saveAsUTF8 + "; rehome does not guess the character set, because a wrong guess changes names and passwords"}
	}
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') >= 0 {
		return decodeOctets(raw, charmap.Macintosh), MacRoman, nil
	}
	return decodeOctets(raw, charmap.Windows1252), Windows1252, nil
}

// looksUTF16 knows UTF-16 without a byte order mark by its first two characters, which are ASCII in every table of people.
// low is which octet of a pair holds them.
func looksUTF16(raw []byte) (low int, is bool) {
	if len(raw) < 4 {
		return 0, false
	}
	switch {
	case raw[0] != 0 && raw[1] == 0 && raw[2] != 0 && raw[3] == 0:
		return 0, true
	case raw[0] == 0 && raw[1] != 0 && raw[2] == 0 && raw[3] != 0:
		return 1, true
	}
	return 0, false
}

func decodeUTF16(raw []byte, low int) (string, Charset, error) {
	if len(raw)%2 != 0 {
		return "", "", &UnreadableError{"the file is UTF-16 and ends in the middle of a character: it was cut off", "save it again"}
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i+low]) | uint16(raw[2*i+1-low])<<8
	}
	return string(utf16.Decode(units)), UTF16, nil
}

// hasUTF8Letters tells UTF-8 with broken places from a character set of single octets: in those, hardly any text has two
// octets that make a letter of UTF-8.
func hasUTF8Letters(raw []byte) bool {
	for len(raw) > 0 {
		c, size := utf8.DecodeRune(raw)
		if size > 1 && c != utf8.RuneError {
			return true
		}
		raw = raw[size:]
	}
	return false
}

// looksWestern knows that no word of Western Europe has four letters in a row beyond ASCII: those of Greek, Cyrillic and
// their like have little else. Nor does any have a sign in it that is a letter in the character set of Central Europe.
func looksWestern(raw []byte) bool {
	run := 0
	for i, b := range raw {
		// ł, ą and Ż of Windows-1250, where Windows-1252 has the signs ³, ¹ and ¯.
		if bytes.IndexByte([]byte("\xb3\xb9\xaf"), b) >= 0 && (i > 0 && isSmall(raw[i-1]) || i+1 < len(raw) && isSmall(raw[i+1])) {
			return false
		}
		run++
		if b < 0x80 {
			run = 0
		}
		if run == 4 {
			return false
		}
	}
	return true
}

func isSmall(b byte) bool { return b >= 'a' && b <= 'z' }

// decodeOctets leaves an octet without a character as one that is no UTF-8.
func decodeOctets(raw []byte, set *charmap.Charmap) string {
	var out strings.Builder
	for _, b := range raw {
		if c := set.DecodeByte(b); c != utf8.RuneError {
			out.WriteRune(c)
		} else {
			out.WriteByte(b)
		}
	}
	return out.String()
}
