// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"fmt"
	"strings"
)

var (
	singleCalendar  = names("VERSION PRODID CALSCALE METHOD")
	singleComponent = names("UID DTSTART DTEND DUE DURATION DTSTAMP CREATED LAST-MODIFIED RECURRENCE-ID SEQUENCE " +
		"STATUS SUMMARY DESCRIPTION LOCATION CLASS TRANSP PRIORITY GEO ORGANIZER URL COMPLETED PERCENT-COMPLETE")
)

// calendar looks at one VCALENDAR.
func (x *propertyExaminer) calendar(calendar *Component) {
	if calendar.Name != "VCALENDAR" {
		x.report(CodeUnknownComponent, calendar.Begin, "a calendar contains a component other than VCALENDAR")
		return
	}
	x.repeated(calendar, singleCalendar)
	if _, ok := calendar.First("PRODID"); !ok {
		x.repairable(CodeMissingProdID, calendar.Begin, "has no PRODID", "PRODID added",
			insertAfter(calendar.Begin, "PRODID:-//rehome//EN")...)
	}
	for _, method := range calendar.All("METHOD") {
		x.repairable(CodeMethod, method, "has a METHOD, which belongs in a message, not in a calendar",
			"METHOD removed", x.removal(method)...)
	}
	x.together(calendar)
	zones := x.zonesOf(calendar)
	for _, child := range calendar.Children {
		switch child.Name {
		case "VTIMEZONE":
			x.timezone(child)
		case "VFREEBUSY":
			x.report(CodeFreeBusy, child.Begin, "VFREEBUSY does not belong in a calendar")
			x.component(calendar, child, zones)
		case "VEVENT", "VTODO", "VJOURNAL":
			x.component(calendar, child, zones)
		default:
			x.report(CodeUnknownComponent, child.Begin, "a component that is not in the standard")
		}
	}
}

// together checks what the components of one object have in common (RFC 4791 section 4.1).
func (x *propertyExaminer) together(calendar *Component) {
	var kind, uid string
	var first *Component
	masters := map[string]bool{}
	seen := map[string]bool{}
	for _, child := range calendar.Children {
		if !takesPlace(child.Name) && child.Name != "VFREEBUSY" {
			continue
		}
		line, _ := child.First("UID")
		own := string(line.Value)
		switch {
		case first == nil:
			first = child
			kind = child.Name
			uid = own
		case kind != child.Name:
			x.report(CodeMixedComponents, child.Begin, fmt.Sprintf("holds both %s and %s", kind, child.Name))
			kind = child.Name
		case own != uid:
			x.report(CodeSeveralUIDs, child.Begin, "holds components with different UIDs")
			uid = own
		}
		id, override := child.First("RECURRENCE-ID")
		key := child.Name + " " + own + " " + string(id.Value)
		switch {
		case !override && masters[key]:
			x.report(CodeSeveralMasters, child.Begin, "holds two components without RECURRENCE-ID")
		case !override:
			masters[key] = true
		case seen[key]:
			x.report(CodeRepeatedOverride, id, "has the same RECURRENCE-ID twice")
		default:
			seen[key] = true
		}
	}
	if first == nil {
		x.report(CodeNoComponent, calendar.Begin, "holds no event, task or journal entry")
	} else if len(masters) == 0 {
		x.loneOverride(first, len(seen))
	}
}

// loneOverride can become a single event if there is only one.
func (x *propertyExaminer) loneOverride(override *Component, count int) {
	const sentence = "changes one occurrence of an event that is not here"
	id, _ := override.First("RECURRENCE-ID")
	if count > 1 {
		x.report(CodeLoneOverride, id, sentence)
		return
	}
	x.repairable(CodeLoneOverride, id, sentence, "converted to a single event: RECURRENCE-ID removed", x.removal(id)...)
}

