// SPDX-License-Identifier: Apache-2.0

package pim

import "time"

// Object is what a copier must know of an object.
type Object struct {
	Kind       Kind
	Version    string   // "2.1", "3.0", "4.0" of a vCard, "2.0" of a calendar
	UID        string   // of the first component that has one; "" where there is none
	UIDs       []string // all different ones, in order
	Components []string // different names below VCALENDAR without VTIMEZONE, or VCARD
	Size       int
	PhotoSize  int // octets of all inline data as they stand in the object

	Method                     string
	Organizer                  string   // address without "mailto:", lower-case; "" where there is none
	Attendees                  []string // the same, without repetition
	HasOrganizer, HasAttendees bool
	HasAgent                   bool // a SCHEDULE-AGENT other than SERVER stands on every attendee
	EmailAlarms                int

	Start, End time.Time // of the first component; zero where there is none
	Last       time.Time // end of the last occurrence; zero where Endless or unknown
	Endless    bool      // recurs for ever
	Recurring  bool
	Overrides  int  // components with RECURRENCE-ID
	Master     bool // a component without RECURRENCE-ID

	Group   bool // a card that stands for a group of contacts
	Members int
	Title   string // SUMMARY or FN: content, never for a log or a finding below its own account's
}

// Role is the part that a calendar user plays in a scheduling object.
type Role string

// The roles of RFC 6638 section 3.1.
const (
	RoleNone      Role = ""
	RoleOrganizer Role = "organizer"
	RoleAttendee  Role = "attendee"
)

// Inspect reads an object. The error is a [*SyntaxError].
func Inspect(data []byte) (Object, error) { return Object{}, nil }

// Scheduling reports whether a server that schedules may send messages when this object is stored,
// changed or deleted, whoever stores it: it names an organizer or attendees.
func (o Object) Scheduling() bool { return false }

// Role returns the part that the user with these addresses plays (RFC 6638 sections 3.1 and 3.2): an
// organizer's object names one of them as ORGANIZER, an attendee's one as ATTENDEE. An address may begin
// with "mailto:".
func (o Object) Role(addresses ...string) Role { return RoleNone }
