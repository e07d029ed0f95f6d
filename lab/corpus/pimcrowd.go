// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"rehome"
)

// Contacts makes n clean contacts, always the same ones.
func Contacts(n int) []Resource {
	rng := newRand(0, "contacts")
	all := make([]Resource, n)
	for i := range all {
		all[i] = contact(rng, i)
	}
	return all
}

// Events makes n clean events of the last twenty years, always the same ones: every third recurs,
// every tenth recurs in local time and has an occurrence that was moved.
func Events(n int) []Resource {
	rng := newRand(0, "events")
	all := make([]Resource, n)
	for i := range all {
		if i%10 == 9 {
			all[i] = movedEvent(i)
			continue
		}
		all[i] = event(rng, "everybody", i)
	}
	return all
}

func movedEvent(i int) Resource {
	uid := fmt.Sprintf("moved-%d@calendar.example", i)
	first := time.Date(2010+i%15, time.Month(1+i%12), 1+i%28, 9, 30, 0, 0, time.UTC)
	local := func(t time.Time) string { return ";TZID=Europe/Berlin:" + t.Format("20060102T150405") + "\n" }
	second := first.AddDate(0, 0, 7)
	r := object(uid+".ics", "", berlin+
		vevent(uid, "DTSTART"+local(first)+"DTEND"+local(first.Add(time.Hour))+"RRULE:FREQ=WEEKLY;COUNT=10\nSUMMARY:Сверка "+fmt.Sprint(i)+"\n")+
		vevent(uid, "RECURRENCE-ID"+local(second)+
			"DTSTART"+local(second.Add(4*time.Hour))+"DTEND"+local(second.Add(5*time.Hour))+"SUMMARY:Сверка\\, später\n"))
	return r
}

// PhotoContact makes a contact whose photo has so many octets, before they are encoded and folded.
// They are no picture: nobody who carries a photo looks into it.
func PhotoContact(octets int) Resource {
	var photo []byte
	for rng := newRand(0, "photo"); len(photo) < octets; {
		photo = binary.LittleEndian.AppendUint64(photo, rng.Uint64())
	}
	photo = photo[:octets]
	uid := fmt.Sprintf("photo-of-%d-octets", octets)
	return card(uid+".vcf", "large photo", vcard30(uid, "N:Large;Laura;;;\nFN:Laura Large\nPHOTO;ENCODING=b;TYPE=JPEG:"+
		folded(base64.StdEncoding.EncodeToString(photo))+"\n"))
}

// PIMPerson has so many contacts in the default book and events in the default calendar, and no
// mail.
func PIMPerson(address, password string, contacts, events int) Person {
	return Person{
		Address: address, NoSelf: true, Plain: password, Stored: password, Form: rehome.PasswordPlain, Group: groupDefault,
		AddressBooks: []Collection{{Name: defaultBook, DisplayName: "Contacts", Resources: Contacts(contacts)}},
		Calendars: []Collection{{
			Name: defaultCalendar, DisplayName: "Calendar", Components: []string{"VEVENT", "VTODO"}, Resources: Events(events),
		}},
	}
}

// Meetings are what the calendar of holder has after years of work with others, the first of whom
// may be on the same server: events that holder organised and that others did, past, future and
// recurring, answered in every way. Each of them can make a server send something.
func Meetings(holder string, others ...string) []Resource {
	times := []struct{ name, lines string }{
		{"past", "DTSTART:20130506T080000Z\nDTEND:20130506T090000Z\n"},
		{"future", "DTSTART:20350507T080000Z\nDTEND:20350507T090000Z\n"},
		{"weekly", "DTSTART:20240506T080000Z\nDTEND:20240506T090000Z\nRRULE:FREQ=WEEKLY\n"},
	}
	var all []Resource
	for _, at := range times {
		all = append(all, meeting("organised-"+at.name, at.lines, holder, holder, "ACCEPTED", others))
		for i, organizer := range others {
			for _, answer := range []string{"ACCEPTED", "DECLINED", "TENTATIVE", "NEEDS-ACTION"} {
				name := fmt.Sprintf("invited-%s-%d-%s", at.name, i, strings.ToLower(answer))
				all = append(all, meeting(name, at.lines, organizer, holder, answer, others))
			}
		}
	}
	return all
}

// meeting is holder's copy; the others' answers are all open.
func meeting(name, times, organizer, holder, answer string, others []string) Resource {
	uid := name + "-" + holder
	people := fmt.Sprintf("ORGANIZER:mailto:%s\nATTENDEE;PARTSTAT=%s;RSVP=TRUE:mailto:%s\n", organizer, answer, holder)
	for _, other := range others {
		people += "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:" + other + "\n"
	}
	return object(uid+".ics", name, vevent(uid, times+"SUMMARY:"+name+"\nSEQUENCE:1\n"+people))
}
