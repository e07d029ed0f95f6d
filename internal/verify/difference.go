// SPDX-License-Identifier: Apache-2.0

package verify

// Kind says in what two ends differ. The values are stable: scripts read them.
type Kind string

// The kinds.
const (
	MissingMailbox    Kind = "missing_mailbox"    // not at the destination
	ExtraMailbox      Kind = "extra_mailbox"      // only at the destination, with messages
	UnreadableMailbox Kind = "unreadable_mailbox" // an end lists it and does not open it
	NotSubscribed     Kind = "not_subscribed"     // subscribed at the source only
	CountDiffers      Kind = "count_differs"      // another number of messages
	MissingMessage    Kind = "missing_message"    // not at the destination
	ExtraMessage      Kind = "extra_message"      // only at the destination
	ChangedMessage    Kind = "changed_message"    // same header, other content
	UnreadableMessage Kind = "unreadable_message" // an end lists it and does not give it
	FlagsDiffer       Kind = "flags_differ"
	DateDiffers       Kind = "date_differs"
	UnlistedMessages  Kind = "unlisted_messages" // an end holds more messages than it shows
)

// Kinds returns all kinds, the gravest first.
func Kinds() []Kind {
	return []Kind{
		MissingMailbox, MissingMessage, ChangedMessage, UnreadableMailbox, UnlistedMessages, UnreadableMessage, CountDiffers,
		ExtraMailbox, ExtraMessage, FlagsDiffer, DateDiffers, NotSubscribed,
	}
}

// Difference is one thing in which the ends differ. It holds neither a subject line nor content.
type Difference struct {
	Kind        Kind   `json:"kind"`
	Mailbox     string `json:"mailbox"`     // at the source; at the destination if only it has it
	Object      string `json:"object"`      // Message-ID, or the mailbox at the destination
	Source      string `json:"source"`      // what the source shows, in short
	Destination string `json:"destination"` // what the destination shows, in short
	Sentence    string `json:"sentence"`
}

// NextStep says what a human can do about a kind of difference: one clause, lower case, no full stop.
func (k Kind) NextStep() string {
	const syncAgain = `run "rehome sync" again`
	switch k {
	case MissingMailbox, MissingMessage:
		return syncAgain + "; what stays missing is named with its reason among the findings"
	case ExtraMailbox, ExtraMessage:
		return "look at it at the destination: mail that arrived or was written there belongs there; what nobody wants can be deleted"
	case ChangedMessage:
		return "compare the two in a mail client; delete the wrong one at the destination and " + syncAgain
	case UnreadableMailbox, UnreadableMessage, UnlistedMessages:
		return "ask the administrator of that server to repair the mailbox, then verify again"
	case CountDiffers:
		return `run "rehome verify --level full" for this account: it names the messages`
	case FlagsDiffer:
		return syncAgain + " if the users still work at the source; flags that the destination cannot keep are among the findings"
	case DateDiffers:
		return "delete the message at the destination and " + syncAgain + ", or accept that it is shown at another date"
	case NotSubscribed:
		return syncAgain + ", or subscribe it in the mail client"
	}
	return ""
}

// discrepancy is a difference between messages before it has been put into words.
type discrepancy struct {
	kind Kind
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
	add := func(kind Kind, p pair) { j.discrepancies = append(j.discrepancies, discrepancy{kind, p}) }
	for _, r := range c.missing {
		add(MissingMessage, pair{src: r})
	}
	for _, p := range c.changed {
		add(ChangedMessage, p)
	}
	for _, p := range c.unreadable {
		add(UnreadableMessage, p)
	}
	for _, r := range c.extra {
		add(ExtraMessage, pair{dst: r})
	}
	for _, p := range c.same {
		if p.src.flags != p.dst.flags {
			add(FlagsDiffer, p)
		}
	}
	for _, p := range c.same {
		switch {
		case p.src.date == p.dst.date:
		case unkeepable(p.src.date, p.dst.date, now):
			j.undated++
		default:
			add(DateDiffers, p)
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
		before, p := same[i-1], same[i]
		if before.src.box == p.src.box && byPlace(before.dst, p.dst) > 0 {
			count++
		}
	}
	return count
}
