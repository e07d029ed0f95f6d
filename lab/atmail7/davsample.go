// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"time"
)

// davRow is an INSERT with all columns that any version has.
type davRow struct {
	table  string
	values map[string]any
}

// textLimit is what fits into a TEXT column; MariaDB drops the rest without strict mode.
const textLimit = 1<<16 - 1

// The ids that rows refer to each other by.
const (
	annasDefault = 1 + iota
	annasEmpty
	bobsWork
	goneCalendar = 999
)

// davSample collects the rows of a version and what they mean.
type davSample struct {
	version DAVVersion
	rows    []davRow
	content DAVContent
}

func newDAVSample(version DAVVersion) *davSample {
	s := &davSample{version: version}
	s.principals()
	s.annasCalendars()
	s.bobsCalendar()
	s.noCalendars()
	s.shares()
	if version == DAVAtmail {
		s.abook()
	} else {
		s.books()
	}
	return s
}

func (s *davSample) add(table string, values map[string]any) {
	s.rows = append(s.rows, davRow{table, values})
}

func (s *davSample) principal(account string) string {
	if s.version == DAVAtmail {
		return "principals/users/" + account
	}
	return "principals/" + account
}

// principals writes three rows an account: itself and its two groups of delegates.
func (s *davSample) principals() {
	for i, account := range []string{DAVAnna, DAVBob, DAVCarol} {
		s.add("principals", map[string]any{"id": principalID(i), "uri": s.principal(account), "email": account, "displayname": account})
		for j, group := range []string{"/calendar-proxy-read", "/calendar-proxy-write"} {
			s.add("principals", map[string]any{"id": principalID(i) + 1 + j, "uri": s.principal(account) + group})
		}
		s.add("users", map[string]any{"username": account, "digesta1": digestA1(Account{Address: account, Stored: "geheim"})})
	}
}

func principalID(i int) int { return 10 * (i + 1) }

// calendar writes a calendar with an id; from 3.2 on everything but the components belongs to the
// owner's instance of it.
func (s *davSample) calendar(id int, c DAVCollection) {
	values := map[string]any{
		"id": id, "calendarid": id, "principaluri": s.principal(c.Account), "uri": c.Name, "displayname": stored(c),
		"ctag": 7, "synctoken": 7, "description": c.Description, "calendarorder": c.Order, "calendarcolor": c.Color, "timezone": c.TimeZone,
		"transparent": c.Transparent, "components": nil, "access": 1,
	}
	if c.Components != nil {
		values["components"] = strings.Join(c.Components, ",")
	}
	s.add("calendars", values)
	s.add("calendarinstances", values)
	if s.version.shape() < DAV17 {
		c.Transparent = false
	}
	for i := range c.Resources {
		c.Resources[i] = s.object(id, c.Resources[i])
	}
	s.content.Calendars = append(s.content.Calendars, c)
}

// stored is what the column of the display name holds.
func stored(c DAVCollection) any {
	switch {
	case c.DisplayName == "":
		return nil
	case c.DoubleEncoded:
		return doubleEncoded(c.DisplayName)
	}
	return c.DisplayName
}

func (s *davSample) object(calendar int, r DAVResource) DAVResource {
	r = s.cut(r)
	component := "VEVENT"
	if bytes.Contains(r.Data, []byte("BEGIN:VTODO")) {
		component = "VTODO"
	}
	uid, _, _ := strings.Cut(r.Name, ".")
	s.add("calendarobjects", map[string]any{
		"calendarid": calendar, "uri": r.Name, "calendardata": r.Data, "lastmodified": r.Modified.Unix(), "etag": etag(r.Data), "size": len(r.Data),
		"componenttype": component, "firstoccurence": 0, "lastoccurence": math.MaxInt32, "uid": uid,
	})
	s.add("calendarchanges", map[string]any{"calendarid": calendar, "uri": r.Name, "synctoken": 6, "operation": 1})
	return r
}

func (s *davSample) cut(r DAVResource) DAVResource {
	if s.version == DAV15 && len(r.Data) > textLimit {
		r.Data, r.Cut = r.Data[:textLimit], true
	}
	return r
}

func etag(data []byte) string {
	sum := md5.Sum(data)
	return hex.EncodeToString(sum[:])
}

