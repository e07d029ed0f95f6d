// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// examineCharset finds vCard 2.1, and in other objects what is left of it: charsets and transfer
// encodings of single lines.
func examineCharset(doc *Document) []defect {
	if doc.Kind == KindContact && doc.version() == "2.1" {
		return []defect{examineOldCard(doc)}
	}
	found := defect{
		Problem: Problem{Code: CodeCharset, Sentence: "has lines with a charset or transfer encoding of vCard 2.1"},
		done:    "lines decoded to UTF-8",
	}
	for _, line := range doc.lines {
		if line.Param("CHARSET") == "" && !isQuotedPrintable(line.content) {
			continue
		}
		if found.Line == 0 {
			found.Line = line.Number
		}
		if content, ok := modernLine(line, false); ok && content != string(line.content) {
			found.edits = append(found.edits, replaceLine(line, content))
		}
	}
	if found.Line == 0 {
		return nil
	}
	return []defect{found}
}

// examineOldCard converts a vCard 2.1 to 3.0, all of it or nothing.
func examineOldCard(doc *Document) defect {
	found := defect{
		Problem: Problem{Code: CodeVCard21, Sentence: "is a vCard 2.1", Line: 1},
		done:    "converted from vCard 2.1 to 3.0",
	}
	agents, ok := agentsOf(doc)
	if !ok {
		return found
	}
	previous := Line{}
	from := 0
	for _, line := range doc.lines {
		if line.Offset < from {
			continue // within an agent's card
		}
		edit, ok := modernEdit(line, previous)
		if agent, is := agents[line.Offset]; is {
			edit, from = &agent, line.Offset+len(agent.Before)
		} else if !ok {
			return found
		}
		if edit != nil {
			found.edits = append(found.edits, *edit)
		}
		previous = line
	}
	return found
}

// maxAgentDepth bounds the cards within cards: the text of each is escaped once more for each card around it.
const maxAgentDepth = 2

// agentsOf returns what makes the cards that stand in a vCard 2.1 as AGENT the text that they are in 3.0 (RFC 2426
// section 3.5.4), by the offset of their AGENT; ok is false where something else stands inside of a card.
func agentsOf(doc *Document) (edits map[int]Edit, ok bool) {
	edits = map[int]Edit{}
	for _, card := range doc.Components {
		if card.Name != "VCARD" {
			return nil, false
		}
		for _, child := range card.Children {
			agent, is := agentLine(card, child)
			content, ok := agentContent(child, 1)
			if !is || !ok {
				return nil, false
			}
			end := child.End.Offset + len(child.End.Raw)
			whole := agent
			whole.Raw = doc.data[agent.Offset:end]
			edits[agent.Offset] = replaceLine(whole, lineHead(agent)+":"+escape(content))
		}
	}
	return edits, true
}

// agentLine returns the empty AGENT right before a card within a card.
func agentLine(card, child *Component) (Line, bool) {
	for line := range card.properties() {
		if line.Offset+len(line.Raw) == child.Begin.Offset {
			return line, line.Name == "AGENT" && isNothing(line.Value) && child.End.Name != ""
		}
	}
	return Line{}, false
}

// agentContent writes a card of vCard 2.1 as one of 3.0, with bare line feeds.
func agentContent(card *Component, depth int) (string, bool) {
	if card.Name != "VCARD" || depth > maxAgentDepth || card.End.Name == "" {
		return "", false
	}
	var content strings.Builder
	content.WriteString("BEGIN:VCARD\n")
	child := 0
	for line := range card.properties() {
		text, ok := modernContent(line)
		if child < len(card.Children) && line.Offset+len(line.Raw) == card.Children[child].Begin.Offset && line.Name == "AGENT" && isNothing(line.Value) {
			var inner string
			inner, ok = agentContent(card.Children[child], depth+1)
			text = lineHead(line) + ":" + escape(inner)
			child++
		}
		if !ok {
			return "", false
		}
		content.WriteString(text + "\n")
	}
	content.WriteString("END:VCARD\n")
	return content.String(), child == len(card.Children)
}

