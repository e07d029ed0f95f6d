// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"bytes"
	"fmt"
	"strings"
)

// oddEvents are calendar objects as clients and mail programs left them.
func oddEvents(owner Person) []Resource {
	return append(oddRecurrences(), append(oddProperties(owner), oddTasks()...)...)
}

const berlin = "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:DAYLIGHT\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nTZNAME:CEST\nDTSTART:19700329T020000\n" +
	"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nBEGIN:STANDARD\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nTZNAME:CET\n" +
	"DTSTART:19701025T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nEND:VTIMEZONE\n"

func oddRecurrences() []Resource {
	return []Resource{
		object("override.ics", "recurrence with overrides and an exception", berlin+
			vevent("override", "DTSTART;TZID=Europe/Berlin:20190107T093000\nDTEND;TZID=Europe/Berlin:20190107T100000\n"+
				"RRULE:FREQ=WEEKLY;UNTIL=20191231T090000Z\nEXDATE;TZID=Europe/Berlin:20190121T093000\nSUMMARY:Stand-up\n")+
			vevent("override", "RECURRENCE-ID;TZID=Europe/Berlin:20190128T093000\nDTSTART;TZID=Europe/Berlin:20190128T140000\n"+
				"DTEND;TZID=Europe/Berlin:20190128T143000\nSUMMARY:Stand-up\\, later\n")+
			vevent("override", "RECURRENCE-ID;TZID=Europe/Berlin:20190204T093000\nDTSTART;TZID=Europe/Berlin:20190204T093000\n"+
				"DTEND;TZID=Europe/Berlin:20190204T110000\nSUMMARY:Stand-up and review\n")),
		object("birthday-1950.ics", "begins before 1970", vevent("birthday-1950",
			"DTSTART;VALUE=DATE:19500412\nDTEND;VALUE=DATE:19500413\nRRULE:FREQ=YEARLY\nSUMMARY:Grandmother's birthday\nTRANSP:TRANSPARENT\n")),
		object("birthday-1604.ics", "begins in 1604", vevent("birthday-1604",
			"DTSTART;VALUE=DATE:16041224\nRRULE:FREQ=YEARLY\nSUMMARY:Birthday without a year\n")),
		object("after-2038.ics", "ends after 2038", vevent("after-2038",
			"DTSTART:20200101T100000Z\nDTEND:20200101T110000Z\nRRULE:FREQ=YEARLY;UNTIL=20500101T100000Z\nSUMMARY:Domain renewal\n")),
		object("rdate.ics", "several RDATE", vevent("rdate",
			"DTSTART:20180301T100000Z\nDURATION:PT30M\nRDATE:20180405T100000Z,20180503T100000Z\nRDATE:20180607T100000Z\nSUMMARY:Auditors\n")),
	}
}

