// SPDX-License-Identifier: Apache-2.0

package verify

import "time"

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
	UnlistedMessages  Kind = "unlisted_messages"  // an end holds more messages than it shows
	UIDsDiffer        Kind = "uids_differ"        // mail programs that know the mailbox will not know it at the destination
	SavedDatesDiffer  Kind = "saved_dates_differ" // messages came into a mailbox at another time
	AnnotationsDiffer Kind = "annotations_differ" // the destination lacks an annotation of a mailbox, or has another value
	UIDLsDiffer       Kind = "uidls_differ"       // POP3 programs that know the INBOX will not know it at the destination
)

// Kinds returns all kinds, the gravest first.
func Kinds() []Kind {
	return []Kind{
		MissingMailbox, MissingMessage, ChangedMessage, UnreadableMailbox, UnlistedMessages, UnreadableMessage, CountDiffers,
		ExtraMailbox, ExtraMessage, FlagsDiffer, DateDiffers, UIDsDiffer, UIDLsDiffer, SavedDatesDiffer,
		NotSubscribed, AnnotationsDiffer,
	}
}

// Difference is one thing in which the ends differ. It holds neither a subject line nor content.
type Difference struct {
	Kind        Kind   `json:"kind"`
	Mailbox     string `json:"mailbox"`       // at the source; at the destination if only it has it
	Object      string `json:"object"`        // Message-ID, or the mailbox at the destination
	UID         uint32 `json:"uid,omitempty"` // of a message that the source has
	Source      string `json:"source"`        // what the source shows, in short
	Destination string `json:"destination"`   // what the destination shows, in short
	Sentence    string `json:"sentence"`

	// Since is what has happened to it since an earlier comparison, where that is known. It makes nothing equal.
	Since *Change `json:"since,omitempty"`
}

// Change is something that has happened between two comparisons.
type Change struct {
	What  Event     `json:"what"`
	After time.Time `json:"after"`          // when the ends were compared and it had not happened yet
	To    string    `json:"to,omitempty"`   // where a missing message was moved to: a mailbox of the destination
	From  string    `json:"from,omitempty"` // where one that is only there was moved from
}

// Event is what can happen to a message. The values are stable: scripts read them.
type Event string

// The events.
const (
	DeletedAtDestination Event = "gone_from_destination" // or moved to where it was not found
	MovedAtDestination   Event = "moved_in_destination"
	DeletedAtSource      Event = "gone_from_source" // or moved
	ArrivedAtSource      Event = "arrived_at_source"
	ArrivedAtDestination Event = "arrived_at_destination"
)

// NextStep says what a human can do about a difference, as that of its kind.
func (d Difference) NextStep() string {
	if d.Since == nil {
		return d.Kind.NextStep()
	}
	return d.Since.What.nextStep()
}

func (e Event) nextStep() string {
	switch e {
	case DeletedAtDestination:
		return `ask its user; "rehome sync --copy-again" copies it again, or accept the difference`
	case DeletedAtSource:
		return `nothing, if it may stay at the destination; to remove it there too, run "rehome sync" with "mail.deletions: mirror"`
	case ArrivedAtSource:
		return `run "rehome sync" again`
	}
	return "nothing, if its user or the delivery did that; then accept the difference"
}

// NextStep says what a human can do about a kind of difference: one clause, lower case, no full stop.
func (k Kind) NextStep() string {
	const syncAgain = `run "rehome sync" again`
	switch k {
	case MissingMailbox, MissingMessage:
		return syncAgain + "; the findings give the reason for what stays missing"
	case ExtraMailbox, ExtraMessage:
		return "check it at the destination: mail that arrived or was written there belongs there; delete what nobody wants"
	case ChangedMessage:
		return "compare both in a mail client; delete the wrong one at the destination and " + syncAgain
	case UnreadableMailbox, UnreadableMessage, UnlistedMessages:
		return "ask the administrator of that server to repair the mailbox, then verify again"
	case CountDiffers:
		return `run "rehome verify --level full" for this account: it names the messages`
	case FlagsDiffer:
		return syncAgain + " if users still work at the source; the findings list flags that the destination cannot store"
	case DateDiffers:
		return "delete the message at the destination and " + syncAgain + ", or accept that it is shown with another date"
	case UIDsDiffer:
		return "tell the users before the switch that their mail programs will download it again; messages copied by destination.dsync keep " +
			"their UIDs"
	case UIDLsDiffer:
		return "tell the users before the switch that their POP3 programs will download this mail again; messages copied by destination.dsync " +
			"keep their identifiers, if source.pop3 is set before the first sync"
	case SavedDatesDiffer:
		return "tell users whose programs clean up by age; messages copied by destination.dsync keep these dates"
	case AnnotationsDiffer:
		return syncAgain + "; the findings name what the destination does not take and what its user has changed there"
	case NotSubscribed:
		return syncAgain + ", or subscribe to it in the mail client"
	}
	return ""
}
