// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// propertyExaminer looks at the properties of one object.
type propertyExaminer struct {
	doc      *Document
	found    []defect
	siblings map[*Component]string // the UID for components that have none
	extended map[int]bool          // offsets of lines that lines without colon follow
}

// examineProperties finds what is wrong with the properties of a contact or calendar object.
func examineProperties(doc *Document) []defect {
	x := &propertyExaminer{doc: doc, siblings: map[*Component]string{}, extended: map[int]bool{}}
	x.object()
	for _, top := range doc.Components {
		x.version(top)
		if doc.Kind == KindContact {
			x.card(top)
		} else {
			x.calendar(top)
		}
	}
	return x.found
}

// report adds a problem without repair.
func (x *propertyExaminer) report(code Code, line Line, sentence string) {
	x.found = append(x.found, defect{Problem: Problem{Code: code, Sentence: sentence, Line: line.Number}})
}

// repairable adds a problem with what removes it.
func (x *propertyExaminer) repairable(code Code, line Line, sentence, done string, edits ...Edit) {
	x.found = append(x.found, defect{Problem{Code: code, Sentence: sentence, Line: line.Number}, done, edits})
}

// truncatedSize is where old SabreDAV tables cut an object: the bodies were TEXT columns.
const truncatedSize = 65535

func (x *propertyExaminer) object() {
	doc := x.doc
	if len(doc.data) == truncatedSize || doc.Components[len(doc.Components)-1].End.Name == "" {
		x.report(CodeTruncated, Line{}, "ends in the middle, as if it had been cut off")
	}
	if len(doc.Components) > 1 {
		x.report(CodeSeveralObjects, doc.Components[1].Begin, "contains more than one object")
	}
	x.lines()
	uids := map[string]bool{}
	for _, top := range doc.Components {
		uid, ok := top.First("UID")
		if ok && uids[string(uid.Value)] {
			x.report(CodeRepeatedUID, uid, "two objects have the same UID")
		}
		uids[string(uid.Value)] = true
	}
}

// lines looks at each line for itself.
func (x *propertyExaminer) lines() {
	previous := Line{}
	gap := false
	for _, line := range x.doc.lines {
		switch {
		case len(line.content) == 0:
			gap = true
			continue
		case line.Name == "":
			x.extended[previous.Offset] = true
			x.strayLine(line, previous, gap)
		case line.badParam > 0:
			x.report(CodeBadParameter, line, "a parameter is not well-formed")
			x.found[len(x.found)-1].Column = line.badParam
		case slices.ContainsFunc(line.Params, isBareType):
			x.bareParameter(line)
		}
		if isBase64(line) || len(line.Value) > 5 && strings.EqualFold(string(line.Value[:5]), "data:") {
			x.inlineData(line)
		}
		if line.Name != "" {
			previous = line
			gap = false
		}
	}
}

// isBareType says that a word stands where a parameter belongs, and is not the name of an encoding. One with a
// quote would be read in another way as a value.
func isBareType(param Param) bool {
	return param.bare && param.Name == "TYPE" && !strings.Contains(param.Values[0], `"`)
}

// bareParameter finds "TEL;CELL", which only vCard 2.1 knows. In a contact it is a TYPE; in a calendar it
// means nothing (RFC 5545 section 3.1), and there are servers that lose the whole line for it.
func (x *propertyExaminer) bareParameter(line Line) {
	if x.doc.Kind == KindContact && x.doc.version() == "2.1" {
		return
	}
	head := line.content[:len(line.content)-len(line.Value)]
	renamed := make([]byte, 0, len(head)+len("TYPE="))
	at := bytes.IndexAny(head, ":;")
	renamed = append(renamed, head[:at]...)
	for head[at] == ';' {
		param, next, _ := readParam(head, at+1)
		switch {
		case !isBareType(param):
			renamed = append(renamed, head[at:next]...)
		case x.doc.Kind == KindContact:
			renamed = append(append(renamed, ";TYPE="...), head[at+1:next]...)
		}
		at = next
	}
	renamed = append(renamed, ':')
	done := "parameter without a value removed"
	if x.doc.Kind == KindContact {
		done = "parameter without a value changed to a TYPE"
	}
	edit := replaceLine(line, string(renamed)+string(line.Value))
	if bytes.HasPrefix(line.Raw, head) { // so that a photo is not copied
		edit = Edit{line.Offset, head, renamed}
	}
	x.repairable(CodeBareParameter, line, "a parameter has no value", done, edit)
}

