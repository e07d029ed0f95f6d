// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Window bounds an expansion: occurrences that begin in [From, To), at most Max of them; 0 means 5,000.
type Window struct {
	From, To time.Time
	Max      int
}

// Occurrence is one time at which an event, a task or a journal entry takes place.
type Occurrence struct {
	Component  string
	UID        string
	Start, End time.Time // instants; a floating or all-day time is taken as UTC
	AllDay     bool
	Summary    [8]byte // the beginning of a SHA-256 over the summary and the status
}

// Occurrences expands a calendar object: RRULE, RDATE, EXDATE, overrides by RECURRENCE-ID, time zones by
// VTIMEZONE and else by the name of the TZID. The result is sorted by start. complete is false where a
// bound was reached or a rule could not be expanded; the result is then the part that could be.
func Occurrences(data []byte, window Window) (occurrences []Occurrence, complete bool) {
	doc, err := Parse(data)
	if err != nil {
		return nil, false
	}
	return doc.occurrences(window)
}

func (d *Document) occurrences(window Window) ([]Occurrence, bool) {
	if window.Max <= 0 {
		window.Max = 5000
	}
	work := newBudget()
	e := &expander{window: window, zones: newZones(d, work), budget: work, complete: true}
	for _, group := range d.recurrenceSets() {
		e.expandGroup(group)
	}
	slices.SortStableFunc(e.found, func(a, b Occurrence) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.UID, b.UID), a.End.Compare(b.End),
			bytes.Compare(a.Summary[:], b.Summary[:]))
	})
	return e.found, e.complete
}

// recurrenceSets puts the components of one kind and UID together, in the order of the object.
func (d *Document) recurrenceSets() [][]*Component {
	var groups [][]*Component
	index := map[string]int{}
	for _, calendar := range d.Components {
		for _, child := range calendar.Children {
			if !takesPlace(child.Name) {
				continue
			}
			uid, _ := child.First("UID")
			key := child.Name + ":" + string(uid.Value)
			at, known := index[key]
			if !known {
				at = len(groups)
				index[key] = at
				groups = append(groups, nil)
			}
			groups[at] = append(groups[at], child)
		}
	}
	return groups
}

func takesPlace(component string) bool {
	return component == "VEVENT" || component == "VTODO" || component == "VJOURNAL"
}

type expander struct {
	window   Window
	zones    *zones
	budget   *budget
	found    []Occurrence
	complete bool
}

// exceptions are instants at which something does not take place, as seconds since 1970: those of the window
// only, because a calendar of many years may except many.
type exceptions map[int64]bool

// maxExceptions bounds the exceptions of one component; one every hour of two years is less.
const maxExceptions = 20_000

func (e *expander) except(all exceptions, at moment, zoneID string) {
	instant := e.zones.instant(at, zoneID)
	switch {
	case instant.Before(e.window.From) || !instant.Before(e.window.To):
	case len(all) >= maxExceptions:
		e.complete = false
	default:
		all[instant.Unix()] = true
	}
}

// expandGroup expands the masters of a recurrence set, then adds its overrides.
func (e *expander) expandGroup(group []*Component) {
	replaced := exceptions{}
	for _, component := range group {
		if id, ok := component.First("RECURRENCE-ID"); ok {
			if at, ok := parseMoment(string(id.Value)); ok {
				e.except(replaced, at, id.Param("TZID"))
			}
		}
	}
	for _, component := range group {
		if _, override := component.First("RECURRENCE-ID"); override {
			e.expandMaster(component, nil)
			continue
		}
		e.expandMaster(component, replaced)
	}
}

// occurring is a component that is being expanded.
type occurring struct {
	template Occurrence
	start    moment
	zoneID   string
	length   func(start moment, zoneID string) time.Time
	replaced exceptions // by overrides; shared by the components of a set
	skip     exceptions
	given    exceptions
}

func (e *expander) expandMaster(component *Component, replaced exceptions) {
	startLine, ok := component.First("DTSTART")
	if !ok {
		startLine, ok = component.First("DUE")
	}
	start, valid := parseMoment(string(startLine.Value))
	if !ok || !valid {
		e.complete = e.complete && !ok
		return
	}
	uid, _ := component.First("UID")
	o := &occurring{start: start, zoneID: startLine.Param("TZID"), replaced: replaced, skip: exceptions{}, given: exceptions{}}
	o.template = Occurrence{
		Component: component.Name, UID: string(uid.Value), AllDay: start.isDate, Summary: summaryOf(component),
	}
	o.length = e.lengthOf(component, start, o.zoneID)
	for line := range component.properties() {
		switch line.Name {
		case "EXDATE":
			e.eachDate(line, func(at moment, id string) { e.except(o.skip, at, id) })
		case "EXRULE": // RFC 2445 section 4.8.5.2; servers still keep it
			e.eachTime(o, string(line.Value), func(at moment) bool {
				e.except(o.skip, at, o.zoneID)
				return len(o.skip) < maxExceptions
			})
		}
	}
	e.add(o, start, o.zoneID)
	for line := range component.properties() {
		switch line.Name {
		case "RRULE":
			e.eachTime(o, string(line.Value), func(at moment) bool { return e.add(o, at, o.zoneID) })
		case "RDATE":
			e.eachDate(line, func(at moment, id string) { e.add(o, at, id) })
		}
	}
}

