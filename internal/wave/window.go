// SPDX-License-Identifier: Apache-2.0

package wave

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Windows are the hours in which accounts of a wave are copied. None is always.
type Windows struct {
	Hours []string `json:"hours"`          // each as ParseHours reads it
	Zone  string   `json:"zone,omitempty"` // such as Europe/Berlin; "" is that of the machine
}

// hours are those of one entry.
type hours struct {
	days        [7]bool       // by time.Weekday: on which it begins
	from, until time.Duration // of the day; until is at or before from when it is on the next one
}

// Check says what is wrong with them; nil is nothing. Hours that begin and end at the same time may be meant as a whole day or as none.
func (w Windows) Check() error {
	if err := w.readable(); err != nil {
		return err
	}
	for _, text := range w.Hours {
		if h, _ := parseHours(text); h.from == h.until {
			return fmt.Errorf("hours %q begin and end at the same time: write 00:00-24:00 for whole days", text)
		}
	}
	return nil
}

// readable says what cannot be understood in them; nil is nothing.
func (w Windows) readable() error {
	if _, err := w.location(); err != nil {
		return fmt.Errorf("the time zone %q is not known: write one such as Europe/Berlin", w.Zone)
	}
	for _, text := range w.Hours {
		if _, err := parseHours(text); err != nil {
			return fmt.Errorf("hours %q: %w", text, err)
		}
	}
	return nil
}

func (w Windows) location() (*time.Location, error) {
	if w.Zone == "" {
		return time.Local, nil
	}
	return time.LoadLocation(w.Zone)
}

// Opening returns the window that is open at a moment, or the next one. Windows that meet are one. Without hours it is open for ever.
func (w Windows) Opening(now time.Time) (opens, closes time.Time, err error) {
	if len(w.Hours) == 0 {
		return time.Time{}, forever(), nil
	}
	if err := w.readable(); err != nil {
		return opens, closes, err
	}
	zone, err := w.location()
	if err != nil {
		return opens, closes, err
	}
	for _, s := range joined(w.spans(now.In(zone))) {
		if s.until.After(now) {
			return s.from, s.until, nil
		}
	}
	return opens, closes, errors.New("no hour of the week is in it")
}

type span struct{ from, until time.Time }

// spans are the windows from some days before a moment on, so that those that have begun and meet are among them, to a week and more after it.
func (w Windows) spans(now time.Time) (all []span) {
	for day := -8; day <= 9; day++ {
		for _, text := range w.Hours {
			h, err := parseHours(text)
			date := time.Date(now.Year(), now.Month(), now.Day()+day, 0, 0, 0, 0, now.Location())
			if err != nil || !h.days[date.Weekday()] {
				continue
			}
			next := 0
			if h.until <= h.from {
				next = 1
			}
			all = append(all, span{clock(date, 0, h.from), clock(date, next, h.until)})
		}
	}
	slices.SortFunc(all, func(a, b span) int { return cmp.Or(a.from.Compare(b.from), a.until.Compare(b.until)) })
	return all
}

// clock is what the clocks of a place show on a day, also where they are set in that night.
func clock(date time.Time, later int, at time.Duration) time.Time {
	return time.Date(date.Year(), date.Month(), date.Day()+later, int(at.Hours()), int(at.Minutes())%60, 0, 0, date.Location())
}

// joined makes one of those that meet.
func joined(sorted []span) (all []span) {
	for _, s := range sorted {
		if last := len(all) - 1; last >= 0 && !s.from.After(all[last].until) {
			if s.until.After(all[last].until) {
				all[last].until = s.until
			}
			continue
		}
		all = append(all, s)
	}
	return all
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// parseHours reads "22:00-06:00", "mon-fri 20:00-06:00" or "sat,sun 00:00-24:00". The days are those on which a window begins.
func parseHours(text string) (h hours, err error) {
	fields := strings.Fields(strings.ToLower(text))
	switch len(fields) {
	case 1:
		for i := range h.days {
			h.days[i] = true
		}
	case 2:
		if h.days, err = parseDays(fields[0]); err != nil {
			return h, err
		}
	default:
		return h, errors.New(`write them as "22:00-06:00" or "mon-fri 20:00-06:00"`)
	}
	from, until, both := strings.Cut(fields[len(fields)-1], "-")
	if !both {
		return h, errors.New(`write them as "22:00-06:00" or "mon-fri 20:00-06:00"`)
	}
	if h.from, err = parseClock(from); err != nil {
		return h, err
	}
	h.until, err = parseClock(until)
	if h.from == 24*time.Hour {
		err = errors.New("no day begins a window at 24:00: write 00:00 and the next day")
	}
	return h, err
}

func parseDays(text string) (days [7]bool, err error) {
	for part := range strings.SplitSeq(text, ",") {
		first, last, several := strings.Cut(part, "-")
		if !several {
			last = first
		}
		from, until := slices.Index(weekdays, first), slices.Index(weekdays, last)
		if from < 0 || until < 0 {
			return days, fmt.Errorf("%q is not a day: write mon, tue, wed, thu, fri, sat or sun", part)
		}
		for day := from; ; day = (day + 1) % 7 {
			days[day] = true
			if day == until {
				break
			}
		}
	}
	return days, nil
}

func parseClock(text string) (time.Duration, error) {
	var hour, minute int
	if n, err := fmt.Sscanf(text, "%2d:%2d", &hour, &minute); err != nil || n != 2 || len(text) != 5 ||
		hour < 0 || minute < 0 || minute > 59 || hour > 24 || hour == 24 && minute > 0 {
		return 0, fmt.Errorf("%q is not a time of day: write it as 06:00", text)
	}
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute, nil
}
