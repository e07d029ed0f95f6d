// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"
)

// Line is a content line: one property, unfolded.
type Line struct {
	Raw    []byte // as it stands in the object, with folds and line end
	Offset int    // of Raw in the object
	Number int    // of its first physical line, from 1
	Group  string // "item1" of "item1.TEL", as written
	Name   string // upper-case; "" for a line without a colon
	Params []Param
	Value  []byte // unfolded, still escaped and encoded

	content  []byte // the whole line unfolded
	softFold bool   // has a soft line break of quoted-printable
	badParam int    // column of the first parameter that is not well-formed, from 1
}

// Param returns the first value of the parameter of that name (upper-case), or "".
func (l Line) Param(name string) string {
	for _, param := range l.Params {
		if param.Name == name && len(param.Values) > 0 {
			return param.Values[0]
		}
	}
	return ""
}

// Text returns the value as text: charset and transfer encoding undone, backslashes resolved. Bytes that
// are no UTF-8 are read as Windows-1252.
func (l Line) Text() string {
	decoded, _ := decodeValue(l)
	return unescape(string(toUTF8(decoded)))
}

// lineReader cuts an object into content lines.
type lineReader struct {
	data   []byte
	pos    int
	number int // of the physical line at pos
	onlyCR bool
	over   bool // lines are unfolded over the data: their Raw is worth nothing then
}

func newLineReader(data []byte) *lineReader {
	return &lineReader{data: data, number: 1, onlyCR: bytes.IndexByte(data, '\n') < 0}
}

// physical returns where the text of the physical line at start ends and where the next one begins.
func (r *lineReader) physical(start int) (end, next int) {
	mark := byte('\n')
	if r.onlyCR {
		mark = '\r'
	}
	i := bytes.IndexByte(r.data[start:], mark)
	end = start + i
	next = start + i + 1
	if i < 0 {
		end, next = len(r.data), len(r.data)
	}
	for end > start && r.data[end-1] == '\r' {
		end--
	}
	return end, next
}

// next returns the next content line without looking into it; ok is false at the end. An empty line is a
// line without content.
func (r *lineReader) next() (line Line, ok bool) {
	if r.pos >= len(r.data) {
		return Line{}, false
	}
	line.Offset = r.pos
	line.Number = r.number
	end, next := r.physical(r.pos)
	line.content = r.data[r.pos:end]
	r.pos, r.number = next, r.number+1
	if len(line.content) > 0 {
		r.unfold(&line)
	}
	line.Raw = r.data[line.Offset:r.pos]
	return line, true
}

// unfold appends the physical lines that continue the line. Content is copied only if there are any.
func (r *lineReader) unfold(line *Line) {
	quoted := bytes.HasSuffix(line.content, []byte("=")) && isQuotedPrintable(line.content)
	copied := false
	for r.pos < len(r.data) {
		end, next := r.physical(r.pos)
		from := r.pos
		soft := quoted && bytes.HasSuffix(line.content, []byte("=")) && !isEnd(r.data[from:end])
		folded := end > from && (r.data[from] == ' ' || r.data[from] == '\t')
		if !soft && !folded {
			return
		}
		if !copied && !r.over {
			line.content, copied = r.copyContent(line.content), true
		}
		if soft {
			line.content, line.softFold = line.content[:len(line.content)-1], true
		} else {
			from++
		}
		line.content = append(line.content, r.data[from:end]...)
		r.pos, r.number = next, r.number+1
	}
}

// copyContent makes room for the whole folded line at once, so that a photo is copied only once.
func (r *lineReader) copyContent(first []byte) []byte {
	size, pos := len(first), r.pos
	for pos < len(r.data) && (r.data[pos] == ' ' || r.data[pos] == '\t') {
		end, next := r.physical(pos)
		size += end - pos
		pos = next
	}
	if size > largeLine {
		runtime.GC()
	}
	return append(make([]byte, 0, size), first...)
}

// largeLine is from what length on the memory of what was read before is given back before a line is copied. A photo of that
// size is rare, and read some times in a row: what is left of one reading is as large as the next.
const largeLine = 4 << 20

func isQuotedPrintable(content []byte) bool {
	head, _, found := bytes.Cut(content, []byte(":"))
	return found && bytes.Contains(bytes.ToUpper(head), []byte("QUOTED-PRINTABLE"))
}

func isEnd(physical []byte) bool {
	return len(physical) >= 4 && strings.EqualFold(string(physical[:4]), "END:")
}

// segment is a part of a content line that stands in one piece in the object.
type segment struct {
	content, raw, length int
}

// segments maps the text of a line to the object, for edits inside a folded line. A line with soft
// breaks is mapped as it stands.
func (r *lineReader) segments(line Line) (text []byte, found []segment) {
	if line.softFold {
		return line.Raw, []segment{{0, line.Offset, len(line.Raw)}}
	}
	pos := line.Offset
	at := 0
	stop := line.Offset + len(line.Raw)
	for pos < stop {
		end, next := r.physical(pos)
		if pos > line.Offset {
			pos++
		}
		found = append(found, segment{at, pos, end - pos})
		at, pos = at+end-pos, next
	}
	return line.content, found
}

// split looks into the line: group, name, parameters and value.
func (l *Line) split() {
	head := bytes.IndexAny(l.content, ":;")
	if head <= 0 {
		l.Value = l.content
		return
	}
	rest, params, bad := splitParams(l.content, head)
	if rest < 0 {
		l.Value = l.content
		return
	}
	name := bytes.TrimSpace(l.content[:head])
	if dot := bytes.LastIndexByte(name, '.'); dot >= 0 {
		l.Group, name = string(name[:dot]), name[dot+1:]
	}
	l.Name, l.Params, l.badParam = upper(name), params, bad
	l.Value = l.content[rest:]
}

// isASCIIPrintable reports whether no byte asks for a closer look: the common case, and fast.
func isASCIIPrintable(text []byte) bool {
	for _, b := range text {
		if b >= utf8.RuneSelf || b < ' ' && b != '\t' {
			return false
		}
	}
	return true
}

// upper changes ASCII letters only: other bytes of a name are not known to be characters.
func upper(name []byte) string {
	changed := bytes.Clone(name)
	for i, b := range changed {
		if b >= 'a' && b <= 'z' {
			changed[i] = b - 'a' + 'A'
		}
	}
	return string(changed)
}

func isASCII(text []byte) bool {
	return !slices.ContainsFunc(text, func(b byte) bool { return b >= utf8.RuneSelf })
}
