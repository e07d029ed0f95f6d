// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"strconv"
	"strings"
	"time"
)

// moment is a date or a time of iCalendar as it is written. Clock is what a wall clock shows, kept in a
// time.Time whose location means nothing.
type moment struct {
	clock  time.Time
	isDate bool
	isUTC  bool
}

// parseMoment reads DATE and DATE-TIME of RFC 5545 section 3.3.4 and 3.3.5. The letters may have any case (RFC 5234
// section 2.3).
func parseMoment(value string) (moment, bool) {
	value = strings.ToUpper(strings.TrimSpace(value))
	date, clock, hasClock := strings.Cut(value, "T")
	year, month, day, ok := parseDate(date)
	if !ok {
		return moment{}, false
	}
	if !hasClock {
		return moment{clock: time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC), isDate: true}, true
	}
	clock, isUTC := strings.CutSuffix(clock, "Z")
	if len(clock) != 6 || !onlyDigits(clock) {
		return moment{}, false
	}
	hour := digits(clock[:2])
	minute := digits(clock[2:4])
	second := digits(clock[4:])
	if hour > 23 || minute > 59 || second > 60 {
		return moment{}, false
	}
	at := time.Date(year, time.Month(month), day, hour, minute, min(second, 59), 0, time.UTC)
	return moment{clock: at, isUTC: isUTC}, true
}

func parseDate(value string) (year, month, day int, ok bool) {
	if len(value) != 8 || !onlyDigits(value) {
		return 0, 0, 0, false
	}
	year, month, day = digits(value[:4]), digits(value[4:6]), digits(value[6:])
	at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return year, month, day, at.Month() == time.Month(month) && at.Day() == day && month > 0 && day > 0
}

func onlyDigits(value string) bool {
	for i := range len(value) {
		if value[i] < '0' || value[i] > '9' {
			return false
		}
	}
	return value != ""
}

// digits reads a short run of digits that was checked before.
func digits(value string) int {
	number, _ := strconv.Atoi(value)
	return number
}

// span is a DURATION: days of the calendar and seconds of the clock, both with the sign.
type span struct {
	days    int
	seconds int
}

// addTo moves a wall clock.
func (s span) addTo(clock time.Time) time.Time {
	return clock.AddDate(0, 0, s.days).Add(time.Duration(s.seconds) * time.Second)
}

// parseSpan reads a DURATION of RFC 5545 section 3.3.6.
func parseSpan(value string) (span, bool) {
	sign := 1
	value = strings.ToUpper(strings.TrimSpace(value))
	if rest, negative := strings.CutPrefix(value, "-"); negative {
		sign = -1
		value = rest
	} else {
		value = strings.TrimPrefix(value, "+")
	}
	value, ok := strings.CutPrefix(value, "P")
	if !ok || value == "" {
		return span{}, false
	}
	date, clock, hasClock := strings.Cut(value, "T")
	days, dateOK := sumUnits(date, map[byte]int{'W': 7, 'D': 1})
	seconds, clockOK := sumUnits(clock, map[byte]int{'H': 3600, 'M': 60, 'S': 1})
	if !dateOK || !clockOK || hasClock && clock == "" {
		return span{}, false
	}
	return span{sign * days, sign * seconds}, true
}

// sumUnits adds up "1H30M". A number has at most eight digits, so that nothing overflows.
func sumUnits(value string, units map[byte]int) (total int, ok bool) {
	from := 0
	for i := range len(value) {
		if value[i] >= '0' && value[i] <= '9' {
			continue
		}
		factor, known := units[value[i]]
		if !known || i == from || i-from > 8 {
			return 0, false
		}
		total += factor * digits(value[from:i])
		from = i + 1
	}
	return total, from == len(value) && total < 1<<40
}

// parseOffset reads a UTC-OFFSET in seconds.
func parseOffset(value string) (seconds int, ok bool) {
	value = strings.TrimSpace(value)
	if len(value) != 5 && len(value) != 7 || value[0] != '+' && value[0] != '-' || !onlyDigits(value[1:]) {
		return 0, false
	}
	hours := digits(value[1:3])
	minutes := digits(value[3:5])
	rest := 0
	if len(value) == 7 {
		rest = digits(value[5:])
	}
	if hours > 23 || minutes > 59 || rest > 59 {
		return 0, false
	}
	seconds = hours*3600 + minutes*60 + rest
	if value[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}
