// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// The collections that the server makes for every account.
const (
	defaultBook     = "default"
	defaultCalendar = "default"
)

// addressBooks gives everybody a book of clean contacts; the first person's also holds what a decade
// of clients left in it.
func (b *builder) addressBooks(p Person) []Collection {
	if p.CalUser != 0 {
		return nil
	}
	rng := newRand(b.Seed, p.Address+"/contacts")
	book := Collection{Name: defaultBook, DisplayName: "Contacts", Description: "Address book of " + p.Address}
	for i := range b.scaled(contactsOf(p)) {
		book.Resources = append(book.Resources, contact(rng, i))
	}
	if !b.isFirst(p) {
		return []Collection{book}
	}
	book.Resources = append(book.Resources, oddContacts()...)
	second := Collection{Name: "suppliers", DisplayName: "Suppliers & carriers: Süd"}
	for i := range b.scaled(12) {
		second.Resources = append(second.Resources, contact(rng, 1000+i))
	}
	return []Collection{book, second}
}

func contactsOf(p Person) int { return 8 + len(p.Address)%17 }

// calendars gives everybody a calendar of clean events, the first person also a second one and the
// odd objects, and puts each side's copy of a meeting where it belongs.
func (b *builder) calendars(p Person) []Collection {
	rng := newRand(b.Seed, p.Address+"/events")
	calendar := Collection{
		Name: defaultCalendar, DisplayName: "Calendar", Color: "#3A87AD", Components: []string{"VEVENT", "VTODO"},
	}
	for i := range b.scaled(10 + len(p.Address)%13) {
		calendar.Resources = append(calendar.Resources, event(rng, p.Address, i))
	}
	calendar.Resources = append(calendar.Resources, b.meetings(p)...)
	if !b.isFirst(p) {
		return []Collection{calendar}
	}
	calendar.Resources = append(calendar.Resources, oddEvents(p)...)
	second := Collection{
		Name: "private", DisplayName: "Privat / Familie", Description: "not for colleagues", Color: "#D06B64FF",
		Components: []string{"VEVENT"},
	}
	for i := range b.scaled(15) {
		second.Resources = append(second.Resources, event(rng, p.Address, 1000+i))
	}
	return []Collection{calendar, second}
}

func (b *builder) isFirst(p Person) bool { return p.Address == b.colleagues[0].address }

// contact is a clean vCard 3.0 (RFC 2426).
func contact(rng *rand.Rand, i int) Resource {
	first := []string{"Ada", "Ágnes", "Γιώργος", "Ольга", "דוד", "健", "Zoë", "Pádraig"}[rng.IntN(8)]
	last := []string{"Lovelace", "Szabó", "Νικολάου", "Иванова", "כהן", "鈴木", "Brontë", "Mac Cárthaigh"}[rng.IntN(8)]
	uid := fmt.Sprintf("%08X-%04X-4%03X-A%03X-%012X", rng.Uint32(), rng.IntN(1<<16), rng.IntN(1<<12), rng.IntN(1<<12), rng.Uint64()>>16)
	card := fmt.Sprintf("BEGIN:VCARD\nVERSION:3.0\nPRODID:-//Inverse inc.//SOGo Connector 1.0//EN\nUID:%s\nN:%s;%s;;;\nFN:%s %s\n"+
		"EMAIL;TYPE=WORK,INTERNET:person%d@partner.example\nTEL;TYPE=CELL:+49 170 %07d\nORG:Partner %d\\, Ltd;Sales\n"+
		"NOTE:met in %d\\nprefers mail\\; not phone\nREV:%s\nEND:VCARD\n",
		uid, last, first, first, last, i, rng.IntN(1e7), i%7, 2005+i%19, stamp(rng))
	return Resource{Name: uid + ".vcf", Data: []byte(crlf(card)), Modified: modified(rng)}
}

// event is a clean iCalendar object (RFC 5545), every third one recurring.
func event(rng *rand.Rand, address string, i int) Resource {
	start := time.Date(2008+rng.IntN(17), time.Month(1+rng.IntN(12)), 1+rng.IntN(28), 7+rng.IntN(10), 0, 0, 0, time.UTC)
	uid := fmt.Sprintf("%016x-%d@%s", rng.Uint64(), i, "calendar.example")
	rule := ""
	if i%3 == 0 {
		rule = fmt.Sprintf("RRULE:FREQ=WEEKLY;COUNT=%d\n", 2+rng.IntN(30))
	}
	body := fmt.Sprintf("BEGIN:VEVENT\nUID:%s\nDTSTAMP:%s\nDTSTART:%s\nDTEND:%s\n%sSUMMARY:%s %d\nDESCRIPTION:for %s\\nbring papers\nEND:VEVENT\n",
		uid, stamp(rng), utc(start), utc(start.Add(time.Hour)), rule,
		[]string{"Review", "Réunion", "Besprechung", "会議", "Встреча"}[rng.IntN(5)], i, address)
	return Resource{Name: uid + ".ics", Data: calendarObject(body), Modified: modified(rng)}
}

// meetings are the first person's invitations: each invited colleague holds a copy under the same UID.
func (b *builder) meetings(p Person) []Resource {
	organizer := b.colleagues[0]
	room := b.colleagues[len(b.colleagues)-1]
	guests := []correspondent{b.colleagues[1], b.colleagues[2], room}
	isGuest := slices.ContainsFunc(guests, func(g correspondent) bool { return g.address == p.Address })
	if !b.isFirst(p) && !isGuest {
		return nil
	}
	var all []Resource
	for i, start := range []time.Time{time.Date(2013, 5, 6, 8, 0, 0, 0, time.UTC), time.Date(2035, 5, 7, 8, 0, 0, 0, time.UTC)} {
		uid := fmt.Sprintf("meeting-%d@calendar.example", i+1)
		var people strings.Builder
		for _, guest := range guests {
			fmt.Fprintf(&people, "ATTENDEE;CN=\"%s\";PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:%s\n", strings.ReplaceAll(guest.name, `"`, "'"), guest.address)
		}
		fmt.Fprintf(&people, "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:fiona@partner.example\n")
		body := fmt.Sprintf("BEGIN:VEVENT\nUID:%s\nDTSTAMP:20130401T080000Z\nDTSTART:%s\nDURATION:PT1H\nSUMMARY:Planning %d\n"+
			"ORGANIZER;CN=\"%s\":mailto:%s\n%sSEQUENCE:1\nEND:VEVENT\n", uid, utc(start), start.Year(), organizer.name, organizer.address, people.String())
		all = append(all, Resource{
			Name: uid + ".ics", Data: calendarObject(body), Modified: time.Date(2013, 4, 1, 8, 0, 0, 0, time.UTC),
			Trap: []string{"past meeting with attendees", "future meeting with attendees"}[i],
		})
	}
	return all
}

func calendarObject(components string) []byte {
	return []byte(crlf("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN\n" + components + "END:VCALENDAR\n"))
}

func utc(t time.Time) string { return t.Format("20060102T150405Z") }

func stamp(rng *rand.Rand) string { return utc(modified(rng)) }

func modified(rng *rand.Rand) time.Time {
	return time.Unix(1_200_000_000+int64(rng.IntN(500_000_000)), 0).UTC()
}
