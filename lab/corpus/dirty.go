// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"net/http"
	"slices"
	"strings"

	"rehome"
)

// DAVServer is a kind of server that takes contacts and events.
type DAVServer string

// The servers whose answers are known.
const (
	SabreDAV1 DAVServer = "SabreDAV 1.8.12"
	SabreDAV4 DAVServer = "SabreDAV 4.7.1" // not in the lab
	Radicale  DAVServer = "Radicale 3.1.8"
	Xandikos  DAVServer = "Xandikos 0.2.8"
	DAViCal   DAVServer = "DAViCal 1.1.12"
	Cyrus     DAVServer = "Cyrus 3.6.1"
)

// End is what may become of an object in a move.
type End string

// The ends, in the words of a verification.
const (
	EndEqual       End = "equal"       // the same octets, or the same meaning
	EndCosmetic    End = "cosmetic"    // different in what nobody sees
	EndRepaired    End = "repaired"    // taken after a repair that is listed
	EndQuarantined End = "quarantined" // not taken, or not kept as it is; the original is kept with the reason
)

// Repair is what makes a server take an object that it refuses as it is. Where the package that
// repairs contacts and events has a code for it, this is its value.
type Repair string

// The repairs that are safe.
const (
	NoRepair      Repair = ""
	DropMethod    Repair = "method"
	AddDTSTAMP    Repair = "missing_dtstamp"
	AddUID        Repair = "missing_uid" // of a contact
	AddEventUID   Repair = "missing_event_uid"
	DropBackslash Repair = "escaped_colon"
	DropEmpty     Repair = "empty_line"
	AddVersion    Repair = "missing_version"
	BuildFN       Repair = "missing_fn"
	NameBase64    Repair = "base64_name"
	RaiseTo30     Repair = "vcard_21"
	RecodeUTF8    Repair = "not_utf8"
	DropMark      Repair = "byte_order_mark"
	EndLines      Repair = "line_ends"
	DropControls  Repair = "control_character"
	DropDuplicate Repair = "repeated_line"
	FoldElsewhere Repair = "split_character"
	MendOffset    Repair = "bad_offset"
	DropParameter Repair = "bare_parameter"
	MergeObjects  Repair = "merged" // the same object under two names
	JoinOverrides Repair = "joined" // an override whose master has another name
)

// The repairs that somebody has to choose.
const (
	RenewUID        Repair = "option: new uid"
	LoneOverride    Repair = "option: lone_override"
	DefineTimeZone  Repair = "option: missing_vtimezone"
	SplitCategories Repair = "option: joined_categories"
	JoinLines       Repair = "option: stray_line"
)

// optional reports whether nobody makes the repair unasked.
func (r Repair) optional() bool { return strings.HasPrefix(string(r), "option: ") }

// unseen reports whether the object says the same after the repair, only written in another way.
func (r Repair) unseen() bool {
	return r == DropMark || r == FoldElsewhere || r == NameBase64 || r == EndLines || r == DropBackslash || r == DropEmpty
}

// DirtyObject is a contact or an event as an old server holds it.
type DirtyObject struct {
	Resource         // Trap says what is odd; empty in the clean objects between the dirty ones
	Card     bool    // a contact
	Repair   Repair  // what makes a server take it that refuses it as it is
	Answers  Answers // to a PUT of the octets as they are

	// Spoilt are the servers that take it, say so, and give back something else.
	Spoilt  []DAVServer
	Garbled []DAVServer // of Spoilt, those that make of it what looks as if somebody had entered it: nobody writes over that
}

// Answers are the statuses of a PUT with "If-None-Match: *" into a collection that holds the
// objects before this one in the list, as far as they were taken. A server that is not listed has
// not been asked.
type Answers map[DAVServer]int

// Takes reports whether the server takes the object as it is; known is false if nobody has asked.
func (o DirtyObject) Takes(server DAVServer) (takes, known bool) {
	status, known := o.Answers[server]
	// 207 carries the true status of a PUT inside; Xandikos sends it for what it refuses.
	return status == http.StatusCreated || status == http.StatusNoContent, known
}

