// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome/internal/protocol/imap"
	"rehome/lab"
	"rehome/lab/cyrus"
	"rehome/lab/dovecot"
	"rehome/lab/imappair"
	"rehome/lab/proof"
)

// With a literal that nobody waits for, a server that refuses the flags or the date of an APPEND
// reads the message itself as commands. What a source may claim of a message, to get there:
var (
	hostileFlags = []string{
		``, `\Seen`, `\Evil`, `\*`, `\Recent`, `\Seen \Seen`, `\`, `"quoted flag"`, literal("x) {1+}\r\n"), `a{3+}`, `key"word`,
		strings.Repeat("k", 300), "schl\xfcssel", `%`, `key]word`, `NIL`, `{3}`, `a\b`,
	}
	hostileDates = []string{
		``, `NIL`, `""`, `"17-Jul-1996 02:44:25 -0700"`, `"31-Feb-2009 10:00:00 +0000"`, `"01-Jan-9999 00:00:00 +0000"`,
		`" 1-Jan-0000 00:00:00 +0000"`, `"01-Jan-2009 10:00:00 +9999"`, `"01-Jan-1800 10:00:00 -1200"`, `"17-Jul-1996 25:61:61 +0000"`,
		literal("17-Jul-1996 02:44:25 -0700\" x\r\n"), `20090101`,
	}
)

func literal(text string) string { return fmt.Sprintf("{%d}\r\n%s", len(text), text) }

// commands is a message of which every line does harm if it is run.
func commands(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "a0: DELETE Victim\r\nMessage-ID: <%d@hostile.test>\r\nSubject: folded\r\n a1 DELETE Victim\r\n\r\n", i)
	for n := range 40 {
		fmt.Fprintf(&b, "a%d DELETE Victim\r\nA%d CREATE Injected\r\nr%d RENAME Victim Injected\r\n", n, n, n)
		fmt.Fprintf(&b, "x%d SELECT Victim\r\ny%d UID STORE 1:* +FLAGS.SILENT (\\Deleted)\r\nz%d EXPUNGE\r\n* DELETE Victim\r\n)\r\n", n, n, n)
	}
	return b.String()
}

func TestHostile_noLineOfAMessageRuns(t *testing.T) {
	t.Parallel()
	var claims []claim
	for _, flags := range hostileFlags {
		for _, date := range hostileDates {
			text := commands(len(claims))
			// Every seventh message is not as long as it is said to be.
			size := len(text) + []int{0, 0, 0, 0, 0, 0, -100 - len(claims)}[len(claims)%7]
			claims = append(claims, claim{flags: flags, date: date, size: size, text: text})
		}
	}
	for name, start := range map[string]func(l *lab.Lab) server{
		"Dovecot": func(l *lab.Lab) server {
			return startDovecot(t, l, dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}, person)
		},
		"Cyrus": func(l *lab.Lab) server { return startCyrus(t, l, cyrus.Options{}, person) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst := start(lab.Open(t))
			u := dst.logIn(t, person)
			u.fill("Victim", letters(3, 500, "victim")...)
			before := u.names()

			src := startLiar(t, claims)
			m := move{t: t, Operator: newOperator(t), src: src.server(), dst: dst, people: []imappair.Person{person}}
			if err := imappair.Prepare(nil, m.Dir, imappair.Options{Source: src.addr, Destination: dst.plain, Plain: true,
				People: []imappair.Person{person}}); err != nil {
				t.Fatal(err)
			}
			if o := m.Run(t, "sync"); o.Code != 0 {
				t.Errorf("sync ended with %d\n%.3000s%.3000s", o.Code, o.Out, o.Err)
			}
			if got := u.names(); got != before {
				t.Errorf("the mailboxes are %s, before they were %s", got, before)
			}
			if got := u.texts("Victim"); len(got) != 3 {
				t.Errorf("the victim has %d messages, want 3", len(got))
			}
			got := u.texts("INBOX")
			if len(got) != len(claims) {
				t.Fatalf("INBOX has %d different messages, want %d", len(got), len(claims))
			}
			for i, claim := range claims {
				if got[claim.text] != 1 {
					t.Errorf("message %d is there %d times; flags %q, date %q", i, got[claim.text], claim.flags, claim.date)
				}
			}
			u.must(u.Unselect(t.Context()))
			proof.Both(t, m.Operator, m.accounts(), proof.Known{
				Account: person.Address, Text: "flags or dates: date",
				Reason: "a Dovecot keeps a date of 1800 as one of 2072, and the verifier takes any date for one that could not be kept",
			})
		})
	}
}

