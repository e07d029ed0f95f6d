// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome/internal/protocol/imap"
	"rehome/lab"
	"rehome/lab/cyrus"
	"rehome/lab/dovecot"
	"rehome/lab/imappair"
	"rehome/lab/operator"
)

// makeTogether makes two mailboxes in one second, so that a Cyrus gives them the same UIDVALIDITY. A busy machine
// takes its time for each: of many, two that came out alike get the names.
func (u user) makeTogether(one, two string) {
	u.t.Helper()
	ctx := u.t.Context()
	for try := range 10 {
		names := make([]string, 12)
		answers := make([]*imap.Answer, len(names))
		for i := range names {
			names[i] = fmt.Sprintf("try %d of %d", i, try)
			var err error
			answers[i], err = u.CreateAhead(ctx, names[i])
			u.must(err)
		}
		made := map[uint32]string{}
		for i, name := range names {
			u.must(answers[i].Wait(ctx))
			status, err := u.Status(ctx, name)
			u.must(err)
			if twin := made[status.UIDValidity]; twin != "" {
				u.must(u.Rename(ctx, twin, one))
				u.must(u.Rename(ctx, name, two))
				return
			}
			made[status.UIDValidity] = name
		}
	}
	u.t.Fatal("the server never gave two of them the same UIDVALIDITY")
}

// A mailbox takes the name of a deleted one with the same UIDVALIDITY, and two change places. Whatever the source
// has is at the destination, and nothing that it has is ever removed there.
func TestIdentity_sharedUIDValidity(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		inBeta, gamma int // letters
		change        func(u user)
		left          []string
	}{
		{"renamed onto a deleted one, as many messages", 8, 3, func(u user) {
			u.must(u.Delete(u.t.Context(), "Beta"))
			u.must(u.Rename(u.t.Context(), "Alpha", "Beta"))
		}, []string{"Beta", "Gamma"}},
		{"renamed onto a deleted one, fewer messages", 12, 3, func(u user) {
			u.must(u.Delete(u.t.Context(), "Beta"))
			u.must(u.Rename(u.t.Context(), "Alpha", "Beta"))
		}, []string{"Beta", "Gamma"}},
		{"change of places", 5, 3, func(u user) {
			for _, step := range [][2]string{{"Alpha", "X"}, {"Beta", "Alpha"}, {"X", "Beta"}} {
				u.must(u.Rename(u.t.Context(), step[0], step[1]))
			}
		}, []string{"Alpha", "Beta", "Gamma"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := lab.Open(t)
			src := startCyrus(t, l, cyrus.Options{}, person)
			dst := boxDestination(t, l)
			u := src.logIn(t, person)
			u.makeTogether("Alpha", "Beta")
			u.must(u.Create(t.Context(), "Gamma"))
			u.store("INBOX", letters(30, 500, "inbox")...)
			u.store("Alpha", letters(8, 500, "one")...)
			u.store("Beta", letters(test.inBeta, 500, "two")...)
			u.store("Gamma", letters(test.gamma, 500, "six")...)
			m := prepare(t, l, src, dst, "mail: {deletions: mirror}\n", person)
			m.Want(t, 0, "sync")
			test.change(u)
			m.Want(t, 0, "sync")
			messages := 30
			for _, name := range test.left {
				messages += len(u.texts(name))
			}
			m.wantEqual(messages)
			if o := m.Run(t, "sync", "--json"); o.Code != 0 {
				t.Errorf("another pass: exit code %d\n%.2000s", o.Code, o.Out)
			} else if n, adopted, _ := copied(operator.Decode[operator.Synced](t, o)); n+adopted > 0 {
				t.Errorf("another pass copied %d and found %d, want nothing to do", n, adopted)
			}
		})
	}
}

// oddTexts are messages of which servers make another size, or another header, when they store them.
func oddTexts() []letter {
	head := func(n int) string {
		return fmt.Sprintf("From: a@example.test\r\nSubject: odd\r\nMessage-ID: <odd-%d@example.test>\r\nDate: Mon, 2 Jan 2006 15:04:05 +0000\r\n", n)
	}
	octets := make([]byte, 255)
	for i := range octets {
		octets[i] = byte(i + 1)
	}
	all := letters(20, 500, "plain")
	for i, text := range []string{
		head(1) + "\r\nbody\r", head(2) + "\r\nno end of line", head(3) + "\r\nbare \r inside\r\n", head(4), head(5) + "\r\n",
		"x", "\r\nno header at all\r\n", "From nobody Tue Mar  3 10:00:00 2009\r\n" + head(6) + "\r\nfrom an mbox\r\n",
		head(7) + "this line has no colon\r\nX-After: still header\r\n\r\nbody\r\n", head(8) + "\r\n" + string(octets) + "\r\n",
		head(9) + "\r\nbody\r\n\r\n\r\n\r", head(10) + "\r\n" + strings.Repeat("0123456789", 2000), head(10) + "\r\nthe same Message-ID\r",
		"Subject: Gr\xfc\xdfe\r\n\r\nno Message-ID and no date\r", "Subject: Gr\xfc\xdfe\r\n\r\nno Message-ID and no date\r",
		head(11) + "References:" + strings.Repeat("\r\n <0123456789abcdef0123456789abcdef@example.test>", 1400) + "\r\n\r\nbody\r\n",
	} {
		all = append(all, letter{text: text, date: all[i].date})
	}
	return all
}

