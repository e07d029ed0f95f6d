// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"fmt"
	"slices"
	"strings"
)

// kindOfObjects says what a collection holds.
type kindOfObjects string

const (
	contacts  kindOfObjects = "contacts"
	calendars kindOfObjects = "calendars"
)

// draft is what an object is made of. Its mark is in the bytes and in no other object's, so that the judge
// recognises it whatever becomes of names, UIDs and etags.
type draft struct {
	mark    string
	version int
	uid     string // "" for an object without one
	kind    kindOfObjects
	flaws   map[string]bool
	invites bool
	invited bool // the account is an attendee and has answered
	repeats bool
	changes int // it is a changed occurrence of the event of its UID, without that event: which one, from 1; 0 for none
}

// bytes writes the object.
func (f draft) bytes(account string) []byte {
	var lines []string
	if f.kind == contacts {
		lines = f.card()
	} else {
		lines = f.event(account)
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n")
}

func (f draft) card() []string {
	lines := []string{"BEGIN:VCARD", "VERSION:3.0"}
	if f.uid != "" {
		lines = append(lines, "UID:"+f.uid)
	}
	if !f.flaws["no-fn"] {
		lines = append(lines, "FN:Person "+f.mark)
	}
	lines = append(lines, "N:"+f.mark+";Anna;;;", fmt.Sprintf("NOTE:mark %s version %d", f.mark, f.version),
		fmt.Sprintf("TEL;TYPE=HOME:+49 30 %d", 1000+f.version))
	return append(lines, "END:VCARD")
}

func (f draft) event(account string) []string {
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//model//source//EN"}
	if f.flaws["method"] {
		lines = append(lines, "METHOD:PUBLISH")
	}
	lines = append(lines, "BEGIN:VEVENT")
	if f.uid != "" {
		lines = append(lines, "UID:"+f.uid)
	}
	if !f.flaws["no-dtstamp"] {
		lines = append(lines, "DTSTAMP:20000101T000000Z")
	}
	day := 1 + f.version%27
	lines = append(lines, fmt.Sprintf("DTSTART:200003%02dT100000Z", day), fmt.Sprintf("DTEND:200003%02dT110000Z", day),
		fmt.Sprintf("SUMMARY:mark %s version %d", f.mark, f.version))
	if f.changes > 0 {
		lines = append(lines, fmt.Sprintf("RECURRENCE-ID:200003%02dT100000Z", 2+7*f.changes))
	}
	if f.repeats {
		lines = append(lines, "RRULE:FREQ=WEEKLY;COUNT=4")
	}
	switch {
	case f.invites:
		lines = append(lines, "ORGANIZER:mailto:"+account, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:"+account,
			"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:guest@example.net")
	case f.invited:
		lines = append(lines, "ORGANIZER:mailto:host@example.net", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:host@example.net",
			"ATTENDEE;PARTSTAT=ACCEPTED:mailto:"+account)
	}
	return append(lines, "END:VEVENT", "END:VCALENDAR")
}

// unfolded returns the lines of an object without folds.
func unfolded(data []byte) []string {
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\n ", ""), "\n\t", "")
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return line == "" })
}

// serversOwn are the lines that a server may write as it likes.
func serversOwn(line string) bool {
	name, _, _ := strings.Cut(line, ":")
	name, _, _ = strings.Cut(name, ";")
	switch name {
	case "PRODID", "REV", "DTSTAMP", "LAST-MODIFIED", "CREATED", "METHOD", "X-RADICALE-NAME", "VERSION", "CALSCALE":
		return true
	}
	return false
}

// essence returns the lines that a user has written, in one order, without what scheduling notes with people.
func essence(data []byte) []string {
	var lines []string
	for _, line := range unfolded(data) {
		if serversOwn(line) {
			continue
		}
		if strings.HasPrefix(line, "ATTENDEE") || strings.HasPrefix(line, "ORGANIZER") {
			line = withoutScheduling(line)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// withoutScheduling takes SCHEDULE-STATUS and SCHEDULE-AGENT=CLIENT from a line.
func withoutScheduling(line string) string {
	head, value, _ := strings.Cut(line, ":")
	params := slices.DeleteFunc(strings.Split(head, ";"), func(param string) bool {
		return strings.HasPrefix(param, "SCHEDULE-STATUS=") || param == "SCHEDULE-AGENT=CLIENT"
	})
	slices.Sort(params[1:])
	return strings.Join(params, ";") + ":" + value
}

// carries says that dst holds all that src has, and nothing else but what had to be filled in.
func carries(src, dst []byte) bool {
	a, b := essence(src), essence(dst)
	for _, line := range a {
		i := slices.Index(b, line)
		if i < 0 {
			return false
		}
		b = slices.Delete(b, i, i+1)
	}
	for _, line := range b {
		name, _, _ := strings.Cut(line, ":")
		if name != "UID" && name != "FN" || hasLine(a, name) {
			return false
		}
	}
	return true
}

func hasLine(lines []string, name string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, name+":") })
}

// markOf finds the mark in an object, "" for none.
func markOf(data []byte) string {
	for _, line := range unfolded(data) {
		if _, rest, found := strings.Cut(line, ":mark "); found {
			mark, _, _ := strings.Cut(rest, " ")
			return mark
		}
	}
	return ""
}

// identityOf is the UID of an object, and another one for each changed occurrence without its event.
func identityOf(data []byte) string {
	uid := uidOf(data)
	for _, line := range unfolded(data) {
		if occurrence, is := strings.CutPrefix(line, "RECURRENCE-ID:"); is && uid != "" {
			return "the change of " + uid + " of " + occurrence
		}
	}
	return uid
}

// uidOf finds the UID in an object, "" for none.
func uidOf(data []byte) string {
	for _, line := range unfolded(data) {
		if value, found := strings.CutPrefix(line, "UID:"); found {
			return value
		}
	}
	return ""
}
