// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// tokens reads the tokens of an XML document that a tolerantReader hands on: tags with their namespaces (Namespaces in XML 1.0) and
// text. It is as strict as encoding/xml about how a document is made up, and gives the same errors, except about which characters
// beyond ASCII a name may have. It holds one tag, or one text, at a time.
type tokens struct {
	in       *tolerantReader
	open     []opened
	bindings []binding  // of prefixes to namespaces, the inner ones last
	names    []seenName // as the bindings are
	closes   bool       // the tag that was read last is an end tag, too
	scratch  []byte
}

// opened is an element that has begun and not ended.
type opened struct {
	name     string // as it is written
	resolved xml.Name
	bindings int // how many there were before it
}

type binding struct{ prefix, space string }

func newTokens(in io.Reader, limit int64) *tokens {
	return &tokens{in: newTolerantReader(in, limit)}
}

// seenName is a name as it is written, and what it means.
type seenName struct {
	written  string
	resolved xml.Name
}

// How many names are remembered: real documents have one or two dozen.
const mostNames = 32

// token is a part of a document: a start tag with a name and attributes, an end tag, or text.
type token struct {
	kind  tokenKind
	name  xml.Name
	attrs []xml.Attr
	text  []byte // until the next token is read
}

type tokenKind int

const (
	textToken tokenKind = iota
	startToken
	endToken
)

// next returns the next token, and io.EOF behind the last.
func (t *tokens) next() (token, error) {
	if t.closes {
		t.closes = false
		return t.leave(), nil
	}
	for {
		c, err := t.in.ReadByte()
		switch {
		case err == io.EOF && len(t.open) == 0: //nolint:errorlint // as io.Reader has it
			return token{}, io.EOF
		case err != nil:
			return token{}, t.broken(err)
		case c != '<':
			t.in.handed--
			return t.text()
		}
		if c, err = t.read(); err != nil {
			return token{}, err
		}
		switch c {
		case '/':
			return t.end()
		case '?':
			if err := t.skipInstruction(); err != nil {
				return token{}, err
			}
		case '!':
			if data, is, err := t.declaration(); is || err != nil {
				return data, err
			}
		default:
			t.in.handed--
			return t.start()
		}
	}
}

// read returns the next octet of what has to go on.
func (t *tokens) read() (byte, error) {
	c, err := t.in.ReadByte()
	if err != nil {
		return 0, t.broken(err)
	}
	return c, nil
}

// broken makes the end of the document inside of something an error of its syntax.
func (t *tokens) broken(err error) error {
	if err == io.EOF { //nolint:errorlint // as io.Reader has it
		return syntax("unexpected EOF")
	}
	return err
}

func syntax(message string) error { return &xml.SyntaxError{Msg: message} }

// take appends to scratch what comes next of some octets, as far as it is there already.
func (t *tokens) take(these *[256]bool) (some bool) {
	there := t.in.out[t.in.handed:]
	n := 0
	for n < len(there) && these[there[n]] {
		n++
	}
	t.scratch = append(t.scratch, there[:n]...)
	t.in.handed += n
	return n > 0
}

// text reads up to the next tag. Outside of all elements the reader below hands on what is no character at all.
func (t *tokens) text() (token, error) {
	text, err := t.readText()
	noCharacter := func(char rune) bool { return !isXMLChar(char) }
	if err == nil && len(t.open) == 0 && bytes.ContainsFunc(text, noCharacter) {
		err = syntax("illegal character")
	}
	return token{kind: textToken, text: text}, err
}

