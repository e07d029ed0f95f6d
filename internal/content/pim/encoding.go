// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// Encoding is how the bytes of an object stand for characters.
type Encoding string

// The encodings. Windows-1252 is a guess: every byte sequence can be read so.
const (
	EncodingUTF8        Encoding = "utf-8"
	EncodingWindows1252 Encoding = "windows-1252"
	EncodingMixed       Encoding = "mixed" // some lines UTF-8, some not
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// toUTF8 reads bytes that are no UTF-8 as Windows-1252, one by one, and leaves the others.
func toUTF8(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	recoded := make([]byte, 0, len(text)+len(text)/8)
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			recoded = utf8.AppendRune(recoded, charmap.Windows1252.DecodeByte(text[0]))
		} else {
			recoded = append(recoded, text[:size]...)
		}
		text = text[size:]
	}
	return recoded
}

// undouble undoes UTF-8 that was taken for Windows-1252 and encoded once more ("CafÃ©"); ok is false
// where that is not so.
func undouble(text []byte) (single []byte, ok bool) {
	if isASCIIPrintable(text) || !utf8.Valid(text) {
		return nil, false
	}
	high := false
	single = make([]byte, 0, len(text))
	for _, r := range string(text) {
		b, fits := charmap.Windows1252.EncodeRune(r)
		if !fits {
			return nil, false
		}
		high = high || b >= utf8.RuneSelf
		single = append(single, b)
	}
	return single, high && utf8.Valid(single)
}

// decodeValue undoes quoted-printable and the charset that a line names. Base64 stays: it is data, not
// text. ok is false where that cannot be done; the value then stays as it is.
func decodeValue(line Line) (decoded []byte, ok bool) {
	decoded = line.Value
	if strings.EqualFold(line.Param("ENCODING"), "QUOTED-PRINTABLE") {
		text, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(decoded)))
		if err != nil {
			return line.Value, false
		}
		decoded = text
	}
	charset := line.Param("CHARSET")
	switch {
	case charset == "" && strings.EqualFold(line.Param("ENCODING"), "QUOTED-PRINTABLE"):
		return toUTF8(decoded), true // telephones and Outlook wrote their own code page and did not say so
	case charset == "" || strings.EqualFold(charset, "UTF-8") || isASCIIPrintable(decoded):
		return decoded, true
	}
	if !isASCII(decoded) && utf8.Valid(decoded) {
		return decoded, true // a server has recoded the text and left the parameter, as SabreDAV 1.8 does
	}
	named, err := htmlindex.Get(charset)
	if err != nil {
		return decoded, false
	}
	text, err := named.NewDecoder().Bytes(decoded)
	if err != nil {
		return line.Value, false
	}
	return text, true
}

// base64Reader returns a reader of the value's bytes, tolerant of white space and missing padding.
func base64Reader(value []byte) io.Reader {
	return base64.NewDecoder(base64.RawStdEncoding, &base64Letters{value: value})
}

// base64Letters leaves out white space and padding.
type base64Letters struct{ value []byte }

// Read implements io.Reader.
func (b *base64Letters) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && len(b.value) > 0 {
		letter := b.value[0]
		b.value = b.value[1:]
		if letter != ' ' && letter != '\t' && letter != '\r' && letter != '\n' && letter != '=' {
			p[n] = letter
			n++
		}
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// inlineBytes returns the base64 text of inline data: of ENCODING=b, or of a "data:" URI.
func inlineBytes(line Line) (value []byte, ok bool) {
	if isBase64(line) {
		return line.Value, true
	}
	if len(line.Value) < 5 || !strings.EqualFold(string(line.Value[:5]), "data:") {
		return nil, false
	}
	head, _, found := bytes.Cut(line.Value[:min(len(line.Value), 200)], []byte(","))
	if !found || !bytes.HasSuffix(bytes.TrimSuffix(head, []byte(`\`)), []byte(";base64")) {
		return nil, false
	}
	return line.Value[len(head)+1:], true
}
