// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"strings"

	"rehome/internal/content/pim"
	"rehome/internal/journey"
	"rehome/internal/verify"
)

// writeObjects prints what a pass did with contacts and calendars, a row for each account and kind with something to tell.
func writeObjects(s *spaced, synced journey.Synced, all bool) error {
	t := newTable("ACCOUNT", "KIND", "COPIED", "UPDATED", "ALREADY THERE", "UNCHANGED", "REPAIRED", "REMOVED", "REJECTED", "CONFLICTS", "HELD BACK",
		"GONE AT DESTINATION").alignRight(2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	for _, a := range synced.Accounts {
		for _, kind := range []struct {
			name    string
			objects *journey.SyncedObjects
		}{{"contacts", a.Contacts}, {"calendars", a.Calendars}} {
			if o := kind.objects; o != nil && (all || o.Changed()) {
				t.add(a.Account, kind.name, number(o.Copied), number(o.Updated), number(o.Adopted), number(o.Unchanged),
					number(o.Repaired), number(o.Removed), number(o.Quarantined), number(o.Conflicts), number(o.Held), number(o.Deserted))
			}
		}
	}
	return s.write(t)
}

// objectDeeds lists what a pass has done with contacts and calendars.
func objectDeeds(contacts, calendars journey.SyncedObjects) []string {
	var parts []string
	for _, kind := range []struct {
		noun    string
		objects journey.SyncedObjects
	}{{"contact", contacts}, {"calendar object", calendars}} {
		if n := kind.objects.Copied + kind.objects.Updated; n > 0 {
			parts = append(parts, "copied "+plural(n, kind.noun))
		}
		if n := kind.objects.Adopted; n > 0 {
			parts = append(parts, fmt.Sprintf("found %s already there", plural(n, kind.noun)))
		}
		if n := kind.objects.Removed; n > 0 {
			parts = append(parts, fmt.Sprintf("removed %s at the destination", plural(n, kind.noun)))
		}
	}
	return parts
}

// awaiting counts the messages, contacts and calendar objects that wait for a decision.
func awaiting(messages int, contacts, calendars journey.SyncedObjects) string {
	var parts []string
	for _, kind := range []struct {
		noun string
		n    int
	}{{"message", messages}, {"contact", contacts.Doubted}, {"calendar object", calendars.Doubted}} {
		if kind.n > 0 {
			parts = append(parts, plural(kind.n, kind.noun))
		}
	}
	return strings.Join(parts, ", ")
}

// andObjects adds contacts and calendar objects to a count of messages.
func andObjects(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return " and 1 contact or calendar object"
	}
	return " and " + number(n) + " contacts and calendar objects"
}

// objectsNote says how many contacts and calendar objects are done.
func objectsNote(n int64) string {
	if n == 0 {
		return ""
	}
	return plural(int(n), "object")
}

// objectsOf returns how many objects of a kind the source has, "" if they were not compared.
func objectsOf(p *verify.Objects) string {
	if p == nil {
		return ""
	}
	return number(p.Source.Objects)
}

// repairedOf counts the objects that are at the destination with repairs.
func repairedOf(a verify.Account) string {
	n := 0
	for _, p := range []*verify.Objects{a.Contacts, a.Calendars} {
		if p != nil {
			n += p.States[pim.StateRepaired]
		}
	}
	if a.Contacts == nil && a.Calendars == nil {
		return ""
	}
	return number(n)
}

// writeObjectDifferences lists the objects that differ between the ends.
func writeObjectDifferences(w io.Writer, account string, p *verify.Objects) {
	if p == nil {
		return
	}
	for i, d := range p.Differences {
		if i == differencesShown {
			fmt.Fprintf(w, "%s: %s; see the report\n", printable(account), plural(len(p.Differences)-i+p.Unlisted, "more difference"))
			return
		}
		fmt.Fprintf(w, "%s: %s in %s is %s: %s\n", printable(account), printable(d.Object), printable(d.Collection), d.State, printable(d.Sentence))
	}
}

// thereOf says how many of the source's objects are at the destination; "" before their first pass.
func thereOf(o *journey.StatusObjects) string {
	switch {
	case o == nil:
		return ""
	case o.Copied >= o.Objects:
		return number(int(o.Copied))
	}
	return number(int(o.Copied)) + " of " + number(int(o.Objects))
}
