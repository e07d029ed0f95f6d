// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"slices"
	"time"
)

// budget bounds the work of expansions: days looked at and times produced. It is shared by all rules of
// an object, because one object may hold many.
type budget struct{ left int }

func newBudget() *budget { return &budget{left: 2_000_000} }

func (b *budget) spend(n int) bool {
	b.left -= n
	return b.left > 0
}

// expansion runs a rule from a first wall clock time.
type expansion struct {
	rule   rule
	start  time.Time
	last   time.Time // nothing after it is asked for
	budget *budget
	yield  func(time.Time) bool
	given  int
}

// expand calls yield with the wall clock times of a rule in order, the start only if it fits the rule,
// until yield returns false, the rule ends or last is passed. UNTIL is left to the caller, who knows the
// time zone. It returns false when the budget was spent first.
func (r *rule) expand(start, last time.Time, b *budget, yield func(time.Time) bool) bool {
	e := &expansion{rule: r.withDefaults(start), start: start, last: last, budget: b, yield: yield}
	if r.frequency < daily {
		return e.byClock()
	}
	return e.byDays()
}

// withDefaults fills in what a rule takes from the start.
func (r *rule) withDefaults(start time.Time) rule {
	full := *r
	if len(r.yearDays)+len(r.weeks)+len(r.monthDays)+len(r.weekdays) == 0 {
		switch r.frequency {
		case yearly:
			if len(r.months) == 0 {
				full.months = []int{int(start.Month())}
			}
			full.monthDays = []int{start.Day()}
		case monthly:
			full.monthDays = []int{start.Day()}
		case weekly:
			full.weekdays = []ordinalDay{{0, start.Weekday()}}
		}
	}
	if len(r.hours) == 0 && r.frequency > hourly {
		full.hours = []int{start.Hour()}
	}
	if len(r.minutes) == 0 && r.frequency > minutely {
		full.minutes = []int{start.Minute()}
	}
	if len(r.seconds) == 0 && r.frequency > secondly {
		full.seconds = []int{start.Second()}
	}
	return full
}

// byDays runs periods of a day and longer: all times of a period at once, so that BYSETPOS can choose.
func (e *expansion) byDays() bool {
	for first := e.firstPeriod(); !first.After(e.last); first = e.nextPeriod(first) {
		var times []time.Time
		for day, stop := first, e.periodEnd(first); day.Before(stop); {
			if !e.budget.spend(1) {
				return false
			}
			if !e.rule.allowsMonth(day) {
				day = time.Date(day.Year(), day.Month()+1, 1, 0, 0, 0, 0, time.UTC)
				continue
			}
			if e.rule.allowsDay(day) {
				times = e.clockTimes(times, day)
			}
			day = day.AddDate(0, 0, 1)
		}
		if !e.budget.spend(len(times)) {
			return false
		}
		if !e.give(times) {
			return true
		}
		if first.Year() >= 9998 {
			return true
		}
	}
	return true
}

