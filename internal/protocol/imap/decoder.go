// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
)

// Bounds against hostile or broken servers. A response beyond them ends the connection.
const (
	maxLine          = 1 << 20  // octets of a status line or an atom
	maxSearchAtom    = 16 << 20 // octets of an ESEARCH sequence set
	maxSmallLiteral  = 4 << 20  // octets of a literal that is not a message body
	maxFields        = 1 << 16  // values of one response, nested ones included
	maxDepth         = 32       // nesting of lists
	maxLiteralDigits = 18       // an int64 holds them all
)

// decoder turns bytes into responses. It knows the shape of lines, lists, strings and literals and
// nothing of what they mean, so that an unknown response is skipped and never fatal.
type decoder struct {
	in     *bufio.Reader
	fields int // values read for the current response
}

func newDecoder(r io.Reader) *decoder {
	return &decoder{in: bufio.NewReaderSize(r, 64<<10)}
}

// response reads one response. sink returns who gets FETCH data, or nil for nobody; it is asked
// when such data arrives, not before, because the command may have been sent in between.
func (d *decoder) response(sink func() *fetchSink) (*response, error) {
	d.fields = 0
	tag, err := d.word()
	if err != nil {
		return nil, err
	}
	switch tag {
	case "":
		return d.emptyLine()
	case "+":
		line, err := d.line()
		return &response{continuation: true, text: printable(strings.TrimLeft(line, " "))}, err
	case "*":
		return d.untagged(sink)
	}
	return d.tagged(tag)
}

// emptyLine skips a line without a first word; some servers send stray blanks and empty lines.
func (d *decoder) emptyLine() (*response, error) {
	if _, err := d.line(); err != nil {
		return nil, err
	}
	return &response{name: "EMPTY"}, nil
}

func (d *decoder) tagged(tag string) (*response, error) {
	name, err := d.nextWord()
	if err != nil {
		return nil, err
	}
	line, err := d.line()
	if err != nil {
		return nil, err
	}
	resp := &response{tag: tag, name: strings.ToUpper(name)}
	if !isStatus(resp.name) {
		return nil, &syntaxError{"tagged answer " + strconv.Quote(printable(name))}
	}
	resp.parseText(line)
	return resp, nil
}

func (d *decoder) untagged(sink func() *fetchSink) (*response, error) {
	name, err := d.nextWord()
	if err != nil {
		return nil, err
	}
	resp := &response{}
	if number, err := strconv.ParseUint(name, 10, 32); err == nil {
		resp.number = uint32(number)
		if name, err = d.nextWord(); err != nil {
			return nil, err
		}
	}
	resp.name = strings.ToUpper(name)
	switch {
	case isStatus(resp.name):
		line, err := d.line()
		resp.parseText(line)
		return resp, err
	case resp.name == "FETCH":
		return resp, d.fetch(resp.number, sink())
	case resp.name == "SEARCH":
		return resp, d.searchNumbers(&resp.uids)
	}
	resp.fields, err = d.values(0)
	return resp, err
}

// searchNumbers reads "* SEARCH 1 2 3 (MODSEQ 5)" without keeping the words.
func (d *decoder) searchNumbers(into *UIDSet) error {
	for {
		b, err := d.skipBlanks()
		if err != nil {
			return err
		}
		switch {
		case b == '\r' || b == '\n':
			return d.endOfLine()
		case b == ')': // stray
			if _, err := d.in.Discard(1); err != nil {
				return err
			}
		case b >= '0' && b <= '9':
			word, err := d.word()
			if err != nil {
				return err
			}
			if n, err := strconv.ParseUint(word, 10, 32); err == nil && n > 0 {
				into.Add(UID(n))
			}
		default:
			d.fields = 0
			if _, err := d.value(0, maxLine); err != nil {
				return err
			}
		}
	}
}

