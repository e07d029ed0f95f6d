// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxDifferences bounds a list of differences: the first ones tell the story.
const maxDifferences = 20

// differences returns what two objects do not have in common, and apart from that what servers keep for
// themselves.
func (t Terms) differences(src, dst *reading) (hard, soft []Difference) {
	a, b := src.form, dst.form
	onlySrc := unmatched(a.entries, b.entries)
	onlyDst := unmatched(b.entries, a.entries)
	hard = describe(onlySrc, onlyDst, false)
	soft = describe(onlySrc, onlyDst, true)
	lower, higher := compareSequences(a.sequences, b.sequences)
	if lower {
		hard = append(hard, Difference{Property: "SEQUENCE", Sentence: "SEQUENCE is lower at the destination"})
	}
	if higher {
		soft = append(soft, Difference{Property: "SEQUENCE", Sentence: "SEQUENCE is higher at the destination"})
	}
	if len(hard) == 0 && (a.recurs || b.recurs) && a.zoneText != b.zoneText {
		late, vague := t.compareZones(src.document(), dst.document())
		hard, soft = append(hard, late...), append(soft, vague...)
	}
	return hard, soft
}

// compareSequences tells whether a SEQUENCE went down or up. None is 0.
func compareSequences(src, dst map[string]int) (lower, higher bool) {
	for where, sequence := range src {
		lower = lower || dst[where] < sequence
	}
	for where, sequence := range dst {
		higher = higher || sequence > src[where]
	}
	return lower, higher
}

// zoneYears is how far an object with another VTIMEZONE is expanded from its start.
const zoneYears = 10

// compareZones compares the occurrences of two objects that differ in the text of their VTIMEZONEs only: hard is
// the first that is at another time, soft says that not all of them could be expanded.
func (t Terms) compareZones(src, dst *Document) (hard, soft []Difference) {
	first := src.earliest()
	windows := []Window{{From: first.AddDate(0, 0, -2), To: first.AddDate(zoneYears, 0, 0)}}
	if !t.Now.IsZero() {
		windows = append(windows, Window{From: t.Now.AddDate(-1, 0, 0), To: t.Now.AddDate(2, 0, 0)})
	}
	for _, window := range windows {
		a, b, whole := bothOccurrences(src, dst, window)
		if difference, equal := compareOccurrences(a, b); !equal {
			return []Difference{difference}, nil
		}
		if !whole {
			sentence := fmt.Sprintf("its time zone is written differently at the destination, and only %d of its occurrences could be compared", len(a))
			soft = []Difference{{Component: "VTIMEZONE", Property: "VTIMEZONE", Sentence: sentence}}
		}
	}
	return nil, soft
}

// shrinkings bounds how often a window in which too much takes place is made smaller, to a quarter each time: from
// ten years to four days.
const shrinkings = 5

// bothOccurrences expands two objects in a window, or in as much of its beginning as can be expanded of both; whole
// says that it was all of it. Occurrences of a part that was not finished at one side prove nothing.
func bothOccurrences(src, dst *Document, window Window) (a, b []Occurrence, whole bool) {
	for try := range shrinkings + 1 {
		a, wholeA := src.occurrences(window)
		b, wholeB := dst.occurrences(window)
		if wholeA && wholeB {
			return a, b, try == 0
		}
		window.To = window.From.Add(window.To.Sub(window.From) / 4)
	}
	return nil, nil, false
}

// unmatched returns the entries of a, sorted, that have no partner in b, sorted.
func unmatched(a, b []entry) []entry {
	var rest []entry
	for _, e := range a {
		for len(b) > 0 && compareEntries(b[0], e) < 0 {
			b = b[1:]
		}
		if len(b) > 0 && compareEntries(b[0], e) == 0 {
			b = b[1:]
			continue
		}
		rest = append(rest, e)
	}
	return rest
}

// place is where a property stands, in the words of its kind.
type place struct{ where, name string }

// describe pairs what is left on both sides by property.
func describe(src, dst []entry, soft bool) []Difference {
	others := map[place][]entry{}
	for _, e := range dst {
		if e.soft == soft {
			others[place{e.where, e.name}] = append(others[place{e.where, e.name}], e)
		}
	}
	left := map[place]int{}
	for at, entries := range others {
		left[at] = len(entries)
	}
	var found []Difference
	for _, e := range src {
		if e.soft != soft {
			continue
		}
		at := place{e.where, e.name}
		what := "is missing at the destination"
		if left[at] > 0 {
			left[at]--
			what = happened(e, others[at])
		}
		found = append(found, e.difference(what, e.line))
	}
	for _, e := range dst {
		if at := (place{e.where, e.name}); e.soft == soft && left[at] > 0 {
			left[at]--
			found = append(found, e.difference("exists only at the destination", 0))
		}
	}
	slices.SortStableFunc(found, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(min(b.Line, 1), min(a.Line, 1)), cmp.Compare(a.Line, b.Line))
	})
	return found[:min(len(found), maxDifferences)]
}

// happened says what became of a property that the destination holds in another way.
func happened(e entry, others []entry) string {
	if len(others) > maxDifferences {
		return "is different at the destination"
	}
	params, value, _ := strings.Cut(e.key, "\x00")
	is := func(text string) bool {
		return slices.ContainsFunc(others, func(other entry) bool { return other.key == params+"\x00"+text })
	}
	parts := strings.Split(value, ",")
	switch {
	case len(parts) > 1 && !slices.ContainsFunc(parts, func(part string) bool { return !is(strings.TrimSpace(part)) }):
		return "was one text with a comma and is split at the destination"
	case strings.Contains(value, "\x1f") && is(strings.ReplaceAll(value, "\x1f", ",")):
		return "was a list and is one text with a comma at the destination"
	}
	return "is different at the destination"
}

var componentWords = map[string]string{
	"VCARD": "contact", "VCALENDAR": "calendar object", "VEVENT": "event", "VTODO": "task", "VJOURNAL": "journal entry",
}

func (e entry) difference(what string, line int) Difference {
	name := cmp.Or(e.name, "a line without a colon")
	sentence := fmt.Sprintf("%s of the %s %s", name, cmp.Or(componentWords[e.component], e.component), what)
	return Difference{Component: e.component, Property: e.name, Line: line, Sentence: sentence, where: e.where}
}
