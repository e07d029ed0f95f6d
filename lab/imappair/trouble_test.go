// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/operator"
)

// A parent that its user has deleted while a child stays is still listed by Maildir++, and cannot be opened.
// Everything else is copied, and the mailbox has a name and a next step.
func TestTrouble_aMailboxThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	src := startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX."}, person)
	dst := startDovecot(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Sdbox, Separator: "/"}, person)
	u := src.logIn(t, person)
	u.fill("INBOX", letters(5, 500, "inbox")...)
	u.fill("INBOX.Parent", letters(2, 500, "parent")...)
	u.fill("INBOX.Parent.Child", letters(3, 500, "child")...)
	u.fill("INBOX.Zoo", letters(4, 500, "zoo")...)
	if err := u.Delete(t.Context(), "INBOX.Parent"); err != nil {
		t.Fatal(err)
	}
	m := prepare(t, l, src, dst, "", person)
	for range 2 {
		o := m.Run(t, "sync", "--json")
		c := wantAdded(t, o)
		if o.Code == 0 { // this Dovecot says of itself that there is nothing to open
			if c.There != 12 {
				t.Errorf("%+v, want 12 there", c)
			}
			continue
		}
		if o.Code != 6 || c.There != 12 || !strings.Contains(o.Out, `"mailbox_unfinished"`) || !strings.Contains(o.Out, "mail.exclude") {
			t.Errorf("sync ended with %d, %+v, want 6, 12 there and a finding\n%.3000s", o.Code, c, o.Out)
		}
	}
	if text := m.Run(t, "sync"); text.Code == 6 && strings.Contains(text.Out, "nothing to do") {
		t.Errorf("nothing to do, it says:\n%s", text.Out)
	}
	for mailbox, n := range map[string]int{"INBOX": 5, "Parent/Child": 3, "Zoo": 4} {
		if got := dst.logIn(t, person).texts(mailbox); len(got) != n {
			t.Errorf("%s has %d messages, want %d", mailbox, len(got), n)
		}
	}
}

// On a Dovecot with the prefix "INBOX." the name INBOX.INBOX is INBOX itself: two mailboxes must not become one.
func TestTrouble_aNameThatIsAnotherMailbox(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	src := startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Sdbox, Separator: "/"}, person)
	dst := startDovecot(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Maildir, Prefix: "INBOX."}, person)
	u := src.logIn(t, person)
	u.fill("INBOX", letters(5, 500, "inbox")...)
	u.fill("INBOX/INBOX", letters(3, 500, "inner")...)
	u.fill("Zoo", letters(4, 500, "zoo")...)
	m := prepare(t, l, src, dst, "", person)
	for range 2 {
		o := m.Run(t, "sync", "--json")
		if c := wantAdded(t, o); c.Deserted != 0 || o.Code == 0 && c.There != 12 || o.Code != 0 && (o.Code != 6 || c.There != 9 || c.Remaining != 3) {
			t.Errorf("sync ended with %d and %+v\n%.3000s", o.Code, c, o.Out)
		}
	}
	if got := dst.logIn(t, person).texts("INBOX"); len(got) != 5 {
		t.Errorf("INBOX has %d messages, want 5", len(got))
	}
}

// Dates that no mailbox can keep are not sent: a Dovecot would make 2038 of 1969, a Courier refuse the message
// and, after ten of them, hang up.
func TestTrouble_datesThatCannotBeKept(t *testing.T) {
	t.Parallel()
	dates := []string{
		`"17-Jul-1969 02:44:25 +0000"`, `"01-Jan-1899 00:00:00 +0000"`, `"15-Oct-1582 00:00:00 +0000"`, `"01-Jan-2090 00:00:00 +0000"`,
		`"17-Jul-1996 02:44:25 -0700"`,
	}
	var claims []claim
	for i, l := range letters(60, 400, "dated") {
		claims = append(claims, claim{flags: `\Seen`, date: dates[i%len(dates)], size: len(l.text), text: l.text})
	}
	for name, start := range map[string]func(l *lab.Lab) server{
		"Dovecot": func(l *lab.Lab) server {
			return startDovecot(t, l, dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}, person)
		},
		"Courier": func(l *lab.Lab) server { return startCourier(t, l, person) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := startShy(t, claims), start(lab.Open(t))
			m := plainMove(t, src, dst)
			o := m.Want(t, 0, "sync", "--json")
			if c := wantAdded(t, o); c.Copied != 60 || !strings.Contains(o.Out, "date_not_kept") || !strings.Contains(o.Out, "48 messages were copied") {
				t.Errorf("%+v, want 60 copied and a finding of 48 dates\n%.2000s", c, o.Out)
			}
			v := operator.Decode[operator.Verified](t, m.Run(t, "verify", "--json"))
			if v.Verdict != "equal" || len(v.Accounts) != 1 {
				t.Errorf("verdict %s, %+v", v.Verdict, v.Accounts)
			}
		})
	}
}