// eachTime calls do for each time that a rule yields, until it returns false. A start that does not fit the rule
// counts as the first all the same (RFC 5545 section 3.8.5.3 leaves it open); both sides are expanded alike.
func (e *expander) eachTime(o *occurring, value string, do func(at moment) bool) {
	parsed, err := parseRule(value)
	if err != nil {
		e.complete = false
		return
	}
	last := e.window.To.AddDate(0, 0, 2)
	within := parsed.expand(o.start.clock, last, e.budget, func(clock time.Time) bool {
		at := moment{clock: clock, isDate: o.start.isDate, isUTC: o.start.isUTC}
		return !parsed.endsBefore(clock, e.zones.instant(at, o.zoneID)) && do(at)
	})
	e.complete = e.complete && within
}

// add adds one occurrence unless it is excluded or outside of the window; false means that there is no
// more room.
func (e *expander) add(o *occurring, at moment, zoneID string) bool {
	start := e.zones.instant(at, zoneID)
	second := start.Unix()
	if o.replaced[second] || o.skip[second] || o.given[second] || start.Before(e.window.From) || !start.Before(e.window.To) {
		return true
	}
	if len(e.found) >= e.window.Max {
		e.complete = false
		return false
	}
	o.given[second] = true
	occurrence := o.template
	occurrence.Start, occurrence.End = start, o.length(at, zoneID)
	e.found = append(e.found, occurrence)
	return true
}

// lengthOf returns how to find the end of an occurrence: by DURATION in the calendar, by DTEND or DUE as
// exact time.
func (e *expander) lengthOf(component *Component, start moment, zoneID string) func(moment, string) time.Time {
	if line, ok := component.First("DURATION"); ok {
		if length, ok := parseSpan(string(line.Value)); ok {
			return func(at moment, id string) time.Time {
				at.clock = length.addTo(at.clock)
				return e.zones.instant(at, id)
			}
		}
	}
	var exact time.Duration
	line, ok := component.First("DTEND")
	if !ok {
		line, ok = component.First("DUE")
	}
	if end, valid := parseMoment(string(line.Value)); ok && valid {
		exact = e.zones.instant(end, line.Param("TZID")).Sub(e.zones.instant(start, zoneID))
	} else if start.isDate {
		exact = 24 * time.Hour
	}
	return func(at moment, id string) time.Time { return e.zones.instant(at, id).Add(exact) }
}

// eachDate calls do for every date of EXDATE or RDATE; a period counts as its start.
func (e *expander) eachDate(line Line, do func(at moment, zoneID string)) {
	for item := range strings.SplitSeq(string(line.Value), ",") {
		if !e.budget.spend(1) {
			e.complete = false
			return
		}
		first, _, _ := strings.Cut(item, "/")
		at, ok := parseMoment(first)
		if !ok {
			e.complete = false
			continue
		}
		do(at, line.Param("TZID"))
	}
}

func summaryOf(component *Component) [8]byte {
	summary, _ := component.First("SUMMARY")
	status, _ := component.First("STATUS")
	sum := sha256.Sum256([]byte(plainly(summary) + "\x00" + strings.ToUpper(status.Text())))
	return [8]byte(sum[:8])
}

// compareOccurrences compares what two objects yield within a window. It catches what a comparison of texts cannot:
// a damaged time zone. The difference names the first one.
func compareOccurrences(a, b []Occurrence) (Difference, bool) {
	for i := range min(len(a), len(b)) {
		if sentence := differingTime(a[i], b[i]); sentence != "" {
			sentence = fmt.Sprintf("occurrence %d %s at the destination", i+1, sentence)
			return Difference{Component: a[i].Component, Property: "DTSTART", Sentence: sentence}, false
		}
	}
	if len(a) == len(b) {
		return Difference{}, true
	}
	longer := a
	if len(b) > len(a) {
		longer = b
	}
	sentence := fmt.Sprintf("it takes place %d times at the source and %d times at the destination", len(a), len(b))
	return Difference{Component: longer[0].Component, Property: "RRULE", Sentence: sentence}, false
}

func differingTime(a, b Occurrence) string {
	switch {
	case !a.Start.Equal(b.Start):
		return "begins " + shift(b.Start.Sub(a.Start))
	case !a.End.Equal(b.End):
		return "ends " + shift(b.End.Sub(a.End))
	case a.AllDay != b.AllDay:
		return "is all-day at one end and not"
	case a.UID != b.UID:
		return "has a different UID"
	case a.Summary != b.Summary:
		return "has a different summary or status"
	}
	return ""
}

func shift(by time.Duration) string {
	if by < 0 {
		return fmt.Sprint(-by, " earlier")
	}
	return fmt.Sprint(by, " later")
}
