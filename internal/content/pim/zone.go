// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // for machines without a tz database
)

// zone turns wall clock times into instants.
type zone interface {
	// offset returns what to subtract from a wall clock time, in seconds, to get UTC.
	offset(clock time.Time) int
}

// zones finds the time zones of one object.
type zones struct {
	defined map[string]*Component // VTIMEZONE by TZID
	known   map[string]zone
	budget  *budget
}

func newZones(doc *Document, b *budget) *zones {
	z := &zones{defined: map[string]*Component{}, known: map[string]zone{}, budget: b}
	for _, calendar := range doc.Components {
		for _, child := range calendar.Children {
			if id, ok := child.First("TZID"); ok && child.Name == "VTIMEZONE" {
				z.defined[tzid(string(id.Value))] = child
			}
		}
	}
	return z
}

func tzid(value string) string { return strings.TrimSpace(unescape(value)) }

// find returns the zone of a TZID: by the object's own VTIMEZONE, else by its name. year is one that will be
// asked for.
func (z *zones) find(id string, year int) (zone, bool) {
	id = strings.TrimSpace(id)
	if found, ok := z.known[id]; ok {
		return found, found != nil
	}
	var found zone
	if component, ok := z.defined[id]; ok {
		if defined := newDefinedZone(component, year, z.budget); defined != nil {
			found = defined
		}
	}
	if location := namedZone(id); found == nil && location != nil {
		found = locationZone{location}
	}
	z.known[id] = found
	return found, found != nil
}

// instant turns a moment into UTC. A floating time, a date and a time in a zone that nobody knows are
// taken as UTC.
func (z *zones) instant(at moment, id string) time.Time {
	if at.isUTC || at.isDate || id == "" {
		return at.clock
	}
	found, ok := z.find(id, at.clock.Year())
	if !ok {
		return at.clock
	}
	return at.clock.Add(-time.Duration(found.offset(at.clock)) * time.Second)
}

// locationZone is a zone of the tz database.
type locationZone struct{ location *time.Location }

func (z locationZone) offset(clock time.Time) int {
	year, month, day := clock.Date()
	hour, minute, second := clock.Clock()
	_, seconds := time.Date(year, month, day, hour, minute, second, 0, z.location).Zone()
	return seconds
}

// namedZone finds a zone by the names that programs use: those of the tz database, bare or behind a
// prefix ("/freeassociation.sourceforge.net/Europe/Berlin"), and those of Windows.
func namedZone(id string) *time.Location {
	if name, ok := windowsZones[id]; ok {
		id = name
	}
	for try := 0; try < 4 && id != ""; try++ {
		if len(id) < 64 && id != "Local" && strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/") == "" {
			if location, err := time.LoadLocation(strings.TrimPrefix(id, "/")); err == nil {
				return location
			}
		}
		_, rest, found := strings.Cut(strings.TrimPrefix(id, "/"), "/")
		if !found {
			return nil
		}
		id = rest
	}
	return nil
}

// definedZone is a VTIMEZONE: the offset is that of the last onset before a time. Onsets are expanded for
// the years that are asked for, because a VTIMEZONE mostly begins in 1970 and never ends.
type definedZone struct {
	component   *Component
	budget      *budget
	first, last int     // years with all their onsets
	onsets      []onset // by clock
}

type onset struct {
	clock    time.Time // by the offset before it
	from, to int
}

// Years that are expanded before and behind the one asked for. A rule has an onset in nine years, even one
// for the 29th of February.
const (
	yearsBefore = 9
	yearsBehind = 10
)

// newDefinedZone returns nil for a VTIMEZONE that says nothing.
func newDefinedZone(component *Component, year int, b *budget) *definedZone {
	z := &definedZone{component: component, budget: b}
	z.cover(year)
	if len(z.onsets) == 0 {
		return nil
	}
	return z
}

// cover expands the years around one.
func (z *definedZone) cover(year int) {
	if z.onsets == nil {
		z.first = year
		z.last = year
	}
	z.first, z.last = min(z.first, year-yearsBefore), max(z.last, year+yearsBehind)
	z.onsets = nil
	for _, child := range z.component.Children {
		z.addObservance(child)
	}
	slices.SortStableFunc(z.onsets, func(a, b onset) int { return a.clock.Compare(b.clock) })
}

// maxOnsets bounds the onsets of a VTIMEZONE.
const maxOnsets = 5000

func (z *definedZone) addObservance(child *Component) {
	startLine, _ := child.First("DTSTART")
	fromLine, _ := child.First("TZOFFSETFROM")
	toLine, _ := child.First("TZOFFSETTO")
	start, ok := parseMoment(string(startLine.Value))
	to, toOK := parseOffset(string(toLine.Value))
	from, fromOK := parseOffset(string(fromLine.Value))
	if !ok || !toOK {
		return
	}
	if !fromOK {
		from = to
	}
	add := func(clock time.Time) { z.onsets = append(z.onsets, onset{clock, from, to}) }
	add(start.clock)
	for line := range child.properties() {
		switch line.Name {
		case "RRULE":
			if parsed, err := parseRule(string(line.Value)); err == nil {
				z.expandRule(parsed, start.clock, from, add)
			}
		case "RDATE":
			for item := range strings.SplitSeq(string(line.Value), ",") {
				if at, ok := parseMoment(item); ok && z.budget.spend(1) {
					add(at.clock)
				}
			}
		}
	}
}

// expandRule begins a yearly rule shortly before the years in question, where its past does not matter.
func (z *definedZone) expandRule(r *rule, start time.Time, from int, add func(time.Time)) {
	full := r.withDefaults(start)
	begin := start
	year := z.first
	if r.until != nil {
		year = min(year, r.until.clock.Year()-yearsBefore)
	}
	if r.frequency == yearly && r.interval == 1 && r.count == 0 && start.Year() < year {
		begin = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	last := time.Date(z.last+1, 1, 1, 0, 0, 0, 0, time.UTC)
	full.expand(begin, last, z.budget, func(clock time.Time) bool {
		if r.endsBefore(clock, clock.Add(-time.Duration(from)*time.Second)) {
			return false
		}
		add(clock)
		return len(z.onsets) < maxOnsets
	})
}

// endsBefore applies UNTIL to an occurrence.
func (r *rule) endsBefore(clock, instant time.Time) bool {
	switch {
	case r.until == nil:
		return false
	case r.until.isUTC:
		return instant.After(r.until.clock)
	case r.until.isDate:
		return clock.After(r.until.clock.AddDate(0, 0, 1).Add(-time.Second))
	}
	return clock.After(r.until.clock)
}

func (z *definedZone) offset(clock time.Time) int {
	if year := clock.Year(); year > z.last || year-1 < z.first {
		z.cover(year)
	}
	after, _ := slices.BinarySearchFunc(z.onsets, clock, func(o onset, at time.Time) int {
		if o.clock.After(at) {
			return 1
		}
		return -1
	})
	if after == 0 {
		return z.onsets[0].from
	}
	return z.onsets[after-1].to
}
