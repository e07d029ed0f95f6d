// SPDX-License-Identifier: Apache-2.0

package damage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/lab/judge"
	"rehome/lab/operator"
)

// plant is one kind of damage.
type plant struct {
	name   string
	damage func(m *move)
	mend   func(m *move) // nil for what is accepted instead
	want   []string      // what is found of it: kind, place, and what it has to name
}

// plants are all of them, each in letters, objects and scripts of its own.
func plants() []plant {
	id := func(n int) string { return idOf("INBOX", n) }
	return []plant{
		{"a missing message", func(m *move) { must(m.t, m.atDestination.remove("INBOX", id(0))) },
			func(m *move) { must(m.t, m.atDestination.store("INBOX", write("INBOX", 0))) }, []string{"missing_message INBOX " + id(0)}},
		{"one flipped octet in a body", func(m *move) {
			m.replace("INBOX", id(1), func(l *letter) { l.text = strings.Replace(l.text, "The text", "The tex\x75", 1) })
		}, func(m *move) { m.replace("INBOX", id(1), func(l *letter) { l.text = write("INBOX", 1).text }) }, []string{"changed_message INBOX " + id(1)}},
		{"a lost flag", func(m *move) { must(m.t, m.atDestination.flag("INBOX", id(4), `-FLAGS (\Flagged)`)) },
			func(m *move) { must(m.t, m.atDestination.flag("INBOX", id(4), `+FLAGS (\Flagged)`)) }, []string{"flags_differ INBOX " + id(4)}},
		{"a wrong date", func(m *move) { m.replace("INBOX", id(3), func(l *letter) { l.date = " 4-Jan-2010 11:00:03 +0000" }) },
			nil, []string{"date_differs INBOX " + id(3)}},
		{"one duplicate too many", func(m *move) { must(m.t, m.atDestination.store("INBOX", write("INBOX", 5))) },
			func(m *move) { must(m.t, m.atDestination.remove("INBOX", id(5))) }, []string{"extra_message INBOX " + id(5)}},
		{"swapped mailboxes", swapped, swapped, wantSwapped()},
		{"a shifted event", func(m *move) { m.edit(judge.Calendars, "tea@example.test", "20260302T100000Z", "20260302T103000Z") },
			func(m *move) { m.edit(judge.Calendars, "tea@example.test", "20260302T103000Z", "20260302T100000Z") }, []string{"changed tea.ics"}},
		{"a lost contact photo", func(m *move) {
			_, there := m.object(m.dst, judge.Contacts, "bert@example.test")
			text := string(there.Data)
			from := strings.Index(text, "PHOTO")
			to := from + strings.Index(text[from:], "\r\n") + 2
			for strings.HasPrefix(text[to:], " ") { // folded
				to += strings.Index(text[to:], "\r\n") + 2
			}
			m.edit(judge.Contacts, "bert@example.test", text[from:to], "")
		}, nil, []string{"changed bert.vcf"}},
		{"a changed rule", func(m *move) {
			must(m.t, m.scripts.PutScript(m.t.Context(), "main", strings.ReplaceAll(rule, "INBOX.Work", "Lists")))
		}, nil, []string{"changed_script rules main"}},
	}
}

// replace puts another version of a message in its place.
func (m *move) replace(mailbox, id string, edit func(*letter)) {
	m.t.Helper()
	l, err := m.atDestination.read(mailbox, id)
	must(m.t, err)
	before := l
	edit(&l)
	if l == before {
		m.t.Fatalf("%s is as it was", id)
	}
	must(m.t, m.atDestination.remove(mailbox, id))
	must(m.t, m.atDestination.store(mailbox, l))
}

// edit replaces a piece of an object at the destination.
func (m *move) edit(kind, uid, old, replacement string) {
	m.t.Helper()
	at, there := m.object(m.dst, kind, uid)
	text := strings.Replace(string(there.Data), old, replacement, 1)
	if text == string(there.Data) {
		m.t.Fatalf("%s is not in\n%s", old, text)
	}
	m.put(m.dst, at, kind, text)
}

