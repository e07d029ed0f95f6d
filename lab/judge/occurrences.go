// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// How far a series is followed.
const (
	mostOccurrences = 400
	mostYears       = 12
	mostTimesADay   = 500
)

// sequence adds up the SEQUENCE of all components: it never goes down.
func (c *component) sequence() int {
	n, _ := strconv.Atoi(strings.TrimSpace(c.first("SEQUENCE")))
	for _, inner := range c.inside {
		n += inner.sequence()
	}
	return n
}

// occurrences lists when the events and tasks of an object take place, in UTC where they have a zone. A rule that
// cannot be followed cheaply has none: its text has been compared.
func (c *component) occurrences() (times []string) {
	zones := c.zones()
	overridden := map[string]bool{}
	for _, e := range c.inside {
		if id := e.first("RECURRENCE-ID"); id != "" {
			overridden[e.instant("RECURRENCE-ID", zones)] = true
		}
	}
	for _, e := range c.inside {
		if e.name == "VTIMEZONE" || e.first("DTSTART") == "" {
			continue
		}
		for _, start := range e.starts(zones) {
			if e.first("RECURRENCE-ID") != "" || !overridden[start] {
				times = append(times, start+" "+e.name+" until "+e.instant("DTEND", zones))
			}
		}
	}
	sort.Strings(times)
	return times
}

// starts lists the starts of one component: its own, those of its rules and dates, without the exceptions.
func (c *component) starts(zones map[string]*zone) []string {
	p, start, ok := c.moment("DTSTART")
	if !ok {
		return nil
	}
	at := zoneOf(p, zones)
	set := map[string]bool{at.text(start): true}
	for _, q := range c.properties {
		switch q.name {
		case "RRULE":
			for _, t := range follow(q.value, start, at) {
				set[at.text(t)] = true
			}
		case "RDATE":
			for value := range strings.SplitSeq(q.value, ",") {
				set[textOf(q, value, zones)] = true
			}
		}
	}
	for _, q := range c.properties {
		if q.name == "EXDATE" {
			for value := range strings.SplitSeq(q.value, ",") {
				delete(set, textOf(q, value, zones))
			}
		}
	}
	var all []string
	for t := range set {
		all = append(all, t)
	}
	return all
}

func (c *component) moment(name string) (property, time.Time, bool) {
	for _, p := range c.properties {
		if p.name == name {
			t, ok := wall(p.value)
			return p, t, ok
		}
	}
	return property{}, time.Time{}, false
}

func (c *component) instant(name string, zones map[string]*zone) string {
	p, t, ok := c.moment(name)
	if !ok {
		return c.first(name)
	}
	return zoneOf(p, zones).text(t)
}

func textOf(p property, value string, zones map[string]*zone) string {
	p.value = value
	t, ok := wall(value)
	if !ok {
		return value
	}
	return zoneOf(p, zones).text(t)
}

