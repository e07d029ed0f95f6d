// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"strconv"
	"strings"
	"time"
)

// The forms of time that stand at the beginning of a line, as many words as each takes. A fraction of a second is read
// whether the form has it or not. Without an offset they are taken for UTC: a census counts days.
var stamps = []struct {
	words int
	forms []string
}{
	{1, []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05"}},
	{2, []string{"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05", "2006/01/02 15:04:05"}},
	{3, []string{"2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 Z0700"}},
	{4, []string{"Mon 2006-01-02 15:04:05 MST", "Jan 2 2006 15:04:05", "2006 Jan 2 15:04:05", "Jan 2 15:04:05 2006"}},
	{5, []string{"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 -0700"}},
}

// cutTime takes the time off the beginning of a line. latest gives syslog's dates their year: a line cannot be after it.
func cutTime(line string, latest time.Time) (when time.Time, rest string) {
	if strings.HasPrefix(line, "@") {
		return cutTAI64N(line)
	}
	words, ends := firstWords(line, 5)
	for i := len(stamps) - 1; i >= 0; i-- {
		n := stamps[i].words
		if n > len(words) {
			continue
		}
		text := strings.Replace(strings.Join(words[:n], " "), ",", ".", 1) // ISO 8601 allows a comma before the fraction
		for _, form := range stamps[i].forms {
			if when, err := time.Parse(form, text); err == nil {
				return when.UTC(), strings.TrimLeft(line[ends[n-1]:], " ")
			}
		}
	}
	if len(words) >= 3 {
		if when, is := syslogTime(strings.Join(words[:3], " "), latest); is {
			return when, strings.TrimLeft(line[ends[2]:], " ")
		}
	}
	return time.Time{}, line
}

// firstWords returns the first n words of a line, and where each ends.
func firstWords(line string, n int) (words []string, ends []int) {
	at := 0
	for len(words) < n {
		for at < len(line) && (line[at] == ' ' || line[at] == '\t') {
			at++
		}
		start := at
		for at < len(line) && line[at] != ' ' && line[at] != '\t' {
			at++
		}
		if start == at {
			break
		}
		words = append(words, line[start:at])
		ends = append(ends, at)
	}
	return words, ends
}

// syslogTime reads the date of RFC 3164, which has no year: the last such date that is not after latest, and none if a
// year that has the date is not near.
func syslogTime(text string, latest time.Time) (when time.Time, is bool) {
	bare, err := time.Parse("Jan 2 15:04:05", text)
	if err != nil {
		return time.Time{}, false
	}
	for year := latest.Year(); year > latest.Year()-9; year-- { // 29 February needs its year; 1900 had none
		dated := time.Date(year, bare.Month(), bare.Day(), bare.Hour(), bare.Minute(), bare.Second(), 0, time.UTC)
		if dated.Month() == bare.Month() && !dated.After(latest.Add(24*time.Hour)) {
			return dated, true
		}
	}
	return time.Time{}, true
}

// cutTAI64N reads the labels of multilog: "@", 16 hexadecimal digits of seconds, 8 of nanoseconds. The seconds count
// from 2^62, and run ten ahead of UTC's at its beginning; leap seconds do not matter here.
func cutTAI64N(line string) (time.Time, string) {
	label, rest, _ := strings.Cut(line[1:], " ")
	if len(label) != 24 {
		return time.Time{}, line
	}
	seconds, err := strconv.ParseUint(label[:16], 16, 64)
	if err != nil || seconds < 1<<62 || seconds-1<<62 > 1<<40 {
		return time.Time{}, line
	}
	return time.Unix(int64(seconds-1<<62)-10, 0).UTC(), rest
}
