// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The frequencies of a rule, finest first.
const (
	secondly = iota
	minutely
	hourly
	daily
	weekly
	monthly
	yearly
)

// rule is an RRULE (RFC 5545 section 3.3.10).
type rule struct {
	frequency int
	interval  int
	count     int     // 0: none
	until     *moment // nil: none
	weekStart time.Weekday

	seconds, minutes, hours    []int
	monthDays, yearDays, weeks []int
	months, positions          []int
	weekdays                   []ordinalDay
}

// ordinalDay is a BYDAY entry: every Monday, or the nth one where n is not 0.
type ordinalDay struct {
	n   int
	day time.Weekday
}

// endless reports whether nothing ends the rule.
func (r *rule) endless() bool { return r.count == 0 && r.until == nil }

var frequencies = map[string]int{
	"SECONDLY": secondly, "MINUTELY": minutely, "HOURLY": hourly, "DAILY": daily,
	"WEEKLY": weekly, "MONTHLY": monthly, "YEARLY": yearly,
}

var weekdayNames = map[string]time.Weekday{
	"SU": time.Sunday, "MO": time.Monday, "TU": time.Tuesday, "WE": time.Wednesday,
	"TH": time.Thursday, "FR": time.Friday, "SA": time.Saturday,
}

// maxRuleLength bounds the text of a rule; the longest sensible one, every day of the year by its
// number, has 1,500 octets.
const maxRuleLength = 8000

// parseRule reads an RRULE. The error is for people and holds no value.
func parseRule(value string) (*rule, error) {
	if len(value) > maxRuleLength {
		return nil, fmt.Errorf("is too long")
	}
	parsed := &rule{frequency: -1, interval: 1, weekStart: time.Monday}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(strings.ToUpper(strings.Trim(value, "; ")), ";") {
		name, text, _ := strings.Cut(strings.TrimSpace(part), "=")
		if seen[name] {
			return nil, fmt.Errorf("has a part twice")
		}
		seen[name] = true
		if err := parsed.setPart(name, text); err != nil {
			return nil, err
		}
	}
	switch {
	case parsed.frequency < 0:
		return nil, fmt.Errorf("has no FREQ")
	case parsed.count > 0 && parsed.until != nil:
		return nil, fmt.Errorf("has both COUNT and UNTIL")
	}
	return parsed, nil
}

func (r *rule) setPart(name, text string) error {
	if target, low, high := r.list(name); target != nil {
		return setNumbers(target, name, text, low, high)
	}
	var ok bool
	switch name {
	case "FREQ":
		r.frequency, ok = frequencies[text]
	case "INTERVAL":
		r.interval, ok = positive(text)
	case "COUNT":
		r.count, ok = positive(text)
	case "UNTIL":
		var until moment
		until, ok = parseMoment(text)
		r.until = &until
	case "WKST":
		r.weekStart, ok = weekdayNames[text]
	case "BYDAY":
		r.weekdays, ok = parseOrdinalDays(text)
	default:
		return fmt.Errorf("has an unknown part")
	}
	if !ok {
		return fmt.Errorf("has a %s that cannot be read", name)
	}
	return nil
}

// list returns where the numbers of a part go and their bounds; a negative low allows counting from the
// end as well.
func (r *rule) list(name string) (target *[]int, low, high int) {
	switch name {
	case "BYSECOND":
		return &r.seconds, 0, 60
	case "BYMINUTE":
		return &r.minutes, 0, 59
	case "BYHOUR":
		return &r.hours, 0, 23
	case "BYMONTHDAY":
		return &r.monthDays, -31, 31
	case "BYYEARDAY":
		return &r.yearDays, -366, 366
	case "BYWEEKNO":
		return &r.weeks, -53, 53
	case "BYMONTH":
		return &r.months, 1, 12
	case "BYSETPOS":
		return &r.positions, -366, 366
	}
	return nil, 0, 0
}

func setNumbers(target *[]int, name, text string, low, high int) error {
	for item := range strings.SplitSeq(text, ",") {
		number, err := strconv.Atoi(strings.TrimSpace(item))
		if err != nil || number < low || number > high || low < 0 && number == 0 {
			return fmt.Errorf("has a %s that cannot be read", name)
		}
		*target = append(*target, number)
	}
	slices.Sort(*target)
	*target = slices.Compact(*target)
	return nil
}

func positive(text string) (int, bool) {
	number, err := strconv.Atoi(text)
	return number, err == nil && number > 0 && number < 1_000_000
}

func parseOrdinalDays(text string) ([]ordinalDay, bool) {
	var days []ordinalDay
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if len(item) < 2 {
			return nil, false
		}
		day, known := weekdayNames[item[len(item)-2:]]
		if !known {
			return nil, false
		}
		n := 0
		if number := item[:len(item)-2]; number != "" {
			var err error
			if n, err = strconv.Atoi(number); err != nil || n == 0 || n < -53 || n > 53 {
				return nil, false
			}
		}
		if !slices.Contains(days, ordinalDay{n, day}) {
			days = append(days, ordinalDay{n, day})
		}
	}
	return days, true
}