// strayLine is a line without colon: mostly the rest of a text whose line break was not escaped. previous
// is the property that it belongs to, unless empty lines make a gap between them.
func (x *propertyExaminer) strayLine(line, previous Line, gap bool) {
	const sentence = "a line has no colon"
	if previous.Name == "" || notText[previous.Name] || gap {
		x.report(CodeStrayLine, line, sentence)
		return
	}
	joint := ` \n`
	if isBase64(previous) {
		joint = " "
	}
	edit := Edit{line.Offset, nil, []byte(joint)}
	x.repairable(CodeStrayLine, line, sentence, "line without colon joined to the one before", edit)
}

// notText are lines that no text can continue.
var notText = names("BEGIN END VERSION PRODID CALSCALE METHOD UID DTSTAMP REV")

const largeData = 1 << 20

func (x *propertyExaminer) inlineData(line Line) {
	if len(line.Value) > largeData {
		x.report(CodeLargeData, line, fmt.Sprintf("inline data of %d octets", len(line.Value)))
	}
	value, ok := inlineBytes(line)
	if !ok {
		return
	}
	if _, err := io.Copy(io.Discard, base64Reader(value)); err != nil {
		x.report(CodeBase64Damaged, line, "inline data cannot be decoded")
	}
	if strings.EqualFold(line.Param("ENCODING"), "BASE64") && x.doc.Kind == KindContact && x.doc.version() != "2.1" {
		x.base64Name(line)
	}
}

// base64Name changes only the parameter, so that a photo is not copied.
func (x *propertyExaminer) base64Name(line Line) {
	const sentence = "ENCODING=BASE64 must be written ENCODING=b since vCard 3.0"
	head := line.content[:len(line.content)-len(line.Value)]
	params := strings.Split(string(head[:len(head)-1]), ";")
	for i, param := range params {
		if strings.EqualFold(param, "ENCODING=BASE64") || strings.EqualFold(param, "BASE64") {
			params[i] = "ENCODING=b"
		}
	}
	renamed := strings.Join(params, ";") + ":"
	if !bytes.HasPrefix(line.Raw, head) || renamed == string(head) {
		x.report(CodeBase64Name, line, sentence)
		return
	}
	edit := Edit{line.Offset, head, []byte(renamed)}
	x.repairable(CodeBase64Name, line, sentence, "ENCODING=BASE64 changed to ENCODING=b", edit)
}

func (x *propertyExaminer) version(top *Component) {
	if line, ok := top.First("VERSION"); ok {
		version := strings.TrimSpace(string(line.Value))
		known := version == "2.0"
		if x.doc.Kind == KindContact {
			known = version == "2.1" || version == "3.0" || version == "4.0"
		}
		if !known {
			x.report(CodeUnknownVersion, line, "has an unknown VERSION")
		}
		return
	}
	version := "VERSION:2.0"
	if x.doc.Kind == KindContact {
		version = "VERSION:3.0"
	}
	x.repairable(CodeMissingVersion, top.Begin, "has no VERSION", version+" added", insertAfter(top.Begin, version)...)
}

// repeated finds properties that may stand only once. A second one that says the same can go.
func (x *propertyExaminer) repeated(component *Component, single map[string]bool) {
	first := map[string]Line{}
	for line := range component.properties() {
		if !single[line.Name] {
			continue
		}
		before, again := first[line.Name]
		switch {
		case !again:
			first[line.Name] = line
		case bytes.Equal(before.content, line.content):
			x.repairable(CodeRepeatedLine, line, line.Name+" occurs twice, with the same value",
				"second "+line.Name+" with the same value removed", x.removal(line)...)
		default:
			x.report(CodeRepeatedValue, line, line.Name+" occurs twice, with different values")
		}
	}
}

// removal takes a line away, but not from under the lines without colon that belong to it.
func (x *propertyExaminer) removal(line Line) []Edit {
	if x.extended[line.Offset] {
		return nil
	}
	return []Edit{{line.Offset, line.Raw, nil}}
}

func names(list string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(list) {
		set[name] = true
	}
	return set
}