func (t *tokens) readText() ([]byte, error) {
	t.scratch = t.scratch[:0]
	brackets := 0 // directly before
	for {
		if t.take(&meansText) {
			brackets = 0
		}
		c, err := t.in.ReadByte()
		switch {
		case err == io.EOF: //nolint:errorlint // as io.Reader has it
			return t.scratch, nil
		case err != nil:
			return nil, err
		case c == '<':
			t.in.handed--
			return t.scratch, nil
		case c == '&':
			if err := t.reference(); err != nil {
				return nil, err
			}
		case c == '>' && brackets >= 2:
			return nil, syntax("unescaped ]]> not in CDATA section")
		default:
			t.scratch = append(t.scratch, c)
		}
		if brackets++; c != ']' {
			brackets = 0
		}
	}
}

// The octets that mean nothing in a text, and in a value; and those that may be in a name, all beyond ASCII included.
var (
	meansText  = octets(func(c byte) bool { return strings.IndexByte("<&]>", c) < 0 })
	meansValue = octets(func(c byte) bool { return strings.IndexByte("<&\"'\r\n", c) < 0 })
	nameOctets = octets(func(c byte) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_:-.", c) >= 0 || c >= utf8.RuneSelf
	})
)

func octets(are func(c byte) bool) (all [256]bool) {
	for c := range all {
		all[c] = are(byte(c))
	}
	return all
}

// longestReference is that of a character or of an entity of XML, whatever zeros it has.
const longestReference = 64

// reference appends the character that a reference stands for; "&" has been read.
func (t *tokens) reference() error {
	var name []byte
	for {
		c, err := t.read()
		switch {
		case err != nil:
			return err
		case c == ';':
			char, known := referred(string(name))
			if !known {
				return syntax("invalid character entity &" + string(name) + ";")
			}
			if !isXMLChar(char) {
				return syntax("illegal character code U+" + strings.ToUpper(strconv.FormatInt(int64(char), 16)))
			}
			t.scratch = utf8.AppendRune(t.scratch, char)
			return nil
		case len(name) == longestReference || !goesOn(name, c):
			return syntax("invalid character entity &" + string(name) + " (no semicolon)")
		}
		name = append(name, c)
	}
}

// goesOn reports whether an octet may follow in a reference.
func goesOn(name []byte, c byte) bool {
	digit := c >= '0' && c <= '9'
	switch {
	case len(name) == 0 && c == '#', len(name) == 1 && name[0] == '#' && c == 'x':
		return true
	case len(name) == 0 || name[0] != '#':
		return nameOctets[c]
	case len(name) > 1 && name[1] == 'x':
		return digit || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
	}
	return digit
}

// referred is what one of the five entities, or a reference to a character, stands for.
func referred(name string) (char rune, known bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "apos":
		return '\'', true
	case "quot":
		return '"', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	base, digits := 10, name[1:]
	if digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return 0, false
	}
	if n >= 0xD800 && n < 0xE000 {
		return utf8.RuneError, true
	}
	return rune(n), true
}

// name reads a name, and leaves it in scratch.
func (t *tokens) name(wanted string) error {
	t.scratch = t.scratch[:0]
	for {
		t.take(&nameOctets)
		c, err := t.read()
		if err != nil {
			return err
		}
		if !nameOctets[c] {
			t.in.handed--
			break
		}
		t.scratch = append(t.scratch, c)
	}
	if len(t.scratch) == 0 {
		return syntax(wanted)
	}
	if c := t.scratch[0]; c >= '0' && c <= '9' || c == '-' || c == '.' {
		return syntax("invalid XML name: " + string(t.scratch))
	}
	return nil
}

// seen is the name in scratch as it was read before.
func (t *tokens) seen() (seenName, bool) {
	for _, name := range t.names {
		if name.written == string(t.scratch) {
			return name, true
		}
	}
	return seenName{}, false
}

// space skips white space, and returns what is behind it.
func (t *tokens) space() (byte, error) {
	for {
		c, err := t.read()
		if err != nil || c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, err
		}
	}
}

