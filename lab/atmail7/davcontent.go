// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"time"

	"golang.org/x/text/encoding/charmap"
)

// The accounts that LoadDAV writes collections for.
const (
	DAVAnna  = "anna@example.test"
	DAVBob   = "bob@example.test"
	DAVCarol = "carol@example.test"
)

// DAVContent is what a reader has to find after LoadDAV.
type DAVContent struct {
	Books, Calendars []DAVCollection // by account and then in the order of their ids
	Shares           []DAVShare
	Subscriptions    []string       // names of subscribed calendars, which are copies of something elsewhere
	Contacts         []AbookContact // atmail only, in the order of their ids
	Groups           []AbookGroup   // atmail only
}

// DAVCollection is a book or a calendar of its owner.
type DAVCollection struct {
	Account       string
	Name          string
	DisplayName   string // as people see it, whatever lies in the column; empty where there is none
	DoubleEncoded bool   // the column holds the display name encoded twice
	Description   string
	Color         string   // calendars only
	Order         int      // calendars only
	TimeZone      string   // calendars only
	Components    []string // calendars only; nil where the column is null
	Transparent   bool     // calendars only, from 1.7 on
	Resources     []DAVResource
}

// DAVResource is the row that counts for a name.
type DAVResource struct {
	Name     string
	Data     []byte // as it lies in the table
	Modified time.Time
	Cut      bool // the column was too small for the end of it
	Twice    bool // an older row of the same name is there too
}

// DAVShare lets somebody into another one's calendar, or into all of them.
type DAVShare struct {
	Owner, Calendar string // the name of the collection; empty for all
	To              string
	Write           bool
}

// AbookContact is a row of Abook.
type AbookContact struct {
	Account                string
	First, Last            string
	Emails                 []string
	Company, Mobile, Notes string
	Birthday               string // YYYY-MM-DD
	Photo                  []byte // decoded
	Global                 bool   // everybody sees it
	Self                   bool   // the account's own record, which is no contact
	SharedWith             string // of AbookPermissions
}

// AbookGroup is a group of addresses of one account.
type AbookGroup struct {
	Account, Name string
	Members       []string
}

// doubleEncoded is UTF-8 text as it comes to lie in a UTF-8 column when it is written through a
// connection that is said to be latin1: MariaDB takes each octet for a character of cp1252, and the
// five octets that this has no character for as they are.
func doubleEncoded(text string) string {
	twice := make([]rune, 0, 2*len(text))
	for _, octet := range []byte(text) {
		r := charmap.Windows1252.DecodeByte(octet)
		if r == '\ufffd' {
			r = rune(octet)
		}
		twice = append(twice, r)
	}
	return string(twice)
}
