// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"strings"
	"unicode"
)

// emptyLines leaves the empty line that ends base64 in vCard 2.1, and one without which the next line would be
// the continuation of the one before.
func (x *byteExaminer) emptyLines() {
	previous := Line{}
	for i, line := range x.doc.lines {
		switch {
		case line.Name == "BEGIN" || line.Name == "END":
			x.bareLine(line)
		case len(line.content) > 0, x.margins.holds(line.Offset), x.doc.version() == "2.1" && isBase64(previous):
		case i+1 < len(x.doc.lines) && isBlank(x.doc.lines[i+1].Raw[0]):
			x.note(CodeEmptyLine, line.Number, nil)
		default:
			x.note(CodeEmptyLine, line.Number, &Edit{line.Offset, line.Raw, nil})
		}
		previous = line
	}
}

// margins are where the object begins and ends, where there is nothing around it but blanks and control characters:
// empty lines, the end-of-file mark of DOS. Behind is behind the text of END. Each is -1 where something else is.
type margins struct{ before, behind int }

func marginsOf(doc *Document) margins {
	from, data := 0, doc.data
	if bytes.HasPrefix(data, byteOrderMark) {
		from = len(byteOrderMark)
	}
	m := margins{doc.Components[0].Begin.Offset, -1}
	if !isNothing(data[from:m.before]) {
		m.before = -1
	}
	if end := doc.Components[len(doc.Components)-1].End; end.Name != "" {
		m.behind = end.Offset + len(bytes.TrimRightFunc(end.Raw, isNoLetter))
		if !isNothing(data[m.behind:]) {
			m.behind = -1
		}
	}
	return m
}

func isNoLetter(r rune) bool { return r <= ' ' || unicode.IsSpace(r) }

func isNothing(text []byte) bool { return len(bytes.TrimRightFunc(text, isNoLetter)) == 0 }

// holds reports whether a place of the object is in a margin.
func (m margins) holds(offset int) bool {
	return offset < m.before || m.behind >= 0 && offset >= m.behind
}

// around takes away what stands around the object and is nothing: there are servers that refuse it for that.
func (x *byteExaminer) around() {
	data, m, from := x.doc.data, x.margins, 0
	if bytes.HasPrefix(data, byteOrderMark) {
		from = len(byteOrderMark)
	}
	if m.before > from {
		x.noteMargin(1, Edit{from, data[from:m.before], nil})
	}
	if m.behind >= 0 {
		x.ends(x.doc.Components[len(x.doc.Components)-1].End.Number, m.behind, data[m.behind:])
	}
}

// bareLine takes away what is nothing behind BEGIN or END, also on lines that only seem to be empty: they begin with
// a blank, and are a part of the line before.
func (x *byteExaminer) bareLine(line Line) {
	text := bytes.TrimRightFunc(line.Raw, isNoLetter)
	if at := line.Offset + len(text); at != x.margins.behind {
		x.ends(line.Number, at, line.Raw[len(text):])
	}
}

// ends leaves nothing of the text behind a line but its line end.
func (x *byteExaminer) ends(line, offset int, rest []byte) {
	end := rest[:len(rest)-len(bytes.TrimLeft(rest, "\r"))]
	if mark := bytes.IndexByte(rest, '\n'); mark >= 0 {
		end = []byte("\n")
		if mark > 0 && rest[mark-1] == '\r' {
			end = []byte("\r\n")
		}
	} else if x.reader.onlyCR {
		end = rest[:min(len(end), 1)]
	}
	if !bytes.Equal(bytes.TrimLeft(rest, "\r"), bytes.TrimLeft(end, "\r")) || x.reader.onlyCR && len(rest) > 1 {
		x.noteMargin(line, Edit{offset, rest, end})
	}
}