// start reads a start tag, or an empty one.
func (t *tokens) start() (token, error) {
	if err := t.name("expected element name after <"); err != nil {
		return token{}, err
	}
	name, known := t.seen()
	if !known {
		name.written = string(t.scratch)
	}
	e := opened{name: name.written, bindings: len(t.bindings)}
	if _, _, ok := split(e.name); !ok {
		return token{}, syntax("expected element name after <")
	}
	var attrs []xml.Attr
	for {
		c, err := t.space()
		if err != nil {
			return token{}, err
		}
		if c == '/' {
			if c, err = t.read(); err != nil {
				return token{}, err
			}
			if c != '>' {
				return token{}, syntax("expected /> in element")
			}
			t.closes = true
		}
		if c == '>' {
			break
		}
		t.in.handed--
		attr, err := t.attribute()
		if err != nil {
			return token{}, err
		}
		attrs = append(attrs, attr)
	}
	if t.bind(attrs) || !known {
		name.resolved = t.resolve(e.name)
	}
	e.resolved = name.resolved
	for i, attr := range attrs {
		attrs[i].Name = t.resolveAttribute(attr.Name)
	}
	t.open = append(t.open, e)
	return token{kind: startToken, name: e.resolved, attrs: attrs}, nil
}

// attribute reads one, its prefix for a namespace.
func (t *tokens) attribute() (xml.Attr, error) {
	const wanted = "expected attribute name in element"
	if err := t.name(wanted); err != nil {
		return xml.Attr{}, err
	}
	prefix, local, ok := split(string(t.scratch))
	if !ok {
		return xml.Attr{}, syntax(wanted)
	}
	c, err := t.space()
	if err != nil {
		return xml.Attr{}, err
	}
	if c != '=' {
		return xml.Attr{}, syntax("attribute name without = in element")
	}
	if c, err = t.space(); err != nil {
		return xml.Attr{}, err
	}
	if c != '"' && c != '\'' {
		return xml.Attr{}, syntax("unquoted or missing attribute value in element")
	}
	if err := t.quoted(c); err != nil {
		return xml.Attr{}, err
	}
	return xml.Attr{Name: xml.Name{Space: prefix, Local: local}, Value: string(t.scratch)}, nil
}

// quoted reads a value up to its quote, which goes into scratch. A line ends in one character (XML 1.0 section 2.11).
func (t *tokens) quoted(quote byte) error {
	t.scratch = t.scratch[:0]
	returned := false
	for {
		if t.take(&meansValue) {
			returned = false
		}
		c, err := t.read()
		switch {
		case err != nil:
			return err
		case c == quote:
			return nil
		case c == '<':
			return syntax("unescaped < inside quoted string")
		case c == '&':
			if err := t.reference(); err != nil {
				return err
			}
		case c == '\r':
			t.scratch = append(t.scratch, '\n')
		case c == '\n' && returned:
		default:
			t.scratch = append(t.scratch, c)
		}
		returned = c == '\r'
	}
}

// end reads an end tag.
func (t *tokens) end() (token, error) {
	if err := t.name("expected element name after </"); err != nil {
		return token{}, err
	}
	c, err := t.space()
	switch {
	case err != nil:
		return token{}, err
	case c != '>':
		return token{}, syntax("invalid characters between </" + string(t.scratch) + " and >")
	case len(t.open) == 0:
		return token{}, syntax("unexpected end element </" + string(t.scratch) + ">")
	}
	if last := t.open[len(t.open)-1].name; last != string(t.scratch) {
		return token{}, syntax("element <" + last + "> closed by </" + string(t.scratch) + ">")
	}
	return t.leave(), nil
}

// leave ends the innermost element.
func (t *tokens) leave() token {
	last := t.open[len(t.open)-1]
	t.open = t.open[:len(t.open)-1]
	if len(t.bindings) > last.bindings {
		t.bindings = t.bindings[:last.bindings]
		t.names = t.names[:0]
	}
	return token{kind: endToken, name: last.resolved}
}

