// SPDX-License-Identifier: Apache-2.0

// Package devices finds out which programs use an account, from what they say of themselves in the logs of the source: the ID of
// IMAP (RFC 2971), the User-Agent of calendars and contacts, and logins by POP3, which has no such thing.
//
// Read goes through logs and counts; Of makes a list for one account of what the ledger has kept. A program that is not recognised is
// still one: it has the name that it gives itself, or none. That logs do not show a program does not mean that nobody uses it.
package devices

import (
	"cmp"
	"slices"
	"time"
)

// Program is a kind of program for which there are instructions.
type Program string

// The kinds.
const (
	Thunderbird Program = "thunderbird"
	Outlook     Program = "outlook"
	IPhone      Program = "iphone"
	Mac         Program = "mac"
	Android     Program = "android"
	Webmail     Program = "webmail"
	Other       Program = "other"
)

// Device is a program that uses an account.
type Device struct {
	Program   Program   `json:"program"`
	Name      string    `json:"name"`      // as people call it: "Thunderbird 128"; "" if it does not say
	Protocols []string  `json:"protocols"` // "activesync", "dav", "imap", "pop3", "sieve", "smtp"; sorted
	Last      time.Time `json:"last"`      // zero is not known
}

// Sighting is one program that uses one account by one protocol, as the ledger keeps it.
type Sighting struct {
	Address, Protocol string
	Agent             string // what the program says of itself; "" if it does not
	First, Last       time.Time
}

// recent is how long before the newest of an account's sightings another one still counts: whoever reads mail at all does so
// within a quarter.
const recent = 100 * 24 * time.Hour

// maxDevices bounds the list of one account.
const maxDevices = 20

// Of returns the programs that use an account, the last used first. sightings are all of that account.
func Of(sightings []Sighting) []Device {
	var newest time.Time
	for _, s := range sightings {
		if s.Last.After(newest) {
			newest = s.Last
		}
	}
	found := map[string]*Device{}
	named := false
	for _, s := range sightings {
		known := Recognise(s.Agent)
		if known.Ignored || newest.Sub(s.Last) > recent {
			continue
		}
		named = named || known.Name != ""
		found[known.key(s.Protocol)] = add(found[known.key(s.Protocol)], known, s)
	}
	list := []Device{}
	for _, d := range found {
		// The line that tells of a login often does not have the name, which another line has.
		if d.Name == "" && named && !slices.Contains(d.Protocols, "pop3") {
			continue
		}
		slices.Sort(d.Protocols)
		list = append(list, *d)
	}
	slices.SortFunc(list, func(a, b Device) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Program, b.Program), cmp.Compare(a.Name, b.Name))
	})
	return list[:min(len(list), maxDevices)]
}

func add(d *Device, known Known, s Sighting) *Device {
	if d == nil {
		d = &Device{Program: known.Program, Name: known.Name, Last: s.Last}
	}
	if !slices.Contains(d.Protocols, s.Protocol) {
		d.Protocols = append(d.Protocols, s.Protocol)
	}
	if s.Last.After(d.Last) || s.Last.Equal(d.Last) && len(known.Name) > len(d.Name) {
		d.Name, d.Last = known.Name, s.Last // it was updated meanwhile
	}
	return d
}

// key is the same for what is one program in a list. POP3 says no name: its logins are apart.
func (k Known) key(protocol string) string {
	if k.Family == "" && protocol == "pop3" {
		return "\x00pop3"
	}
	return string(k.Program) + "\x00" + k.Family
}
