// SPDX-License-Identifier: Apache-2.0

package mail

import "rehome"

// Findings lists every kind of finding that comparing mail raises beside differences.
func Findings() []rehome.Declared {
	return []rehome.Declared{mailboxChanging, mailboxNotAtRest, dateNotKept, orderDiffers, specialUseDiffers, annotationsNotCompared,
		savedNotCompared, savedNoneCompared}
}

var (
	mailboxChanging = rehome.Declared{
		Code: "mailbox_changing", Topic: rehome.TopicVerifying, Severity: rehome.SeverityWarning,
		Sentence: "the mailbox changed twice while it was verified, so the result may already be out of date",
		NextStep: "verify again when nobody works in it",
		Meaning:  "New mail or a user's work changed one end while both were read. rehome read it a second time, and it changed again.",
	}
	mailboxNotAtRest = rehome.Declared{
		Code: "mailbox_not_at_rest", Topic: rehome.TopicVerifying, Severity: rehome.SeverityWarning,
		Sentence: "the mailbox changed each time it was read, and {n message} may only have been on {n its|their} way to the other end; " +
			"whether all of it is equal is unknown",
		NextStep: "verify again when nobody works in it",
		Meaning: "What differs in a mailbox that changes all the time counts as a difference if it was seen in three looks in a row. The " +
			"rest is not known to be equal either, so the account is unknown unless something else in it differs.",
	}
	dateNotKept = rehome.Declared{
		Code: "date_not_kept", Topic: rehome.TopicVerifying, Severity: rehome.SeverityInfo,
		Sentence: "{n message} had no date at the source, or one in the future or before 1970; the destination shows the time of the copy",
		Meaning:  "The date in question is INTERNALDATE, by which clients sort. The Date field inside the message is the same at both ends.",
	}
	orderDiffers = rehome.Declared{
		Code: "order_differs", Topic: rehome.TopicVerifying, Severity: rehome.SeverityInfo,
		Sentence: "the messages are in a different order at the destination, in {n place}; clients that sort by arrival, and POP3, show this",
		Meaning: "Messages that arrived while the account was copied, or that were copied again, come later at the destination. Nothing is " +
			"missing.",
	}
	specialUseDiffers = rehome.Declared{
		Code: "special_use_differs", Topic: rehome.TopicVerifying, Severity: rehome.SeverityWarning,
		Sentence: `the mailbox is marked as {use} at the source, but "{there}" at the destination is not`,
		NextStep: "tell the users where to find it, or ask the destination's administrator to assign the use",
		Meaning: "Clients find the mailboxes for sent mail, drafts, junk and trash by these marks (RFC 6154), which the destination did not " +
			"let rehome set.",
	}
	annotationsNotCompared = rehome.Declared{
		Code: "annotations_not_compared", Topic: rehome.TopicVerifying, Severity: rehome.SeverityInfo,
		Sentence: "whether the annotations of {n mailbox} are equal is unknown: {why}",
		Meaning: "Programs note things about a mailbox there, such as a comment or a colour (IMAP METADATA). What an end does not tell of them " +
			"is not known to be equal, and is not counted as a difference.",
	}
	savedNotCompared = rehome.Declared{
		Code: "saved_dates_not_compared", Topic: rehome.TopicVerifying, Severity: rehome.SeverityInfo,
		Sentence: "whether {n message} came into the mailbox at the same time at both ends is unknown: {why}",
		Meaning: "Programs that clean up by age may go by when a message came into its mailbox (SAVEDATE). What an end does not tell of that is " +
			"not known to be equal, and is not counted as a difference.",
	}
	savedNoneCompared = savedNotCompared.Saying("whether messages came into their mailboxes at the same time at both ends is unknown: {why}", "")
)
