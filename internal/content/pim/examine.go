// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// parseAs reads an object that must be of that kind.
func parseAs(data []byte, kind Kind) (*Document, error) {
	doc, err := Parse(data)
	return ofKind(doc, kind, err)
}

// ofKind passes on what was read if it is of the kind, which may be unknown.
func ofKind(doc *Document, kind Kind, err error) (*Document, error) {
	if err != nil {
		return nil, err
	}
	if kind != KindUnknown && doc.Kind != kind {
		return nil, &SyntaxError{Line: doc.Components[0].Begin.Number, Column: 1,
			Reason: fmt.Sprintf("it is a %s object in a collection for %s objects", doc.Kind, kind)}
	}
	return doc, nil
}

// byteExaminer looks at bytes and lines. It makes one defect a code, with all places as its edits.
type byteExaminer struct {
	doc     *Document
	reader  *lineReader
	margins margins
	found   []defect
	index   map[Code]int
	edits   int
}

// maxEdits bounds the places of an object that are mended one by one. One that has more of them stays as it is, and
// says so: the list of them would need more memory than the object.
const maxEdits = 50_000

// examineBytes finds what is wrong below the level of properties.
func examineBytes(doc *Document) []defect {
	x := &byteExaminer{doc: doc, reader: newLineReader(doc.data), margins: marginsOf(doc), index: map[Code]int{}}
	x.mark()
	x.lineEnds()
	x.emptyLines()
	x.around()
	for _, line := range doc.lines {
		if !isASCIIPrintable(line.Raw[:len(line.Raw)-trailingEnds(line.Raw)]) {
			x.controls(line)
		}
		if !isASCII(line.Raw) {
			x.characters(line)
		}
		x.escapes(line)
	}
	return x.found
}

// note adds a place to the defect of that code. after is what the bytes before become; a place without
// repair has before nil.
func (x *byteExaminer) note(code Code, line int, edit *Edit) {
	at, known := x.index[code]
	if !known {
		at = len(x.found)
		x.index[code] = at
		said := byteSentences[code]
		x.found = append(x.found, defect{Problem: Problem{Code: code, Sentence: said.problem, Line: line}, done: said.done})
	}
	if edit == nil || x.edits > maxEdits {
		return
	}
	if x.edits++; x.edits > maxEdits {
		for i := range x.found {
			x.found[i].edits = nil
		}
		return
	}
	x.found[at].edits = append(x.found[at].edits, *edit)
}

var byteSentences = map[Code]struct{ problem, done string }{
	CodeByteOrderMark:    {"begins with a byte order mark", "byte order mark removed"},
	CodeLineEnds:         {"has line ends other than CRLF", "line ends changed to CRLF"},
	CodeEmptyLine:        {"has empty lines", "empty lines removed"},
	CodeControlCharacter: {"has control characters", "control characters removed"},
	CodeEscapedColon:     {"has backslashes that escape nothing", "backslashes that escape nothing removed"},
	CodeNotUTF8:          {"is not UTF-8, probably Windows-1252", "converted from Windows-1252 to UTF-8"},
	CodeSplitCharacter:   {"has a line folded in the middle of a character", "line folded between characters"},
	CodeDoubleEncoded:    {"has text that was encoded as UTF-8 twice", "text decoded once"},
}

func (x *byteExaminer) mark() {
	if bytes.HasPrefix(x.doc.data, byteOrderMark) {
		x.note(CodeByteOrderMark, 1, &Edit{0, x.doc.data[:len(byteOrderMark)], nil})
	}
}

// lineEnds mends line by line, and an object with very many lines, such as one with a large photo, as a whole.
func (x *byteExaminer) lineEnds() {
	data, number, first := x.doc.data, 1, 0
	var edits []Edit
	for pos := 0; pos < len(data); number++ {
		end, next := x.reader.physical(pos)
		if string(data[end:next]) != "\r\n" {
			if first == 0 {
				first = number
			}
			if len(edits) < manyLineEnds {
				edits = append(edits, Edit{end, data[end:next], []byte("\r\n")})
			}
		}
		pos = next
	}
	if len(edits) == manyLineEnds {
		edits = []Edit{{0, data, x.withLineEnds()}}
	}
	for i := range edits {
		x.note(CodeLineEnds, first, &edits[i])
	}
}

const manyLineEnds = 10_000

