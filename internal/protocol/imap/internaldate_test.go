// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseInternalDate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		" 1-Feb-2003 04:05:06 +0100": "2003-02-01T04:05:06+01:00",
		"17-Jul-1996 02:44:25 -0700": "1996-07-17T02:44:25-07:00",
		" 1-JAN-0001 00:00:01 +0000": "0001-01-01T00:00:01Z",
		"31-Dec-9999 23:59:59 -0000": "9999-12-31T23:59:59Z",
		"":                           "",
		"NIL":                        "",
		"31-Feb-2003 04:05:06 +0100": "",
		"1-Feb-2003 24:05:06 +0100":  "",
		"1-Feb-2003 04:05:06":        "",
		"1-Feb-20033 04:05:06 +0000": "",
		" 1-Jan-0000 00:00:00 +0000": "",
		" 1-Jan-2003 00:00:00 +2400": "",
	} {
		got := ""
		if date := parseInternalDate(text); !date.IsZero() {
			got = date.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("parseInternalDate(%q) = %q, want %q", text, got, want)
		}
	}
}

// date-time of RFC 9051, section 9.
var dateTime = regexp.MustCompile(`^([ 0-2]\d|3[01])-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d{4} \d\d:\d\d:\d\d [+-]\d{4}$`)

func TestFormatInternalDate_isReadBackOrRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Int64Range(-1<<38, 1<<39).Draw(t, "seconds")
		zone := time.FixedZone("", rapid.OneOf(rapid.IntRange(-900, 900), rapid.IntRange(-10_000, 10_000)).Draw(t, "minutes")*60)
		date := time.Unix(seconds, 0).In(zone)
		text, err := formatInternalDate(date)
		if err != nil {
			if _, offset := date.Zone(); date.Year() >= 1 && date.Year() <= 9999 && offset > -24*3600 && offset < 24*3600 {
				t.Fatalf("%v is refused: %v", date, err)
			}
			return
		}
		if !dateTime.MatchString(text) || !parseInternalDate(text).Equal(date) {
			t.Fatalf("%v becomes %q", date, text)
		}
	})
}

func TestKeepableDate(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int64]bool{-1: false, 0: false, 1: true, 1<<31 - 1: true, 1 << 31: false, time.Time{}.Unix(): false} {
		if got := KeepableDate(time.Unix(seconds, 0)); got != want {
			t.Errorf("second %d: got %v, want %v", seconds, got, want)
		}
	}
}
