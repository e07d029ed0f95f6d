// SPDX-License-Identifier: Apache-2.0

package mailcopy

import "rehome"

// Findings lists every kind of finding that copying mail raises.
func Findings() []rehome.Declared {
	return []rehome.Declared{
		SourceForeign, DestinationEmptied, destinationGone, RemovalsHeld, accountRemovalsHeld, annotationRemovalsHeld,
		mailboxRefused, mailboxUnfinished, messagesUnlisted, messagesUncounted, messagesUntold, copiesUntold, mailboxNotListed, mailboxUnsaid,
		mailboxRenumbered, formerUnknown, formerUnreadThere, renameNotFollowed, subscriptionRefused, annotationsLeft, annotationsUnknown,
		fewerConnections, destinationRestored, sourceRestored,
		mailboxDeleted, mailboxNotDeleted, mailboxRemoved,
		messageRefused, messageRefusedKept, messageTooLarge, messageTooLargeKept, messageUnreadable, messageUnreadableKept,
		messageMaybeThere, messageEmpty, messageAltered, messageAlteredKept,
		flagsJoined, flagsDropped, flagsRefused, dateNotKept, uidsNotKept, uidlsNotKept, uidlsHidden, lastOctetCut, arrivedTwice, arrivedLate,
		arrivedReturned, arrivalUnknown, arrivalUnreadable,
		removalsWait, removalUnproved, removalImpossible, removalReadOnly, removalRefused,
		vanishedKept, vanishedNotOurs, vanishedChanged, deletedAtDestination,
	}
}

