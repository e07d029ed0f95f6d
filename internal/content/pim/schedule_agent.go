// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"strings"
)

const clientAgent = ";SCHEDULE-AGENT=CLIENT"

// InjectScheduleAgent puts SCHEDULE-AGENT=CLIENT on every ATTENDEE and ORGANIZER that has no
// SCHEDULE-AGENT, so that a server sends nothing (RFC 6638 section 7.1). NONE would do by the standard,
// but SabreDAV heeds only CLIENT. It is listed as a fix, which can be taken back.
//
// While it stands in the object, later invitations are not sent either: a caller notes it and takes it
// out in a second pass by [RemoveScheduleAgent].
func InjectScheduleAgent(data []byte) (injected []byte, fixes []Fix) {
	return editAgents(data, "SCHEDULE-AGENT=CLIENT set for all attendees", injectAgent)
}

// RemoveScheduleAgent takes SCHEDULE-AGENT=CLIENT from every ATTENDEE and ORGANIZER, whoever put it
// there, and whatever else changed in the object since.
func RemoveScheduleAgent(data []byte) (removed []byte, fixes []Fix) {
	return editAgents(data, "SCHEDULE-AGENT=CLIENT removed", removeAgent)
}

func editAgents(data []byte, done string, change func(Line, *lineReader) *Edit) ([]byte, []Fix) {
	doc, err := parseAs(data, KindCalendar)
	if err != nil {
		return data, nil
	}
	fix := Fix{Code: CodeScheduleAgent, Sentence: done}
	reader := newLineReader(data)
	for _, line := range doc.invited() {
		edit := change(line, reader)
		if edit == nil {
			continue
		}
		if fix.Line == 0 {
			fix.Line = line.Number
		}
		fix.Edits = append(fix.Edits, *edit)
	}
	if len(fix.Edits) == 0 {
		return data, nil
	}
	return applyEdits(data, fix.Edits), []Fix{fix}
}

// invited returns ORGANIZER and ATTENDEE of all events and tasks, in order. The ATTENDEE of an alarm is no
// calendar user but who gets the alarm's mail.
func (d *Document) invited() []Line {
	var found []Line
	for _, calendar := range d.Components {
		for _, child := range calendar.Children {
			for line := range child.properties() {
				if line.Name == "ATTENDEE" || line.Name == "ORGANIZER" {
					found = append(found, line)
				}
			}
		}
	}
	return found
}

// injectAgent puts the parameter behind the name. A line that would grow too long is folded there.
func injectAgent(line Line, reader *lineReader) *Edit {
	if line.Param("SCHEDULE-AGENT") != "" {
		return nil
	}
	after := bytes.IndexAny(line.content, ";:")
	_, parts := reader.segments(line)
	part := parts[0]
	if after > part.length {
		return nil
	}
	text := clientAgent
	if end := lineEnd(line); end != "" && part.length+len(clientAgent) > 75 {
		text += end + " "
	}
	return &Edit{part.raw + after, nil, []byte(text)}
}

func removeAgent(line Line, _ *lineReader) *Edit {
	if !strings.EqualFold(line.Param("SCHEDULE-AGENT"), "CLIENT") {
		return nil
	}
	at := bytes.IndexAny(line.content, ";:")
	for at < len(line.content) && line.content[at] == ';' {
		param, next, _ := readParam(line.content, at+1)
		if param.Name == "SCHEDULE-AGENT" {
			replaced := replaceLine(line, string(line.content[:at])+string(line.content[next:]))
			return &replaced
		}
		at = next
	}
	return nil
}
