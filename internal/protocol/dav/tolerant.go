// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	errDoctype  = errors.New("it declares a document type, as web pages do and WebDAV answers do not")
	errTooLarge = errors.New("a part of it is too large")
)

// replacement stands for what cannot be in XML. An object with it in its text is read again by GET,
// so that neither such octets nor a genuine U+FFFD are ever lost.
const replacement = "\uFFFD"

// maxMarkup bounds one tag, comment or instruction.
const maxMarkup = 64 << 10

type xmlState int

const (
	inText xmlState = iota
	inTag
	inQuotes // of an attribute
	inCDATA
	inComment
	inInstruction
)

// tolerantReader hands XML on in a form that encoding/xml reads to the end: octets that are not
// UTF-8, control characters, and references to them become U+FFFD. SabreDAV 1.8 copies Latin-1
// cards into its answers as they are. A carriage return in text becomes a reference, because an
// XML parser would drop it (XML 1.0 section 2.11) although it belongs to the object.
//
// It refuses a document type, so that no entity can be declared, and text of more than limit
// octets, which encoding/xml would hold in memory before anybody can look at it.
type tolerantReader struct {
	in     *bufio.Reader
	limit  int64
	state  xmlState
	quote  rune
	length int64 // of the current text or markup
	begun  bool  // past the white space before the first tag, which XML does not allow there
	out    []byte
	handed int // octets of out that have been read
	err    error
}

// chunk is how much is prepared at once.
const chunk = 16 << 10

func newTolerantReader(in io.Reader, limit int64) *tolerantReader {
	buffered, is := in.(*bufio.Reader)
	if !is {
		buffered = bufio.NewReaderSize(in, 2*chunk)
	}
	return &tolerantReader{in: buffered, limit: limit}
}

// prepare makes the next chunk ready when the one before has been read.
func (r *tolerantReader) prepare() {
	if r.handed < len(r.out) {
		return
	}
	r.out, r.handed = r.out[:0], 0
	for r.err == nil && len(r.out) < chunk {
		r.run()
		r.err = r.step()
	}
}

// ReadByte implements io.ByteReader, which spares the decoder a buffer of its own.
func (r *tolerantReader) ReadByte() (byte, error) {
	if r.handed == len(r.out) {
		if r.prepare(); r.handed == len(r.out) {
			return 0, r.err
		}
	}
	r.handed++
	return r.out[r.handed-1], nil
}

// run takes the characters that mean nothing in any state, as far as they are there already: most of a
// document is made of them.
func (r *tolerantReader) run() {
	if !r.begun {
		return
	}
	there, _ := r.in.Peek(r.in.Buffered()) // which does not read
	there = there[:min(int64(len(there)), int64(chunk), max(0, r.bound()-r.length))]
	n := 0
	for n < len(there) && meansNothing[there[n]] {
		n++
	}
	r.out = append(r.out, there[:n]...)
	r.length += int64(n)
	_, _ = r.in.Discard(n) // likewise
}

// meansNothing says that step would only copy a character, whatever the state.
var meansNothing = func() (all [256]bool) {
	for c := range utf8.RuneSelf {
		all[c] = (c >= ' ' || c == '\n' || c == '\t') && !strings.ContainsRune(`<>&"']-?`, rune(c))
	}
	return all
}()

// Read implements io.Reader.
func (r *tolerantReader) Read(p []byte) (int, error) {
	r.prepare()
	n := copy(p, r.out[r.handed:])
	r.handed += n
	if n == 0 && r.err != nil {
		return 0, r.err
	}
	return n, nil
}

// step takes one character, or one construct that begins here, from the input.
func (r *tolerantReader) step() error {
	char, size, err := r.in.ReadRune()
	if err != nil {
		return err
	}
	r.length += int64(size)
	if r.length > r.bound() {
		return errTooLarge
	}
	if !r.begun {
		if char != '<' {
			return r.preamble(char)
		}
		r.begun = true
	}
	if char == utf8.RuneError || !isXMLChar(char) {
		r.out = append(r.out, replacement...)
		return nil
	}
	switch r.state {
	case inText:
		return r.text(char)
	case inTag:
		r.tag(char)
	case inQuotes:
		return r.quoted(char)
	case inCDATA:
		r.cdata(char)
	case inComment:
		r.until(char, '-', "->")
	case inInstruction:
		r.until(char, '?', ">")
	}
	return nil
}