// What stops an account, or leaves a mailbox behind, until somebody has seen to it.
var (
	SourceForeign = rehome.Declared{
		Code: "source_foreign", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityError, Blocks: true,
		Sentence: "the source account holds different mail than at the last pass: no mailbox continues where that pass ended, and of " +
			"{asked message} checked, {found} {found|was|were} there then; nothing is copied or removed until you confirm this",
		NextStep: "check that the login still opens this person's mail; if it does, run sync with --confirm-source for this account, " +
			"otherwise correct the login",
		Meaning: "Every mailbox of the account has new UIDs, and the messages that rehome checked are not those that were copied " +
			"before. The login may now open another person's mail, or the server was rebuilt without the mail. rehome stops the account, " +
			"because going on could mix two people's mail.",
	}
	DestinationEmptied = rehome.Declared{
		Code: "destination_emptied", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityError, Blocks: true,
		Sentence: "the destination mailbox holds {found} of the {all message} that were copied there; nothing is copied into it until " +
			"you say why",
		NextStep: "if the user deleted them, run sync with --confirm-deletions and they stay deleted; if the destination lost them, " +
			"run sync with --copy-again",
		Meaning: "Far more messages are missing at the destination than a person usually deletes at once. rehome cannot tell a user's " +
			"clean-up from a server that lost mail, so it neither copies the messages again nor gives them up until somebody decides.",
	}
	destinationGone = DestinationEmptied.Saying(
		"the destination mailbox was deleted or created anew, and holds {found} of the {all message} that were copied there; nothing is "+
			"copied into it until you say why",
		DestinationEmptied.NextStep)
	RemovalsHeld = rehome.Declared{
		Code: "removals_held", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityError, Blocks: true,
		Sentence: "{lost} of {all message} disappeared from the source mailbox; rehome removes nothing of this account at the " +
			"destination until you confirm this",
		NextStep: "check the source; if its user deleted them, run sync with --confirm-deletions",
		Meaning: "With `mail.deletions: mirror`, rehome removes at the destination what was deleted at the source. So many messages " +
			"disappeared at once that a fault at the source is as likely as a clean-up. All removals of the account wait for a confirmation.",
	}
	accountRemovalsHeld = RemovalsHeld.Saying(
		"{lost} of {all message} disappeared from the source account; rehome removes nothing of this account at the destination until "+
			"you confirm this",
		RemovalsHeld.NextStep)
	annotationRemovalsHeld = RemovalsHeld.Saying(
		"{lost} of {all annotation} of mailboxes disappeared at the source; rehome removes none of this account at the destination until "+
			"you confirm this",
		"check the source; if its user removed them, run sync with --confirm-deletions")
	mailboxRefused = rehome.Declared{
		Code: "mailbox_refused", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityError, Again: rehome.AgainEachPass, Blocks: true,
		Sentence: "the destination refuses to create this mailbox, so its messages are not copied: {why}",
		NextStep: "give it another name with mail.rename, or set mail.max_name if the name is too long, and run sync again",
		Meaning:  "The destination did not accept the mailbox's name. Nothing of the mailbox was copied; all other mailboxes were.",
	}
	mailboxUnfinished = rehome.Declared{
		Code: "mailbox_unfinished", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityError, Again: rehome.AgainEachPass, Blocks: true,
		Sentence: "this mailbox is not completely copied: {why}",
		NextStep: "{hint}",
		Meaning: "One of the servers does not open the mailbox, or breaks off in the middle of it each time. The account's other " +
			"mailboxes were copied. The next step depends on which server failed, and how.",
	}
	messagesUnlisted = rehome.Declared{
		Code: "messages_unlisted", Topic: rehome.TopicMessages, Severity: rehome.SeverityError, Blocks: true,
		Sentence: "the source reports {n message} more in this mailbox than it lists, however it is asked",
		NextStep: "ask the source's administrator to repair the mailbox, then run sync again",
		Meaning: "The number of messages that the source announces is higher than the number that it lists. rehome copied everything " +
			"that is listed, and cannot know what the rest is. Usually an index of the mailbox is damaged.",
	}
	messagesUncounted = messagesUnlisted.Saying(
		"the source does not report how many messages this mailbox holds; everything that it lists was copied",
		messagesUnlisted.NextStep)
	messagesUntold = rehome.Declared{
		Code: "messages_untold", Topic: rehome.TopicMessages, Severity: rehome.SeverityWarning,
		Sentence: "the source does not deliver {n message} (UID {uids}), so rehome cannot tell whether {n|it is|they are} still what was " +
			"copied earlier",
		NextStep: "run sync again; if this stays, ask the source's administrator to repair {n|the message|these messages}",
		Meaning: "The mailbox has changed, and the server did not deliver its newest copied messages when rehome checked them. After a " +
			"restore from a backup, their UIDs may belong to other messages. rehome changes nothing about them, counts them as unknown, " +
			"and checks them again in the next pass.",
	}
	copiesUntold = messagesUntold.Saying(
		"the destination does not deliver {n message} (UID {uids}), so rehome cannot tell whether {n|it is|they are} still what was "+
			"copied there",
		"run sync again; if this stays, ask the destination's administrator to repair {n|the message|these messages}")
	mailboxNotListed = rehome.Declared{
		Code: "mailbox_not_listed", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityWarning,
		Sentence: "the source no longer lists this mailbox, but still opens it; rehome copies and removes nothing of it until it is listed again",
		NextStep: "run sync again; if this stays, ask the source's administrator why",
		Meaning: "A mailbox that was copied before is missing from the source's list, and the source does not say clearly that it was " +
			"deleted. rehome treats it neither as deleted nor as empty.",
	}
	mailboxUnsaid = mailboxNotListed.Saying(
		"the source no longer lists this mailbox, and does not say clearly that it is gone ({why}); rehome copies and removes nothing of it "+
			"until it is listed again",
		mailboxNotListed.NextStep)
)

