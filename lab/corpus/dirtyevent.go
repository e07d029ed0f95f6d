// SPDX-License-Identifier: Apache-2.0

package corpus

import "strings"

const anHour = "DTSTART:20150610T090000Z\nDTEND:20150610T100000Z\n"

// dirtyUIDs are objects whose identity is unclear.
func dirtyUIDs() []DirtyObject {
	clean := vevent("d-event", anHour+"SUMMARY:Clean\n")
	weekly := berlin + vevent("d-split", "DTSTART;TZID=Europe/Berlin:20190107T093000\nDTEND;TZID=Europe/Berlin:20190107T100000\n"+
		"RRULE:FREQ=WEEKLY;COUNT=20\nSUMMARY:Stand-up\n")
	moved := "RECURRENCE-ID;TZID=Europe/Berlin:20190128T093000\nDTSTART;TZID=Europe/Berlin:20190128T140000\n" +
		"DTEND;TZID=Europe/Berlin:20190128T143000\nSUMMARY:Stand-up\\, later\n"
	return []DirtyObject{
		dirtyEvent("", "d-event.ics", NoRepair, answers(201, 201, 201, 201, 201, 201), clean),
		dirtyEvent("UID of another object, same contents", "d-event-copy.ics", MergeObjects, answers(201, 201, 409, 207, 201, 403), clean),
		dirtyEvent("UID of another object, other contents", "d-event-other.ics", RenewUID, answers(201, 201, 409, 207, 201, 403),
			vevent("d-event", "DTSTART:20160610T090000Z\nDTEND:20160610T100000Z\nSUMMARY:Another one\n")),
		dirtyEvent("master whose override has a name of its own", "d-split.ics", NoRepair, answers(201, 201, 201, 201, 201, 201), weekly),
		dirtyEvent("override whose master has another name", "d-split-override.ics", JoinOverrides, answers(201, 201, 400, 207, 201, 403),
			berlin+vevent("d-split", moved)),
		dirtyEvent("override without a master", "d-lone-override.ics", LoneOverride, answers(201, 201, 400, 201, 201, 201),
			berlin+vevent("d-lone-override", moved)),
		dirtyEvent("no UID", "d-event-no-uid.ics", AddEventUID, answers(400, 201, 400, 201, 201, 403),
			"BEGIN:VEVENT\nDTSTAMP:20120101T000000Z\n"+anHour+"SUMMARY:Anonymous\nEND:VEVENT\n"),
		dirtyEvent("two UIDs", "d-two-uids.ics", NoRepair, answers(400, 415, 400, 201, 201, 403), vevent("d-two-uids-1",
			anHour+"SUMMARY:One\n")+vevent("d-two-uids-2", anHour+"SUMMARY:Two\n")),
		dirtyEvent("two masters", "d-two-masters.ics", NoRepair, answers(201, 415, 400, 201, 201, 201), vevent("d-two-masters",
			anHour+"SUMMARY:One\n")+vevent("d-two-masters", anHour+"SUMMARY:Two\n")),
	}
}

