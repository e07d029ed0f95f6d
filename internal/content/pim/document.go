// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"
)

// Bounds of an object. What has more lines or parameters is refused: a weekly meeting of 200 people, each of whose 200
// occurrences was changed, has less. They keep the memory that an object needs beside its own bytes below 32 MB.
// Deeper components are read as plain lines.
const (
	maxLines    = 50_000
	maxAllParam = 300_000 // values of parameters
	maxDepth    = 16
)

// Document is an object read by line.
type Document struct {
	Kind       Kind
	Components []*Component // the VCARDs or VCALENDARs at the top, usually one
	Encoding   Encoding
	Problems   []Problem // what the reader itself had to forgive

	data  []byte
	lines []Line // all of them, empty ones too
}

// Component is what stands between a BEGIN and its END.
type Component struct {
	Name       string // upper-case, "VEVENT"
	Begin, End Line   // End is zero where the object ends too early
	Children   []*Component

	lines []*Line // the properties, in order; of the document's
}

// SyntaxError is a reason why an object cannot be read at all.
type SyntaxError struct {
	Line, Column int // from 1; 0 where no place can be named
	Reason       string
}

// Error returns the reason and the place.
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.Reason
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// Parse reads an object. It forgives what can be forgiven and lists that in Problems; the error is a
// [*SyntaxError] and means that there is no vCard and no iCalendar object in data, or that a bound is
// exceeded. The document refers to data, which must not change while it is in use.
func Parse(data []byte) (*Document, error) {
	if len(data) > MaxSize {
		return nil, &SyntaxError{Reason: fmt.Sprintf("larger than %d octets", MaxSize)}
	}
	return parse(newLineReader(data))
}

func parse(reader *lineReader) (*Document, error) {
	doc := &Document{data: reader.data}
	if err := doc.readLines(reader); err != nil {
		return nil, err
	}
	builder := treeBuilder{doc: doc}
	for i := range doc.lines {
		if len(doc.lines[i].content) > 0 {
			builder.add(&doc.lines[i])
		}
	}
	builder.finish()
	if len(doc.Components) == 0 {
		return nil, &SyntaxError{Line: 1, Column: 1, Reason: "no BEGIN:VCARD and no BEGIN:VCALENDAR"}
	}
	doc.Kind = kindOf(doc.Components[0].Name)
	doc.findEncoding()
	return doc, nil
}

func kindOf(component string) Kind {
	if component == "VCARD" {
		return KindContact
	}
	return KindCalendar
}

func (d *Document) readLines(reader *lineReader) error {
	data := d.data
	if bytes.HasPrefix(data, byteOrderMark) {
		reader.pos = len(byteOrderMark)
	}
	params := 0
	d.lines = make([]Line, 0, min(bytes.Count(data, []byte("\n"))+1, 1000))
	for {
		line, ok := reader.next()
		if !ok {
			return nil
		}
		line.split()
		for _, param := range line.Params {
			params += len(param.Values)
		}
		switch {
		case len(d.lines) == maxLines:
			return &SyntaxError{Line: line.Number, Column: 1, Reason: fmt.Sprintf("more than %d lines", maxLines)}
		case params > maxAllParam:
			return &SyntaxError{Line: line.Number, Column: 1, Reason: fmt.Sprintf("more than %d parameters", maxAllParam)}
		}
		d.lines = append(d.lines, line)
	}
}

// findEncoding looks at the unfolded lines: a fold in the middle of a character makes no other encoding.
func (d *Document) findEncoding() {
	d.Encoding = EncodingUTF8
	if utf8.Valid(d.data) {
		return
	}
	well := 0
	badly := 0
	for _, line := range d.lines {
		switch {
		case isASCIIPrintable(line.content):
		case utf8.Valid(line.content):
			well++
		default:
			badly++
		}
	}
	switch {
	case badly > 0 && well > 0:
		d.Encoding = EncodingMixed
	case badly > 0:
		d.Encoding = EncodingWindows1252
	}
}

func (d *Document) forgive(code Code, line Line, column int, sentence string) {
	d.Problems = append(d.Problems, Problem{Code: code, Sentence: sentence, Line: line.Number, Column: column})
}

// treeBuilder puts lines into components.
type treeBuilder struct {
	doc     *Document
	open    []*Component
	beyond  int  // BEGINs below maxDepth that are still open
	outside bool // reported once
}

func (b *treeBuilder) add(line *Line) {
	switch line.Name {
	case "BEGIN":
		b.begin(line)
	case "END":
		b.end(line)
	default:
		b.property(line)
	}
}

func (b *treeBuilder) property(line *Line) {
	if len(b.open) == 0 {
		b.reportOutside(line)
		return
	}
	current := b.open[len(b.open)-1]
	current.lines = append(current.lines, line)
}

func (b *treeBuilder) reportOutside(line *Line) {
	if !b.outside {
		b.doc.forgive(CodeOutside, *line, 1, "there is text outside BEGIN and END")
	}
	b.outside = true
}

func (b *treeBuilder) begin(line *Line) {
	name := componentName(line)
	if len(b.open) == 0 && name != "VCARD" && name != "VCALENDAR" {
		b.reportOutside(line)
		return
	}
	if len(b.open) == maxDepth {
		if b.beyond++; b.beyond == 1 {
			b.doc.forgive(CodeTooDeep, *line, 1, fmt.Sprintf("components are nested more than %d deep", maxDepth))
		}
		b.property(line)
		return
	}
	component := &Component{Name: name, Begin: *line}
	if len(b.open) == 0 {
		b.doc.Components = append(b.doc.Components, component)
	} else {
		parent := b.open[len(b.open)-1]
		parent.Children = append(parent.Children, component)
	}
	b.open = append(b.open, component)
}

// end closes the component of that name, and those inside that were left open. An END without a BEGIN is
// left out.
func (b *treeBuilder) end(line *Line) {
	if b.beyond > 0 {
		b.beyond--
		b.property(line)
		return
	}
	name := componentName(line)
	for i := len(b.open) - 1; i >= 0; i-- {
		if b.open[i].Name != name {
			continue
		}
		if i < len(b.open)-1 {
			b.unbalanced(b.open[len(b.open)-1].Begin, "a component has no END")
		}
		b.open[i].End = *line
		b.open = b.open[:i]
		return
	}
	b.unbalanced(*line, "an END has no BEGIN")
}

func (b *treeBuilder) unbalanced(line Line, sentence string) {
	b.doc.forgive(CodeUnbalanced, line, 1, sentence)
}

func (b *treeBuilder) finish() {
	if len(b.open) > 0 {
		b.unbalanced(b.open[len(b.open)-1].Begin, "the object ends before its END")
	}
}

func componentName(line *Line) string {
	return strings.ToUpper(string(bytes.TrimFunc(line.Value, isNoLetter)))
}

// properties yields the properties in order.
func (c *Component) properties() iter.Seq[Line] {
	return func(yield func(Line) bool) {
		for _, line := range c.lines {
			if !yield(*line) {
				return
			}
		}
	}
}

// First returns the first property of that name (upper-case).
func (c *Component) First(name string) (Line, bool) {
	for line := range c.properties() {
		if line.Name == name {
			return line, true
		}
	}
	return Line{}, false
}

// All returns the properties of that name (upper-case), in order.
func (c *Component) All(name string) []Line {
	var found []Line
	for line := range c.properties() {
		if line.Name == name {
			found = append(found, line)
		}
	}
	return found
}