// names lists every mailbox with the number of its messages, except INBOX.
func (u user) names() string {
	u.t.Helper()
	list, err := u.List(u.t.Context())
	if err != nil {
		u.t.Fatal(err)
	}
	var names []string
	for _, entry := range list {
		if entry.Name != "INBOX" && entry.Status != nil {
			names = append(names, fmt.Sprintf("%s (%s)", entry.Name, entry.Status.Messages))
		}
	}
	return strings.Join(names, ", ")
}

// texts reads a mailbox and counts how often each text is in it.
func (u user) texts(mailbox string) map[string]int {
	u.t.Helper()
	texts := map[string]int{}
	u.read(mailbox, func(_ imap.UID, text string) { texts[text]++ })
	return texts
}

// read hands out all messages of a mailbox.
func (u user) read(mailbox string, take func(uid imap.UID, text string)) {
	u.t.Helper()
	if _, err := u.Examine(u.t.Context(), mailbox); err != nil {
		u.t.Fatal(err)
	}
	var all imap.UIDSet
	all.AddRange(1, 1<<31)
	command, err := u.Fetch(u.t.Context(), all, imap.FetchItems{Body: true}, imap.FetchHandler{Literal: func(l *imap.Literal) error {
		var text bytes.Buffer
		_, err := text.ReadFrom(l)
		take(l.UID, text.String())
		return err
	}})
	if err == nil {
		err = command.Wait(u.t.Context())
	}
	if err != nil {
		u.t.Fatal(err)
	}
}

// Cyrus 3.6.1 refuses an APPEND that it has no room for before it reads the message, and then takes the
// octets of a literal that nobody waited for as the next commands.
func TestHostile_noLineRunsAtACyrusWithoutRoom(t *testing.T) {
	t.Parallel()
	var claims []claim
	for i := range 20 {
		text := commands(i)
		claims = append(claims, claim{size: len(text), text: text})
	}
	l := lab.Open(t)
	dst := startCyrus(t, l, cyrus.Options{}, person)
	u := dst.logIn(t, person)
	u.fill("Victim", letters(3, 500, "victim")...)
	before := u.names()
	src := startLiar(t, claims)
	m := move{t: t, Operator: newOperator(t), src: src.server(), dst: dst, people: []imappair.Person{person}}
	if err := imappair.Prepare(nil, m.Dir, imappair.Options{Source: src.addr, Destination: dst.plain, Plain: true,
		People: []imappair.Person{person}}); err != nil {
		t.Fatal(err)
	}
	stage := filepath.Join(dst.dir, "spool", "stage.")
	if err := os.Rename(stage, stage+"away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stage, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := m.Run(t, "sync")
	if o.Code != 5 || !strings.Contains(o.Out+o.Err, "System I/O error") {
		t.Errorf("sync ended with %d and not with the server's words\n%.3000s%.3000s", o.Code, o.Out, o.Err)
	}
	if got := u.names(); got != before {
		t.Errorf("the mailboxes are %s, before they were %s", got, before)
	}
	if got := u.texts("Victim"); len(got) != 3 {
		t.Errorf("the victim has %d messages, want 3", len(got))
	}
	if err := os.Remove(stage); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(stage+"away", stage); err != nil {
		t.Fatal(err)
	}
	m.Want(t, 0, "sync")
	if got := u.texts("INBOX"); len(got) != len(claims) {
		t.Errorf("INBOX has %d different messages, want %d", len(got), len(claims))
	}
	proof.Both(t, m.Operator, m.accounts())
}
