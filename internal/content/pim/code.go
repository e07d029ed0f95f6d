// SPDX-License-Identifier: Apache-2.0

package pim

// Code names a problem, and the repair that removes it. The values are stable.
type Code string

// Problems of bytes and lines, of both kinds.
const (
	CodeByteOrderMark    Code = "byte_order_mark"   // safe repair
	CodeNotUTF8          Code = "not_utf8"          // safe repair: recoded from Windows-1252
	CodeDoubleEncoded    Code = "double_encoded"    // repair on request
	CodeControlCharacter Code = "control_character" // safe repair
	CodeLineEnds         Code = "line_ends"         // safe repair: CRLF
	CodeEmptyLine        Code = "empty_line"        // safe repair
	CodeCharset          Code = "charset"           // safe repair: a charset or transfer encoding of vCard 2.1 in a later version
	CodeStrayLine        Code = "stray_line"        // no colon; repair on request: joined to the line before
	CodeEscapedColon     Code = "escaped_colon"     // safe repair: a backslash that escapes nothing
	CodeSplitCharacter   Code = "split_character"   // safe repair: folded between characters
	CodeUnbalanced       Code = "unbalanced"        // BEGIN and END do not match
	CodeTooDeep          Code = "too_deep"
	CodeBadParameter     Code = "bad_parameter"
	CodeBareParameter    Code = "bare_parameter" // a word without a value; safe repair: TYPE of a contact, taken away in a calendar
	CodeOutside          Code = "outside"        // text outside of BEGIN and END
	CodeSeveralObjects   Code = "several_objects"
	CodeUnreadable       Code = "unreadable"
	CodeMissingVersion   Code = "missing_version" // safe repair
	CodeRepeatedLine     Code = "repeated_line"   // safe repair: the same single-value property twice, identical
	CodeRepeatedValue    Code = "repeated_value"  // a single-value property twice, different
	CodeMissingUID       Code = "missing_uid"     // of a contact; safe repair, made from its own bytes
	CodeRepeatedUID      Code = "repeated_uid"    // two objects of one stream
	CodeUnknownVersion   Code = "unknown_version"
	CodeUnsafeUID        Code = "unsafe_uid"     // empty, very long or with control characters
	CodeTruncated        Code = "truncated"      // ends in the middle, perhaps cut at 65,535 octets
	CodeBase64Damaged    Code = "base64_damaged" // inline data that cannot be decoded
	CodeBase64Name       Code = "base64_name"    // safe repair: ENCODING=BASE64 becomes ENCODING=b
	CodeLargeData        Code = "large_data"     // inline data of more than a megabyte
	CodeMissingProdID    Code = "missing_prodid" // safe repair
	CodeInvalidDate      Code = "invalid_date"   // a date or time that does not exist or is not written as one
	CodeBefore1970       Code = "before_1970"    // old servers keep the start as an unsigned number
	CodeAfter2038        Code = "after_2038"
)

// Problems of contacts.
const (
	CodeMissingFN Code = "missing_fn" // safe repair: from N, ORG, NICKNAME, EMAIL, TEL, else empty
	CodeMissingN  Code = "missing_n"  // safe repair: from FN; vCard 3.0 only
	CodeVCard21   Code = "vcard_21"   // safe repair: becomes 3.0
	CodeOldGroup  Code = "old_group"  // a group card in Apple's way
)

// Problems of calendar objects.
const (
	CodeMissingEventUID      Code = "missing_event_uid" // safe repair, made from its own content
	CodeMethod               Code = "method"            // safe repair: METHOD out
	CodeMissingDTStamp       Code = "missing_dtstamp"   // safe repair
	CodeMissingDTStart       Code = "missing_dtstart"
	CodeSeveralUIDs          Code = "several_uids"      // in one object
	CodeMixedComponents      Code = "mixed_components"  // VEVENT and VTODO in one object
	CodeNoComponent          Code = "no_component"      // only VTIMEZONE, or nothing
	CodeSeveralMasters       Code = "several_masters"   // two components without RECURRENCE-ID
	CodeLoneOverride         Code = "lone_override"     // RECURRENCE-ID without master; repair on request
	CodeRepeatedOverride     Code = "repeated_override" // the same RECURRENCE-ID twice
	CodeMissingVTimezone     Code = "missing_vtimezone" // TZID without its VTIMEZONE
	CodeUnknownZone          Code = "unknown_zone"      // and no time zone of that name is known
	CodeBadOffset            Code = "bad_offset"        // of a VTIMEZONE; repair on request: "+5730" becomes "+005730"
	CodeBadRule              Code = "bad_rule"          // RRULE that cannot be read
	CodeSeveralRules         Code = "several_rules"     // two RRULE
	CodeUntilType            Code = "until_type"        // UNTIL of another type than DTSTART
	CodeEndBeforeStart       Code = "end_before_start"
	CodeEndAndDuration       Code = "end_and_duration"
	CodeBadDuration          Code = "bad_duration" // repair on request: "PT1D" becomes "P1D"
	CodeUnknownComponent     Code = "unknown_component"
	CodeFreeBusy             Code = "free_busy"         // VFREEBUSY does not belong in a calendar collection
	CodeJoinedCategories     Code = "joined_categories" // CATEGORIES:A\,B of old servers; repair on request
	CodeEmailAlarm           Code = "email_alarm"       // repair on request: becomes DISPLAY
	CodeRemoteAttachment     Code = "remote_attachment" // lives on the source server
	CodeScheduleAgent        Code = "schedule_agent"    // SCHEDULE-AGENT put in by InjectScheduleAgent or taken out
	CodeUnmeantAgent         Code = "unmeant_agent"     // SCHEDULE-AGENT that already stands in the object
	CodeAttendeesNoOrganizer Code = "attendees_no_organizer"
)
