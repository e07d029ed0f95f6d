// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"fmt"
	"strings"
	"time"
)

// times checks the dates of a component and how they go together.
func (x *propertyExaminer) times(child *Component) {
	for line := range child.properties() {
		switch line.Name {
		case "DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "COMPLETED", "EXDATE", "RDATE":
			x.dates(line)
		case "DURATION":
			x.duration(line)
		}
	}
	start, hasStart := child.First("DTSTART")
	if !hasStart && child.Name == "VEVENT" {
		x.report(CodeMissingDTStart, child.Begin, "has no DTSTART")
	}
	if at, ok := parseMoment(string(start.Value)); ok {
		x.range32(start, at.clock)
	}
	end, hasEnd := child.First("DTEND")
	if !hasEnd {
		end, hasEnd = child.First("DUE")
	}
	_, hasDuration := child.First("DURATION")
	switch {
	case hasEnd && hasDuration:
		x.report(CodeEndAndDuration, end, "has both an end and a duration")
	case hasStart && hasEnd && x.endsTooEarly(start, end):
		x.report(CodeEndBeforeStart, end, "ends before it begins")
	}
}

func (x *propertyExaminer) dates(line Line) {
	for item := range strings.SplitSeq(string(line.Value), ",") {
		first, _, _ := strings.Cut(item, "/")
		if _, ok := parseMoment(first); !ok {
			x.report(CodeInvalidDate, line, line.Name+" is not a date")
			return
		}
	}
}

// range32 warns of what old servers keep as an unsigned 32-bit number, or a signed one.
func (x *propertyExaminer) range32(line Line, at time.Time) {
	switch {
	case at.Year() < 1970:
		x.report(CodeBefore1970, line, "begins before 1970")
	case at.Year() >= 2038:
		x.report(CodeAfter2038, line, "begins after 2037")
	}
}

func (x *propertyExaminer) endsTooEarly(startLine, endLine Line) bool {
	start, startOK := parseMoment(string(startLine.Value))
	end, endOK := parseMoment(string(endLine.Value))
	sameClock := start.isUTC == end.isUTC && startLine.Param("TZID") == endLine.Param("TZID")
	return startOK && endOK && sameClock && end.clock.Before(start.clock)
}

// duration repairs "PT1D", which some clients write for "P1D".
func (x *propertyExaminer) duration(line Line) {
	value := string(line.Value)
	if _, ok := parseSpan(value); ok {
		return
	}
	const sentence = "a duration cannot be read"
	head := line.content[:len(line.content)-len(line.Value)]
	for _, unit := range []string{"D", "W"} {
		if fixed := strings.Replace(value, "PT", "P", 1); strings.HasSuffix(value, unit) && len(value) < 20 {
			if _, ok := parseSpan(fixed); ok {
				x.repairable(CodeBadDuration, line, sentence, "T removed from a duration in days", replaceLine(line, string(head)+fixed))
				return
			}
		}
	}
	x.report(CodeBadDuration, line, sentence)
}

// rules checks RRULE.
func (x *propertyExaminer) rules(child *Component) {
	start, hasStart := child.First("DTSTART")
	rules := child.All("RRULE")
	if len(rules) > 1 {
		x.report(CodeSeveralRules, rules[1], "has more than one RRULE")
	}
	for _, line := range rules {
		parsed, err := parseRule(string(line.Value))
		if err != nil {
			x.report(CodeBadRule, line, "RRULE "+err.Error())
			continue
		}
		at, ok := parseMoment(string(start.Value))
		if parsed.until != nil && hasStart && ok && parsed.until.isDate != at.isDate {
			x.report(CodeUntilType, line, "UNTIL is a date but DTSTART has a time, or the reverse")
		}
	}
}

// zonesOf returns the TZIDs that a calendar defines.
func (x *propertyExaminer) zonesOf(calendar *Component) map[string]bool {
	defined := map[string]bool{}
	for _, child := range calendar.Children {
		if id, ok := child.First("TZID"); ok && child.Name == "VTIMEZONE" {
			defined[tzid(string(id.Value))] = true
		}
	}
	return defined
}

// zoneNames reports each TZID without its VTIMEZONE once.
func (x *propertyExaminer) zoneNames(child *Component, known map[string]bool) {
	for line := range child.properties() {
		id := strings.TrimSpace(line.Param("TZID"))
		if id == "" || known[id] {
			continue
		}
		known[id] = true
		if namedZone(id) == nil {
			x.report(CodeUnknownZone, line, "a time zone is neither defined in the object nor has a known name")
			continue
		}
		x.report(CodeMissingVTimezone, line, "a time zone is named but not defined in the object")
	}
}

// timezone checks the offsets of a VTIMEZONE.
func (x *propertyExaminer) timezone(component *Component) {
	for _, child := range component.Children {
		for line := range child.properties() {
			if line.Name == "TZOFFSETFROM" || line.Name == "TZOFFSETTO" {
				x.offset(line)
			}
		}
	}
}

// offset repairs "+5730", where the hours are missing: 57 minutes and 30 seconds.
func (x *propertyExaminer) offset(line Line) {
	value := strings.TrimSpace(string(line.Value))
	if _, ok := parseOffset(value); ok {
		return
	}
	const sentence = "an offset of a time zone cannot be read"
	if len(value) == 5 {
		fixed := value[:1] + "00" + value[1:]
		if _, ok := parseOffset(fixed); ok {
			x.repairable(CodeBadOffset, line, sentence, "hours added to a time zone offset",
				replaceLine(line, fmt.Sprintf("%s:%s", line.Name, fixed)))
			return
		}
	}
	x.report(CodeBadOffset, line, sentence)
}