// What is worth knowing of a mailbox.
var (
	mailboxRenumbered = rehome.Declared{
		Code: "mailbox_renumbered", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityInfo,
		Sentence: "a server has renumbered this mailbox since the last pass (UIDVALIDITY changed), so its messages were matched again " +
			"by content",
		Meaning: "UIDs of an earlier pass mean nothing after a change of UIDVALIDITY (RFC 9051, section 2.3.1.1). rehome compared the " +
			"content of the messages at both ends instead, and copied only what is missing.",
	}
	formerUnknown = rehome.Declared{
		Code: "former_unknown", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityWarning, Again: rehome.AgainEachPass,
		Sentence: "{n message} that an earlier pass brought {n|was|were} not found again since this mailbox was renumbered or created anew " +
			"at the source; rehome cannot tell whether {n|it was|they were} deleted there, because {why}; {n|it stays|they stay} at the " +
			"destination",
		NextStep: "ask the source's administrator to repair the mailbox, then run sync again",
		Meaning: "After a change of UIDVALIDITY, rehome recognises messages by their content. As long as the source withholds messages or " +
			"their content, what it withholds may be what is missing, so rehome neither removes the copies nor counts them as deleted.",
	}
	formerUnreadThere = formerUnknown.Saying(formerUnknown.Sentence,
		"ask the destination's administrator to repair the mailbox, then run sync again")
	renameNotFollowed = rehome.Declared{
		Code: "rename_not_followed", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityWarning,
		Sentence: `"{before}" was renamed to "{after}" at the source, but not at the destination: {why}; its messages are copied again`,
		NextStep: `check "{there}" at the destination: with mail.deletions: mirror it is removed after everything is copied, with keep it stays`,
		Meaning: "A user renamed a mailbox, and the destination refused to rename its copy. rehome copies the mailbox under its new name. " +
			"The copy under the old name stays at least until then.",
	}
	subscriptionRefused = rehome.Declared{
		Code: "subscription_refused", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityWarning, Again: rehome.AgainEachPass,
		Sentence: "the mailbox is copied, but not subscribed: {why}",
		NextStep: "subscribe to it in the mail client",
		Meaning: "The user subscribed to the mailbox at the source, and the destination refused to do the same. Some mail clients do not " +
			"show a mailbox without a subscription.",
	}
	annotationsLeft = rehome.Declared{
		Code: "annotations_left", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityWarning,
		Sentence: "{n annotation} {n|was|were} not copied, {names}: {why}",
		NextStep: "if the user needs them, set them again with the program that made them",
		Meaning: "Programs note things about a mailbox there, such as a comment or a colour (IMAP METADATA). rehome copies them with the " +
			"mailbox, and later changes at the source too, where the destination takes them and still has what rehome has written. What the " +
			"destination's user has set, changed or removed stays.",
	}
	annotationsUnknown = rehome.Declared{
		Code: "annotations_unknown", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityWarning,
		Sentence: "not all annotations are known: {why}",
		NextStep: "ask the user whether a program keeps comments or colours of mailboxes at the server; these have to be set again",
		Meaning: "Programs note things about a mailbox there (IMAP METADATA). What the source does not tell of them is not copied, and is not " +
			"taken for removed either.",
	}
	fewerConnections = rehome.Declared{
		Code: "fewer_connections", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityInfo,
		Sentence: "a server refused an additional connection, so this account was copied with fewer: {why}",
		NextStep: "lower limits.per_account if other users are affected",
		Meaning:  "Servers limit the connections of one user. The copy is complete all the same; it took longer.",
	}
	destinationRestored = rehome.Declared{
		Code: "destination_restored", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityWarning,
		Sentence: "the destination has returned this mailbox to an earlier state: {n message} copied there {n|is|are} missing or " +
			"replaced; rehome looked for {n|it|each} by content and copies again what is missing",
		NextStep: "if the destination was restored from a backup, only delete again what its user deleted just before; otherwise ask its " +
			"administrator why UIDs are used twice",
		Meaning: "The destination uses UIDs again that it had already given to other messages, as after a restore from a backup. Messages " +
			"that its user deleted after that backup come back.",
	}
	sourceRestored = rehome.Declared{
		Code: "source_restored", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityWarning,
		Sentence: "the source has returned this mailbox to an earlier state and uses UIDs for other messages, so its messages were matched " +
			"again by content; {n message} that the source lost {n|stays|stay} at the destination",
		NextStep: "nothing if the source was restored from a backup; otherwise ask its administrator why UIDs are used twice",
		Meaning: "The source was probably restored from a backup. Nobody deleted the messages that it lost, so rehome keeps them at the " +
			"destination even with `mail.deletions: mirror`.",
	}
	mailboxDeleted = rehome.Declared{
		Code: "mailbox_deleted", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityInfo,
		Sentence: "this mailbox was deleted at the source; it stays at the destination with {n message}",
		Meaning:  "With `mail.deletions: keep`, rehome removes nothing at the destination.",
	}
	mailboxNotDeleted = rehome.Declared{
		Code: "mailbox_not_deleted", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityInfo,
		Sentence: "this mailbox was deleted at the source; it stays at the destination, empty: {why}",
		Meaning:  "The destination refused to delete the mailbox. It holds no messages any more.",
	}
	mailboxRemoved = rehome.Declared{
		Code: "mailbox_removed", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityInfo,
		Sentence: "this mailbox was deleted at the source, so rehome deleted it at the destination",
		Meaning:  "With `mail.deletions: mirror`, rehome deletes a mailbox that it created itself, once it is empty.",
	}
)

