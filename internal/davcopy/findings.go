// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"rehome"
	"rehome/internal/ledger"
)

// Findings lists every kind of finding that copying contacts and calendars raises.
func Findings() []rehome.Declared {
	return []rehome.Declared{
		objectRefused, objectFailed, objectTooLarge, duplicateUID, uidElsewhere, overrideApart, seriesApart, objectUnserved, objectUnreadable,
		objectVeiled, objectUnproved, objectSpoilt, objectConflict, removedThere, nameTaken, objectMissing, objectReverted, updateRefused,
		updateUnreadable, objectAwaited, objectHidden, objectNotRemoved, objectRepaired, attachmentAtSource,
		invitationsNotSilent, invitationsDespiteAgent, invitationsUnknown, testObjectLeft,
		collectionLeftOut, collectionRefused, collectionNotMade, kindNotOffered, collectionUnshown, collectionStays, collectionEmptied,
		collectionDeleted, propertyRefused,
	}
}

// afterAll is what can always be done about an object that a server does not accept.
const afterAll = "correct it at the source and run sync again, or enter it at the destination by hand"

// originalKept follows the next step of an object whose original is in the escrow folder.
const originalKept rehome.Text = "; the source's version is kept in {file}"

// What is said of an object that is not at the destination as the source has it.
var (
	objectRefused = rehome.Declared{
		Code: "object_refused", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "not copied: {why}", NextStep: afterAll,
		Meaning: "The destination refused the contact or event, with the words shown. rehome made every repair that it may make without a " +
			"guess, and it was still refused. The original is kept in the escrow folder and offered again in every pass.",
	}
	objectFailed = rehome.Declared{
		Code: "object_failed", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "not copied: {why}",
		NextStep: "run sync again; if this stays, correct it at the source, or enter it at the destination by hand",
		Meaning:  "The destination answered with a fault of its own (HTTP 5xx) for this object, while it accepts others.",
	}
	objectTooLarge = rehome.Declared{
		Code: "object_too_large", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "not copied: {why}",
		NextStep: "raise the limit at the destination, or remove the photo or attachment at the source, and run sync again",
		Meaning:  "The object is larger than the destination allows. The original is kept in the escrow folder.",
	}
	duplicateUID = rehome.Declared{
		Code: "duplicate_uid", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "not copied: {why}",
		NextStep: "another object has the same UID but different content: delete one of the two at the source and run sync again, or enter " +
			"this one by hand",
		Meaning: "Two objects of a collection have the same UID, which the source allows and the destination does not (RFC 4791, section " +
			"5.3.2.1). rehome copied the first one.",
	}
	uidElsewhere = rehome.Declared{
		Code: "uid_elsewhere", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "not copied: {why}",
		NextStep: "to have it in both collections, copy it there by hand at the destination; otherwise delete it from one of them at the source",
		Meaning: "The same object is in two collections of a user, and the destination allows it only once. rehome copied it into one of " +
			"them.",
	}
	overrideApart = rehome.Declared{
		Code: "override_apart", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "not copied: {why}",
		NextStep: "make this change to the series again in a calendar client: at the source before the next sync, or at the destination",
		Meaning: "The source stores a changed occurrence of a recurring event as an object of its own, and the destination wants the event " +
			"and its changes in one object (RFC 4791, section 4.1). The series, or another change of it, was copied without this one.",
	}
	seriesApart = rehome.Declared{
		Code: "series_apart", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "not copied: {why}",
		NextStep: "delete neither at the source; delete the changed occurrence at the destination, run sync again to get the series, and make " +
			"the change there again",
		Meaning: "The source stores a recurring event and a changed occurrence of it as two objects, and the destination wants both in one " +
			"(RFC 4791, section 4.1). It had got the changed occurrence before the event, and does not accept the event.",
	}
	objectUnserved = rehome.Declared{
		Code: "object_unserved", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "not copied: {why}",
		NextStep: "run sync again; if this stays, open and save it in a client at the source, or look into that server's error log",
		Meaning:  "The source lists the object but does not return it.",
	}
	objectUnreadable = rehome.Declared{
		Code: "object_unreadable", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "not copied: {why}",
		NextStep: "correct it at the source, or enter it at the destination by hand",
		Meaning:  "What the source returns is neither a contact nor a calendar object.",
	}
	objectVeiled = rehome.Declared{
		Code: "object_veiled", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "not copied: {why}",
		NextStep: "run sync again; if this stays, look into the destination's error log, or remove there what it does not return",
		Meaning: "The destination lists an object that it does not return. It has the name that this one would get, or the destination " +
			"does not say clearly that its UID is another. rehome cannot tell whether the two are the same, so it does not copy this " +
			"one beside it.",
	}
	objectUnproved = rehome.Declared{
		Code: "object_unproved", Topic: rehome.TopicObjects, Severity: rehome.SeverityError,
		Sentence: "rehome cannot check this object: {why}",
		NextStep: "run sync again; if this stays, correct it at the source, or enter it at the destination by hand",
		Meaning: "The destination accepted the object and does not return it, so nobody can tell what it stored. rehome does not count it " +
			"as copied.",
	}
	objectSpoilt = rehome.Declared{
		Code: "object_spoilt", Topic: rehome.TopicObjects, Severity: rehome.SeverityError,
		Sentence: "this object was copied, but {why}",
		NextStep: "correct it at the source, or enter it at the destination by hand",
		Meaning: "The destination accepted the object and changed it in a way that loses or alters information. Repairs did not help. The " +
			"original is kept in the escrow folder.",
	}
	objectConflict = rehome.Declared{
		Code: "conflict", Topic: rehome.TopicObjects, Severity: rehome.SeverityWarning,
		Sentence: "the destination's version stays: {why}", NextStep: "compare both versions in a client and keep the right one",
		Meaning: "Both ends have a version of their own. rehome never overwrites what somebody edited at the destination; the source's " +
			"version is kept in the escrow folder.",
	}
	removedThere = rehome.Declared{
		Code: "deleted_at_destination", Topic: rehome.TopicObjects, Severity: rehome.SeverityWarning,
		Sentence: "not copied again: {why}", NextStep: "if it should be there, enter it at the destination by hand",
		Meaning: "The object was deleted at the destination and has changed at the source since. rehome does not decide which of the two " +
			"is meant; the source's version is kept in the escrow folder.",
	}
	nameTaken = rehome.Declared{
		Code: "name_taken", Topic: rehome.TopicObjects, Severity: rehome.SeverityWarning,
		Sentence: "the destination's version stays: {why}", NextStep: "compare both versions in a client and keep the right one",
		Meaning: "The destination has other objects under every name that rehome could give this one. They may be earlier copies by another " +
			"tool.",
	}
	objectMissing = rehome.Declared{
		Code: ledger.CodeMissing, Topic: rehome.TopicObjects, Severity: rehome.SeverityWarning, Again: rehome.AgainCopied,
		Sentence: "it was copied and is no longer at the destination: it was deleted or moved there, or the server was restored from a " +
			"backup; it is not copied again",
		NextStep: "if nobody meant to delete it, run sync again with --copy-again",
		Meaning:  "rehome cannot tell a user's deletion from a server that lost data, so it neither passes over this nor undoes it.",
	}
	objectReverted = rehome.Declared{
		Code: ledger.CodeReverted, Topic: rehome.TopicObjects, Severity: rehome.SeverityWarning, Again: rehome.AgainCopied,
		Sentence: "the destination has an earlier version again: the server was restored from a backup, or the user undid the change; the " +
			"newer version is not copied again",
		NextStep: "if nobody meant to undo the change, run sync again with --copy-again",
		Meaning:  "rehome had copied a newer version, and the destination now returns one that it had before.",
	}
	updateRefused = rehome.Declared{
		Code: ledger.UpdateRefused, Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "the destination has an older version: {why}", NextStep: afterAll,
		Meaning: "The object was copied, has changed at the source since, and the destination refused the new version.",
	}
	updateUnreadable = rehome.Declared{
		Code: ledger.UpdateUnreadable, Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "the destination has an older version: {why}",
		NextStep: "run sync again; if this stays, open and save it in a client at the source, or look into that server's error log",
		Meaning:  "The object was copied, has changed at the source since, and the source does not return the new version.",
	}
)