// component looks at one event, task, journal entry or free-busy time.
func (x *propertyExaminer) component(calendar, child *Component, known map[string]bool) {
	x.repeated(child, singleComponent)
	if line, ok := child.First("UID"); ok {
		x.checkUID(line)
	} else {
		uid := x.siblingUID(calendar)
		x.repairable(CodeMissingEventUID, child.Begin, "has no UID", "UID added", insertAfter(child.Begin, "UID:"+uid)...)
	}
	if _, ok := child.First("DTSTAMP"); !ok {
		x.repairable(CodeMissingDTStamp, child.Begin, "has no DTSTAMP", "DTSTAMP added",
			insertAfter(child.Begin, "DTSTAMP:"+stampFor(child))...)
	}
	x.times(child)
	x.rules(child)
	x.people(child)
	x.zoneNames(child, known)
	for line := range child.properties() {
		x.calendarLine(line)
	}
	for _, alarm := range child.Children {
		x.alarm(alarm)
	}
}

// siblingUID gives components without UID that of their sibling, or all the same new one.
func (x *propertyExaminer) siblingUID(calendar *Component) string {
	if uid, known := x.siblings[calendar]; known {
		return uid
	}
	uid := ""
	for _, child := range calendar.Children {
		if line, ok := child.First("UID"); ok && takesPlace(child.Name) {
			uid = string(line.Value)
			break
		}
	}
	if uid == "" {
		uid = x.madeUID(calendar)
	}
	x.siblings[calendar] = uid
	return uid
}

// stampFor takes what comes nearest to DTSTAMP. The clock is not asked: the same object gets the same
// stamp again.
func stampFor(child *Component) string {
	for _, name := range []string{"LAST-MODIFIED", "CREATED", "DTSTART"} {
		line, _ := child.First(name)
		if at, ok := parseMoment(string(line.Value)); ok {
			return at.clock.Format("20060102T150405Z")
		}
	}
	return "19700101T000000Z"
}

func (x *propertyExaminer) calendarLine(line Line) {
	switch line.Name {
	case "CATEGORIES":
		x.categories(line)
	case "ATTACH":
		lower := strings.ToLower(string(line.Value[:min(len(line.Value), 8)]))
		remote := strings.HasPrefix(lower, "http:") || strings.HasPrefix(lower, "https:") || strings.HasPrefix(lower, "/")
		if line.Param("MANAGED-ID") != "" || remote && !isBase64(line) {
			x.report(CodeRemoteAttachment, line, "an attachment is on a server, perhaps on the source")
		}
	}
}

// categories finds CATEGORIES:A\,B as old servers wrote the list A,B.
func (x *propertyExaminer) categories(line Line) {
	if !bytes.Contains(line.Value, []byte(`\,`)) || len(line.Value) > longText {
		return
	}
	value := string(line.Value)
	if len(splitEscaped(value, ',')) > 1 {
		return
	}
	head := line.content[:len(line.content)-len(line.Value)]
	x.repairable(CodeJoinedCategories, line, "several categories may be written as one text",
		"categories separated", replaceLine(line, string(head)+strings.ReplaceAll(value, `\,`, ",")))
}

func (x *propertyExaminer) alarm(alarm *Component) {
	action, _ := alarm.First("ACTION")
	if alarm.Name != "VALARM" {
		x.report(CodeUnknownComponent, alarm.Begin, "a component that is not in the standard")
		return
	}
	if strings.EqualFold(string(action.Value), "EMAIL") {
		x.repairable(CodeEmailAlarm, action, "an alarm sends mail", "email alarm converted to a display alarm",
			replaceLine(action, "ACTION:DISPLAY"))
	}
	if line, ok := alarm.First("DURATION"); ok {
		x.duration(line)
	}
	if line, ok := alarm.First("TRIGGER"); ok && !strings.EqualFold(line.Param("VALUE"), "DATE-TIME") {
		if _, isTime := parseMoment(string(line.Value)); !isTime {
			x.duration(line)
		}
	}
}

// people checks who is invited (RFC 6638 section 3.1).
func (x *propertyExaminer) people(child *Component) {
	organizer, hasOrganizer := child.First("ORGANIZER")
	attendees := child.All("ATTENDEE")
	if len(attendees) > 0 && !hasOrganizer {
		x.report(CodeAttendeesNoOrganizer, attendees[0], "has attendees but no organizer")
	}
	for _, line := range append(attendees, organizer) {
		if line.Param("SCHEDULE-AGENT") != "" {
			x.report(CodeUnmeantAgent, line, "has a SCHEDULE-AGENT, which says who sends the invitations")
			return
		}
	}
}