// What is said of messages that stay behind, each also with its original in the escrow folder.
var (
	messageRefused = rehome.Declared{
		Code: "message_refused", Topic: rehome.TopicMessages, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "{message} was not copied: {why}",
		NextStep: "ask the destination's administrator why, then run sync again",
		Meaning: "The destination refused the message with the words shown. rehome keeps the original in the escrow folder, offers it again " +
			"in every pass, and never counts it as copied.",
	}
	messageRefusedKept = messageRefused.Saying(messageRefused.Sentence, "give the original to its owner: it is in {file}")
	messageTooLarge    = rehome.Declared{
		Code: "message_too_large", Topic: rehome.TopicMessages, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "{message} was not copied: {why}",
		NextStep: "raise the limit at the destination, then run sync again",
		Meaning: "The message is larger than the destination allows. rehome keeps the original in the escrow folder and offers it again in " +
			"every pass.",
	}
	messageTooLargeKept = messageTooLarge.Saying(messageTooLarge.Sentence,
		"raise the limit at the destination and run sync again, or give the original to its owner: it is in {file}")
	messageUnreadable = rehome.Declared{
		Code: "message_unreadable", Topic: rehome.TopicMessages, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "{message} was not copied: {why}",
		NextStep: "ask the source's administrator to repair the message, then run sync again",
		Meaning:  "The source lists the message but does not deliver its content. Usually the file or its index is damaged.",
	}
	messageUnreadableKept = messageUnreadable.Saying(messageUnreadable.Sentence,
		"ask the source's administrator to repair the message, then run sync again, or give its owner the original that an earlier pass "+
			"kept: it is in {file}")
	messageMaybeThere = rehome.Declared{
		Code: "message_maybe_there", Topic: rehome.TopicMessages, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "{n message} (UID {uids}) {n|was|were} not copied, because {n|it|they} may be at the destination already: \"{mailbox}\" " +
			"lists {dark message} there (UID {there}) and does not deliver {dark|it|them}",
		NextStep: "ask the destination's administrator to repair or remove {dark|that message|those messages}, then run sync again",
		Meaning: "The destination lists a message that rehome did not copy there, and delivers neither its header nor its content. Usually " +
			"its file or its index is damaged. A message of the source that could be the same one is not sent, so that nobody " +
			"gets it twice. All other messages of the mailbox are copied.",
	}
	messageEmpty = rehome.Declared{
		Code: "message_empty", Topic: rehome.TopicMessages, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "{message} was not copied: {why}",
		NextStep: "delete the message at the source, then run sync again",
		Meaning: "The source holds a message without any content. IMAP cannot store an empty message (RFC 9051, section 9), so there is " +
			"nothing to copy.",
	}
)

// What is said of messages that the destination has taken and does not show.
var (
	messageAltered = rehome.Declared{
		Code: "message_altered", Topic: rehome.TopicMessages, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "the destination confirmed that it stored {message}, but shows nothing with this content; rehome does not send it again",
		NextStep: "look for it in the destination's mailbox, trash and spam folder; if it is not there, run sync with --copy-again for this account",
		Meaning: "The destination tells no UIDs (no UIDPLUS), so rehome recognises what it has copied by the content. A server that changes " +
			"messages when it stores them, or moves them at once, never shows what was sent, and every further attempt would leave one more " +
			"copy. A user who deletes the message at once looks the same. rehome counts it as failed until it finds it.",
	}
	messageAlteredKept = messageAltered.Saying(messageAltered.Sentence,
		"look for it in the destination's mailbox, trash and spam folder; if it is not there or damaged, give the original to its owner (it is in "+
			"{file}), or run sync with --copy-again for this account")
)