// split takes a name apart at its colon; one that begins or ends with it has no prefix.
func split(name string) (prefix, local string, ok bool) {
	prefix, local, colon := strings.Cut(name, ":")
	switch {
	case strings.Contains(local, ":"):
		return "", "", false
	case !colon || prefix == "" || local == "":
		return "", name, true
	}
	return prefix, local, true
}

// The prefix that needs no binding, and what it is bound to.
const (
	prefixXML = "xml"
	nsXML     = "http://www.w3.org/XML/1998/namespace"
	xmlns     = "xmlns"
)

// bind makes known what a start tag binds, if it does.
func (t *tokens) bind(attrs []xml.Attr) (some bool) {
	before := len(t.bindings)
	for _, attr := range attrs {
		switch {
		case attr.Name.Space == xmlns:
			t.bindings = append(t.bindings, binding{attr.Name.Local, attr.Value})
		case attr.Name.Space == "" && attr.Name.Local == xmlns:
			t.bindings = append(t.bindings, binding{"", attr.Value})
		}
	}
	if some = len(t.bindings) > before; some {
		t.names = t.names[:0]
	}
	return some
}

// namespace is what a prefix is bound to; one that is not stands for itself.
func (t *tokens) namespace(prefix string) string {
	if prefix == prefixXML {
		return nsXML
	}
	for _, b := range slices.Backward(t.bindings) {
		if b.prefix == prefix {
			return b.space
		}
	}
	return prefix
}

// resolve is the name of an element, and remembers it.
func (t *tokens) resolve(name string) xml.Name {
	prefix, local, _ := split(name)
	resolved := xml.Name{Space: prefix, Local: local}
	if prefix != xmlns && name != xmlns {
		resolved.Space = t.namespace(prefix)
	}
	if len(t.names) < mostNames {
		t.names = append(t.names, seenName{name, resolved})
	}
	return resolved
}

// resolveAttribute is the name of an attribute, which without a prefix is in no namespace.
func (t *tokens) resolveAttribute(name xml.Name) xml.Name {
	if name.Space != "" && name.Space != xmlns {
		name.Space = t.namespace(name.Space)
	}
	return name
}

// skipInstruction reads to the end of "<?".
func (t *tokens) skipInstruction() error {
	var before byte
	for {
		c, err := t.read()
		if err != nil || before == '?' && c == '>' {
			return err
		}
		before = c
	}
}

// declaration reads what "<!" begins: a comment, which says nothing, or text that is not to be looked into.
func (t *tokens) declaration() (data token, is bool, err error) {
	c, err := t.read()
	if err != nil {
		return token{}, false, err
	}
	if c == '-' {
		return token{}, false, t.skipComment()
	}
	t.in.handed--
	const opening = "[CDATA["
	for i := range len(opening) {
		c, err := t.read()
		if err != nil {
			return token{}, false, err
		}
		if c != opening[i] {
			return token{}, false, syntax("invalid <![ sequence")
		}
	}
	data, err = t.cdata()
	return data, true, err
}

// skipComment reads to the end of "<!-".
func (t *tokens) skipComment() error {
	c, err := t.read()
	if err != nil {
		return err
	}
	if c != '-' {
		return syntax("invalid sequence <!- not part of <!--")
	}
	dashes := 0
	for {
		c, err := t.read()
		switch {
		case err != nil:
			return err
		case dashes == 2 && c == '>':
			return nil
		case dashes == 2:
			return syntax(`invalid sequence "--" not allowed in comments`)
		case c == '-':
			dashes++
		default:
			dashes = 0
		}
	}
}

// cdata reads to the end of a section.
func (t *tokens) cdata() (token, error) {
	t.scratch = t.scratch[:0]
	for {
		c, err := t.read()
		if err != nil {
			return token{}, err
		}
		if c == '>' && bytes.HasSuffix(t.scratch, []byte("]]")) {
			return token{kind: textToken, text: t.scratch[:len(t.scratch)-2]}, nil
		}
		t.scratch = append(t.scratch, c)
	}
}