// values reads values up to the end of the line (depth 0) or the closing parenthesis.
func (d *decoder) values(depth int) ([]value, error) {
	if depth > maxDepth {
		return nil, &syntaxError{"lists nested too deeply"}
	}
	var all []value
	for {
		b, err := d.skipBlanks()
		if err != nil {
			return nil, err
		}
		switch {
		case b == '\r' || b == '\n':
			return all, d.endOfList(depth)
		case b == ')' && depth > 0:
			_, err := d.in.Discard(1)
			return all, err
		case b == ')': // a stray parenthesis is skipped
			if _, err := d.in.Discard(1); err != nil {
				return nil, err
			}
			continue
		}
		v, err := d.value(depth, maxSearchAtom)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
}

// endOfList consumes the line end at depth 0. Inside a list the line end is left for the outer
// level: an unclosed parenthesis then costs one response and not the connection.
func (d *decoder) endOfList(depth int) error {
	if depth > 0 {
		return nil
	}
	return d.endOfLine()
}

// value reads one value that starts at the next byte.
func (d *decoder) value(depth, atomLimit int) (value, error) {
	if d.fields++; d.fields > maxFields {
		return value{}, &syntaxError{"too many values in one answer"}
	}
	b, err := d.peek()
	if err != nil {
		return value{}, err
	}
	switch b {
	case '(':
		if _, err := d.in.Discard(1); err != nil {
			return value{}, err
		}
		list, err := d.values(depth + 1)
		return value{kind: kindList, list: list}, err
	case '"':
		s, err := d.quoted()
		return value{kind: kindString, str: s}, err
	case '{', '~':
		return d.literalOrAtom(atomLimit)
	}
	return d.atom(atomLimit)
}

// literalOrAtom reads "{5}", "{5+}" or "~{5}" (RFC 3516) with its octets; anything else is an atom.
func (d *decoder) literalOrAtom(atomLimit int) (value, error) {
	size, ok, err := d.literalSize()
	if err != nil {
		return value{}, err
	}
	if !ok {
		return d.atom(atomLimit)
	}
	if size > maxSmallLiteral {
		return value{}, &syntaxError{"literal of " + strconv.FormatInt(size, 10) + " octets where a name was expected"}
	}
	data := make([]byte, size)
	_, err = io.ReadFull(d.in, data)
	return value{kind: kindString, str: string(data)}, err
}

// literalSize consumes a literal's announcement with its line end. ok is false, and nothing is
// consumed, when the next bytes are not one. It never looks further ahead than the announcement
// can reach: the octets behind it may not be there yet.
func (d *decoder) literalSize() (size int64, ok bool, err error) {
	length := 0
	next := func() (byte, error) {
		length++
		ahead, err := d.in.Peek(length)
		if err != nil {
			return 0, unexpected(err)
		}
		return ahead[length-1], nil
	}
	b, err := next()
	if b == '~' && err == nil { // literal8, RFC 3516
		b, err = next()
	}
	if b != '{' || err != nil {
		return 0, false, err
	}
	digits := 0
	for b, err = next(); err == nil && b >= '0' && b <= '9' && digits < maxLiteralDigits; b, err = next() {
		size = size*10 + int64(b-'0')
		digits++
	}
	if err == nil && (b == '+' || b == '-') {
		b, err = next()
	}
	if err != nil || digits == 0 || b != '}' || size < 0 {
		return 0, false, err
	}
	if b, err = next(); err == nil && b == '\r' {
		b, err = next()
	}
	if err != nil || b != '\n' {
		return 0, false, err
	}
	_, err = d.in.Discard(length)
	return size, true, err
}

// quoted reads a quoted string. A line end inside closes it: a server that forgets the quote
// loses one value, not the connection.
func (d *decoder) quoted() (string, error) {
	if _, err := d.in.Discard(1); err != nil {
		return "", err
	}
	var b strings.Builder
	for b.Len() < maxLine {
		c, err := d.in.ReadByte()
		if err != nil {
			return "", unexpected(err)
		}
		switch c {
		case '"':
			return b.String(), nil
		case '\\':
			if c, err = d.in.ReadByte(); err != nil {
				return "", unexpected(err)
			}
		case '\r', '\n':
			return b.String(), d.in.UnreadByte()
		}
		b.WriteByte(c)
	}
	return "", &syntaxError{"quoted string without end"}
}

// atom reads up to a blank, a parenthesis or the line end. Brackets keep blanks together, because
// "BODY[HEADER.FIELDS (DATE)]" is one word.
func (d *decoder) atom(limit int) (value, error) {
	var b strings.Builder
	brackets := 0
	for b.Len() < limit {
		c, err := d.in.ReadByte()
		if err != nil {
			return value{}, unexpected(err)
		}
		switch {
		case c == '[':
			brackets++
		case c == ']' && brackets > 0:
			brackets--
		case c == '\r' || c == '\n',
			brackets == 0 && (c == ' ' || c == ')' || c == '('):
			if b.Len() == 0 {
				return value{}, &syntaxError{"empty word"}
			}
			return newAtom(b.String()), d.in.UnreadByte()
		}
		b.WriteByte(c)
	}
	return value{}, &syntaxError{"word without end"}
}

func newAtom(s string) value {
	if strings.EqualFold(s, "NIL") {
		return value{kind: kindNil}
	}
	return value{kind: kindAtom, str: s}
}

// word reads up to a blank or the line end, which stays.
func (d *decoder) word() (string, error) {
	var b strings.Builder
	for b.Len() < maxLine {
		c, err := d.in.ReadByte()
		if err != nil {
			if b.Len() == 0 {
				return "", err // a clean end between two responses
			}
			return "", unexpected(err)
		}
		if c == ' ' || c == '\r' || c == '\n' {
			return b.String(), d.in.UnreadByte()
		}
		b.WriteByte(c)
	}
	return "", &syntaxError{"word without end"}
}

// nextWord skips blanks, then reads a word.
func (d *decoder) nextWord() (string, error) {
	if _, err := d.skipBlanks(); err != nil {
		return "", err
	}
	word, err := d.word()
	return word, unexpected(err)
}

// line reads the rest of the line without its end.
func (d *decoder) line() (string, error) {
	var line []byte
	for {
		chunk, err := d.in.ReadSlice('\n')
		line = append(line, chunk...)
		if err == nil {
			return strings.TrimRight(string(line), "\r\n"), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", unexpected(err)
		}
		if len(line) > maxLine {
			return "", &syntaxError{"line without end"}
		}
	}
}

// endOfLine consumes CRLF, or a bare LF or CR that some servers send.
func (d *decoder) endOfLine() error {
	b, err := d.in.ReadByte()
	if err != nil || b == '\n' {
		return unexpected(err)
	}
	if next, err := d.in.Peek(1); err == nil && next[0] == '\n' {
		_, err = d.in.Discard(1)
		return err
	}
	return nil
}

// skipBlanks skips blanks and returns the next byte without consuming it.
func (d *decoder) skipBlanks() (byte, error) {
	for {
		b, err := d.peek()
		if err != nil || b != ' ' {
			return b, err
		}
		if _, err := d.in.Discard(1); err != nil {
			return 0, err
		}
	}
}

func (d *decoder) peek() (byte, error) {
	b, err := d.in.Peek(1)
	if err != nil {
		return 0, unexpected(err)
	}
	return b[0], nil
}

// unexpected turns an end of stream in the middle of a response into io.ErrUnexpectedEOF.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