// The ledger is lost, again and again: what is at the destination is recognised, whatever the server has made
// of its size.
func TestIdentity_lostLedger(t *testing.T) {
	t.Parallel()
	for name, destination := range map[string]func(t *testing.T, l *lab.Lab) server{
		"Courier": func(t *testing.T, l *lab.Lab) server { return startCourier(t, l, person) },
		"Cyrus":   func(t *testing.T, l *lab.Lab) server { return startCyrus(t, l, cyrus.Options{}, person) },
		"Dovecot": boxDestination,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lab.Open(t)
			src, dst := maildirSource(t, l), destination(t, l)
			odd := oddTexts()
			u := src.logIn(t, person)
			u.store("INBOX", odd...)
			m := prepare(t, l, src, dst, "", person)
			first, _, failed := copied(operator.Decode[operator.Synced](t, m.Run(t, "sync", "--json")))
			if first+failed != len(odd) {
				t.Errorf("copied %d, failed %d, want %d together", first, failed, len(odd))
			}
			before := dst.logIn(t, person).texts("INBOX")
			m.Run(t, "sync") // nobody's UIDs are in doubt: no message is asked for
			for range 2 {
				ledgers, err := filepath.Glob(filepath.Join(m.Dir, "rehome.db*"))
				u.must(err)
				for _, file := range ledgers {
					u.must(os.Remove(file))
				}
				n, adopted, _ := copied(operator.Decode[operator.Synced](t, m.Run(t, "sync", "--json")))
				if n != 0 || adopted != first {
					t.Errorf("after the loss %d copied and %d recognised, want 0 and %d", n, adopted, first)
				}
			}
			after := dst.logIn(t, person).texts("INBOX")
			if !maps.Equal(before, after) {
				t.Errorf("%d messages before, %d after, or they differ", len(before), len(after))
			}
		})
	}
}

// The log-in opens another person's mail one day. Both policies stop, and say what to do.
func TestIdentity_sourceOfAnotherPerson(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"keep", "mirror"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			l := lab.Open(t)
			more := "mail: {deletions: " + policy + "}\n"
			src, dst := maildirSource(t, l), boxDestination(t, l)
			other := startDovecot(t, l, dovecot.Options{Name: "other", Layout: dovecot.Maildir, Prefix: "INBOX."}, person)
			src.logIn(t, person).fill("INBOX", letters(30, 500, "mine")...)
			stranger := other.logIn(t, person)
			stranger.fill("INBOX", letters(12, 500, "of a stranger")...)
			stranger.fill(stranger.name("Secrets"), letters(5, 500, "secrets")...)
			m := prepare(t, l, src, dst, more, person)
			m.Want(t, 0, "sync")

			m.aim(l, other, more)
			for range 2 {
				o := m.Run(t, "sync")
				said := o.Out + o.Err
				if o.Code != 6 || !strings.Contains(said, "holds different mail than at the last pass") || !strings.Contains(said, "--confirm-source") {
					t.Errorf("exit code %d, want 6 and what to do\n%.2000s", o.Code, said)
				}
			}
			m.Want(t, 0, "sync", "--plan")
			here := dst.logIn(t, person)
			if n := len(here.texts("INBOX")); n != 30 {
				t.Errorf("%d messages at the destination, want the 30 of its owner", n)
			}
			m.aim(l, src, more)
			m.Want(t, 0, "sync")
			m.wantEqual(30)

			m.aim(l, other, more)
			m.Want(t, 0, "sync", "--confirm-source", "--confirm-deletions")
			if n := len(here.texts("Secrets")); n != 5 {
				t.Errorf("%d messages of the confirmed account, want 5", n)
			}
		})
	}
}

// aim turns the move to another source, with the ledger that it has.
func (m *move) aim(l *lab.Lab, src server, more string) {
	m.t.Helper()
	m.src = src
	if err := imappair.Prepare(l, m.Dir, imappair.Options{Source: src.tls, Destination: m.dst.tls, People: m.people, More: more}); err != nil {
		m.t.Fatal(err)
	}
}