// withLineEnds returns the object with proper line ends.
func (x *byteExaminer) withLineEnds() []byte {
	data := x.doc.data
	written := make([]byte, 0, len(data)+len(data)/32)
	for pos := 0; pos < len(data); {
		end, next := x.reader.physical(pos)
		written = append(append(written, data[pos:end]...), "\r\n"...)
		pos = next
	}
	return written
}

// characters looks at the unfolded line, so that a fold in the middle of a character is no mistake of
// its encoding. A line that names its charset or is quoted-printable is first the matter of examineCharset.
func (x *byteExaminer) characters(line Line) {
	valid := utf8.Valid(line.content)
	if valid && !utf8.Valid(line.Raw) {
		x.split(line)
	}
	switch decodesLater := line.Param("CHARSET") != "" || isQuotedPrintable(line.content); {
	case !valid && line.Param("CHARSET") == "":
		x.recode(line)
	case valid && !decodesLater:
		if single, ok := undouble(line.content); ok {
			edit := replaceLine(line, string(single))
			x.note(CodeDoubleEncoded, line.Number, &edit)
		}
	}
}

// split folds a line anew, between characters: a server that reads the physical lines sees no UTF-8. A soft
// break of quoted-printable is another kind of fold.
func (x *byteExaminer) split(line Line) {
	if line.softFold {
		x.note(CodeSplitCharacter, line.Number, nil)
		return
	}
	edit := replaceLine(line, string(line.content))
	x.note(CodeSplitCharacter, line.Number, &edit)
}

func (x *byteExaminer) recode(line Line) {
	text, parts := x.reader.segments(line)
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r != utf8.RuneError || size != 1 {
			at += size
			continue
		}
		for len(parts) > 1 && parts[1].content <= at {
			parts = parts[1:]
		}
		raw, end := parts[0].raw+at-parts[0].content, parts[0].content+parts[0].length
		var recoded []byte
		first := at
		for ; at < end; at++ { // as far as it goes in one piece
			if r, size := utf8.DecodeRune(text[at:]); r != utf8.RuneError || size != 1 {
				break
			}
			recoded = utf8.AppendRune(recoded, charmap.Windows1252.DecodeByte(text[at]))
		}
		x.note(CodeNotUTF8, line.Number, &Edit{raw, x.doc.data[raw : raw+at-first], recoded})
	}
}

func trailingEnds(raw []byte) int {
	return len(raw) - len(bytes.TrimRight(raw, "\r\n"))
}

// version returns the VERSION of the first component.
func (d *Document) version() string {
	line, _ := d.Components[0].First("VERSION")
	return strings.TrimSpace(string(line.Value))
}

func isBase64(line Line) bool {
	encoding := strings.ToUpper(line.Param("ENCODING"))
	return encoding == "BASE64" || encoding == "B"
}

// lineEnd returns how a line ends, for lines put next to it; "" for a last line without end.
func lineEnd(line Line) string {
	switch {
	case trailingEnds(line.Raw) == 0:
		return ""
	case bytes.HasSuffix(line.Raw, []byte("\r\n")):
		return "\r\n"
	}
	return string(line.Raw[len(line.Raw)-1:])
}

// insertAfter puts a content line behind another. Behind a last line without end there is no edit: nobody
// knows which line end the object would have.
func insertAfter(line Line, content string) []Edit {
	end := lineEnd(line)
	if end == "" {
		return nil
	}
	text := bytes.ReplaceAll(fold(content), []byte("\r\n"), []byte(end))
	return []Edit{{line.Offset + len(line.Raw), nil, text}}
}

// insertAtEnd puts a content line before the END of a component. Text goes there, so that no line without
// colon behind BEGIN becomes its continuation. Where there is no END, or a component inside has none, there is no
// edit.
func insertAtEnd(component *Component, content string) []Edit {
	last := len(component.Children) - 1
	if component.End.Name == "" || last >= 0 && component.Children[last].End.Name == "" {
		return nil
	}
	text := bytes.ReplaceAll(fold(content), []byte("\r\n"), []byte(lineEnd(component.Begin)))
	return []Edit{{component.End.Offset, nil, text}}
}

func removeLine(line Line) Edit { return Edit{line.Offset, line.Raw, nil} }

// replaceLine writes a content line anew, a last line without end on one line.
func replaceLine(line Line, content string) Edit {
	text := []byte(content)
	if end := lineEnd(line); end != "" {
		text = bytes.ReplaceAll(fold(content), []byte("\r\n"), []byte(end))
	}
	return Edit{line.Offset, line.Raw, text}
}
