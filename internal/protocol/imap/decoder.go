// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// Bounds against hostile or broken servers. A response beyond them ends the connection.
const (
	maxLine          = 1 << 20  // octets of a status line or of a tag
	maxOctets        = 16 << 20 // octets of all values of one response; an ESEARCH sequence set is long
	maxValues        = 1 << 16  // values of one response, nested ones included
	maxRuns          = 1 << 22  // gaps in the numbers of one SEARCH response
	maxDepth         = 32       // nesting of lists
	maxLiteralDigits = 18       // an int64 holds them all
)

// decoder turns bytes into responses. It knows the shape of lines, lists, strings and literals and
// nothing of what they mean, so that an unknown response is skipped and never fatal.
type decoder struct {
	in *bufio.Reader

	moved func(octets int64) // told of the octets of bodies that somebody asked for, as they come; may be nil

	// What the current response may still hold. A FETCH response starts anew at each of its items,
	// because nothing but the few known ones is kept.
	values, octets int
}

// newDecoder begins with a small buffer, see buffers.go.
func newDecoder(r io.Reader) *decoder {
	return &decoder{in: bufio.NewReaderSize(r, smallBuffer)}
}

func (d *decoder) refill() {
	d.values = maxValues
	d.octets = maxOctets
}

// spend accounts for one more value of n octets.
func (d *decoder) spend(n int) error {
	d.values--
	d.octets -= n
	if d.values < 0 || d.octets < 0 {
		return errTooLong
	}
	return nil
}

var errTooLong = &syntaxError{"it is too long"}

// response reads one response. sink returns who gets the FETCH data of a UID (0: not known yet), or
// nil for nobody; it is asked when such data arrives, not before, because the command may have been
// sent in between.
func (d *decoder) response(sink chooseSink) (*response, error) {
	d.refill()
	tag, err := d.tag()
	if err != nil {
		return nil, err
	}
	switch tag {
	case "+":
		line, err := d.line()
		return &response{continuation: true, text: strings.Trim(line, " ")}, err
	case "*":
		return d.untagged(sink)
	}
	return d.tagged(tag)
}

// tag reads the first word of a response. Some servers send stray blanks and empty lines before it.
func (d *decoder) tag() (string, error) {
	for stray := 0; ; stray++ {
		b, err := d.in.ReadByte()
		if err != nil {
			return "", err // as it is: the stream may end here
		}
		if b != ' ' && b != '\r' && b != '\n' {
			break
		}
		if stray > maxLine {
			return "", errTooLong
		}
	}
	if err := d.in.UnreadByte(); err != nil {
		return "", err
	}
	return d.word()
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
		return nil, &syntaxError{"it begins with " + strconv.Quote(printable(tag+" "+name))}
	}
	resp.parseText(line)
	return resp, nil
}

func (d *decoder) untagged(sink chooseSink) (*response, error) {
	name, err := d.nextWord()
	if err != nil {
		return nil, err
	}
	resp := &response{}
	if isNumber(name) {
		resp.number, _ = strconv.ParseUint(name, 10, 64) // the largest one when it is out of range
		resp.numbered = true
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
		resp.delivered, err = d.fetch(sink)
		return resp, err
	case resp.name == "SEARCH":
		resp.uids, err = d.searchNumbers()
		return resp, err
	}
	resp.fields, err = d.list(0)
	resp.octets = maxOctets - d.octets
	return resp, err
}

// isNumber reports whether a word consists of digits. A number beyond 64 bits is one, too.
func isNumber(word string) bool {
	return word != "" && strings.Trim(word, "0123456789") == ""
}

// searchNumbers reads "* SEARCH 1 2 3 (MODSEQ 5)" without keeping the words. The numbers may come
// in any order (RFC 9051, section 7.3.4).
func (d *decoder) searchNumbers() (UIDSet, error) {
	var runs []Range
	for {
		d.refill()
		b, err := d.skipBlanks()
		if err != nil {
			return UIDSet{}, err
		}
		switch {
		case b == '\r' || b == '\n':
			return setOfRuns(runs), d.endOfLine()
		case b == ')': // stray
			_, err = d.in.Discard(1)
		default:
			var v value
			v, err = d.value(0)
			if n, notUID := strconv.ParseUint(v.text(), 10, 32); notUID == nil && n > 0 {
				runs = extendRuns(runs, UID(n))
			}
		}
		if err != nil {
			return UIDSet{}, err
		}
		if len(runs) > maxRuns {
			return UIDSet{}, errTooLong
		}
	}
}

