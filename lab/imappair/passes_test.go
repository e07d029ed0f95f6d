// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"testing"

	"rehome/internal/protocol/imap"
	"rehome/lab"
	"rehome/lab/cyrus"
	"rehome/lab/dovecot"
	"rehome/lab/operator"
)

// must ends the test if something on the way failed.
func (u user) must(err error) {
	u.t.Helper()
	if err != nil {
		u.t.Fatal(err)
	}
}

func (u user) uids(text string) imap.UIDSet {
	u.t.Helper()
	set, ok := imap.ParseUIDSet(text)
	if !ok {
		u.t.Fatalf("%q is no set of UIDs", text)
	}
	return set
}

// expunge removes messages of the open mailbox.
func (u user) expunge(uids imap.UIDSet) {
	u.t.Helper()
	u.must(u.Store(u.t.Context(), uids, imap.StoreAdd, []string{`\Deleted`}))
	u.must(u.Expunge(u.t.Context(), uids))
}

// settled is the source before the first pass.
func settled(u user) {
	u.fill("INBOX", letters(60, 800, "inbox")...)
	u.fill(u.name("Work"), letters(40, 800, "work")...)
	u.fill(u.name("Old name"), letters(30, 800, "old")...)
	u.fill(u.name("Old name", "Below"), letters(15, 800, "below")...)
	u.fill(u.name("Gone"), letters(10, 800, "gone")...)
	u.fill(u.name("Refilled"), letters(10, 800, "refilled")...)
	u.fill(u.name("Emptied"), letters(6, 800, "emptied")...)
}

// stir does between two passes what people do, and returns how many messages are left.
func stir(u user) int {
	ctx := u.t.Context()
	u.store("INBOX", letters(5, 800, "new")...)
	_, err := u.Select(ctx, "INBOX")
	u.must(err)
	u.must(u.Store(ctx, u.uids("1:3"), imap.StoreAdd, []string{`\Flagged`, "$Label1"}))
	u.must(u.Store(ctx, u.uids("2:6"), imap.StoreRemove, []string{`\Seen`}))
	u.expunge(u.uids("10:11"))
	_, err = u.Copy(ctx, u.uids("20:22"), u.name("Work"))
	u.must(err)
	u.expunge(u.uids("20:22"))

	_, err = u.Select(ctx, u.name("Emptied"))
	u.must(err)
	u.expunge(u.uids("1:6"))
	u.store(u.name("Emptied"), letters(7, 800, "after")...)
	_, err = u.Select(ctx, "INBOX") // nothing below is open while it is changed
	u.must(err)

	u.must(u.Rename(ctx, u.name("Old name"), u.name("New name")))
	u.must(u.Delete(ctx, u.name("Gone")))
	u.must(u.Delete(ctx, u.name("Refilled")))
	u.fill(u.name("Refilled"), append(letters(2, 800, "refilled"), letters(9, 800, "again")...)...)
	return 60 + 5 - 2 - 3 + 40 + 3 + 30 + 15 + 11 + 7
}

// Mailboxes are renamed, deleted and filled anew between passes, and so are messages; a mirror comes
// out equal at every pair, and what is the destination's own stays.
func TestPasses_mirrorOfALivingSource(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		src, dst func(t *testing.T, l *lab.Lab) server
		again    int // messages recognised again in a mailbox that the source numbers anew when it is renamed
	}{
		{"Dovecot to Dovecot", maildirSource, boxDestination, 0},
		{"Dovecot to Cyrus", maildirSource, func(t *testing.T, l *lab.Lab) server {
			return startCyrus(t, l, cyrus.Options{}, person)
		}, 0},
		{"Cyrus to Dovecot", func(t *testing.T, l *lab.Lab) server {
			return startCyrus(t, l, cyrus.Options{}, person)
		}, boxDestination, 0},
		// Courier gives a renamed mailbox another UIDVALIDITY.
		{"Courier to Dovecot", func(t *testing.T, l *lab.Lab) server {
			return startCourier(t, l, person)
		}, boxDestination, 45},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := lab.Open(t)
			src, dst := test.src(t, l), test.dst(t, l)
			there, here := src.logIn(t, person), dst.logIn(t, person)
			settled(there)
			m := prepare(t, l, src, dst, "mail: {deletions: mirror}\n", person)
			m.Want(t, 0, "sync")
			here.fill("Their own", letters(3, 800, "own")...)

			messages := stir(there)
			o := m.Run(t, "sync", "--json")
			n, adopted, failed := copied(operator.Decode[operator.Synced](t, o))
			// 5 new, 3 moved, 9 and 7 in the mailboxes filled anew.
			if want := 2 + test.again; n != 24 || adopted != want || failed != 0 || o.Code != 0 {
				t.Errorf("exit code %d, copied %d, found %d, failed %d, want 0, 24, %d, 0\n%.3000s", o.Code, n, adopted, failed, want, o.Out)
			}
			if own := here.texts("Their own"); len(own) != 3 {
				t.Errorf("the destination's own mailbox has %d messages, want 3", len(own))
			}
			here.must(here.Unselect(t.Context()))
			here.must(here.Delete(t.Context(), "Their own"))
			m.wantEqual(messages)
		})
	}
}

func maildirSource(t *testing.T, l *lab.Lab) server {
	t.Helper()
	return startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX."}, person)
}

func boxDestination(t *testing.T, l *lab.Lab) server {
	t.Helper()
	return startDovecot(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Sdbox, Separator: "/"}, person)
}
