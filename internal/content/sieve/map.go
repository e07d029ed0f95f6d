// SPDX-License-Identifier: Apache-2.0

package sieve

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mailbox is a mailbox as a script names it.
type Mailbox struct {
	Name   string
	Create bool // the script makes it if it is missing (RFC 5490 section 3.2)
	Asked  bool // the script only asks about it
	Maybe  bool // it may be something else: only a mailbox that is there has another name
}

// Mapped is a script with other names of mailboxes.
type Mapped struct {
	Text   string
	Doubts []Doubt // in the order of lines; a script with any may put messages elsewhere than before
}

// edit replaces a part of the source.
type edit struct {
	from, to int
	text     string
}

// Map returns the script with other names of mailboxes; every other octet stays as it is. A name that rename returns
// unchanged stays as it is written. A name that a variable holds is written out where it is used, not where the variable
// is set: the script may compare the variable too. Where it can be one of several, the script chooses while it runs.
func (s *Script) Map(rename func(Mailbox) string) Mapped {
	m := &mapper{script: s, rename: rename, doubts: slices.Clone(s.doubts), chosen: map[string]string{}}
	for _, u := range s.uses {
		m.map1(u)
	}
	slices.SortStableFunc(m.doubts, func(a, b Doubt) int { return cmp.Compare(a.Line, b.Line) })
	return Mapped{Text: s.edited(m.edits), Doubts: m.doubts}
}

// Recall returns the script with other names of the scripts that it calls. It is for names of personal scripts only.
func (s *Script) Recall(rename func(name string) string) string {
	var edits []edit
	for _, i := range s.Includes {
		if name := rename(i.Name); !i.Global && name != i.Name {
			edits = append(edits, edit{i.at.from, i.at.to, inline(name)})
		}
	}
	return s.edited(edits)
}

func (s *Script) edited(edits []edit) string {
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var out strings.Builder
	at := 0
	for _, e := range edits {
		out.WriteString(s.source[at:e.from] + e.text)
		at = e.to
	}
	return out.String() + s.source[at:]
}

// mapper collects what Map changes.
type mapper struct {
	script *Script
	rename func(Mailbox) string
	edits  []edit
	doubts []Doubt
	chosen map[string]string // choices that have been put in, by place and name
}

func (m *mapper) map1(u use) {
	changed := false
	names := map[string]string{}
	for _, old := range u.name.values {
		names[old] = old
		if old == "" {
			continue // no name of a mailbox: the server refuses it at either end
		}
		names[old] = m.rename(Mailbox{Name: old, Create: u.create, Asked: u.asked, Maybe: u.maybe})
		changed = changed || names[old] != old
		// Nothing can write such a name for sure where "${" has a meaning (RFC 5229 section 3).
		if names[old] != old && strings.Contains(old+names[old], "${") && m.script.substitutes() {
			m.doubts = m.script.doubted(m.doubts, u.in, UnwritableName)
			return
		}
	}
	switch {
	case !changed:
	case u.maybe:
		m.doubts = m.script.doubted(m.doubts, u.in, UnknownCommand)
	case len(u.name.values) == 1:
		m.edits = append(m.edits, edit{u.at.from, u.at.to, inline(names[u.name.values[0]])})
	case len(m.chosen) >= maxVariables/4: // a server has room for a few more variables only
		m.doubts = m.script.doubted(m.doubts, u.in, ComputedName)
	default:
		m.edits = append(m.edits, edit{u.at.from, u.at.to, inline("${" + m.choice(u, names) + "}")})
	}
}

func (s *Script) substitutes() bool {
	return slices.ContainsFunc(s.Require, func(e string) bool {
		return strings.EqualFold(e, "variables") || strings.EqualFold(e, "encoded-character")
	})
}

// choice puts commands before the one of the use that choose its name, and returns the variable that holds it.
func (m *mapper) choice(u use, names map[string]string) string {
	place := fmt.Sprintf("%d %s", u.before, u.at.value)
	if m.chosen[place] != "" {
		return m.chosen[place]
	}
	name := m.script.freeVariable(len(m.chosen))
	m.chosen[place] = name
	was := inline(u.at.value)
	text := fmt.Sprintf("set %s %s;\r\n", inline(name), was)
	word := "if"
	for _, old := range u.name.values {
		if names[old] == old {
			continue
		}
		text += fmt.Sprintf("%s string :is :comparator \"i;octet\" %s %s { set %s %s; }\r\n", word, was, inline(old), inline(name), inline(names[old]))
		word = "elsif"
	}
	m.edits = append(m.edits, edit{u.before, u.before, text})
	return name
}

// freeVariable makes up the name of a variable that the script does not speak of, a further one for each n.
func (s *Script) freeVariable(n int) string {
	name := "mailbox_at_destination"
	for strings.Contains(strings.ToLower(s.source), name) {
		name += "_"
	}
	return fmt.Sprintf("%s%d", name, n+1)
}
