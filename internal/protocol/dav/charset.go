// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
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

var declaredEncoding = regexp.MustCompile(`^(?:\xEF\xBB\xBF)?\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']`)

// declaredCharset reads the byte order mark of UTF-16, encoding="..." of the XML declaration, then
// charset=... of the content type (RFC 7303 section 3).
func declaredCharset(head []byte, contentType string) string {
	switch {
	case bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return "utf-16be"
	case bytes.HasPrefix(head, []byte("\xFF\xFE")):
		return "utf-16le"
	}
	if found := declaredEncoding.FindSubmatch(head); found != nil {
		return strings.ToLower(string(found[1]))
	}
	_, charset, _ := strings.Cut(strings.ToLower(contentType), "charset=")
	charset, _, _ = strings.Cut(charset, ";")
	return strings.Trim(charset, `"' `)
}