// What else is said of single objects.
var (
	objectAwaited = rehome.Declared{
		Code: "object_awaited", Topic: rehome.TopicObjects, Severity: rehome.SeverityWarning,
		Sentence: "the destination has not answered whether it stored this object; it names objects itself, so sending the object again too " +
			"early could store it twice",
		NextStep: "run sync again in five minutes",
		Meaning: "The connection broke while the object was sent. On a server that keeps the names it is given, rehome would look under that " +
			"name; here it has to wait until the first request can no longer arrive.",
	}
	objectHidden = objectAwaited.Saying(
		"the destination has not answered whether it stored this object; it lists an object that it does not return, which may be this one",
		"look into the destination's error log, remove there what it does not return, and run sync again")
	objectNotRemoved = rehome.Declared{
		Code: "object_not_removed", Topic: rehome.TopicObjects, Severity: rehome.SeverityWarning, Again: rehome.AgainEachPass,
		Sentence: "the source no longer has this object, and rehome could not remove it at the destination: {why}",
		NextStep: "delete it there in a client if nobody wants it, or look into that server's error log",
		Meaning: "With `mail.deletions: mirror`, rehome removes at the destination what was deleted at the source. The destination does not return " +
			"this object or refuses to remove it. It stays, rehome tries again in every pass, and everything else goes on.",
	}
	objectRepaired = rehome.Declared{
		Code: "repaired_*", Topic: rehome.TopicObjects, Severity: rehome.SeverityInfo,
		Sentence: "repaired in {n object} of {collection}: {what}",
		Meaning: "The destination would not accept these objects as they are, and rehome repaired them. The table of repairs in " +
			"[contacts and calendars](contacts-and-calendars.md) says what each does; the source is never changed.",
	}
	attachmentAtSource = rehome.Declared{
		Code: "attachment_at_source", Topic: rehome.TopicObjects, Severity: rehome.SeverityWarning,
		Sentence: "an attachment was copied as a link, because the file itself is on the source: {host}",
		NextStep: "open it and attach the file again at the destination while the source is still running",
		Meaning:  "CalDAV servers can store attachments beside an event (RFC 8607). The link will be dead when the source is switched off.",
	}
	invitationsNotSilent = rehome.Declared{
		Code: "invitations_not_silent", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "{n object} with attendees {n|was|were} not copied: the destination would send invitations; a test event showed that it " +
			"ignores the request not to",
		NextStep: "switch off scheduling at the destination during the move, or set destination.dav.schedule_agent_client: true, and run " +
			"sync again",
		Meaning: "Before it copies a meeting, rehome tests with an event of its own whether the destination sends mail to attendees. " +
			"This destination does, so meetings are held back; everything else is copied.",
	}
	invitationsDespiteAgent = invitationsNotSilent.Saying(
		"{n object} with attendees {n|was|were} not copied: the destination would send invitations; a test event showed that it ignores both "+
			"the request not to and SCHEDULE-AGENT=CLIENT",
		"switch off scheduling at the destination during the move, and run sync again")
	invitationsUnknown = rehome.Declared{
		Code: "invitations_unknown", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "{n object} with attendees {n|was|were} not copied: rehome could not find out whether the destination sends invitations, " +
			"because it could not store and read back a test event: {why}",
		NextStep: "run sync again; if this stays, find out why that fails, or switch off scheduling at the destination during the move",
		Meaning:  "Without a successful test rehome assumes that the destination sends invitations, and holds meetings back.",
	}
	testObjectLeft = rehome.Declared{
		Code: "test_object_left", Topic: rehome.TopicObjects, Severity: rehome.SeverityWarning,
		Sentence: "rehome could not remove a test object from the destination: {why}",
		NextStep: "remove it there",
		Meaning:  "rehome writes a test event to learn how the destination behaves, and removes it at once. Here the server did not allow that.",
	}
)