// dirtyEvents are objects with a property too many, too few or broken.
func dirtyEvents() []DirtyObject {
	return []DirtyObject{
		dirtyEvent("METHOD", "d-method.ics", DropMethod, answers(201, 415, 201, 201, 201, 403), "METHOD:PUBLISH\n"+vevent("d-method",
			anHour+"SUMMARY:Saved from mail\n")),
		dirtyEvent("no DTSTAMP", "d-no-dtstamp.ics", AddDTSTAMP, answers(201, 201, 201, 201, 201, 201),
			"BEGIN:VEVENT\nUID:d-no-dtstamp\nCREATED:20100101T080000Z\n"+anHour+"SUMMARY:Old client\nEND:VEVENT\n"),
		dirtyEvent("no DTSTART", "d-no-dtstart.ics", NoRepair, answers(500, 415, 400, 201, 500, 201), vevent("d-no-dtstart", "SUMMARY:Some day\n")),
		dirtyEvent("rule with an unknown frequency", "d-rrule-foo.ics", NoRepair, answers(500, 500, 400, 201, 201, 403), vevent("d-rrule-foo",
			anHour+"RRULE:FREQ=FOO\nSUMMARY:How often?\n")).spoiltBy(Xandikos),
		dirtyEvent("two rules", "d-two-rrules.ics", NoRepair, answers(201, 415, 201, 201, 201, 201), vevent("d-two-rrules",
			anHour+"RRULE:FREQ=DAILY;COUNT=3\nRRULE:FREQ=WEEKLY;COUNT=3\nSUMMARY:Both\n")),
		dirtyEvent("UNTIL of another type", "d-until.ics", NoRepair, answers(201, 201, 201, 201, 201, 201), vevent("d-until",
			anHour+"RRULE:FREQ=DAILY;UNTIL=20150615\nSUMMARY:Until a day\n")),
		dirtyEvent("end before the start", "d-backwards.ics", NoRepair, answers(201, 201, 201, 201, 201, 403), vevent("d-backwards",
			"DTSTART:20150610T090000Z\nDTEND:20150610T080000Z\nSUMMARY:Backwards\n")),
		dirtyEvent("property twice, the same", "d-duplicate.ics", DropDuplicate, answers(201, 201, 400, 201, 201, 403), vevent("d-duplicate",
			anHour+"SUMMARY:Twice\nSEQUENCE:1\nSEQUENCE:1\nSUMMARY:Twice\n")),
		dirtyEvent("alarm that sends mail", "d-alarm.ics", NoRepair, answers(201, 201, 201, 201, 201, 201), vevent("d-alarm", anHour+"SUMMARY:Alarm\n"+
			"BEGIN:VALARM\nACTION:EMAIL\nTRIGGER:-PT15M\nSUMMARY:soon\nDESCRIPTION:really\nATTENDEE:mailto:fiona@partner.example\nEND:VALARM\n")),
		dirtyEvent("free and busy times", "d-freebusy.ics", NoRepair, answers(400, 403, 201, 201, 500, 201),
			"BEGIN:VFREEBUSY\nUID:d-freebusy\nDTSTAMP:20120101T000000Z\nDTSTART:20150610T000000Z\nDTEND:20150611T000000Z\n"+
				"FREEBUSY:20150610T090000Z/PT1H\nEND:VFREEBUSY\n"),
		dirtyEvent("journal entry", "d-journal.ics", NoRepair, answers(403, 403, 201, 201, 201, 201),
			"BEGIN:VJOURNAL\nUID:d-journal\nDTSTAMP:20120101T000000Z\nDTSTART;VALUE=DATE:20150610\nSUMMARY:Diary\nEND:VJOURNAL\n"),
		dirtyEvent("name of 200 octets", longName(".ics"), NoRepair, answers(201, 201, 201, 201, 201, 201), vevent("d-long-name",
			anHour+"SUMMARY:Long name\n")),
	}
}

// dirtyTimes are objects whose times lie outside what a column or a reader can hold, or mean
// nothing without a definition.
func dirtyTimes() []DirtyObject {
	return []DirtyObject{
		dirtyEvent("begins in 1950", "d-1950.ics", NoRepair, answers(201, 201, 201, 201, 201, 201), vevent("d-1950",
			"DTSTART;VALUE=DATE:19500412\nRRULE:FREQ=YEARLY\nSUMMARY:Birthday\n")),
		dirtyEvent("begins in 1604", "d-1604.ics", NoRepair, answers(201, 201, 201, 201, 500, 201), vevent("d-1604",
			"DTSTART;VALUE=DATE:16041224\nRRULE:FREQ=YEARLY\nSUMMARY:Birthday without a year\n")),
		dirtyEvent("begins after 2038", "d-2050.ics", NoRepair, answers(201, 201, 201, 201, 201, 201), vevent("d-2050",
			"DTSTART:20500101T100000Z\nDTEND:20500101T110000Z\nSUMMARY:Domain renewal\n")),
		dirtyEvent("time zone of an Outlook client, not defined", "d-outlook-zone.ics", DefineTimeZone, answers(201, 201, 201, 201, 201, 201),
			vevent("d-outlook-zone", "DTSTART;TZID=W. Europe Standard Time:20160215T140000\nDTEND;TZID=W. Europe Standard "+
				"Time:20160215T150000\nSUMMARY:From Outlook\n")),
		dirtyEvent("unknown time zone, not defined", "d-unknown-zone.ics", NoRepair, answers(201, 201, 201, 201, 201, 201),
			vevent("d-unknown-zone", "DTSTART;TZID=\"Customized Time Zone 1\":20160216T140000\nDTEND;TZID=\"Customized Time Zone "+
				"1\":20160216T150000\nSUMMARY:Which hour?\n")),
		dirtyEvent("offset of 57 minutes too many", "d-offset.ics", MendOffset, answers(201, 201, 201, 207, 201, 201),
			"BEGIN:VTIMEZONE\nTZID:Odd\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+5730\nTZOFFSETTO:+0530\nEND:STANDARD\nEND:VTIMEZONE\n"+
				vevent("d-offset", "DTSTART;TZID=Odd:20160216T140000\nDTEND;TZID=Odd:20160216T150000\nSUMMARY:Odd offset\n")),
	}
}