// wall reads a date or a time as the clock on the wall shows it.
func wall(value string) (time.Time, bool) {
	value = strings.TrimSuffix(strings.TrimSpace(value), "Z")
	for _, layout := range []string{"20060102T150405", "20060102"} {
		if t, err := time.Parse(layout, value); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// follow expands a rule by the clock on the wall; until is an instant (RFC 5545, section 3.3.10).
func follow(rule string, start time.Time, at *zone) (times []time.Time) {
	var kept []string
	until := ""
	for part := range strings.SplitSeq(strings.ToUpper(strings.TrimSpace(rule)), ";") {
		if value, found := strings.CutPrefix(part, "UNTIL="); found {
			until = value
		} else if part != "" {
			kept = append(kept, part)
		}
	}
	option, err := rrule.StrToROption(strings.Join(kept, ";"))
	if err != nil || option.Freq >= rrule.HOURLY {
		return nil
	}
	if max(len(option.Byhour), 1)*max(len(option.Byminute), 1)*max(len(option.Bysecond), 1) > mostTimesADay {
		return nil
	}
	option.Dtstart = start
	expanded, err := rrule.NewRRule(*option)
	if err != nil {
		return nil
	}
	next := expanded.Iterator()
	end := start.AddDate(mostYears, 0, 0)
	for len(times) < mostOccurrences {
		t, more := next()
		if !more || t.After(end) || until != "" && at.after(t, until) {
			break
		}
		times = append(times, t)
	}
	return times
}

// zone turns the clock on the wall into UTC.
type zone struct {
	name     string // for what has no definition
	utc      bool
	location *time.Location
	changes  []change // in order
}

// change is the moment, on the clock before it, from which on an offset holds.
type change struct {
	from           time.Time
	before, offset time.Duration
}

// text renders a time: in UTC, or as it is where no zone is known.
func (z *zone) text(t time.Time) string {
	if utc, known := z.instant(t); known {
		return utc.Format("20060102T150405Z")
	}
	return t.Format("20060102T150405") + " " + z.name
}

func (z *zone) instant(t time.Time) (time.Time, bool) {
	switch {
	case z.utc:
		return t, true
	case z.location != nil:
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, z.location).UTC(), true
	case len(z.changes) == 0:
		return t, false
	}
	offset := z.changes[0].before
	for _, c := range z.changes {
		if t.Before(c.from) {
			break
		}
		offset = c.offset
	}
	return t.Add(-offset), true
}

// after compares a time on the wall with UNTIL, which is a date, a time on the wall, or in UTC. A date is
// the whole day.
func (z *zone) after(t time.Time, until string) bool {
	limit, ok := wall(until)
	if !ok {
		return false
	}
	if !strings.Contains(until, "T") {
		return t.After(limit.AddDate(0, 0, 1).Add(-time.Second))
	}
	if utc, known := z.instant(t); known && strings.HasSuffix(until, "Z") {
		return utc.After(limit)
	}
	return t.After(limit)
}

func zoneOf(p property, zones map[string]*zone) *zone {
	if strings.HasSuffix(strings.TrimSpace(p.value), "Z") {
		return &zone{utc: true}
	}
	if len(p.params["TZID"]) == 0 {
		return &zone{name: "local"}
	}
	name := p.params["TZID"][0]
	if z := zones[name]; z != nil {
		return z
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return &zone{name: name}
	}
	return &zone{name: name, location: location}
}

// zones reads the definitions of an object (RFC 5545, section 3.6.5).
func (c *component) zones() map[string]*zone {
	zones := map[string]*zone{}
	for _, definition := range c.inside {
		if definition.name != "VTIMEZONE" {
			continue
		}
		z := &zone{name: definition.first("TZID")}
		for _, observance := range definition.inside {
			z.changes = append(z.changes, observance.changes()...)
		}
		slices.SortFunc(z.changes, func(a, b change) int { return a.from.Compare(b.from) })
		zones[z.name] = z
	}
	return zones
}

// zoneLines lists all that the definitions of zones say, in an order of its own.
func (c *component) zoneLines() (lines []string) {
	for _, inner := range c.inside {
		if inner.name == "VTIMEZONE" || c.name == "VTIMEZONE" {
			for _, p := range inner.properties {
				lines = append(lines, inner.name+" "+p.name+":"+p.value)
			}
			lines = append(lines, inner.zoneLines()...)
		}
	}
	sort.Strings(lines)
	return lines
}

// lastChange is how far the rules of a zone are followed: further than any series here.
func lastChange() time.Time { return time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC) }

func (c *component) changes() (all []change) {
	_, start, ok := c.moment("DTSTART")
	if !ok {
		return nil
	}
	add := func(t time.Time) {
		all = append(all, change{t, offsetOf(c.first("TZOFFSETFROM")), offsetOf(c.first("TZOFFSETTO"))})
	}
	add(start)
	for _, p := range c.properties {
		switch p.name {
		case "RDATE":
			for value := range strings.SplitSeq(p.value, ",") {
				if t, ok := wall(value); ok {
					add(t)
				}
			}
		case "RRULE":
			for _, t := range everyChange(p.value, start) {
				add(t)
			}
		}
	}
	return all
}

func everyChange(rule string, start time.Time) (times []time.Time) {
	option, err := rrule.StrToROption(strings.TrimSpace(rule))
	if err != nil || option.Freq > rrule.MONTHLY {
		return nil
	}
	option.Dtstart = start
	expanded, err := rrule.NewRRule(*option)
	if err != nil {
		return nil
	}
	next := expanded.Iterator()
	for len(times) < mostOccurrences {
		t, more := next()
		if !more || t.After(lastChange()) {
			break
		}
		times = append(times, t)
	}
	return times
}

// offsetOf reads "+0530" and "-050000".
func offsetOf(text string) time.Duration {
	text = strings.TrimSpace(text)
	var hours, minutes, seconds int
	if len(text) < 5 {
		return 0
	}
	if _, err := fmt.Sscanf(text[1:]+"00", "%2d%2d%2d", &hours, &minutes, &seconds); err != nil {
		return 0
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + time.Duration(seconds)*time.Second
	if text[0] == '-' {
		return -offset
	}
	return offset
}