// What is worth knowing of messages that were copied.
var (
	flagsJoined = rehome.Declared{
		Code: "flags_joined", Topic: rehome.TopicMessages, Severity: rehome.SeverityInfo,
		Sentence: "{n message} {n|was|were} already at the destination with fewer flags than at the source; rehome added the missing flags " +
			"and removed none",
		Meaning: "Messages that another tool or a mail client had copied before were found by content and not copied again.",
	}
	flagsDropped = rehome.Declared{
		Code: "flags_dropped", Topic: rehome.TopicMessages, Severity: rehome.SeverityWarning,
		Sentence: "the destination cannot store {flags}; {n message} {n|was|were} copied without",
		Meaning: "The destination does not allow these flags in the mailbox (its PERMANENTFLAGS, or its answer CANNOT). Everything else of the " +
			"messages was copied.",
	}
	flagsRefused = rehome.Declared{
		Code: "flags_refused", Topic: rehome.TopicMessages, Severity: rehome.SeverityError, Again: rehome.AgainEachPass, Blocks: true,
		Sentence: "the destination refuses to change the flags {flags} on {n message}: {why}",
		NextStep: "run sync again; if the destination still refuses, ask its administrator why",
		Meaning: "The messages are at the destination, without these changes of their flags. rehome asked twice, then for each flag alone, and " +
			"tries again in each pass.",
	}
	dateNotKept = rehome.Declared{
		Code: "date_not_kept", Topic: rehome.TopicMessages, Severity: rehome.SeverityWarning,
		Sentence: "{n message} {n|was|were} copied without a date, because the source gives none, or one before 1970 or after 2038, " +
			"which mailboxes cannot store; the destination shows the time of the copy",
		Meaning: "The date in question is INTERNALDATE, by which clients sort. The Date field inside the message is unchanged.",
	}
	uidsNotKept = rehome.Declared{
		Code: "uids_not_kept", Topic: rehome.TopicMessages, Severity: rehome.SeverityWarning,
		Sentence: "{n message} (UID {uids}) {n|has a new UID|have new UIDs} at the destination, so mail programs download {n|it|them} again: {why}",
		Meaning: "With `destination.dsync`, messages keep their UIDs where that is possible. These could not, and were copied by IMAP, which " +
			"lets the destination assign UIDs. Their content, flags and dates were copied.",
	}
	uidlsNotKept = rehome.Declared{
		Code: "uidls_not_kept", Topic: rehome.TopicMessages, Severity: rehome.SeverityWarning,
		Sentence: "{n message} {n|loses its POP3 identifier (UIDL)|lose their POP3 identifiers (UIDL)}, so POP3 programs download {n|it|them} " +
			"again: {why}",
		Meaning: "With `destination.dsync` and `source.pop3`, the messages of the INBOX keep the identifiers by which POP3 programs know " +
			"them. A destination takes an identifier only together with its message, and rehome gives none that it is not sure of.",
	}
	uidlsHidden = rehome.Declared{
		Code: "uidls_hidden", Topic: rehome.TopicMessages, Severity: rehome.SeverityInfo,
		Sentence: "POP3 does not show {n message} of the INBOX at the source; at the destination it does, so POP3 programs that have never " +
			"seen {n|it|them} download {n|it|them} once",
		Meaning: "Some servers show POP3 programs only a part of the INBOX, for example what has arrived since a date. A Dovecot shows all of it.",
	}
	lastOctetCut = rehome.Declared{
		Code: "last_octet_cut", Topic: rehome.TopicMessages, Severity: rehome.SeverityWarning,
		Sentence: "{n message} (UID {uids}) {n|ends|end} in a carriage return without line feed, which dsync cannot transfer; the rest of " +
			"{n|it|them} was copied",
		Meaning: "The protocol between Dovecot servers loses this one octet at the end of a message. It has no meaning in mail, and no program " +
			"shows it. Without `destination.dsync` the octet is copied.",
	}
	arrivedTwice = rehome.Declared{
		Code: "arrived_twice", Topic: rehome.TopicMessages, Severity: rehome.SeverityError,
		Sentence: "the destination holds one copy too many of {n message} (UID {uids}): another rehome, or another tool, copied the same " +
			"messages at the same time",
		NextStep: "stop the other tool, then delete one of the two copies in a mail client",
		Meaning: "Two programs copied into the same mailbox at once. rehome stops the account when it notices this, and withdraws its own " +
			"copies where the server can remove single messages (UIDPLUS). The copies listed here are those that it could not withdraw, or " +
			"that a restore has brought back and somebody has changed since.",
	}
	arrivedLate = arrivedTwice.Saying(
		"the destination holds one copy too many of {n message} (UID {uids}): either a copy given up as lost when a connection broke "+
			"arrived after all, or another program copied the same messages",
		"delete one of the two copies in a mail client")
	arrivedReturned = arrivedTwice.Saying(
		"the destination holds one copy too many of {n message} (UID {uids}): a restore of the destination has brought back what rehome had "+
			"withdrawn because another program had copied it first",
		"delete one of the two copies in a mail client")
	arrivalUnknown = rehome.Declared{
		Code: "arrival_unknown", Topic: rehome.TopicMessages, Severity: rehome.SeverityWarning,
		Sentence: "{n message} disappeared from the source while {n|it was|they were} on the way, and the answer was lost; if {n|it|they} " +
			"arrived, {n|it is|they are} among {found message} that rehome does not know (UID {uids})",
		NextStep: "check these messages in a mail client and delete what is not wanted",
		Meaning: "After a broken connection, rehome identifies what arrived by comparing it with the original. Here the original is gone, " +
			"or the source does not deliver it any more. rehome reports this for a week, as long as the destination holds unknown messages " +
			"that came after that connection was opened.",
	}
	arrivalUnreadable = arrivalUnknown.Saying(
		"the source does not deliver {n message} any more that {n|was|were} on the way when the answer was lost; if {n|it|they} arrived, "+
			"{n|it is|they are} among {found message} that rehome does not know (UID {uids})",
		arrivalUnknown.NextStep)
)