// modernContent writes one line of an agent's card.
func modernContent(line Line) (string, bool) {
	switch {
	case line.Name == "VERSION":
		return lineHead(line) + ":3.0", true
	case isBase64(line):
		return lineHead(line) + ":" + string(line.Value), true
	case line.Name == "":
		return "", false
	}
	return modernLine(line, true)
}

// modernEdit returns what makes a line of vCard 2.1 one of 3.0, nil where it is that already.
func modernEdit(line, previous Line) (edit *Edit, ok bool) {
	switch {
	case len(line.content) == 0 && isBase64(previous):
		removed := removeLine(line)
		return &removed, true
	case line.Name == "" || line.Name == "BEGIN" || line.Name == "END":
		return nil, true
	case line.Name == "VERSION":
		if strings.TrimSpace(string(line.Value)) != "2.1" {
			return nil, true
		}
		replaced := replaceLine(line, lineHead(line)+":3.0")
		return &replaced, true
	case isBase64(line):
		return modernHead(line), true
	}
	content, ok := modernLine(line, true)
	if !ok || content == string(line.content) {
		return nil, ok
	}
	replaced := replaceLine(line, content)
	return &replaced, true
}

// modernHead rewrites only what stands before the value, so that a photo is not copied.
func modernHead(line Line) *Edit {
	head := line.content[:len(line.content)-len(line.Value)]
	modern := lineHead(line) + ":"
	if modern == string(head) {
		return nil
	}
	if !bytes.HasPrefix(line.Raw, head) {
		replaced := replaceLine(line, modern+string(line.Value))
		return &replaced
	}
	return &Edit{line.Offset, head, []byte(modern)}
}

// modernLine decodes a line to UTF-8 and writes its parameters in the way of vCard 3.0. In vCard 2.1 a
// comma separates nothing.
func modernLine(line Line, literalCommas bool) (content string, ok bool) {
	decoded, ok := decodeValue(line)
	if !ok || !utf8.Valid(decoded) {
		return "", false
	}
	literalCommas = literalCommas && line.Name != "CATEGORIES" && line.Name != "NICKNAME"
	return lineHead(line) + ":" + escapeLoosely(string(decoded), literalCommas), true
}

// lineHead writes group, name and parameters, without charset and text encodings.
func lineHead(line Line) string {
	var head strings.Builder
	if line.Group != "" {
		head.WriteString(line.Group + ".")
	}
	head.WriteString(line.Name)
	var kinds []string
	for _, param := range line.Params {
		switch {
		case param.Name == "CHARSET":
		case param.Name == "ENCODING" && isBase64(line):
			head.WriteString(";ENCODING=b")
		case param.Name == "ENCODING":
		case param.Name == "TYPE":
			kinds = append(kinds, param.Values...)
		default:
			head.WriteString(";" + param.Name + "=" + quoteParams(param.Values))
		}
	}
	if kinds = slices.DeleteFunc(kinds, func(kind string) bool { return kind == "" }); len(kinds) > 0 {
		head.WriteString(";TYPE=" + quoteParams(kinds))
	}
	return head.String()
}

func quoteParams(values []string) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		if strings.ContainsAny(value, "\n\"^") {
			value = strings.NewReplacer("^", "^^", "\n", "^n", `"`, "^'").Replace(value)
		}
		if strings.ContainsAny(value, ",;:") {
			value = `"` + value + `"`
		}
		quoted[i] = value
	}
	return strings.Join(quoted, ",")
}

// escapeLoosely escapes what a value of vCard 3.0 must escape and leaves what is escaped already.
func escapeLoosely(text string, commas bool) string {
	var value strings.Builder
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\n':
			value.WriteString(`\n`)
		case text[i] == ',' && commas:
			value.WriteString(`\,`)
		case text[i] == '\\' && i+1 < len(text) && strings.IndexByte(`nN,;:\"`, text[i+1]) >= 0:
			value.WriteString(text[i : i+2])
			i++
		case text[i] == '\\':
			value.WriteString(`\\`)
		default:
			value.WriteByte(text[i])
		}
	}
	return value.String()
}