// swapped gives each of two mailboxes the other's name. From outside they look the same: numbers, sizes, dates and flags.
func swapped(m *move) {
	for _, step := range [][2]string{{"Works", "Aside"}, {"Lists", "Works"}, {"Aside", "Lists"}} {
		_, err := m.atDestination.do("RENAME %q %q", strings.Replace(step[0], "Works", "Other", 1), strings.Replace(step[1], "Works", "Other", 1))
		must(m.t, err)
	}
}

func wantSwapped() (all []string) {
	for n := range inEach {
		for _, pair := range [][2]string{{"Other", "Lists"}, {"Lists", "Other"}} {
			all = append(all, "missing_message INBOX."+pair[0]+" "+idOf(pair[0], n), "extra_message "+pair[0]+" "+idOf(pair[1], n))
		}
	}
	return all
}

// openFindings is the promised part of what "findings list --json" prints.
type openFindings struct {
	Open     []struct{ ID, What, Place, Object, Sentence string }
	Accepted []struct{ ID, By string }
}

// found lists what is open, in the form of a plant's want.
func (m *move) found() (all []string, ids map[string]string) {
	m.t.Helper()
	ids = map[string]string{}
	for _, o := range operator.Answer[openFindings](m.t, m.Operator, 5, "findings", "list").Open {
		line := strings.Join([]string{o.What, o.Place, o.Object}, " ")
		if o.What == "changed" { // an object, in a collection whose path is the server's
			line = o.What + " " + o.Object
		}
		if o.Sentence == "" {
			m.t.Errorf("%s has no sentence", line)
		}
		all, ids[line] = append(all, line), o.ID
	}
	slices.Sort(all)
	return all, ids
}

// Each damage is found by its name, and nothing else is; what is mended is equal again, what is accepted is named as that.
func TestDamage_isFoundByName(t *testing.T) {
	t.Parallel()
	for _, family := range families() {
		t.Run(family, func(t *testing.T) {
			t.Parallel()
			m := prepare(t, family)
			m.wantEqual("behind the copy")
			var want []string
			for _, p := range plants() {
				p.damage(m)
				want = append(want, p.want...)
			}
			slices.Sort(want)
			if v := m.both(); v.Code != 5 {
				t.Errorf("verify ended with %d", v.Code)
			}
			found, ids := m.found()
			if diff := cmp.Diff(want, found); diff != "" {
				t.Fatalf("-planted +found\n%s", diff)
			}
			m.acceptSome(ids)
		})
	}
}

// acceptSome accepts what cannot be mended, mends the rest, and looks at the answers on the way.
func (m *move) acceptSome(ids map[string]string) {
	t := m.t
	t.Helper()
	accepted := 0
	for _, p := range plants() {
		if p.mend != nil {
			continue
		}
		accepted++
		m.Want(t, 0, "findings", "accept", ids[p.want[0]], "--by", "Ada", "--reason", p.name)
	}
	m.Want(t, 5, "verify")
	for _, p := range plants() {
		if p.mend != nil {
			p.mend(m)
		}
	}
	o := m.Want(t, 0, "verify")
	if want := fmt.Sprintf("both ends are equal, with %d accepted differences: 1 account", accepted); !strings.Contains(o.Out, want) {
		t.Errorf("verify says\n%s\nwant %s", o.Out, want)
	}
	if o := m.Want(t, 0, "report"); !strings.Contains(o.Out, fmt.Sprintf("with %d accepted differences", accepted)) {
		t.Errorf("the report says\n%s", o.Out)
	}
	// What was accepted is this very difference.
	must(t, m.scripts.PutScript(t.Context(), "main", "discard;\r\n"))
	m.Want(t, 5, "verify")
	if found, _ := m.found(); !slices.Equal(found, []string{"changed_script rules main"}) {
		t.Errorf("the rule was changed again: %v are open", found)
	}
	m.Want(t, 0, "sync", "--only", "rules", "--replace-rules", "--quiet")
	m.Want(t, 0, "verify")
	m.Want(t, 0, "findings", "withdraw", ids["changed bert.vcf"])
	if found, _ := m.found(); !slices.Equal(found, []string{"changed bert.vcf"}) {
		t.Errorf("an acceptance was withdrawn: %v are open", found)
	}
}
