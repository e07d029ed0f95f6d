// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/transform"
)

// declarationLength is how far an XML declaration is looked for.
const declarationLength = 256

// asUTF8 returns the document in UTF-8 and whether it had to be recoded. The declaration inside
// wins over contentType, because scripts that print XML seldom set the latter on purpose. length is that of the document in octets,
// as far as it is known: most answers are short, and need no large buffer.
func asUTF8(in io.Reader, contentType string, length int64) (io.Reader, bool, error) {
	size := int64(2 * chunk)
	if length >= 0 {
		size = min(size, max(length+1, leastBuffer))
	}
	buffered := bufio.NewReaderSize(in, int(size))
	head, err := buffered.Peek(declarationLength)
	if len(head) == 0 && err != nil {
		return nil, false, err
	}
	label := declaredCharset(head, contentType)
	switch label {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return buffered, false, nil
	}
	encoding, err := htmlindex.Get(label)
	if err != nil {
		return nil, false, fmt.Errorf("it is in the unknown character set %.40q", label)
	}
	return transform.NewReader(buffered, encoding.NewDecoder()), true, nil
}

// leastBuffer holds more than the declaration.
const leastBuffer = 1 << 10

// declaredEncoding is the encoding that an XML declaration names, if there is one.
func declaredEncoding(head []byte) (name string, found bool) {
	const blanks = " \t\r\n\f"
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), blanks)
	if !bytes.HasPrefix(head, []byte("<?xml")) {
		return "", false
	}
	for declaration := head; ; {
		i := bytes.Index(declaration, []byte("encoding"))
		if i < 0 || bytes.IndexByte(declaration[:i], '>') >= 0 {
			return "", false
		}
		declaration = declaration[i+len("encoding"):]
		value, is := bytes.CutPrefix(bytes.TrimLeft(declaration, blanks), []byte("="))
		value = bytes.TrimLeft(value, blanks)
		if !is || len(value) == 0 || value[0] != '"' && value[0] != '\'' {
			continue
		}
		if end := bytes.IndexAny(value[1:], `"'`); end >= 0 {
			return string(value[1 : 1+end]), true
		}
	}
}

// declaredCharset reads the byte order mark of UTF-16, encoding="..." of the XML declaration, then
// charset=... of the content type (RFC 7303 section 3).
func declaredCharset(head []byte, contentType string) string {
	switch {
	case bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return "utf-16be"
	case bytes.HasPrefix(head, []byte("\xFF\xFE")):
		return "utf-16le"
	}
	if encoding, found := declaredEncoding(head); found {
		return strings.ToLower(encoding)
	}
	_, charset, _ := strings.Cut(strings.ToLower(contentType), "charset=")
	charset, _, _ = strings.Cut(charset, ";")
	return strings.Trim(charset, `"' `)
}
