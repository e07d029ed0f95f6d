// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"strconv"
	"time"
)

// internalDateLayout is date-time of RFC 9051, section 9, with the day padded by a blank.
const internalDateLayout = "_2-Jan-2006 15:04:05 -0700"

// parseInternalDate returns the zero time for NIL and nonsense, which is whatever could not be written
// back either: time.Parse takes the year 0000 and a zone of a whole day.
func parseInternalDate(s string) time.Time {
	t, err := time.Parse(internalDateLayout, s)
	if err == nil {
		_, err = formatInternalDate(t)
	}
	if err != nil {
		return time.Time{}
	}
	return t
}

// formatInternalDate renders t for APPEND. The grammar has four digits for the year, and four for a zone
// in hours and minutes; anything else would be a syntax error at the server, with the consequences that
// the invariants of this package describe.
func formatInternalDate(t time.Time) (string, error) {
	_, offset := t.Zone()
	const day = 24 * 60 * 60
	if t.Year() < 1 || t.Year() > 9999 || offset%60 != 0 || offset <= -day || offset >= day {
		return "", &ArgumentError{What: "date", Value: strconv.FormatInt(t.Unix(), 10), Why: "cannot be written as an IMAP date"}
	}
	return t.Format(internalDateLayout), nil
}