func (s *davSample) annasCalendars() {
	resources := []DAVResource{
		event("event.ics", "Frühstück"), event("id@host 1%2F2.ics", "odd name"), task("task.ics"), event("large.ics", strings.Repeat("large ", 12000)),
	}
	old := event("twice.ics", "older")
	twice := event("twice.ics", "newer")
	old.Modified, twice.Twice = old.Modified.Add(-time.Hour), true
	if s.version == DAV15 { // later versions have a key over the name
		resources = append(resources, twice)
		defer s.object(annasDefault, old)
	}
	s.calendar(annasDefault, DAVCollection{
		Account: DAVAnna, Name: "default", DisplayName: "Zoë & Ődön – Café", DoubleEncoded: true, Description: "not for colleagues",
		Color: "#3A87ADFF", Order: 2, Components: []string{"VEVENT", "VTODO"}, Transparent: true, Resources: resources,
		TimeZone: "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Apple Inc.//iCal 5.0//EN\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\n" +
			"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nDTSTART:19961027T030000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n",
	})
	s.calendar(annasEmpty, DAVCollection{Account: DAVAnna, Name: "empty"})
}

func (s *davSample) bobsCalendar() {
	s.calendar(bobsWork, DAVCollection{
		Account: DAVBob, Name: "work", DisplayName: "Bücher", Color: "#D06B64", Components: []string{"VEVENT"},
		Resources: []DAVResource{event("shared.ics", "everybody comes")},
	})
}

// noCalendars writes what looks like a user's data and is none: an object whose calendar is gone, a
// subscription, an invitation that lies in the inbox.
func (s *davSample) noCalendars() {
	s.object(goneCalendar, event("orphan.ics", "of a calendar that was deleted"))
	s.add("calendarsubscriptions", map[string]any{
		"principaluri": s.principal(DAVAnna), "uri": "holidays", "displayname": "Holidays", "source": "https://calendar.example/holidays.ics",
	})
	if s.version.shape() >= DAV20 {
		s.content.Subscriptions = []string{"holidays"}
	}
	inbox := event("inbox.ics", "invitation")
	s.add("schedulingobjects", map[string]any{
		"principaluri": s.principal(DAVAnna), "uri": inbox.Name, "calendardata": inbox.Data, "lastmodified": inbox.Modified.Unix(),
		"etag": etag(inbox.Data), "size": len(inbox.Data),
	})
}

// shares lets Anna write and Carol read in Bob's calendars: as members of his groups in every
// version, and besides that as each version can.
func (s *davSample) shares() {
	bob := principalID(1)
	for i, guest := range []struct {
		account   string
		id, group int
		write     bool
	}{{DAVAnna, principalID(0), bob + 2, true}, {DAVCarol, principalID(2), bob + 1, false}} {
		s.add("groupmembers", map[string]any{"principal_id": guest.group, "member_id": guest.id})
		s.content.Shares = append(s.content.Shares, DAVShare{Owner: DAVBob, To: guest.account, Write: guest.write})
		if s.version == DAVAtmail {
			s.add("calendarDelegates", map[string]any{"calendarid": bobsWork, "principalid": guest.id, "mode": guest.write})
		}
		access := map[bool]int{false: 2, true: 3}[guest.write]
		s.add("calendarinstances", map[string]any{
			"id": 100 + i, "calendarid": bobsWork, "principaluri": s.principal(guest.account), "access": access, "uri": fmt.Sprintf("shared-%d", i),
			"displayname": "Bob's work", "share_href": "mailto:" + guest.account,
		})
		if s.version == DAVAtmail || s.version.shape() >= DAV32 {
			s.content.Shares = append(s.content.Shares, DAVShare{Owner: DAVBob, Calendar: "work", To: guest.account, Write: guest.write})
		}
	}
}

// books writes Anna's book, in which names are there twice: no version has a key over them.
func (s *davSample) books() {
	twice := card("twice.vcf", "newer")
	older := card("twice.vcf", "older")
	older.Modified = older.Modified.Add(-time.Hour)
	tie := card("tie.vcf", "written last")
	first := card("tie.vcf", "written first")
	for _, r := range []DAVResource{twice, older, first, tie} { // the order of their ids
		s.card(r)
	}
	twice.Twice = true
	tie.Twice = true
	book := DAVCollection{
		Account: DAVAnna, Name: "default", DisplayName: "Café", DoubleEncoded: true, Description: "Address book",
		Resources: []DAVResource{twice, tie},
	}
	for _, r := range []DAVResource{card("ada.vcf", "Ada"), card("large.vcf", strings.Repeat("large ", 12000)), card("name & 100%.vcf", "odd name")} {
		book.Resources = append(book.Resources, s.card(r))
	}
	s.add("addressbooks", map[string]any{
		"id": 1, "principaluri": s.principal(DAVAnna), "uri": book.Name, "displayname": stored(book),
		"description": book.Description, "ctag": 5, "synctoken": 5,
	})
	s.content.Books = []DAVCollection{book}
}