// Ends returns what may become of the object in a move to that server. An object that the server
// takes may be repaired nevertheless; where only an optional repair helps, it may stay as it is.
func (o DirtyObject) Ends(server DAVServer) []End {
	takes, known := o.Takes(server)
	spoilt := slices.Contains(o.Spoilt, server)
	var ends []End
	if !known || takes && !spoilt {
		ends = append(ends, EndEqual, EndCosmetic)
	}
	if o.Repair != NoRepair {
		ends = append(ends, EndRepaired)
	}
	if o.Repair.unseen() && !slices.Contains(ends, EndEqual) {
		ends = append(ends, EndEqual)
	}
	if slices.Contains(o.Garbled, server) {
		return append(ends, EndQuarantined)
	}
	if known && (!takes || spoilt) && o.Repair != NoRepair && !o.Repair.optional() {
		return ends
	}
	if !known || !takes || spoilt {
		ends = append(ends, EndQuarantined)
	}
	return ends
}

func (o DirtyObject) spoiltBy(servers ...DAVServer) DirtyObject {
	o.Spoilt = servers
	return o
}

func (o DirtyObject) garbledBy(servers ...DAVServer) DirtyObject {
	o.Spoilt = servers
	o.Garbled = servers
	return o
}

// DirtyObjects are the contacts and events that old servers hold and newer ones refuse, change or
// misread, with clean ones between them. Names and UIDs differ from those of the sample, so that
// both can lie in one collection.
func DirtyObjects() []DirtyObject {
	return slices.Concat(dirtyContacts(), dirtyUIDs(), dirtyEvents(), dirtyTimes(), dirtyText())
}

// DirtyPerson has the dirty objects, contacts in the default book and events in the default
// calendar, and no mail. Seeded, they lie in the tables even where the server would refuse them.
func DirtyPerson(address, password string) Person {
	book := Collection{Name: defaultBook, DisplayName: "Contacts"}
	calendar := Collection{Name: defaultCalendar, DisplayName: "Calendar", Components: []string{"VEVENT", "VTODO"}}
	for _, o := range DirtyObjects() {
		if o.Card {
			book.Resources = append(book.Resources, o.Resource)
		} else {
			calendar.Resources = append(calendar.Resources, o.Resource)
		}
	}
	return Person{
		Address: address, NoSelf: true, Plain: password, Stored: password, Form: rehome.PasswordPlain, Group: groupDefault,
		AddressBooks: []Collection{book}, Calendars: []Collection{calendar},
	}
}

// answers lists the statuses of SabreDAV 1.8 and 4.7, Radicale, Xandikos, DAViCal and Cyrus; 0 is
// unknown.
func answers(sabre1, sabre4, radicale, xandikos, davical, cyrus int) Answers {
	all := Answers{SabreDAV1: sabre1, SabreDAV4: sabre4, Radicale: radicale, Xandikos: xandikos, DAViCal: davical, Cyrus: cyrus}
	for server, status := range all {
		if status == 0 {
			delete(all, server)
		}
	}
	return all
}

func dirtyCard(trap, name string, repair Repair, answers Answers, text string) DirtyObject {
	return DirtyObject{Resource: card(name, trap, text), Card: true, Repair: repair, Answers: answers}
}

func dirtyEvent(trap, name string, repair Repair, answers Answers, components string) DirtyObject {
	return DirtyObject{Resource: object(name, trap, components), Repair: repair, Answers: answers}
}

// dirtyOctets is an object whose line ends are as given.
func dirtyOctets(trap, name string, repair Repair, answers Answers, octets string) DirtyObject {
	return DirtyObject{Resource: Resource{Name: name, Trap: trap, Data: []byte(octets), Modified: oddTime()}, Repair: repair, Answers: answers}
}