// What is said of collections.
var (
	collectionLeftOut = rehome.Declared{
		Code: "collection_left_out", Topic: rehome.TopicObjects, Severity: rehome.SeverityInfo,
		Sentence: "this collection is not copied: {why}", NextStep: "{hint}",
		Meaning: "Collections that the server generates, that belong to another user, or that hold only a subscription are not copied.",
	}
	collectionRefused = rehome.Declared{
		Code: "collection_refused", Topic: rehome.TopicObjects, Severity: rehome.SeverityWarning,
		Sentence: "the destination refused to create this collection, so its objects are copied into the main one: {why}",
		NextStep: "if you want them apart, move them at the destination",
		Meaning:  "Some servers allow one calendar or address book for each user. Nothing is lost, but the collections are merged.",
	}
	collectionNotMade = rehome.Declared{
		Code: "collection_not_made", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "the destination refused to create this collection and has no main one, so {n object} {n|was|were} not copied: {why}",
		NextStep: "create a collection of this kind there in a client, preferably with the same name, and run sync again",
		Meaning:  "There is no place at the destination for these objects.",
	}
	kindNotOffered = rehome.Declared{
		Code: "kind_not_offered", Topic: rehome.TopicObjects, Severity: rehome.SeverityError,
		Sentence: "the destination has no place for {kind} of this account, so {n object} {n|was|were} not copied",
		NextStep: "check the account's plan at the destination, then run sync again",
		Meaning:  "The destination offers the account no home for this kind of object. The account's plan may not include it.",
	}
	collectionUnshown = rehome.Declared{
		Code: "collection_unshown", Topic: rehome.TopicObjects, Severity: rehome.SeverityError,
		Sentence: "the {side} lists this collection but does not return its content, so nothing of it was copied or changed: {why}",
		NextStep: "open it in a client there, or look into that server's error log, and run sync again",
		Meaning:  "A server names the collection in its list and answers with an error when asked for it. rehome does not treat it as empty.",
	}
	collectionStays = rehome.Declared{
		Code: "collection_stays", Topic: rehome.TopicObjects, Severity: rehome.SeverityInfo,
		Sentence: "this collection was deleted at the source; rehome removed its objects at the destination and left the empty collection, {there}",
		NextStep: "delete it there if nobody wants it",
		Meaning:  "rehome removes what it copied, and never a collection.",
	}
	collectionEmptied = rehome.Declared{
		Code: "collection_emptied", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Blocks: true,
		Sentence: "{n object} disappeared from the source at once; nothing was removed at the destination",
		NextStep: "check the source; if the user deleted {n|it|them}, run sync again with --confirm-deletions",
		Meaning: "So many objects disappeared at once that a fault at the source is as likely as a clean-up. Removals of the collection wait " +
			"for a confirmation.",
	}
	collectionDeleted = rehome.Declared{
		Code: "collection_deleted", Topic: rehome.TopicObjects, Severity: rehome.SeverityError, Blocks: true,
		Sentence: "the source no longer has this collection; {n object} copied from it {n|stays|stay} at the destination, in {there}",
		NextStep: "check the source; if the user deleted the collection, run sync again with --confirm-deletions",
		Meaning:  "A whole calendar or address book is gone from the source. Its copy stays until somebody confirms the deletion.",
	}
	propertyRefused = rehome.Declared{
		Code: "property_refused_*", Topic: rehome.TopicObjects, Severity: rehome.SeverityInfo,
		Sentence: "the destination refused to set the {property} of this collection: {why}",
		NextStep: "set it at the destination if you want it",
		Meaning:  "The objects of the collection were copied. Its name, description, colour, order or time zone differs from the source.",
	}
)