func (e *expansion) firstPeriod() time.Time {
	year, month, day := e.start.Date()
	switch e.rule.frequency {
	case yearly:
		month, day = 1, 1
	case monthly:
		day = 1
	case weekly:
		day -= (int(e.start.Weekday()) - int(e.rule.weekStart) + 7) % 7
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func (e *expansion) nextPeriod(first time.Time) time.Time {
	switch e.rule.frequency {
	case yearly:
		return first.AddDate(e.rule.interval, 0, 0)
	case monthly:
		return first.AddDate(0, e.rule.interval, 0)
	case weekly:
		return first.AddDate(0, 0, 7*e.rule.interval)
	}
	return first.AddDate(0, 0, e.rule.interval)
}

func (e *expansion) periodEnd(first time.Time) time.Time {
	switch e.rule.frequency {
	case yearly:
		return first.AddDate(1, 0, 0)
	case monthly:
		return first.AddDate(0, 1, 0)
	case weekly:
		return first.AddDate(0, 0, 7)
	}
	return first.AddDate(0, 0, 1)
}

func (e *expansion) clockTimes(times []time.Time, day time.Time) []time.Time {
	year, month, date := day.Date()
	for _, hour := range e.rule.hours {
		for _, minute := range e.rule.minutes {
			for _, second := range e.rule.seconds {
				times = append(times, time.Date(year, month, date, hour, minute, min(second, 59), 0, time.UTC))
			}
		}
	}
	return times
}

// give hands the chosen times of one period on; false means that the rule has ended.
func (e *expansion) give(times []time.Time) bool {
	if len(e.rule.positions) > 0 {
		times = choose(times, e.rule.positions)
	}
	for _, at := range times {
		if at.Before(e.start) {
			continue
		}
		if at.After(e.last) || !e.yield(at) {
			return false
		}
		if e.given++; e.given == e.rule.count {
			return false
		}
	}
	return true
}

// choose applies BYSETPOS.
func choose(times []time.Time, positions []int) []time.Time {
	var chosen []int
	for _, position := range positions {
		if position < 0 {
			position += len(times) + 1
		}
		if position >= 1 && position <= len(times) {
			chosen = append(chosen, position-1)
		}
	}
	slices.Sort(chosen)
	var kept []time.Time
	for _, i := range slices.Compact(chosen) {
		kept = append(kept, times[i])
	}
	return kept
}

// byClock runs periods of an hour and shorter: it steps from time to time and jumps over days, hours and
// minutes that the rule excludes.
func (e *expansion) byClock() bool {
	unit := map[int]time.Duration{secondly: time.Second, minutely: time.Minute, hourly: time.Hour}[e.rule.frequency]
	step := unit * time.Duration(e.rule.interval)
	for at := e.start.Truncate(unit); !at.After(e.last); {
		if !e.budget.spend(1) {
			return false
		}
		if until, excluded := e.rule.excludedUntil(at); excluded {
			at = at.Add((until.Sub(at) + step - 1) / step * step)
			continue
		}
		times := e.timesWithin(at)
		if !e.budget.spend(len(times)) {
			return false
		}
		if !e.give(times) {
			return true
		}
		at = at.Add(step)
	}
	return true
}

func (e *expansion) timesWithin(at time.Time) []time.Time {
	within := *e
	if e.rule.frequency <= hourly {
		within.rule.hours = []int{at.Hour()}
	}
	if e.rule.frequency <= minutely {
		within.rule.minutes = []int{at.Minute()}
	}
	if e.rule.frequency == secondly {
		within.rule.seconds = []int{at.Second()}
	}
	return within.clockTimes(nil, at)
}

// excludedUntil returns the first time after at that need not be excluded for the same reason.
func (r *rule) excludedUntil(at time.Time) (until time.Time, excluded bool) {
	year, month, day := at.Date()
	switch {
	case !r.allowsDay(at):
		return time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC), true
	case len(r.hours) > 0 && !slices.Contains(r.hours, at.Hour()):
		return at.Truncate(time.Hour).Add(time.Hour), true
	case r.frequency < hourly && len(r.minutes) > 0 && !slices.Contains(r.minutes, at.Minute()):
		return at.Truncate(time.Minute).Add(time.Minute), true
	case r.frequency == secondly && len(r.seconds) > 0 && !slices.Contains(r.seconds, at.Second()):
		return at.Add(time.Second), true
	}
	return at, false
}

// allowsDay applies the parts of the rule that are about days.
func (r *rule) allowsDay(day time.Time) bool {
	return r.allowsMonth(day) && r.allowsWeek(day) &&
		allowsNumber(r.yearDays, day.YearDay(), daysOfYear(day.Year())) &&
		allowsNumber(r.monthDays, day.Day(), daysOfMonth(day)) &&
		r.allowsWeekday(day)
}

func (r *rule) allowsMonth(day time.Time) bool {
	return len(r.months) == 0 || slices.Contains(r.months, int(day.Month()))
}

// allowsNumber reports whether the allowed numbers, where there are any, hold number counted from the
// beginning or from the end.
func allowsNumber(allowed []int, number, total int) bool {
	return len(allowed) == 0 || slices.Contains(allowed, number) || slices.Contains(allowed, number-total-1)
}

func daysOfYear(year int) int {
	return time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
}

func daysOfMonth(day time.Time) int {
	return time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// allowsWeek applies BYWEEKNO: week 1 is the first with at least four days in the year.
func (r *rule) allowsWeek(day time.Time) bool {
	if len(r.weeks) == 0 {
		return true
	}
	sinceStart := (int(day.Weekday()) - int(r.weekStart) + 7) % 7
	fourth := day.AddDate(0, 0, 3-sinceStart)
	return allowsNumber(r.weeks, (fourth.YearDay()-1)/7+1, r.weeksOf(fourth.Year()))
}

func (r *rule) weeksOf(year int) int {
	last := time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC)
	sinceStart := (int(last.Weekday()) - int(r.weekStart) + 7) % 7
	fourth := last.AddDate(0, 0, 3-sinceStart)
	if fourth.Year() > year {
		fourth = fourth.AddDate(0, 0, -7)
	}
	return (fourth.YearDay()-1)/7 + 1
}

// allowsWeekday applies BYDAY. An ordinal counts within the month, or within the year for a yearly rule
// without BYMONTH; in other rules it means nothing.
func (r *rule) allowsWeekday(day time.Time) bool {
	if len(r.weekdays) == 0 {
		return true
	}
	number, total := day.Day(), daysOfMonth(day)
	if r.frequency == yearly && len(r.months) == 0 {
		number, total = day.YearDay(), daysOfYear(day.Year())
	}
	for _, allowed := range r.weekdays {
		if allowed.day != day.Weekday() {
			continue
		}
		if allowed.n == 0 || r.frequency < monthly ||
			allowed.n == (number-1)/7+1 || allowed.n == -((total-number)/7+1) {
			return true
		}
	}
	return false
}
