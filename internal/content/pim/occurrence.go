// SPDX-License-Identifier: Apache-2.0

package pim

import "time"

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
	return nil, false
}

// CompareOccurrences reports whether both objects take place at the same times within the window. It
// catches what a comparison of texts cannot: a damaged time zone. The difference names the first one.
func CompareOccurrences(src, dst []byte, window Window) (difference Difference, equal bool) {
	return Difference{}, false
}
