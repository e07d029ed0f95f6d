// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"fmt"
	"strings"
	"time"
)

// QuietHours are a time of the day in which nothing is copied, in minutes since midnight. Both the same is none; one whose end is before
// its beginning goes on over midnight.
type QuietHours struct{ From, To int }

// ParseQuietHours reads "08:00-18:00"; "" is none.
func ParseQuietHours(text string) (q QuietHours, err error) {
	if text == "" {
		return q, nil
	}
	from, to, found := strings.Cut(text, "-")
	for part, minutes := range map[string]*int{from: &q.From, to: &q.To} {
		at, err := time.Parse("15:04", strings.TrimSpace(part))
		if err != nil || !found || from == to {
			return QuietHours{}, fmt.Errorf("%q is not two times of the day such as 08:00-18:00", text)
		}
		*minutes = at.Hour()*60 + at.Minute()
	}
	return q, nil
}

// Over returns when the quiet hours that a moment is in are over; now, if it is in none.
func (q QuietHours) Over(now time.Time) time.Time {
	if !q.in(now) {
		return now
	}
	return next(now, q.To)
}

// Begin returns when the next quiet hours begin; ok is false where there are none.
func (q QuietHours) Begin(now time.Time) (at time.Time, ok bool) {
	return next(now, q.From), q.From != q.To
}

func (q QuietHours) in(now time.Time) bool {
	minute := now.Hour()*60 + now.Minute()
	if q.From <= q.To {
		return q.From <= minute && minute < q.To
	}
	return q.From <= minute || minute < q.To
}

// next is the first moment behind now at which clocks show so many minutes since midnight, also where they are put forward or back.
func next(now time.Time, minutes int) time.Time {
	for day := 0; ; day++ {
		at := time.Date(now.Year(), now.Month(), now.Day()+day, minutes/60, minutes%60, 0, 0, now.Location())
		if at.After(now) {
			return at
		}
	}
}