func oddProperties(owner Person) []Resource {
	return []Resource{
		object("invitation.ics", "METHOD left in", "METHOD:REQUEST\n"+vevent("invitation",
			"DTSTART:20150610T090000Z\nDTEND:20150610T100000Z\nSUMMARY:Invitation saved from "+
				"mail\nORGANIZER:mailto:fiona@partner.example\nATTENDEE;PARTSTAT=ACCEPTED:mailto:"+owner.Address+"\n")),
		object("no-dtstamp.ics", "no DTSTAMP",
			"BEGIN:VEVENT\nUID:no-dtstamp\nCREATED:20100101T080000Z\nDTSTART:20100105T080000Z\nDTEND:20100105T090000Z\nSUMMARY:Old client\nEND:VEVENT\n"),
		object("outlook-zone.ics", "time zone of an Outlook client, not defined", vevent("outlook-zone",
			"DTSTART;TZID=W. Europe Standard Time:20160215T140000\nDTEND;TZID=W. Europe Standard Time:20160215T150000\nSUMMARY:From Outlook\n")),
		object("custom-zone.ics", "unknown time zone, not defined", vevent("custom-zone",
			"DTSTART;TZID=\"Customized Time Zone 1\":20160216T140000\nDTEND;TZID=\"Customized Time Zone 1\":20160216T150000\nSUMMARY:Which hour?\n")),
		object("floating.ics", "floating time", vevent("floating", "DTSTART:20170101T000000\nDTEND:20170101T010000\nSUMMARY:Fireworks\n")),
		object("latin1.ics", "Latin-1", vevent("latin-1",
			"DTSTART:20090909T090909Z\nDTEND:20090909T100000Z\nSUMMARY:Gesch\xe4ftsessen\nLOCATION:Caf\xe9\n")),
		{Name: "lf-only.ics", Trap: "LF line ends", Modified: oddTime(), Data: bytes.ReplaceAll(
			calendarObject(vevent("lf-only", "DTSTART:20120229T120000Z\nDTEND:20120229T130000Z\nSUMMARY:Leap day\n")), []byte("\r\n"), []byte("\n"))},
		object("alarm-mail.ics", "alarm that sends mail", vevent("alarm-mail", "DTSTART:20350101T090000Z\nDTEND:20350101T100000Z\nSUMMARY:Far away\n"+
			"BEGIN:VALARM\nACTION:EMAIL\nTRIGGER:-PT15M\nSUMMARY:soon\nDESCRIPTION:really\nATTENDEE:mailto:"+owner.Address+"\nEND:VALARM\n")),
		object("attachment.ics", "attachment inside", vevent("attachment",
			"DTSTART:20140401T090000Z\nDTEND:20140401T100000Z\nSUMMARY:Agenda "+
				"inside\nATTACH;FMTTYPE=image/jpeg;ENCODING=BASE64;VALUE=BINARY:"+strings.Repeat("QUJDREVGR0hJSktM\n ", 400)+"QUJD\n")),
		object("categories.ics", "escaped comma between categories", vevent("categories",
			"DTSTART:20140402T090000Z\nDTEND:20140402T100000Z\nSUMMARY:Sorted\nCATEGORIES:Work\\,Travel\n"+
				"X-MOZ-GENERATION:3\nX-MICROSOFT-CDO-BUSYSTATUS:OOF\n")),
		object("long-line.ics", "line of 5,000 octets", vevent("long-line",
			"DTSTART:20140403T090000Z\nDTEND:20140403T100000Z\nSUMMARY:Unfolded\nDESCRIPTION:"+strings.Repeat("unfolded ", 555)+"\n")),
		object("id@host 1%2F2.ics", "resource name with a blank, an at sign and a percent sign", vevent("odd-name",
			"DTSTART:20140404T090000Z\nDTEND:20140404T100000Z\nSUMMARY:Odd name\n")),
	}
}

func oddTasks() []Resource {
	return []Resource{
		object("task.ics", "task", "BEGIN:VTODO\nUID:task-1\nDTSTAMP:20130101T000000Z\nSUMMARY:Renew the "+
			"certificate\nDUE;VALUE=DATE:20140101\nPRIORITY:1\nSTATUS:NEEDS-ACTION\nEND:VTODO\n"),
		object("task-done.ics", "task without dates", "BEGIN:VTODO\nUID:task-2\nDTSTAMP:20130101T000000Z\nSUMMARY:Sweep the "+
			"yard\nPERCENT-COMPLETE:100\nSTATUS:COMPLETED\nCOMPLETED:20130102T120000Z\nEND:VTODO\n"),
	}
}

func vevent(uid, properties string) string {
	return fmt.Sprintf("BEGIN:VEVENT\nUID:%s\nDTSTAMP:20120101T000000Z\n%sEND:VEVENT\n", uid, properties)
}

func object(name, trap, components string) Resource {
	return Resource{Name: name, Trap: trap, Data: calendarObject(components), Modified: oddTime()}
}