// What is said of messages that disappeared at one end.
var (
	removalsWait = rehome.Declared{
		Code: "removals_wait", Topic: rehome.TopicMessages, Severity: rehome.SeverityInfo,
		Sentence: "{n message} deleted at the source {n|stays|stay} at the destination until the rest of the account is copied",
		Meaning: "A message that disappears from one mailbox may appear in another. rehome removes nothing before everything else of the " +
			"account is copied.",
	}
	removalUnproved = rehome.Declared{
		Code: "removal_unproved", Topic: rehome.TopicMessages, Severity: rehome.SeverityWarning,
		Sentence: "{n message} disappeared from the source and {n|stays|stay} at the destination: what is there now is not, byte for byte, " +
			"what rehome wrote",
		NextStep: "check {n|it|them} in a mail client and delete what is not wanted",
		Meaning: "Before it removes a message, rehome reads it and compares it with what it wrote. Anything else stays: it may be another " +
			"message with the same UID.",
	}
	removalImpossible = rehome.Declared{
		Code: "removal_impossible", Topic: rehome.TopicMessages, Severity: rehome.SeverityWarning,
		Sentence: "{n message} deleted at the source {n|stays|stay}: the destination cannot remove single messages (no UIDPLUS)",
		NextStep: "set mail.deletions to keep, or delete them in a mail client",
		Meaning: "Without UIDPLUS (RFC 4315), a server can only remove every message that is marked as deleted, including those of the user. " +
			"rehome does not do that.",
	}
	removalReadOnly = removalImpossible.Saying(
		"{n message} deleted at the source {n|stays|stay}: the destination opens this mailbox only for reading", removalImpossible.NextStep)
	removalRefused = rehome.Declared{
		Code: "removal_refused", Topic: rehome.TopicMessages, Severity: rehome.SeverityWarning, Again: rehome.AgainEachPass,
		Sentence: "messages deleted at the source stay at the destination: {why}",
		NextStep: "ask the destination's administrator why, then run sync again",
		Meaning:  "The destination refused to remove messages. Nothing else of the mailbox is affected.",
	}
	vanishedKept = rehome.Declared{
		Code: "vanished_kept", Topic: rehome.TopicMessages, Severity: rehome.SeverityInfo,
		Sentence: "{n message} disappeared from the source and {n|stays|stay} at the destination (mail.deletions: keep)",
		Meaning:  "With `mail.deletions: keep`, rehome removes nothing at the destination.",
	}
	vanishedNotOurs = rehome.Declared{
		Code: "vanished_not_ours", Topic: rehome.TopicMessages, Severity: rehome.SeverityInfo,
		Sentence: "{n message} disappeared from the source and {n|stays|stay} at the destination: rehome found {n|it|them} there and did " +
			"not copy {n|it|them}",
		Meaning: "rehome removes only what it wrote itself. These messages were at the destination before.",
	}
	vanishedChanged = rehome.Declared{
		Code: "vanished_changed", Topic: rehome.TopicMessages, Severity: rehome.SeverityInfo,
		Sentence: "{n message} disappeared from the source and {n|stays|stay} at the destination: changed there since, or not proved to be " +
			"what rehome wrote",
		Meaning: "Somebody works with these messages at the destination, for example answered or flagged them, so rehome keeps them.",
	}
	deletedAtDestination = rehome.Declared{
		Code: "deleted_at_destination", Topic: rehome.TopicMessages, Severity: rehome.SeverityInfo, Again: rehome.AgainCopied,
		Sentence: "{n message} {n|was|were} deleted or moved at the destination and {n|is|are} not copied again",
		NextStep: "if that was a mistake, run sync with --copy-again for this account",
		Meaning: "Users may work at the destination while the move is going on. rehome respects what they delete there. A small mailbox that " +
			"a restore from a backup took looks the same if no other mailbox of the account shows the restore.",
	}
)