// list reads values up to the end of the line (depth 0) or the closing parenthesis.
func (d *decoder) list(depth int) ([]value, error) {
	if depth > maxDepth {
		return nil, &syntaxError{"its lists are nested too deeply"}
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
		v, err := d.value(depth)
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

// value reads one value that starts at the next byte, which is not the end of a list or line.
func (d *decoder) value(depth int) (value, error) {
	b, err := d.peek()
	if err != nil {
		return value{}, err
	}
	switch b {
	case '(':
		if _, err := d.in.Discard(1); err != nil {
			return value{}, err
		}
		if err := d.spend(1); err != nil {
			return value{}, err
		}
		list, err := d.list(depth + 1)
		return value{kind: kindList, list: list}, err
	case '"':
		s, err := d.quoted()
		return value{kind: kindString, str: s}, err
	case '{', '~':
		return d.literalOrAtom()
	}
	s, err := d.atom(false)
	return newAtom(s), err
}

// literalOrAtom reads "{5}", "{5+}" or "~{5}" (RFC 3516) with its octets; anything else is an atom.
func (d *decoder) literalOrAtom() (value, error) {
	size, ok, err := d.literalSize()
	if err != nil {
		return value{}, err
	}
	if !ok {
		s, err := d.atom(false)
		return newAtom(s), err
	}
	if size > maxOctets {
		return value{}, &syntaxError{"a literal of " + strconv.FormatInt(size, 10) + " octets where a name was expected"}
	}
	if err := d.spend(int(size)); err != nil {
		return value{}, err
	}
	data := make([]byte, size)
	_, err = io.ReadFull(d.in, data)
	return value{kind: kindString, str: string(data)}, unexpected(err)
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
	ahead := d.buffered()
	if n := bytes.IndexAny(ahead, "\"\\\r\n"); n >= 0 && ahead[n] == '"' {
		return d.takeValue(n, 1)
	}
	var b strings.Builder
	for b.Len() <= d.octets {
		c, err := d.in.ReadByte()
		if err != nil {
			return "", unexpected(err)
		}
		switch c {
		case '"':
			return b.String(), d.spend(b.Len())
		case '\\':
			if c, err = d.in.ReadByte(); err != nil {
				return "", unexpected(err)
			}
		}
		if c == '\r' || c == '\n' {
			if err := d.in.UnreadByte(); err != nil {
				return "", err
			}
			return b.String(), d.spend(b.Len())
		}
		b.WriteByte(c)
	}
	return "", errTooLong
}

// atom reads up to a blank, a parenthesis or the line end. In the name of a FETCH item brackets keep
// blanks together: "BODY[HEADER.FIELDS (DATE)]" is one word. Anywhere else a bracket is a character
// like others: a keyword may hold one (RFC 3501, section 9: ATOM-CHAR) and must not swallow what follows.
func (d *decoder) atom(brackets bool) (string, error) {
	if n := bytes.IndexAny(d.buffered(), " ()[]\r\n"); n >= 0 && d.buffered()[n] != '[' && d.buffered()[n] != ']' {
		return d.takeValue(n, 0)
	}
	var b strings.Builder
	open := false
	for b.Len() <= d.octets {
		c, err := d.in.ReadByte()
		if err != nil {
			return "", unexpected(err)
		}
		switch {
		case c == '[' || c == ']':
			open = brackets && c == '['
		case c == '\r' || c == '\n',
			!open && (c == ' ' || c == ')' || c == '('):
			if err := d.in.UnreadByte(); err != nil {
				return "", err
			}
			return b.String(), d.spend(b.Len())
		}
		b.WriteByte(c)
	}
	return "", errTooLong
}

// buffered returns what has arrived and was not read yet: most words are there as a whole, and are taken at once.
func (d *decoder) buffered() []byte {
	ahead, _ := d.in.Peek(d.in.Buffered()) // which does not read
	return ahead
}

// takeValue takes a value of the next n octets, which are buffered, and the end octets behind it.
func (d *decoder) takeValue(n, end int) (string, error) {
	s := string(d.buffered()[:n])
	if _, err := d.in.Discard(n + end); err != nil {
		return "", err
	}
	return s, d.spend(n)
}

// newAtom keeps the spelling of NIL: in a list of flags it is a flag like others.
func newAtom(s string) value {
	if strings.EqualFold(s, "NIL") {
		return value{kind: kindNil, str: s}
	}
	return value{kind: kindAtom, str: s}
}

// word reads up to a blank or the line end, which stays.
func (d *decoder) word() (string, error) {
	if n := bytes.IndexAny(d.buffered(), " \r\n"); n >= 0 {
		s := string(d.buffered()[:n])
		_, err := d.in.Discard(n)
		return s, err
	}
	var b strings.Builder
	for b.Len() < maxLine {
		c, err := d.in.ReadByte()
		if err != nil {
			return "", unexpected(err)
		}
		if c == ' ' || c == '\r' || c == '\n' {
			return b.String(), d.in.UnreadByte()
		}
		b.WriteByte(c)
	}
	return "", errTooLong
}

// nextWord skips blanks, then reads a word.
func (d *decoder) nextWord() (string, error) {
	if _, err := d.skipBlanks(); err != nil {
		return "", err
	}
	return d.word()
}

// line reads the rest of the line without its end.
func (d *decoder) line() (string, error) {
	var line []byte
	for {
		chunk, err := d.in.ReadSlice('\n')
		if err == nil && line == nil {
			return string(bytes.TrimRight(chunk, "\r\n")), nil
		}
		line = append(line, chunk...)
		if err == nil {
			return strings.TrimRight(string(line), "\r\n"), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", unexpected(err)
		}
		if len(line) > maxLine {
			return "", errTooLong
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
