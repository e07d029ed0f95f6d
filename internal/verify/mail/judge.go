// SPDX-License-Identifier: Apache-2.0

package mail

import "rehome/internal/verify"

// discrepancy is a difference between messages before it has been put into words.
type discrepancy struct {
	kind verify.Kind
	pair
}

// judgement is what a comparison means.
type judgement struct {
	discrepancies []discrepancy
	undated       int // messages whose date the destination could not keep
	reordered     int // messages that come after one that they preceded at the source
}

// judge turns a comparison into differences. now is Unix time.
func judge(c comparison, now int64) judgement {
	var j judgement
	add := func(kind verify.Kind, p pair) { j.discrepancies = append(j.discrepancies, discrepancy{kind, p}) }
	for _, r := range c.missing {
		add(verify.MissingMessage, pair{src: r})
	}
	for _, p := range c.changed {
		add(verify.ChangedMessage, p)
	}
	for _, p := range c.unreadable {
		add(verify.UnreadableMessage, p)
	}
	for _, r := range c.extra {
		add(verify.ExtraMessage, pair{dst: r})
	}
	for _, p := range c.same {
		if p.src.flags != p.dst.flags {
			add(verify.FlagsDiffer, p)
		}
	}
	for _, p := range c.same {
		switch {
		case p.src.date == p.dst.date:
		case unkeepable(p.src.date, p.dst.date, now):
			j.undated++
		default:
			add(verify.DateDiffers, p)
		}
	}
	j.reordered = reordered(c.same)
	return j
}

// future is how far ahead an INTERNALDATE may be before Dovecot replaces it by its own clock
// (measured with 2.3).
const future = 2 * 60 * 60

// firstCopy is before anything was ever copied: 2025-01-01 00:00:00 UTC.
const firstCopy = 1_735_689_600

// unkeepable says that no copy could have kept the date: the source gives none, one so far ahead that
// servers replace it, or one before 1970, which many cannot store. What stands in its place must be the
// time of the copy: a Dovecot makes 2038 of 1969, and 1991 of 1582.
func unkeepable(src, dst, now int64) bool {
	outside := src > now+future || src <= 0
	return src == noDate || outside && dst >= firstCopy && dst <= now+future
}

// reordered counts the messages that stand, in the order of their UIDs, before one that they follow
// at the source. Mail clients that sort by arrival, and POP3, show that order.
func reordered(same []pair) int {
	count := 0
	for i := 1; i < len(same); i++ {
		before := same[i-1]
		p := same[i]
		if before.src.box == p.src.box && byPlace(before.dst, p.dst) > 0 {
			count++
		}
	}
	return count
}
