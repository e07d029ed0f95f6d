// SPDX-License-Identifier: Apache-2.0

package conductor

import "time"

// window counts what was carried in the last minutes. Only what has really gone over the line is speed; what was found
// unchanged took next to no time and says nothing of what is left. It is of a fixed size, whatever is carried.
type window struct {
	began   time.Time
	buckets [windowBuckets]bucket
}

const (
	bucketTime    = 5 * time.Second
	windowBuckets = 60
	longWindow    = windowBuckets * bucketTime // for the time that is left
	shortWindow   = 6 * bucketTime             // for the speed that is shown
)

// bucket is what was carried in bucketTime.
type bucket struct {
	index int64 // of bucketTimes since began
	load
}

// load is what was carried, and how many accounts have ended.
type load struct{ messages, octets, accounts int64 }

func (w *window) add(now time.Time, l load) {
	index := int64(now.Sub(w.began) / bucketTime)
	b := &w.buckets[index%windowBuckets]
	if b.index != index {
		*b = bucket{index: index}
	}
	b.messages += l.messages
	b.octets += l.octets
	b.accounts += l.accounts
}

// last returns what was carried in the last span, and how long that was: the pass may be younger.
func (w *window) last(now time.Time, span time.Duration) (load, time.Duration) {
	index := int64(now.Sub(w.began) / bucketTime)
	oldest := max(index-int64(span/bucketTime)+1, 0)
	var all load
	for _, b := range w.buckets {
		if b.index >= oldest && b.index <= index {
			all.messages += b.messages
			all.octets += b.octets
			all.accounts += b.accounts
		}
	}
	return all, now.Sub(w.began) - time.Duration(oldest)*bucketTime
}