// dirtyText are events whose octets are not those of RFC 5545.
func dirtyText() []DirtyObject {
	lf := strings.ReplaceAll(string(calendarObject(vevent("d-event-lf", anHour+"SUMMARY:Line feeds\n"))), "\r\n", "\n")
	bom := "\ufeff" + string(calendarObject(vevent("d-event-bom", anHour+"SUMMARY:Mark\n")))
	cut, _, _ := strings.Cut(string(calendarObject(vevent("d-event-cut", anHour+"SUMMARY:Cut\nDESCRIPTION:the rest is lost\n"))), "is lost")
	return []DirtyObject{
		dirtyEvent("line without a colon", "d-event-colon.ics", JoinLines, answers(415, 415, 400, 201, 201, 403), vevent("d-event-colon",
			anHour+"SUMMARY:Colon\nthe rest of a broken line\n")).spoiltBy(Xandikos),
		dirtyEvent("parameter without a value", "d-event-parameter.ics", DropParameter, answers(201, 0, 201, 201, 201, 403),
			vevent("d-event-parameter", anHour+"SUMMARY;X-BAD:Parameter\n")).spoiltBy(Xandikos),
		dirtyEvent("position with one decimal", "d-event-geo.ics", NoRepair, answers(201, 201, 201, 201, 201, 201), vevent("d-event-geo",
			anHour+"SUMMARY:Place\nGEO:52.5;13.4\n")),
		dirtyOctets("end-of-file mark", "d-event-eof.ics", DropEmpty, answers(201, 0, 400, 207, 201, 201),
			string(calendarObject(vevent("d-event-eof", anHour+"SUMMARY:DOS\n")))+"\x1a"),
		dirtyOctets("blanks behind the end", "d-event-tail.ics", DropEmpty, answers(415, 0, 400, 201, 201, 201),
			string(calendarObject(vevent("d-event-tail", anHour+"SUMMARY:Tail\n")))+"   "),
		dirtyOctets("byte order mark", "d-event-bom.ics", DropMark, answers(415, 201, 400, 207, 412, 201), bom),
		dirtyOctets("LF line ends", "d-event-lf.ics", EndLines, answers(201, 201, 201, 201, 201, 201), lf),
		dirtyOctets("end is missing", "d-event-cut.ics", NoRepair, answers(415, 415, 400, 207, 201, 403), cut),
		dirtyOctets("nothing at all", "d-event-empty.ics", NoRepair, answers(415, 415, 400, 207, 412, 403), ""),
		dirtyEvent("Latin-1", "d-event-latin1.ics", RecodeUTF8, answers(201, 201, 201, 201, 500, 201), vevent("d-event-latin1",
			anHour+"SUMMARY:Gesch\xe4ftsessen\n")).spoiltBy(Xandikos),
		dirtyEvent("control characters", "d-event-control.ics", DropControls, answers(201, 201, 201, 201, 201, 201), vevent("d-event-control",
			anHour+"SUMMARY:Bell\x07 and\x0b\ttab\n")),
		dirtyEvent("escaped comma between categories", "d-event-categories.ics", SplitCategories, answers(201, 201, 201, 201, 201, 201),
			vevent("d-event-categories", anHour+"SUMMARY:Sorted\nCATEGORIES:Work\\,Travel\n")).spoiltBy(Xandikos, Cyrus),
	}
}
