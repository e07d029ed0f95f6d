// SPDX-License-Identifier: Apache-2.0

// Package guide makes the page of a person: what changes in a move, when, which of their devices need what, step by step with
// the values to copy, what becomes of the old account, and whom to ask. It is one page of HTML that needs nothing else, for a
// screen and for paper; and the same as a text, for mail programs that show no HTML.
//
// A page is made in two steps: the person's facts and a language become a sheet (sheet.go), which is then written in either form. The
// words are in files, one for each language (language.go); the order, the markup and the marks are the same in all of them.
//
//   - Nothing on a page is secret: it says how a password is given, and never what it is.
//   - Texts hold no markup. Whatever a person, a server or a file of texts says is escaped by the writer of the form.
//   - The same facts give the same page, octet for octet.
//
// The steps of a caller: Open, then for each person Book.Make; then Page.HTML, Page.Text or both.
package guide

import (
	"time"

	"rehome/internal/clientsetup"
	"rehome/internal/devices"
	"rehome/internal/people"
)

// Password says how a person gets the password for the destination.
type Password string

// The ways.
const (
	PasswordKept      Password = "kept"      // it stays the same
	PasswordTemporary Password = "temporary" // in a letter of its own
	PasswordTold      Password = "told"      // somebody will say
)

// Organisation is what all pages have in common.
type Organisation struct {
	Name        string
	Contact     string // whom to ask, in a sentence; "" is whoever has given the page
	Help        string // URL of a page with more; "" is none
	RulesCopied bool   // by the move; otherwise they are entered again
	DAVCopied   bool   // contacts and calendars move

	// PasswordStays says that nobody may change a password before the move is complete: passes log in with it.
	PasswordStays bool
}

// Person is one person's facts.
type Person struct {
	people.Preference // what was set up in the webmail
	Address           string
	Forwards          []string
	Password          Password
	Login             string // user name at the destination
	OldLogin          string // at the source
	OwnLogin          bool   // that at the destination is not made of the address
	Switched          bool   // the destination is theirs by now
	Day               time.Time
	Devices           []devices.Device
	Collections       []Collection // "" is not known what there is
	Source            clientsetup.Service
	Destination       clientsetup.Service
	ProfileLink       string // where Apple's devices get their profile; "" is nowhere
	ProfileFile       string // name of the file with it that goes along with the page; "" is none
	Language          string // "de"; see Book.Choose
}

// Collection is one of the person's address books or calendars, for the person to look whether everything is there.
type Collection struct {
	Name     string
	Contacts bool // an address book
	Objects  int
}

// setup is the person as the makers of documents see them.
func (p Person) setup() clientsetup.Person {
	one := clientsetup.Person{Address: p.Address, Name: p.DisplayName}
	if p.OwnLogin {
		one.Login = p.Login
	}
	return one
}

// Page is the page of one person.
type Page struct {
	Language string // "de"
	Subject  string // for a message that has it
	sheet    sheet
}

// Image is a picture of a page.
type Image struct {
	ID  string // unique in the page
	PNG []byte
}

// Images returns the pictures, in their order.
func (p Page) Images() (all []Image) {
	for _, part := range p.sheet.parts() {
		for _, b := range part.Blocks {
			for _, code := range b.Codes {
				all = append(all, Image{ID: code.ID, PNG: code.png})
			}
		}
	}
	return all
}
