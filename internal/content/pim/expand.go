// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"slices"
	"sort"
	"time"
)

// budget bounds the work of expansions: days looked at, times produced, dates of lists read. It is shared by all
// rules of an object, because one object may hold many. Memory needs no bound of its own: an expansion keeps the
// days of one period, at most 366, and makes each time from its number when it is asked for. A rule of 2 KB may
// name 31 million times a year.
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
	spent  bool // the budget was, before the rule ended
}

// expand calls yield with the wall clock times of a rule in order, the start only if it fits the rule,
// until yield returns false, the rule ends or last is passed. UNTIL is left to the caller, who knows the
// time zone. It returns false when the budget was spent first.
func (r *rule) expand(start, last time.Time, b *budget, yield func(time.Time) bool) bool {
	e := &expansion{rule: r.withDefaults(start), start: start, last: last, budget: b, yield: yield}
	if r.frequency < daily {
		e.byClock()
	} else {
		e.byDays()
	}
	return !e.spent
}

// spend takes from the budget and notes when nothing is left.
func (e *expansion) spend(n int) bool {
	e.spent = e.spent || !e.budget.spend(n)
	return !e.spent
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

// byDays runs periods of a day and longer. The days of a period are found first, so that BYSETPOS can choose among
// all of its times.
func (e *expansion) byDays() {
	var days []time.Time
	for first := e.firstPeriod(); !first.After(e.last) && first.Year() <= 9998; first = e.nextPeriod(first) {
		days = days[:0]
		for day, stop := first, e.periodEnd(first); day.Before(stop); {
			if !e.spend(1) {
				return
			}
			if !e.rule.allowsMonth(day) {
				day = time.Date(day.Year(), day.Month()+1, 1, 0, 0, 0, 0, time.UTC)
				continue
			}
			if e.rule.allowsDay(day) {
				days = append(days, day)
			}
			day = day.AddDate(0, 0, 1)
		}
		if !e.give(&e.rule, days) {
			return
		}
	}
}

func (e *expansion) firstPeriod() time.Time {
	year, month, day := e.start.Date()
	switch e.rule.frequency {
	case yearly:
		month = 1
		day = 1
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

// timeOf returns the time of a number, counted from 0, among all times of some days.
func (r *rule) timeOf(days []time.Time, number int) time.Time {
	minutes, seconds := len(r.minutes), len(r.seconds)
	second := r.seconds[number%seconds]
	minute := r.minutes[number/seconds%minutes]
	number /= minutes * seconds
	year, month, date := days[number/len(r.hours)].Date()
	return time.Date(year, month, date, r.hours[number%len(r.hours)], minute, min(second, 59), 0, time.UTC)
}

// give hands the chosen times of the days of one period on; false means that the rule has ended, or the budget.
func (e *expansion) give(r *rule, days []time.Time) bool {
	total := len(days) * len(r.hours) * len(r.minutes) * len(r.seconds)
	if len(r.positions) > 0 {
		for _, number := range chosen(total, r.positions) {
			if at := r.timeOf(days, number); !at.Before(e.start) && !e.hand(at) {
				return false
			}
		}
		return e.spend(len(r.positions))
	}
	first := sort.Search(total, func(number int) bool { return !r.timeOf(days, number).Before(e.start) })
	for number := first; number < total; number++ {
		if !e.hand(r.timeOf(days, number)) {
			return false
		}
	}
	return true
}

// hand gives one time to whoever asked.
func (e *expansion) hand(at time.Time) bool {
	if !e.spend(1) || at.After(e.last) || !e.yield(at) {
		return false
	}
	e.given++
	return e.given != e.rule.count
}

// chosen applies BYSETPOS to so many times: their numbers from 0, in order.
func chosen(total int, positions []int) []int {
	var numbers []int
	for _, position := range positions {
		if position < 0 {
			position += total + 1
		}
		if position >= 1 && position <= total {
			numbers = append(numbers, position-1)
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// byClock runs periods of an hour and shorter: it steps from time to time and jumps over days, hours and
// minutes that the rule excludes.
func (e *expansion) byClock() {
	unit := map[int]time.Duration{secondly: time.Second, minutely: time.Minute, hourly: time.Hour}[e.rule.frequency]
	step := unit * time.Duration(e.rule.interval)
	for at := e.start.Truncate(unit); !at.After(e.last) && e.spend(1); {
		if until, excluded := e.rule.excludedUntil(at); excluded {
			at = at.Add((until.Sub(at) + step - 1) / step * step)
			continue
		}
		if !e.giveWithin(at) {
			return
		}
		at = at.Add(step)
	}
}

// giveWithin gives the times of an hour, a minute or a second.
func (e *expansion) giveWithin(at time.Time) bool {
	within := e.rule
	within.hours = []int{at.Hour()}
	if e.rule.frequency <= minutely {
		within.minutes = []int{at.Minute()}
	}
	if e.rule.frequency == secondly {
		within.seconds = []int{at.Second()}
	}
	return e.give(&within, []time.Time{at})
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
	number := day.Day()
	total := daysOfMonth(day)
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