func (s *davSample) card(r DAVResource) DAVResource {
	r = s.cut(r)
	s.add("cards", map[string]any{
		"addressbookid": 1, "uri": r.Name, "carddata": r.Data, "lastmodified": r.Modified.Unix(), "etag": etag(r.Data), "size": len(r.Data),
	})
	return r
}

// abook writes contacts as atmail itself keeps them.
func (s *davSample) abook() {
	photo := []byte("\xff\xd8\xff\xe0 not much of a picture \xff\xd9")
	s.content.Contacts = []AbookContact{
		{Account: DAVAnna, First: "Anna", Last: "Ärger", Emails: []string{DAVAnna}, Self: true, Global: true},
		{Account: DAVAnna, First: "Ada", Last: "Lovelace", Emails: []string{"ada@partner.example", "ada@home.example"}, Company: "Engines, Ltd; London",
			Mobile: "+44 7700 900123", Notes: "met in 1843\r\nlikes: numbers, \"poetry\"", Birthday: "1815-12-10", Photo: photo},
		{Account: DAVAnna, Emails: []string{"only@address.example"}},
		{Account: DAVAnna, Company: "Harbour Pilots"},
		{Account: DAVBob, First: "Everybody's", Last: "Supplier", Emails: []string{"supplier@partner.example"}, Global: true},
		{Account: DAVBob, First: "Shared", Last: "Contact", Emails: []string{"shared@partner.example"}, SharedWith: "All Users"},
	}
	for i, c := range s.content.Contacts {
		s.abookRow(1000+i, c)
	}
	s.content.Groups = []AbookGroup{{Account: DAVAnna, Name: "Carriers", Members: []string{"ada@partner.example", "only@address.example"}}}
	for _, group := range s.content.Groups {
		s.add("AbookGroupNames", map[string]any{"Account": group.Account, "GroupName": group.Name})
		// The header, and a member that is there twice.
		for _, member := range append([]string{"", group.Members[0]}, group.Members...) {
			s.add("AbookGroup", map[string]any{"Account": group.Account, "GroupName": group.Name, "GroupEmail": member})
		}
	}
}

func (s *davSample) abookRow(id int, c AbookContact) {
	row := map[string]any{
		"id": id, "Account": c.Account, "UserFirstName": c.First, "UserLastName": c.Last, "UserWorkCompany": c.Company,
		"UserHomeMobile": c.Mobile, "UserInfo": c.Notes, "Global": c.Global, "DateModified": "1300000000",
	}
	for i, address := range c.Emails {
		row[[]string{"UserEmail", "UserEmail2"}[i]] = address
	}
	if c.Birthday != "" {
		row["UserDOB"] = c.Birthday + " 00:00:00"
	}
	if c.Photo != nil {
		row["UserPhoto"] = base64.StdEncoding.EncodeToString(c.Photo)
	}
	s.add("Abook", row)
	if c.SharedWith != "" {
		s.add("AbookPermissions", map[string]any{"AbookID": id, "Account": c.SharedWith, "Permissions": 0})
	}
}

func event(name, summary string) DAVResource {
	return resource(name, "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//EN\nBEGIN:VEVENT\nUID:"+name+"\nDTSTAMP:20120101T000000Z\n"+
		"DTSTART:20150301T100000Z\nDTEND:20150301T110000Z\nSUMMARY:"+summary+"\nEND:VEVENT\nEND:VCALENDAR\n")
}

func task(name string) DAVResource {
	return resource(name, "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//EN\nBEGIN:VTODO\nUID:"+name+
		"\nDTSTAMP:20120101T000000Z\nSUMMARY:Sweep\nEND:VTODO\nEND:VCALENDAR\n")
}

func card(name, note string) DAVResource {
	return resource(name, "BEGIN:VCARD\nVERSION:3.0\nUID:"+name+"\nN:Doe;Zoë;;;\nFN:Zoë Doe\nNOTE:"+note+"\nEND:VCARD\n")
}

func resource(name, text string) DAVResource {
	return DAVResource{Name: name, Data: []byte(strings.ReplaceAll(text, "\n", "\r\n")), Modified: time.Unix(1_300_000_000, 0).UTC()}
}
