// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Object is what a copier must know of an object.
type Object struct {
	Kind       Kind
	Version    string   // "2.1", "3.0", "4.0" of a vCard, "2.0" of a calendar
	UID        string   // of the first component that has one; "" where there is none
	UIDs       []string // all different ones, in order
	Components []string // different names below VCALENDAR without VTIMEZONE, or VCARD
	Objects    int      // vCards or VCALENDARs in the stream, usually 1
	Size       int
	PhotoSize  int // octets of all inline data as they stand in the object

	Method       string
	Organizer    string   // address without "mailto:", lower-case; "" where there is none
	Attendees    []string // the same, without repetition
	HasOrganizer bool
	HasAttendees bool
	HasAgent     bool // a SCHEDULE-AGENT other than SERVER stands on every attendee
	EmailAlarms  int

	Start, End time.Time // of the first component; zero where there is none
	Last       time.Time // end of the last occurrence; zero where Endless or unknown
	Endless    bool      // recurs for ever
	Recurring  bool
	Overrides  int  // components with RECURRENCE-ID
	Master     bool // a component without RECURRENCE-ID
	// FirstChange is the earliest RECURRENCE-ID as an instant, where the object holds changed occurrences and not their event; a
	// floating time or a date counts as UTC. It is zero where none can be read.
	FirstChange time.Time

	Links []Link // attachments and pictures that lie elsewhere, at most 20

	Group   bool // a card that stands for a group of contacts
	Members int
	Title   string // SUMMARY or FN: content, never for a log or a finding
}

// Link is an attachment or a picture of which only the address stands in the object.
type Link struct {
	Host    string // in lower case; "" for a path without one
	Managed bool   // the server of the object keeps it (RFC 8607)
}

// Role is the part that a calendar user plays in a scheduling object.
type Role string

// The roles of RFC 6638 section 3.1.
const (
	RoleOrganizer Role = "organizer"
	RoleAttendee  Role = "attendee"
)

// Inspect reads an object. The error is a [*SyntaxError].
func Inspect(data []byte) (Object, error) {
	doc, err := Parse(data)
	if err != nil {
		return Object{}, err
	}
	o := Object{Kind: doc.Kind, Size: len(data), Version: doc.version(), Objects: len(doc.Components), UIDs: doc.uids()}
	if len(o.UIDs) > 0 {
		o.UID = o.UIDs[0]
	}
	for _, line := range doc.lines {
		if _, inline := inlineBytes(line); inline {
			o.PhotoSize += len(line.Value)
		} else {
			o.inspectLink(line)
		}
	}
	for _, top := range doc.Components {
		if doc.Kind == KindContact {
			o.inspectCard(top)
		} else {
			o.inspectCalendar(top)
		}
	}
	if doc.Kind == KindCalendar {
		o.findTimes(doc)
	}
	if o.Overrides > 0 && !o.Master {
		o.FirstChange = doc.firstChange()
	}
	return o, nil
}

// firstChange is the earliest RECURRENCE-ID.
func (d *Document) firstChange() (first time.Time) {
	zones := newZones(d, newBudget())
	for _, calendar := range d.Components {
		for _, child := range calendar.Children {
			id, _ := child.First("RECURRENCE-ID")
			at, ok := parseMoment(string(id.Value))
			if !ok {
				continue
			}
			if instant := zones.instant(at, id.Param("TZID")); first.IsZero() || instant.Before(first) {
				first = instant
			}
		}
	}
	return first
}

// maxLinks bounds the links of an object: more than that of one helps nobody.
const maxLinks = 20

// inspectLink notes where an attachment lies that is not in the object itself.
func (o *Object) inspectLink(line Line) {
	switch line.Name {
	case "ATTACH", "IMAGE", "PHOTO", "LOGO", "SOUND", "KEY":
	default:
		return
	}
	link := Link{Managed: line.Param("MANAGED-ID") != ""}
	if len(line.Value) > 8192 || len(o.Links) == maxLinks {
		return
	}
	text := strings.TrimSpace(line.Text())
	u, err := url.Parse(text)
	switch {
	case err == nil && (strings.EqualFold(u.Scheme, "http") || strings.EqualFold(u.Scheme, "https")):
		link.Host = strings.ToLower(u.Hostname())
	case !link.Managed && (line.Name != "ATTACH" || !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "/9j/")): // a JPEG in base64
		return
	}
	if !slices.Contains(o.Links, link) {
		o.Links = append(o.Links, link)
	}
}

// uids returns the different UIDs of an object, in order.
func (d *Document) uids() []string {
	var found []string
	seen := map[string]bool{}
	add := func(component *Component) {
		line, ok := component.First("UID")
		if uid := strings.TrimSpace(line.Text()); ok && uid != "" && !seen[uid] {
			seen[uid] = true
			found = append(found, uid)
		}
	}
	for _, top := range d.Components {
		if top.Name == "VCARD" {
			add(top)
		}
		for _, child := range top.Children {
			if child.Name != "VTIMEZONE" {
				add(child)
			}
		}
	}
	return found
}