// noteMargin calls what is taken away by its name: control characters have to go in any case.
func (x *byteExaminer) noteMargin(line int, edit Edit) {
	code := CodeEmptyLine
	if bytes.ContainsFunc(edit.Before, func(r rune) bool { return r < ' ' && r != '\r' && r != '\n' && r != '\t' }) {
		code = CodeControlCharacter
	}
	x.note(code, line, &edit)
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' }

// controls takes runs of control characters away. It leaves one whose absence would make a line empty, or the
// continuation of the one before; with the fold behind it, it can go.
func (x *byteExaminer) controls(line Line) {
	raw := line.Raw
	value := -1
	stop := len(line.Raw)
	if line.Name == "BEGIN" || line.Name == "END" {
		stop = len(bytes.TrimRightFunc(raw, isNoLetter)) // see bareLine
	}
	for i := 0; i < stop && !x.margins.holds(line.Offset+i); {
		end := i + x.controlRun(raw[i:])
		switch {
		case end == i:
			i += max(1, len(raw[i:])-len(bytes.TrimLeft(raw[i:], "\r")))
			continue
		case (i == 0 || raw[i-1] == '\n' || raw[i-1] == '\r') && (end == len(raw) || raw[end] <= ' '):
			x.note(CodeControlCharacter, line.Number, x.withFold(line, i, end))
		default:
			if value < 0 {
				value = x.valueOffset(line)
			}
			edit := Edit{line.Offset + i, raw[i:end], nil}
			if i > value {
				edit.After = lineBreak(line, i, end)
			}
			x.note(CodeControlCharacter, line.Number, &edit)
		}
		i = end
	}
}

// valueOffset is where the text of a value begins in the line as it stands: its end where it has none, or is data.
func (x *byteExaminer) valueOffset(line Line) int {
	if line.Name == "" || isBase64(line) || line.softFold || isQuotedPrintable(line.content) {
		return len(line.Raw)
	}
	at := len(line.content) - len(line.Value)
	for pos := line.Offset; pos < line.Offset+len(line.Raw); {
		end, next := x.reader.physical(pos)
		if pos > line.Offset {
			pos++ // the blank of the fold
		}
		if at < end-pos || next >= line.Offset+len(line.Raw) {
			return pos + at - line.Offset
		}
		at, pos = at-(end-pos), next
	}
	return len(line.Raw)
}

// manyLines are properties of which the text may have several lines.
var manyLines = names("DESCRIPTION COMMENT NOTE LABEL ADR")

// lineBreak is what becomes of a run of control characters that stood for a line break: a vertical tab of Outlook, a
// form feed, a bare carriage return. Where the text has one line only it is a blank, and nothing beside another.
func lineBreak(line Line, from, to int) []byte {
	raw := line.Raw
	switch {
	case !bytes.ContainsAny(raw[from:to], "\v\f\r") || isNothing(raw[to:]):
		return nil
	case manyLines[line.Name] && raw[from-1] != '\\':
		return []byte(`\n`)
	case isBlank(raw[from-1]) && from > 1 && raw[from-2] != '\n' || isBlank(raw[to]):
		return nil
	}
	return []byte(" ")
}

// withFold takes a run away together with the fold behind it, so that the line begins with what the fold has
// cut off; nil where no fold follows, or a blank behind it.
func (x *byteExaminer) withFold(line Line, from, to int) *Edit {
	end, next := x.reader.physical(line.Offset + to)
	after := next - line.Offset
	if end > line.Offset+to || after+1 >= len(line.Raw) || !isBlank(line.Raw[after]) || line.Raw[after+1] <= ' ' {
		return nil
	}
	return &Edit{line.Offset + from, line.Raw[from : after+1], nil}
}

// controlRun is the length of the run of control characters that text begins with. A tab and the end of a line
// are none.
func (x *byteExaminer) controlRun(text []byte) int {
	n := 0
	for n < len(text) && text[n] < ' ' && text[n] != '\t' && text[n] != '\n' {
		returns := len(text[n:]) - len(bytes.TrimLeft(text[n:], "\r"))
		if returns > 0 && (x.reader.onlyCR || n+returns == len(text) || text[n+returns] == '\n') {
			break
		}
		n += max(1, returns)
	}
	return n
}

// escapes finds the backslash before a colon, which Apple writes into each URL and X-ABUID, or before a quotation
// mark. It escapes nothing (RFC 6350 section 3.4, RFC 5545 section 3.3.11), and there are servers that double it. The value of
// an extension may be no text: of a quotation mark in it nobody knows.
func (x *byteExaminer) escapes(line Line) {
	if line.Name == "" || !bytes.Contains(line.Value, []byte(`\:`)) && !bytes.Contains(line.Value, []byte(`\"`)) ||
		isBase64(line) || line.softFold || isQuotedPrintable(line.content) || x.doc.version() == "2.1" {
		return
	}
	_, parts := x.reader.segments(line)
	head := len(line.content) - len(line.Value)
	for i := 0; i+1 < len(line.Value); i++ {
		if line.Value[i] != '\\' {
			continue
		}
		if next := line.Value[i+1]; next == ':' || next == '"' && !strings.HasPrefix(line.Name, "X-") {
			for len(parts) > 1 && parts[1].content <= head+i {
				parts = parts[1:]
			}
			raw := parts[0].raw + head + i - parts[0].content
			x.note(CodeEscapedColon, line.Number, &Edit{raw, x.doc.data[raw : raw+1], nil})
		}
		i++
	}
}
