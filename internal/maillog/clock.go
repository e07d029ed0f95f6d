// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"strconv"
	"strings"
	"time"
)

// stamp is a form of time that stands at the beginning of a line, as so many words. A fraction of a second is read whether
// the form has it or not. Without an offset it is taken for UTC: a census counts days.
type stamp struct {
	words int
	forms []string
}

// cutTime takes the time off the beginning of a line. latest gives syslog's dates their year: a line cannot be after it.
func cutTime(line string, latest time.Time) (when time.Time, rest string) {
	if strings.HasPrefix(line, "@") {
		return cutTAI64N(line)
	}
	words, ends := firstWords(line, 5)
	if len(words) == 0 {
		return time.Time{}, line
	}
	for _, stamp := range stampsOf(words) {
		if stamp.words > len(words) {
			continue
		}
		text := strings.Join(words[:stamp.words], " ")
		if strings.IndexByte(words[0]+words[min(1, len(words)-1)], ',') >= 0 {
			text = strings.Replace(text, ",", ".", 1) // ISO 8601 allows a comma before the fraction
		}
		for _, form := range stamp.forms {
			if when, err := time.Parse(form, text); err == nil {
				return when.UTC(), strings.TrimLeft(line[ends[stamp.words-1]:], " ")
			}
		}
	}
	if len(words) >= 3 && (words[0][0] < '0' || words[0][0] > '9') {
		if when, is := syslogTime(strings.Join(words[:3], " "), latest); is {
			return when, strings.TrimLeft(line[ends[2]:], " ")
		}
	}
	return time.Time{}, line
}

// stampsOf returns the forms that the words may have, as their first tells: trying all of them takes longer than everything
// else that is done with a line.
func stampsOf(words []string) []stamp {
	switch first := words[0]; {
	case len(first) > 10 && first[10] == 'T':
		return []stamp{{1, []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05"}}}
	case len(first) == 10 && first[0] <= '9':
		return []stamp{
			{3, []string{"2006-01-02 15:04:05 Z0700", "2006-01-02 15:04:05 Z07:00"}}, // Exim with its zone
			{2, []string{"2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006/01/02 15:04:05"}},
		}[offsetless(words):]
	case len(first) == 4 && first[0] <= '9':
		return []stamp{{4, []string{"2006 Jan 2 15:04:05"}}}
	case strings.Contains("Mon Tue Wed Thu Fri Sat Sun", first):
		return []stamp{{4, []string{"Mon 2006-01-02 15:04:05 MST"}}, {5, []string{"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 -0700"}}}
	case len(words) > 3 && (isYear(words[2]) || isYear(words[3])):
		return []stamp{{4, []string{"Jan 2 2006 15:04:05", "Jan 2 15:04:05 2006"}}}
	}
	return nil
}

// offsetless is 1 if the third word is no offset.
func offsetless(words []string) int {
	if len(words) > 2 && (words[2][0] == '+' || words[2][0] == '-' && len(words[2]) > 1) {
		return 0
	}
	return 1
}

func isYear(word string) bool {
	_, err := strconv.Atoi(word)
	return len(word) == 4 && err == nil
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