func (o *Object) addComponent(name string) {
	if !slices.Contains(o.Components, name) && len(o.Components) < 20 {
		o.Components = append(o.Components, name)
	}
}

func (o *Object) inspectCard(card *Component) {
	o.addComponent(card.Name)
	if fn, ok := card.First("FN"); ok && o.Title == "" {
		o.Title = beginning(fn)
	}
	for line := range card.properties() {
		switch line.Name {
		case "KIND", "X-ADDRESSBOOKSERVER-KIND":
			o.Group = o.Group || strings.EqualFold(strings.TrimSpace(line.Text()), "group")
		case "MEMBER", "X-ADDRESSBOOKSERVER-MEMBER":
			o.Members++
		}
	}
}

// beginning returns a text, or the beginning of a long one.
func beginning(line Line) string {
	line.Value = line.Value[:min(len(line.Value), 1000)]
	return line.Text()
}

func (o *Object) inspectCalendar(calendar *Component) {
	if method, ok := calendar.First("METHOD"); ok {
		o.Method = strings.ToUpper(strings.TrimSpace(method.Text()))
	}
	seen := map[string]bool{}
	agents := true
	for _, child := range calendar.Children {
		if child.Name == "VTIMEZONE" {
			continue
		}
		o.addComponent(child.Name)
		if summary, ok := child.First("SUMMARY"); ok && o.Title == "" {
			o.Title = beginning(summary)
		}
		if _, override := child.First("RECURRENCE-ID"); override {
			o.Overrides++
		} else if takesPlace(child.Name) {
			o.Master = true
		}
		for line := range child.properties() {
			o.inspectPerson(line, seen, &agents)
		}
		for _, alarm := range child.Children {
			if action, _ := alarm.First("ACTION"); strings.EqualFold(strings.TrimSpace(action.Text()), "EMAIL") {
				o.EmailAlarms++
			}
		}
	}
	o.HasAgent = o.HasAttendees && agents
}

func (o *Object) inspectPerson(line Line, seen map[string]bool, agents *bool) {
	switch line.Name {
	case "ORGANIZER":
		o.HasOrganizer = true
		if o.Organizer == "" {
			o.Organizer = bareAddress(string(line.Value))
		}
	case "ATTENDEE":
		o.HasAttendees = true
		agent := line.Param("SCHEDULE-AGENT")
		*agents = *agents && agent != "" && !strings.EqualFold(agent, "SERVER")
		if who := bareAddress(string(line.Value)); !seen[who] {
			seen[who] = true
			o.Attendees = append(o.Attendees, who)
		}
	}
}

func bareAddress(value string) string {
	return strings.TrimPrefix(strings.ToLower(strings.TrimSpace(value)), "mailto:")
}

// lastYears is how far a rule with COUNT is expanded to find its end.
const lastYears = 60

// findTimes finds the start, and the end of the last occurrence where there is one.
func (o *Object) findTimes(doc *Document) {
	for _, group := range doc.recurrenceSets() {
		for _, component := range group {
			for line := range component.properties() {
				o.Recurring = o.Recurring || line.Name == "RRULE" || line.Name == "RDATE"
				if line.Name != "RRULE" {
					continue
				}
				if parsed, err := parseRule(string(line.Value)); err == nil && parsed.endless() {
					o.Endless = true
				}
			}
		}
	}
	first := doc.earliest()
	if first.IsZero() {
		return
	}
	window := Window{From: first.AddDate(0, 0, -2), To: first.AddDate(lastYears, 0, 0)}
	if o.Endless {
		window.Max = 1
	}
	occurrences, complete := doc.occurrences(window)
	for i, occurrence := range occurrences {
		if i == 0 {
			o.Start = occurrence.Start
			o.End = occurrence.End
		}
		if occurrence.End.After(o.Last) {
			o.Last = occurrence.End
		}
	}
	if o.Endless || !complete {
		o.Last = time.Time{}
	}
}

// earliest returns the earliest start as the wall clock shows it.
func (d *Document) earliest() time.Time {
	first := time.Time{}
	for _, group := range d.recurrenceSets() {
		for _, component := range group {
			line, ok := component.First("DTSTART")
			if !ok {
				line, _ = component.First("DUE")
			}
			if at, ok := parseMoment(string(line.Value)); ok && (first.IsZero() || at.clock.Before(first)) {
				first = at.clock
			}
		}
	}
	return first
}

// Scheduling reports whether a server that schedules may send messages when this object is stored,
// changed or deleted, whoever stores it: it names an organizer or attendees.
func (o Object) Scheduling() bool { return o.HasOrganizer || o.HasAttendees }
