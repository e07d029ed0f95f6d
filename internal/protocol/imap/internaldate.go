// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"math"
	"strconv"
	"time"
)

// internalDateLayout is date-time of RFC 9051, section 9, with the day padded by a blank.
const internalDateLayout = "_2-Jan-2006 15:04:05 -0700"

// KeepableDate reports whether a mailbox can be expected to keep the date of an APPEND. Most stores count
// seconds since 1970 in 32 bits: Dovecot 2.3 makes 2038 of 1969 and 1991 of 1582, Courier 5.0 refuses such a
// message, Cyrus 3.6 answers BAD, and replaces the first second of 1970 by the time of its clock.
func KeepableDate(date time.Time) bool { return date.Unix() > 0 && date.Unix() <= math.MaxInt32 }

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
