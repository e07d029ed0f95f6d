// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"fmt"
	"testing"
	"time"

	"rehome/lab"
	"rehome/lab/cyrus"
	"rehome/lab/dovecot"
	"rehome/lab/operator"
)

// keywords is more than the 26 that a Maildir can name in its files.
const keywords = 40

// estate is what a source holds in the tests of families.
func estate(u user) (messages int) {
	u.t.Helper()
	fill := func(mailbox string, all ...letter) {
		u.fill(mailbox, all...)
		messages += len(all)
	}
	inbox := letters(keywords, 1000, "inbox")
	for i := range inbox {
		inbox[i].flags = append(inbox[i].flags, fmt.Sprintf("label%d", i), "everywhere")
	}
	fill("INBOX", inbox...)
	dates := letters(4, 500, "dates")
	for i, zone := range []int{0, 5*3600 + 30*60, -8 * 3600, 13 * 3600} {
		dates[i].date = time.Date(1993+i, 2, 28, 23, 59, 59, 0, time.FixedZone("", zone))
	}
	fill(u.name("Dates"), dates...)
	twins := letters(6, 700, "twins")
	for i := range twins {
		twins[i] = twins[i/3*3]
	}
	fill(u.name("Twins"), twins...)
	odd := letters(3, 300, "odd")
	odd[0].text = "\r\nno header at all\r\n"
	odd[1].text = "Message-ID: <8bit@example.test>\r\nSubject: body in eight bits\r\n\r\n\xe4\xf6\xfc \xff\r\n"
	fill(u.name("Odd"), odd...)
	fill(u.name("Projects"), letters(3, 400, "projects")...)
	fill(u.name("Projects", "2019", "Q4"), letters(130, 3000, "q4")...)
	fill(u.name("Entwürfe & mehr"), letters(2, 400, "entwurf")...)
	fill(u.name("日本語", "雪 ☃"), letters(2, 400, "snow")...)
	fill(u.name("Empty"))
	fill(u.name("Large"), letters(2, 3<<20, "large")...)
	return messages
}

// Every family of server at either end, in its own habits of names.
func TestFamilies_equalInFull(t *testing.T) {
	t.Parallel()
	// Each server has its own idea of which characters a name may hold; this plug-in lets a Dovecot
	// hold all of them.
	const escapes = "protocol imap {\n  mail_plugins = quota imap_quota listescape\n}\n"
	dots := dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX.", Extra: escapes}
	for _, test := range []struct {
		name     string
		src, dst func(t *testing.T, l *lab.Lab) server
		odd      [][2]string // mailboxes with the separators of both ends in their names, and what the destination calls them
	}{
		{
			name: "Dovecot to Dovecot",
			src:  func(t *testing.T, l *lab.Lab) server { return startDovecot(t, l, dots, person) },
			dst: func(t *testing.T, l *lab.Lab) server {
				return startDovecot(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Mdbox, Separator: "/"}, person)
			},
			odd: [][2]string{{"INBOX.A/B", "A／B"}, {"INBOX.A/B.C/D", "A／B/C／D"}, {"INBOX.A", "A"}},
		},
		{
			name: "Dovecot to Dovecot, the other way",
			src: func(t *testing.T, l *lab.Lab) server {
				return startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Sdbox, Separator: "/", Extra: escapes}, person)
			},
			dst: func(t *testing.T, l *lab.Lab) server {
				return startDovecot(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Maildir, Prefix: "INBOX."}, person)
			},
			odd: [][2]string{{"v1.2", "INBOX.v1．2"}, {"v1.2/v1.2.3", "INBOX.v1．2.v1．2．3"}, {"v1", "INBOX.v1"}},
		},
		{
			name: "Dovecot to Cyrus",
			src:  func(t *testing.T, l *lab.Lab) server { return startDovecot(t, l, dots, person) },
			dst:  func(t *testing.T, l *lab.Lab) server { return startCyrus(t, l, cyrus.Options{}, person) },
			odd:  [][2]string{{"INBOX.A/B", "A／B"}, {"INBOX.A/B.C/D", "A／B/C／D"}, {"INBOX.A", "A"}},
		},
		{
			name: "Cyrus to Dovecot",
			src:  func(t *testing.T, l *lab.Lab) server { return startCyrus(t, l, cyrus.Options{}, person) },
			dst: func(t *testing.T, l *lab.Lab) server {
				return startDovecot(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Maildir, Prefix: "INBOX."}, person)
			},
			odd: [][2]string{{"v1.2", "INBOX.v1．2"}, {"v1.2/v1.2.3", "INBOX.v1．2.v1．2．3"}, {"v1", "INBOX.v1"}},
		},
		{
			name: "old Cyrus to Dovecot",
			src: func(t *testing.T, l *lab.Lab) server {
				return startCyrus(t, l, cyrus.Options{Dots: true, InboxPrefix: true}, person)
			},
			dst: func(t *testing.T, l *lab.Lab) server {
				return startDovecot(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Sdbox, Separator: "/"}, person)
			},
		},
		{
			name: "Courier to Dovecot",
			src:  func(t *testing.T, l *lab.Lab) server { return startCourier(t, l, person) },
			dst: func(t *testing.T, l *lab.Lab) server {
				return startDovecot(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Mdbox, Separator: "/"}, person)
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := lab.Open(t)
			src, dst := test.src(t, l), test.dst(t, l)
			u := src.logIn(t, person)
			messages := estate(u)
			m := prepare(t, l, src, dst, "", person)
			m.special = map[string]string{}
			for i, names := range test.odd {
				u.fill(names[0], letters(i+1, 300, names[0])...)
				m.special[names[0]] = names[1]
				messages += i + 1
			}
			n, adopted, failed := copied(operator.Answer[operator.Synced](t, m.Operator, 0, "sync"))
			if n != messages || adopted != 0 || failed != 0 {
				t.Errorf("copied %d, adopted %d, failed %d, want %d, 0, 0", n, adopted, failed, messages)
			}
			m.wantEqual(messages)
			n, adopted, failed = copied(operator.Answer[operator.Synced](t, m.Operator, 0, "sync"))
			if n+adopted+failed != 0 {
				t.Errorf("a second pass copied %d, adopted %d, failed %d", n, adopted, failed)
			}
		})
	}
}
