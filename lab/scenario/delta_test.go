// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/internal/protocol"
	"rehome/internal/protocol/imap"
)

// mover is the account whose owner works while it moves.
const mover = "bjorn@example.com"

// user is somebody at a mail client.
type user struct {
	*imap.Client
	s *testSetup
}

// atSource and atDestination sit the mover down at either end.
func (s *testSetup) atSource() user {
	return s.sit(s.Source.IMAP, mover+"*"+s.Source.MasterUser, s.Source.MasterPassword)
}

func (s *testSetup) atDestination() user {
	s.t.Helper()
	return s.sit(s.Destination.IMAP, mover, s.imported(mover))
}

// imported is the password that an account was imported with.
func (s *testSetup) imported(account string) string {
	s.t.Helper()
	file, err := os.Open(filepath.Join(s.Dir, "accounts", "accounts.csv"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, row := range rows {
		if row[0] == account {
			return row[3]
		}
	}
	s.t.Fatalf("%s is not in accounts.csv", account)
	return ""
}

func (s *testSetup) sit(address, name, password string) user {
	s.t.Helper()
	c, err := imap.Dial(s.t.Context(), imap.Options{Address: address, Security: protocol.NoTLS})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	u := user{c, s}
	u.must(c.LogInPlain(s.t.Context(), "", name, password))
	return u
}

func (u user) must(err error) {
	u.s.t.Helper()
	if err != nil {
		u.s.t.Fatal(err)
	}
}

// write puts n letters into a mailbox, which is made if it is missing.
func (u user) write(mailbox, about string, n int) {
	u.s.t.Helper()
	ctx := u.s.t.Context()
	if mailbox != "INBOX" {
		u.must(u.Create(ctx, mailbox))
	}
	for i := range n {
		body := fmt.Sprintf("From: a@example.com\r\nSubject: %s %d\r\nMessage-ID: <%s-%d@example.com>\r\n\r\n%s\r\n", about, i, about, i, about)
		a, err := u.Append(ctx, mailbox)
		u.must(err)
		u.must(a.Message(ctx, nil, time.Unix(1e9+int64(i), 0), int64(len(body)), strings.NewReader(body)))
		u.must(a.Finish())
		_, err = a.Wait(ctx)
		u.must(err)
	}
}

// in opens a mailbox and returns the UIDs given as text.
func (u user) in(mailbox, uids string) imap.UIDSet {
	u.s.t.Helper()
	_, err := u.Select(u.s.t.Context(), mailbox)
	u.must(err)
	set, ok := imap.ParseUIDSet(uids)
	if !ok {
		u.s.t.Fatalf("%q is no set", uids)
	}
	return set
}

func (u user) flag(mailbox, uids, flag string) {
	u.s.t.Helper()
	u.must(u.Store(u.s.t.Context(), u.in(mailbox, uids), imap.StoreAdd, []string{flag}))
}

func (u user) throwAway(mailbox, uids string) {
	u.s.t.Helper()
	u.flag(mailbox, uids, `\Deleted`)
	u.must(u.Expunge(u.s.t.Context(), u.in(mailbox, uids)))
}

// everything returns what an end shows: subject and flags of every message, by mailbox.
func (u user) everything() map[string][]string {
	u.s.t.Helper()
	ctx := u.s.t.Context()
	entries, err := u.List(ctx)
	u.must(err)
	all := map[string][]string{}
	for _, e := range entries {
		all[e.Name] = u.lines(e.Name)
	}
	return all
}

func (u user) lines(mailbox string) []string {
	u.s.t.Helper()
	subjects, flags := map[imap.UID]string{}, map[imap.UID]string{}
	command, err := u.Fetch(u.s.t.Context(), u.in(mailbox, "1:4294967295"), imap.FetchItems{Flags: true, HeaderFields: "SUBJECT"}, imap.FetchHandler{
		Literal: func(l *imap.Literal) error {
			text, err := io.ReadAll(l)
			subjects[l.UID] = strings.TrimSpace(string(text))
			return err
		},
		Message: func(m *imap.Message) error {
			sorted := slices.Sorted(slices.Values(m.Flags))
			flags[m.UID] = strings.Join(sorted, " ")
			return nil
		},
	})
	u.must(err)
	u.must(command.Wait(u.s.t.Context()))
	var lines []string
	for _, uid := range slices.Sorted(maps.Keys(flags)) {
		lines = append(lines, strings.TrimSpace(subjects[uid]+" "+flags[uid]))
	}
	slices.Sort(lines)
	return lines
}

// What the mover does at the source between two passes appears at the destination and nothing else
// changes; what the mover does at the destination survives.
func TestDelta_bothEndsAreUsedBetweenTwoPasses(t *testing.T) {
	t.Parallel()
	s := set(t, 0.1)
	s.provision()
	src := s.atSource()
	src.write("INBOX.Work", "work", 30)
	src.write("INBOX.Filed", "filed", 3)
	src.write("INBOX.Old name", "old", 8)
	src.write("INBOX.Old name.Below", "below", 4)
	src.write("INBOX.Passing", "passing", 2)
	s.want(0, "sync", "--account", mover)
	dst := s.atDestination()
	want := dst.everything()

	ctx := t.Context()
	src.write("INBOX.Work", "late", 2)
	src.flag("INBOX.Work", "1:2", `\Flagged`)
	src.throwAway("INBOX.Work", "3:4,8")
	_, err := src.Move(ctx, src.in("INBOX.Work", "5:6"), "INBOX.Filed")
	src.must(err)
	src.must(src.Rename(ctx, "INBOX.Old name", "INBOX.New name"))
	src.must(src.Delete(ctx, "INBOX.Passing"))

	dst.flag("Work", "8", `\Flagged`) // thrown away at the source
	dst.flag("Work", "10", `\Answered`)
	dst.throwAway("Work", "11")
	dst.write("Mine", "mine", 2)

	// The preview counts, and touches nothing.
	before := dst.everything()
	plan := s.want(0, "sync", "--plan", "--deletions", "mirror", "--account", mover)
	for _, part := range []string{"New name/Below", "NEW DESTINATION NAME", "1 changed at the destination", "the mailbox was deleted at the source"} {
		if !strings.Contains(plan.out, part) {
			t.Errorf("the plan does not say %q:\n%s", part, plan.out)
		}
	}
	s.wantSame(before, dst.everything())

	// By default nothing goes.
	kept := answer[synced](s, 0, "sync", "--account", mover)
	if m := kept.Accounts[0].Mail; m.Copied != 4 || m.Removed != 0 || m.Kept != 7 || m.Deserted != 1 {
		t.Errorf("keep: %+v, want 4 copied, 7 kept, 1 left alone", m)
	}
	mirrored := answer[synced](s, 0, "sync", "--deletions", "mirror", "--account", mover)
	if m := mirrored.Accounts[0].Mail; m.Copied != 0 || m.Removed != 6 || m.Kept != 1 || m.Deserted != 1 {
		t.Errorf("mirror: %+v, want 6 removed, 1 kept because it was flagged", m)
	}

	work := []string{"Subject: late 0", "Subject: late 1"}
	for i := range 30 {
		switch i + 1 {
		case 1, 2:
			work = append(work, fmt.Sprintf(`Subject: work %d \Flagged`, i))
		case 8:
			work = append(work, fmt.Sprintf(`Subject: work %d \Flagged`, i)) // gone at the source, flagged here
		case 10:
			work = append(work, fmt.Sprintf(`Subject: work %d \Answered`, i))
		case 3, 4, 5, 6, 11:
		default:
			work = append(work, fmt.Sprintf("Subject: work %d", i))
		}
	}
	slices.Sort(work)
	want["Work"] = work
	want["Filed"] = append(want["Filed"], "Subject: work 4", "Subject: work 5")
	want["New name"], want["New name/Below"] = want["Old name"], want["Old name/Below"]
	want["Mine"] = []string{"Subject: mine 0", "Subject: mine 1"}
	for _, gone := range []string{"Old name", "Old name/Below", "Passing"} {
		delete(want, gone)
	}
	s.wantSame(want, dst.everything())
	s.bothOn(mover)

	again := s.want(0, "sync", "--deletions", "mirror", "--account", mover)
	if !strings.Contains(again.out, "nothing to do") {
		t.Errorf("a pass with nothing to do says:\n%s", again.out)
	}
	s.wantSame(want, dst.everything())
}

// A source that has lost almost everything makes mirror wait for a human.
func TestDelta_largeLossWaits(t *testing.T) {
	t.Parallel()
	s := set(t, 0.02)
	s.provision()
	src := s.atSource()
	src.write("INBOX.Work", "work", 40)
	s.want(0, "sync", "--account", mover)
	src.throwAway("INBOX.Work", "1:30")
	s.wantError(6, s.run("sync", "--deletions", "mirror", "--account", mover), "30 of 40 messages", "--confirm-deletions")
	if got := len(s.atDestination().lines("Work")); got != 40 {
		t.Errorf("%d messages are left, want 40", got)
	}
	s.want(0, "sync", "--deletions", "mirror", "--confirm-deletions", "--account", mover)
	if got := len(s.atDestination().lines("Work")); got != 10 {
		t.Errorf("%d messages are left, want 10", got)
	}
	if found := s.bothOn(mover).Judged[mover]; len(found) > 0 {
		t.Errorf("the judge says\n%s", found)
	}
	s.wantError(2, s.run("sync", "--deletions", "some"), "use keep or mirror")
}

func (s *testSetup) wantSame(want, got map[string][]string) {
	s.t.Helper()
	for name := range want {
		if _, found := got[name]; !found {
			s.t.Errorf("%s is missing", name)
		}
	}
	for name, lines := range got {
		wanted, found := want[name]
		if !found {
			s.t.Errorf("%s should not be there", name)
		} else if !slices.Equal(lines, wanted) {
			s.t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(lines, "\n"), strings.Join(wanted, "\n"))
		}
	}
}
