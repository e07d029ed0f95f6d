// SPDX-License-Identifier: Apache-2.0

package sievemodel

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Mailboxes are those that generated scripts save to, as names below INBOX at a server with dots.
func Mailboxes() []string {
	return []string{
		"INBOX.Work", "INBOX.Work.Done", "INBOX.Lists", "INBOX.Lists.Go", "INBOX.Bills", "INBOX.Old", "INBOX.Gr\u00f6\u00dfe", "INBOX.Two", "INBOX.Tre",
		"INBOX.Uno", "INBOX.Dui",
	}
}

// maker makes one script. No two actions save to the same mailbox or forward to the same person: servers drop the second
// one, and differ in what is left of its flags and of its taking the message from INBOX.
type maker struct {
	*rand.Rand
	free      []string // mailboxes that no action has yet
	held      []string // the same for names that variables hold
	people    []string // the same for addresses
	variables bool
	cyrus     bool // nothing that Cyrus 3.6 does not know, or takes for something else
	body      strings.Builder
}

// Script makes a script. One for Cyrus has no encoded characters (RFC 5228 section 2.4.2.4), which Cyrus 3.6 does not know, and
// asks for no list of mailboxes that lacks some: Cyrus takes one of them for all (against RFC 5490 section 3.1).
func Script(source *rand.Rand, cyrus bool) string {
	m := &maker{
		Rand: source, free: Mailboxes()[:7], people: []string{`"a@x.example"`, `"b@x.example"`}, held: []string{"${Box}", "INBOX.${tail}"},
		variables: source.IntN(2) == 0, cyrus: cyrus,
	}
	m.body.WriteString(`require ["fileinto", "copy", "imap4flags", "mailbox", "envelope", "subaddress", "variables", `)
	if !cyrus {
		m.body.WriteString(`"encoded-character", `)
	}
	m.body.WriteString("\"vacation\"];\r\n")
	if m.variables {
		m.body.WriteString("set \"box\" \"INBOX.Two\";\r\nset :lower :upperfirst \"tail\" \"UNO\";\r\n")
	}
	for range 1 + m.IntN(4) {
		m.statement(0)
	}
	if m.IntN(4) == 0 {
		m.body.WriteString("vacation :days 3 \"away\";\r\n")
	}
	return m.body.String()
}

func (m *maker) one(of ...string) string { return of[m.IntN(len(of))] }

func (m *maker) statement(depth int) {
	if depth > 1 || m.IntN(3) == 0 {
		m.action()
		return
	}
	m.body.WriteString("if " + m.test(0))
	m.block(depth)
	for range m.IntN(2) {
		m.body.WriteString("elsif " + m.test(0))
		m.block(depth)
	}
	if m.IntN(3) == 0 {
		m.body.WriteString("else")
		m.block(depth)
	}
}

func (m *maker) block(depth int) {
	m.body.WriteString(" {\r\n")
	for range 1 + m.IntN(2) {
		m.statement(depth + 1)
	}
	if m.IntN(3) == 0 {
		m.body.WriteString("stop;\r\n")
	}
	m.body.WriteString("}\r\n")
}

func (m *maker) action() {
	switch m.IntN(8) {
	case 0:
		m.body.WriteString(m.one("keep;", "discard;", `keep :flags "\\Flagged";`))
	case 1:
		if len(m.people) > 0 {
			m.body.WriteString(m.one("redirect ", "redirect :copy ") + m.people[0] + ";")
			m.people = m.people[1:]
		}
	case 2:
		m.body.WriteString(m.one("setflag ", "addflag ", "removeflag ") + m.one(`"\\Seen"`, `["\\Flagged", "one two"]`, `"one"`) + ";")
	case 3:
		if m.variables {
			m.body.WriteString(m.one(`set "box" "INBOX.Tre";`, `set "BOX" "INBOX.Two";`, `set "tail" "Dui";`, `set :lower :upperfirst "tail" "${tail}";`))
		}
	default:
		m.save()
	}
	m.body.WriteString("\r\n")
}

func (m *maker) save() {
	if len(m.free) == 0 {
		return
	}
	at := m.IntN(len(m.free))
	name := m.free[at]
	m.free = append(append([]string{}, m.free[:at]...), m.free[at+1:]...)
	if !m.cyrus {
		name = m.one(name, name, strings.Replace(name, ".", "${hex:2e}", 1), strings.Replace(name, "\u00df", "${unicode:DF}", 1))
	}
	if m.variables && m.IntN(2) == 0 && len(m.held) > 0 {
		name, m.held = m.held[0], m.held[1:]
	}
	fmt.Fprintf(&m.body, "fileinto %s%s%q;", m.one("", "", ":copy ", ":create "), m.one("", "", `:flags ["\\Seen", "two"] `), name)
}

func (m *maker) test(depth int) string {
	if depth < 2 && m.IntN(3) == 0 {
		all := []string{m.test(depth + 1)}
		for range 1 + m.IntN(2) {
			all = append(all, m.test(depth+1))
		}
		return m.one("allof", "anyof", "not anyof", "not allof") + " (" + strings.Join(all, ", ") + ")"
	}
	how := m.one("", ":is ", ":contains ", ":matches ", `:comparator "i;octet" :contains `)
	keys := m.one(`"work"`, `["news", "WORK"]`, `"w*"`, `["*o?k*", "x"]`)
	switch m.IntN(9) {
	case 0:
		return "exists " + m.one(`"X-One"`, `["X-One", "X-Two"]`)
	case 1:
		return m.one("true", "false", "not false")
	case 2:
		return m.one("size :over 1K", "size :under 1000")
	case 3:
		if m.cyrus {
			return "mailboxexists " + m.one(`"INBOX.None"`, `["INBOX.Work", "INBOX.Old"]`)
		}
		return "mailboxexists " + m.one(`"INBOX.Work"`, `["INBOX.Work", "INBOX.None"]`, `["INBOX.Work", "INBOX.Old"]`)
	case 4:
		part := m.one("", ":domain ", ":localpart ", ":user ", ":detail ", ":all ")
		return m.one(`address `, `envelope `) + part + how + m.one(`["from", "to"]`, `"from"`) + " " + m.one(keys, `"shop.example"`, `"*@*.example"`)
	case 5:
		return "hasflag " + m.one("", ":contains ") + m.one(`"one"`, `["two", "\\Seen"]`)
	case 6:
		if m.variables {
			return "string " + how + `"${box}" ` + m.one(`"INBOX.Two"`, `"*e"`, `"tre"`)
		}
	}
	return "header " + how + m.one(`"subject"`, `["Subject", "X-One"]`) + " " + keys
}

// Letter makes a message that tells the branches of such scripts apart.
func Letter(source *rand.Rand) Message {
	one := func(of ...string) string { return of[source.IntN(len(of))] }
	from := one("anna@shop.example", "work+news@lists.example", "bob@else.example")
	m := Message{From: one(from, "bounce@lists.example"), To: "anna+work@example.test", Fields: [][2]string{
		{"From", one("", "Work ") + "<" + from + ">"}, {"To", "<anna+work@example.test>"},
		{"Subject", one("work", "Work today", "news of work", "else")}, {"Message-ID", fmt.Sprintf("<%d@model>", source.Uint64())},
	}}
	for _, name := range []string{"X-One", "X-Two"} {
		if source.IntN(2) == 0 {
			m.Fields = append(m.Fields, [2]string{name, one("work", "x")})
		}
	}
	m.Body = strings.Repeat("0123456789\r\n", 1+source.IntN(2)*120)
	return m
}
