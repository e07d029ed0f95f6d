// SPDX-License-Identifier: Apache-2.0

package pim_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome/internal/content/pim"
	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/judge"
	"rehome/lab/proof"
)

const odd = "odd@example.test"

// oddPerson has one object of each kind that was once judged wrongly. The attachment lies on that host.
func oddPerson(t *testing.T, attachment string) corpus.Person {
	t.Helper()
	person := corpus.PIMPerson(odd, password, 0, 0)
	card := func(uid, lines string) []byte {
		return []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + uid + "\r\nN:Odd;Otto;;;\r\nFN:Otto Odd\r\n" + lines + "END:VCARD\r\n")
	}
	event := func(lines string) []byte {
		return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nDTSTAMP:20200101T000000Z\r\n" +
			"DTSTART:20270105T090000Z\r\nDTEND:20270105T100000Z\r\n" + lines + "END:VEVENT\r\nEND:VCALENDAR\r\n")
	}
	book := map[string][]byte{
		"apple.vcf": card("apple", "item1.URL;type=pref:http\\://partner.example/a\r\nX-ABUID:5AD380FD-B2DE-4261-BA99-DE1D1DB52FBE\\:ABPerson\r\n"),
		"agent.vcf": []byte("BEGIN:VCARD\r\nVERSION:2.1\r\nUID:agent\r\nN:Chief;Chiara\r\nFN:Chiara Chief\r\nAGENT:\r\nBEGIN:VCARD\r\nVERSION:2.1\r\n" +
			"N:Helper;Hugo\r\nFN:Hugo Helper\r\nTEL;WORK:+49301234\r\nEND:VCARD\r\nTEL;CELL:+491701234567\r\nEND:VCARD\r\n"),
	}
	calendar := map[string][]byte{
		"no-uid.ics": event("SUMMARY:nobody\r\n"), "attachment.ics": event("UID:attachment\r\nSUMMARY:x\r\nATTACH:http://" + attachment + "/files/1.pdf\r\n"),
	}
	for _, name := range []string{"d2-no-fn.vcf", "e1-control.ics", "g1-category-with-comma.ics", "m1-geo.ics", "rrule-bysetpos.ics"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		must(t, err)
		if strings.HasSuffix(name, ".vcf") {
			book[name] = data
		} else {
			calendar[name] = data
		}
	}
	person.AddressBooks = []corpus.Collection{{Name: "default", DisplayName: "Contacts", Resources: resources(book)}}
	person.Calendars = []corpus.Collection{{Name: "default", DisplayName: "Calendar", Components: []string{"VEVENT", "VTODO"},
		Resources: resources(calendar)}}
	return person
}

func resources(objects map[string][]byte) (all []corpus.Resource) {
	for _, name := range slices.Sorted(maps.Keys(objects)) {
		all = append(all, corpus.Resource{Name: name, Data: objects[name]})
	}
	return all
}

// lost are the objects that a server does not take or keep, with what is said of each.
func lost(kind corpus.DAVServer) map[string]string {
	torn := "CATEGORIES of the event was one text with a comma and is split"
	joined := "N of the contact was a list and is one text with a comma"
	return map[corpus.DAVServer]map[string]string{
		corpus.Xandikos: {"g1-category-with-comma.ics": torn},
		corpus.Cyrus:    {"g1-category-with-comma.ics": torn, "d2-no-fn.vcf": joined, "rrule-bysetpos.ics": "DTEND must occur after DTSTART"},
		corpus.DAViCal:  {"d2-no-fn.vcf": joined},
	}[kind]
}

// Each is there as it was, or repaired, or named with the reason, by sync and verify alike, and the judge agrees; a
// second pass says the same and writes nothing.
func TestCases_oneVerdictEverywhere(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	src := source(t, l, nil)
	person := oddPerson(t, hostName(hostOf(t, src.DAV)))
	must(t, corpus.SeedPerson(t.Context(), src, person))
	for _, kind := range kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			door := newDoor(t, destination(t, l, kind, []corpus.Person{person}))
			d := newOperator(t, []corpus.Person{person}, src.IMAP, src.DAV, door.URL, "")
			want := lost(kind)
			for pass := range 2 {
				o := d.Run(t, "sync", "--json", "--only", "contacts,calendars")
				said := complaints(decoded[complained](t, o.Out))
				for name, reason := range want {
					if !strings.Contains(said[name], reason) {
						t.Errorf("pass %d says of %s: %q, want %q", pass+1, name, said[name], reason)
					}
					delete(said, name)
				}
				if link := said["attachment.ics"]; !strings.HasSuffix(link, ": "+hostName(hostOf(t, src.DAV))) {
					t.Errorf("pass %d says of the attachment: %q", pass+1, link)
				}
				delete(said, "attachment.ics")
				if len(said) > 0 {
					t.Errorf("pass %d complains of %v", pass+1, said)
				}
				if writes := door.taken(); pass == 1 && len(writes) > 0 {
					t.Errorf("a second pass wrote: %v", writes)
				}
			}
			verdict := proof.Both(t, d.Operator, []proof.Account{judged(src.DAV, door.URL)})
			for _, o := range everyObject(decoded[verified](t, verdict.Out)) {
				if _, is := want[o.Object]; is != (o.Verdict == pim.StateQuarantined) || !is && !o.Verdict.Harmless() {
					t.Errorf("%s is %s: %s", o.Object, o.Verdict, o.Sentence)
				}
			}
		})
	}
}

func hostName(host string) string { return host[:strings.LastIndexByte(host, ':')] }

// judged is the person as the judge is to look at it.
func judged(src, dst string) proof.Account {
	largest := func(from *judge.Collection, among []*judge.Collection) string {
		most := ""
		objects := -1
		for _, c := range among {
			if c.Kind == from.Kind && len(c.Objects) > objects {
				most, objects = c.Path, len(c.Objects)
			}
		}
		return most
	}
	repaired := []string{"d2-no-fn.vcf", "e1-control.ics", "agent.vcf", "no-uid.ics", "apple.vcf"}
	return proof.Account{
		Address: odd, SourceDAV: judge.DAVLogin{URL: src, User: odd, Password: password}, DestinationDAV: judge.DAVLogin{URL: dst, User: odd,
			Password: password},
		Objects:  judge.ObjectTerms{Where: largest, Own: func(c *judge.Collection) bool { return len(c.Objects) == 0 }},
		Repaired: func(name string) bool { return slices.Contains(repaired, name) },
	}
}

// complained is what "sync --json" finds wrong.
type complained struct {
	Accounts []struct {
		Findings []struct{ Code, Severity, Object, Sentence string }
	}
	Findings []struct{ Code, Severity, Object, Sentence string }
}

// complaints are the errors and warnings about objects, by name.
func complaints(c complained) map[string]string {
	said := map[string]string{}
	all := c.Findings
	for _, a := range c.Accounts {
		all = append(all, a.Findings...)
	}
	for _, f := range all {
		if f.Severity == "error" || f.Severity == "warning" {
			name := f.Object[strings.LastIndexByte(f.Object, '/')+1:]
			said[cmp.Or(name, f.Code)] = fmt.Sprint(f.Sentence)
		}
	}
	return said
}

func everyObject(v verified) (all []objectVerified) {
	for _, a := range v.Accounts {
		for _, k := range []*kindVerified{a.Contacts, a.Calendars} {
			all = slices.Concat(all, k.Differences, k.Repaired)
		}
	}
	return all
}