func (r *tolerantReader) bound() int64 {
	if r.state == inText || r.state == inCDATA {
		return r.limit
	}
	return maxMarkup
}

// preamble skips what broken scripts print before the XML: empty lines and a byte order mark.
// Anything else goes on to the decoder, which will not like it.
func (r *tolerantReader) preamble(char rune) error {
	switch char {
	case ' ', '\t', '\r', '\n', '\uFEFF':
		return nil
	}
	r.begun = true
	r.out = utf8.AppendRune(r.out, char)
	return nil
}

func (r *tolerantReader) text(char rune) error {
	switch char {
	case '<':
		return r.markup()
	case '&':
		r.reference()
	case '\r':
		r.out = append(r.out, "&#13;"...)
	default:
		r.out = utf8.AppendRune(r.out, char)
	}
	return nil
}

// markup begins a tag or one of its kin; "<" has been read.
func (r *tolerantReader) markup() error {
	r.length = 1
	for _, kind := range []struct {
		opening string
		state   xmlState
	}{{"![CDATA[", inCDATA}, {"!--", inComment}, {"?", inInstruction}} {
		if r.ahead(kind.opening) {
			r.out = append(append(r.out, '<'), kind.opening...)
			r.state = kind.state
			_, err := r.in.Discard(len(kind.opening))
			return err
		}
	}
	if r.ahead("!") {
		return errDoctype
	}
	r.out = append(r.out, '<')
	r.state = inTag
	return nil
}

func (r *tolerantReader) ahead(text string) bool {
	next, _ := r.in.Peek(len(text)) // too little is an answer too
	return string(next) == text
}

func (r *tolerantReader) tag(char rune) {
	r.out = utf8.AppendRune(r.out, char)
	switch char {
	case '"', '\'':
		r.state = inQuotes
		r.quote = char
	case '>':
		r.endMarkup()
	}
}

func (r *tolerantReader) endMarkup() {
	r.state = inText
	r.length = 0
}

func (r *tolerantReader) quoted(char rune) error {
	if char == '&' {
		r.reference()
		return nil
	}
	r.out = utf8.AppendRune(r.out, char)
	if char == r.quote {
		r.state = inTag
	}
	return nil
}

// cdata leaves the section for a carriage return, since there are no references inside.
func (r *tolerantReader) cdata(char rune) {
	if char == '\r' {
		r.out = append(r.out, "]]>&#13;<![CDATA["...)
		return
	}
	r.until(char, ']', "]>")
}

// until copies char, and with it rest if both together end the construct.
func (r *tolerantReader) until(char, last rune, rest string) {
	r.out = utf8.AppendRune(r.out, char)
	if char == last && r.ahead(rest) {
		r.out = append(r.out, rest...)
		_, _ = r.in.Discard(len(rest)) // it has just been seen
		r.endMarkup()
	}
}

// reference copies a character reference unless it names a character that XML does not allow,
// which encoding/xml refuses; "&" has been read. Entities are left to the decoder: it knows the
// five of XML and nobody can declare others.
func (r *tolerantReader) reference() {
	next, _ := r.in.Peek(12)
	if end := bytes.IndexByte(next, ';'); end > 1 && next[0] == '#' {
		if char, ok := referenced(string(next[1:end])); ok && !isXMLChar(char) {
			r.out = append(r.out, replacement...)
			_, _ = r.in.Discard(end + 1)
			return
		}
	}
	r.out = append(r.out, '&')
}

// referenced reads "13" or "xD".
func referenced(digits string) (rune, bool) {
	base := 10
	if digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	n, err := strconv.ParseInt(digits, base, 32)
	return rune(n), err == nil
}

// isXMLChar is the production Char of XML 1.0 section 2.2.
func isXMLChar(char rune) bool {
	return char == '\t' || char == '\n' || char == '\r' ||
		char >= 0x20 && char <= 0xD7FF || char >= 0xE000 && char <= 0xFFFD || char >= 0x10000 && char <= 0x10FFFF
}
