// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
)

// calendarProperty normalizes a line of an iCalendar object.
func (n *normalizer) calendarProperty(component *Component, line Line) []property {
	switch line.Name {
	case "DTSTART", "RECURRENCE-ID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "COMPLETED", "DUE", "DTEND":
		return []property{{line.Name, n.params(line, "TZID"), n.moments(line)}}
	case "EXDATE", "RDATE":
		return n.dateList(line)
	case "DURATION":
		return []property{n.duration(component, line)}
	case "TRIGGER":
		return []property{{line.Name, n.params(line), trigger(line)}}
	case "RRULE", "EXRULE":
		return []property{{line.Name, n.params(line), normalRule(string(line.Value))}}
	case "CATEGORIES", "RESOURCES":
		return n.items(line.Name, line)
	case "ATTENDEE", "ORGANIZER", "URL", "TZURL", "SOURCE", "CONFERENCE":
		return []property{{line.Name, n.params(line), reference(string(line.Value))}}
	case "ATTACH", "IMAGE":
		if digest, ok := digestInline(line); ok {
			return []property{{line.Name, n.params(line, "TYPE", "FMTTYPE"), digest}}
		}
		return []property{{line.Name, n.params(line), reference(line.Text())}}
	case "GEO":
		return []property{{line.Name, n.params(line), position(string(line.Value))}}
	case "REQUEST-STATUS":
		return []property{{line.Name, n.params(line), n.structured(line)}}
	}
	value := strings.Trim(plainly(line), " \t")
	switch line.Name {
	case "PRIORITY", "PERCENT-COMPLETE", "REPEAT":
		value = integer(value)
	case "STATUS", "CLASS", "TRANSP", "ACTION", "BUSYTYPE":
		value = strings.ToUpper(value) // RFC 5545 section 2: enumerated values have any case
	default:
		value = typed(line, value)
	}
	if value == defaultValues[line.Name] && value != "" {
		return nil
	}
	return []property{{line.Name, n.params(line), value}}
}

// blanksAround returns the blanks at both ends of a value of a calendar: nobody sees them, and Cyrus takes
// them away.
func (n *normalizer) blanksAround(line Line) string {
	inner := bytes.Trim(line.Value, " \t")
	if n.doc.Kind == KindContact || len(inner) == len(line.Value) || len(inner) == 0 {
		return ""
	}
	before, after, _ := bytes.Cut(line.Value, inner)
	return string(before) + "\x00" + string(after)
}

// defaultValues are what a property means when it is not there.
var defaultValues = map[string]string{"TRANSP": "OPAQUE", "CLASS": "PUBLIC", "PRIORITY": "0"}

// moments writes a date or time as its instant and its zone.
func (n *normalizer) moments(line Line) string {
	return n.moment(string(line.Value), line.Param("TZID"))
}

func (n *normalizer) moment(value, id string) string {
	at, ok := parseMoment(value)
	switch {
	case !ok:
		return "raw " + strings.TrimSpace(value)
	case at.isDate:
		return "date " + at.clock.Format("20060102")
	case at.isUTC:
		return "utc " + at.clock.Format("20060102T150405")
	case id == "":
		return "floating " + at.clock.Format("20060102T150405")
	}
	return fmt.Sprintf("zoned %s %s", n.zones.instant(at, id).Format("20060102T150405"), id)
}

// dateList makes one property of each date of EXDATE and RDATE.
func (n *normalizer) dateList(line Line) []property {
	params, id := n.params(line, "TZID"), line.Param("TZID")
	if bytes.Count(line.Value, []byte(",")) > maxItems {
		return []property{{line.Name, params, plainly(line) + "\x00" + id}}
	}
	var found []property
	for item := range strings.SplitSeq(string(line.Value), ",") {
		first, rest, period := strings.Cut(item, "/")
		text := n.moment(first, id)
		if period {
			text += "/" + n.periodEnd(first, rest, id)
		}
		found = append(found, property{line.Name, params, text})
	}
	return found
}

func (n *normalizer) periodEnd(first, rest, id string) string {
	length, isSpan := parseSpan(rest)
	start, ok := parseMoment(first)
	if !isSpan || !ok {
		return n.moment(rest, id)
	}
	start.clock = length.addTo(start.clock)
	return n.moment(start.written(), id)
}

// written returns the moment as iCalendar has it.
func (m moment) written() string {
	switch {
	case m.isDate && m.clock.Equal(m.clock.Truncate(24*time.Hour)):
		return m.clock.Format("20060102")
	case m.isUTC:
		return m.clock.Format("20060102T150405Z")
	}
	return m.clock.Format("20060102T150405")
}

// duration turns the DURATION of an event into its end, so that it compares with DTEND. A day of the
// clock is a day of the calendar only where the clocks are not changed, so it is added to the wall clock.
func (n *normalizer) duration(component *Component, line Line) property {
	length, ok := parseSpan(string(line.Value))
	if !ok {
		return property{line.Name, n.params(line), "raw " + string(line.Value)}
	}
	startLine, hasStart := component.First("DTSTART")
	start, startOK := parseMoment(string(startLine.Value))
	if !hasStart || !startOK || !takesPlace(component.Name) {
		return property{line.Name, n.params(line), length.written()}
	}
	name := "DTEND"
	if component.Name == "VTODO" {
		name = "DUE"
	}
	start.clock = length.addTo(start.clock)
	return property{name, n.params(line), n.moment(start.written(), startLine.Param("TZID"))}
}

func (s span) written() string { return fmt.Sprintf("span %d days %d s", s.days, s.seconds) }

func trigger(line Line) string {
	value := string(line.Value)
	if length, ok := parseSpan(value); ok {
		return length.written()
	}
	if at, ok := parseMoment(value); ok {
		return at.written()
	}
	return "raw " + value
}

// normalRuleItem writes "+01" as 1, and "-02MO" as -2MO.
func normalRuleItem(item string) string {
	item = strings.TrimSpace(item)
	letters := strings.TrimLeft(item, "+-0123456789")
	if number := item[:len(item)-len(letters)]; number != "" {
		return integer(number) + letters
	}
	return item
}

// normalRule writes the parts of a rule in one order, without what goes without saying.
func normalRule(value string) string {
	if len(value) > maxRuleLength {
		return value
	}
	var parts []string
	for part := range strings.SplitSeq(strings.ToUpper(strings.Trim(value, "; ")), ";") {
		name, text, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case name == "INTERVAL" && integer(text) == "1" || name == "WKST" && text == "MO":
			continue
		case strings.HasPrefix(name, "BY"):
			items := strings.Split(text, ",")
			for i, item := range items {
				items[i] = normalRuleItem(item)
			}
			slices.Sort(items)
			text = strings.Join(slices.Compact(items), ",")
		case name == "INTERVAL", name == "COUNT":
			text = integer(text)
		case name == "UNTIL":
			if at, ok := parseMoment(text); ok {
				text = at.written()
			}
		}
		parts = append(parts, name+"="+text)
	}
	slices.Sort(parts)
	return strings.Join(parts, ";")
}
