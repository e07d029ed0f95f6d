// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"encoding/json"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/mapping"
	"rehome/internal/verify"
)

// furnish gives both ends the same mail: true duplicates, odd names, a sent mailbox that is called
// otherwise, a message that servers store in another form.
func furnish(t *testing.T, s *servers, address string) user {
	t.Helper()
	odd := letter{text: "Message-ID: <odd@example.test>\n\nbare\nline\x00feeds\n", date: time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC)}
	twin := write(7)
	src, dst := s.logIn(t, rehome.Source, address), s.logIn(t, rehome.Destination, address)
	src.create("INBOX.Sent Items", "INBOX.Projekte & Pläne.2019", "INBOX.Empty")
	dst.create("Projekte & Pläne/2019", "Empty")
	for mailbox, u := range map[string]user{"INBOX": src, "inbox": dst} {
		u.store(mailbox, write(1), write(2), write(3), twin, odd, twin)
	}
	src.store("INBOX.Sent Items", write(4), write(5))
	dst.store("Sent", write(4), write(5))
	src.store("INBOX.Projekte & Pläne.2019", write(6))
	dst.store("Projekte & Pläne/2019", write(6))
	if err := src.Subscribe(t.Context(), "INBOX.Projekte & Pläne.2019"); err != nil {
		t.Fatal(err)
	}
	if err := dst.Subscribe(t.Context(), "Projekte & Pläne/2019"); err != nil {
		t.Fatal(err)
	}
	return dst
}

func TestAccount_equal(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	s := startServers(t, address)
	furnish(t, s, address)
	for _, level := range verify.Levels() {
		observed := 0
		options := s.options(level)
		options.how.Observe = func(account string, messages int, octets int64) { observed += messages }
		got := s.verify(t, address, options)
		if got.Verdict != verify.Equal || len(got.Mail.Differences) != 0 || len(got.Findings) != 0 {
			t.Errorf("%s: got %s, %v, %v", level, got.Verdict, got.Mail.Differences, got.Findings)
		}
		if got.Mail.Source != got.Mail.Destination || got.Mail.Source.Mailboxes != 4 || got.Mail.Source.Messages != 9 || got.Mail.Source.Octets < 500 {
			t.Errorf("%s: totals: %+v, %+v", level, got.Mail.Source, got.Mail.Destination)
		}
		if observed != 9 {
			t.Errorf("%s: observed %d messages, want 9", level, observed)
		}
		for _, m := range got.Mail.Mailboxes {
			if m.SourceRoot != m.DestinationRoot || (m.SourceRoot != "") != (level == verify.LevelFull) {
				t.Errorf("%s: roots of %v: %q and %q", level, m.Source, m.SourceRoot, m.DestinationRoot)
			}
		}
	}
}

// plant is a way in which a destination may differ, with what every level says about it.
type plant struct {
	plant                  func(u user)
	counts, metadata, full map[verify.Kind]int
}

func plants() map[string]plant {
	type want = map[verify.Kind]int
	return map[string]plant{
		"a message is missing": {
			func(u user) { u.remove(2) },
			want{verify.CountDiffers: 1}, want{verify.MissingMessage: 1}, want{verify.MissingMessage: 1},
		},
		"one of two copies is missing": {
			func(u user) { u.remove(6) },
			want{verify.CountDiffers: 1}, want{verify.MissingMessage: 1}, want{verify.MissingMessage: 1},
		},
		"a message too many": {
			func(u user) { u.store("Sent", write(9)) },
			want{verify.CountDiffers: 1}, want{verify.ExtraMessage: 1}, want{verify.ExtraMessage: 1},
		},
		"a copy too many": {
			func(u user) { u.store("Sent", write(4)) },
			want{verify.CountDiffers: 1}, want{verify.ExtraMessage: 1}, want{verify.ExtraMessage: 1},
		},
		"another message instead": {
			func(u user) { u.remove(1); u.store("INBOX", write(8)) },
			want{verify.MissingMessage: 1, verify.ExtraMessage: 1},
			want{verify.MissingMessage: 1, verify.ExtraMessage: 1},
			want{verify.MissingMessage: 1, verify.ExtraMessage: 1},
		},
		"a body has been changed, its size has not": {
			func(u user) { u.replace(3, func(l *letter) { l.text = strings.Replace(l.text, "xxx", "xyx", 1) }) },
			nil, nil, want{verify.ChangedMessage: 1},
		},
		"a body has been cut": {
			func(u user) { u.replace(3, func(l *letter) { l.text = strings.Replace(l.text, "xxx", "", 1) }) },
			want{verify.ChangedMessage: 1}, want{verify.ChangedMessage: 1}, want{verify.ChangedMessage: 1},
		},
		"the time of the copy instead of the date": {
			func(u user) { u.replace(3, func(l *letter) { l.date = time.Now() }) },
			nil, want{verify.DateDiffers: 1}, want{verify.DateDiffers: 1},
		},
		"unread again":       {func(u user) { u.flag(2) }, nil, want{verify.FlagsDiffer: 1}, want{verify.FlagsDiffer: 1}},
		"a keyword too many": {func(u user) { u.flag(2, `\Seen`, "$Work") }, nil, want{verify.FlagsDiffer: 1}, want{verify.FlagsDiffer: 1}},
		"one copy is unread": {func(u user) { u.flag(4) }, nil, want{verify.FlagsDiffer: 1}, want{verify.FlagsDiffer: 1}},
		"not subscribed": {
			func(u user) { u.unsubscribe("Projekte & Pläne/2019") },
			want{verify.NotSubscribed: 1}, want{verify.NotSubscribed: 1}, want{verify.NotSubscribed: 1},
		},
		"a mailbox too many": {
			func(u user) { u.create("New"); u.store("New", write(1)) },
			want{verify.ExtraMailbox: 1}, want{verify.ExtraMailbox: 1}, want{verify.ExtraMailbox: 1},
		},
		"an empty one is fine": {func(u user) { u.create("New") }, nil, nil, nil},
		"a mailbox is missing": {
			func(u user) { u.delete("Empty") },
			want{verify.MissingMailbox: 1}, want{verify.MissingMailbox: 1}, want{verify.MissingMailbox: 1},
		},
	}
}

func TestAccount_everyDifference(t *testing.T) {
	t.Parallel()
	var accounts []string
	names := slices.Sorted(maps.Keys(plants()))
	for _, name := range names {
		accounts = append(accounts, strings.ReplaceAll(strings.ReplaceAll(name, " ", "."), ",", "")+"@example.test")
	}
	s := startServers(t, accounts...)
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			dst := furnish(t, s, accounts[i])
			plant := plants()[name]
			plant.plant(dst)
			for level, want := range map[verify.Level]map[verify.Kind]int{
				verify.LevelCounts: plant.counts, verify.LevelMetadata: plant.metadata, verify.LevelFull: plant.full,
			} {
				got := s.verify(t, accounts[i], s.options(level))
				if !maps.Equal(got.Mail.Counts, want) && len(got.Mail.Counts)+len(want) > 0 {
					t.Errorf("%s: got %v, want %v: %v", level, got.Mail.Counts, want, got.Mail.Differences)
				}
				if (got.Verdict == verify.Equal) != (len(want) == 0) {
					t.Errorf("%s: verdict %s with %v", level, got.Verdict, want)
				}
				checkWording(t, got)
			}
		})
	}
}

// checkWording holds the listed differences against their promise: every one is named, none holds a
// subject or content.
func checkWording(t *testing.T, got verify.Account) {
	t.Helper()
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "secret plan") || strings.Contains(string(text), "xxx") {
		t.Errorf("content in the result: %s", text)
	}
	for _, d := range got.Mail.Differences {
		t.Logf("%s: %s", d.Kind, d.Sentence)
		if d.Sentence == "" || d.Mailbox == "" || d.Kind.NextStep() == "" || d.Source == d.Destination {
			t.Errorf("an empty field in %+v", d)
		}
		if strings.HasSuffix(string(d.Kind), "_message") && !strings.HasSuffix(d.Object, "@example.test>") {
			t.Errorf("%s without a Message-ID: %+v", d.Kind, d)
		}
	}
}

func TestAccount_mergedMailboxes(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	s := startServers(t, address)
	src, dst := s.logIn(t, rehome.Source, address), s.logIn(t, rehome.Destination, address)
	src.create("INBOX.A", "INBOX.B")
	dst.create("All of them")
	src.store("INBOX.A", write(1), write(2))
	src.store("INBOX.B", write(3), write(2))
	dst.store("All of them", write(3), write(2), write(1), write(9))
	options := s.options(verify.LevelFull)
	options.Rules = mapping.Rules{Rename: map[string]string{"INBOX.A": "All of them", "INBOX.B": "All of them"}}
	got := s.verify(t, address, options)
	want := map[verify.Kind]int{verify.MissingMessage: 1, verify.ExtraMessage: 1}
	if !maps.Equal(got.Mail.Counts, want) {
		t.Errorf("got %v, want %v", got.Mail.Counts, want)
	}
	if got, want := got.Mail.Source, (verify.Totals{Mailboxes: 3, Messages: 4, Octets: got.Mail.Source.Octets}); got != want {
		t.Errorf("source: got %+v, want %+v", got, want)
	}
	checkWording(t, got)
}

func TestAccount_excludedMailIsNamed(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	s := startServers(t, address)
	src := s.logIn(t, rehome.Source, address)
	src.create("INBOX.Junk mail")
	src.store("INBOX.Junk mail", write(1), write(2))
	options := s.options(verify.LevelCounts)
	options.Rules = mapping.Rules{Exclude: []*regexp.Regexp{regexp.MustCompile("Junk")}}
	got := s.verify(t, address, options)
	want := []verify.LeftOut{{Mailbox: "INBOX.Junk mail", Reason: "excluded by rule", Messages: 2}}
	if got.Verdict != verify.Equal || !slices.Equal(got.Mail.LeftOut, want) {
		t.Errorf("got %s, %+v, want equal, %+v", got.Verdict, got.Mail.LeftOut, want)
	}
}

// A connection that breaks in the middle of a body costs a new one, and nothing is read twice.
func TestAccount_brokenConnections(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	s := startServers(t, address)
	src, dst := s.logIn(t, rehome.Source, address), s.logIn(t, rehome.Destination, address)
	correspond(200, src, dst)
	dials := 0
	s.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		dials++
		return &cutConn{Conn: conn, left: 90_000}, err
	}
	options, observed := s.options(verify.LevelFull), 0
	options.RangeOctets = 20_000
	options.how.Observe = func(_ string, messages int, _ int64) { observed += messages }
	got := s.verify(t, address, options)
	if got.Verdict != verify.Equal || got.Mail.Source.Messages != 200 {
		t.Errorf("got %s, %+v, %v", got.Verdict, got.Mail.Source, got.Mail.Differences)
	}
	if dials < 3 || observed != 200 {
		t.Errorf("got %d connections and %d messages, want 3 or more and 200", dials, observed)
	}
}

// What changes while it is read is looked at until it is at rest.
func TestAccount_mailboxChangesMeanwhile(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	s := startServers(t, address)
	furnish(t, s, address)
	worker := s.logIn(t, rehome.Destination, address)
	for _, c := range []struct {
		name    string
		changes int
		want    int // extra messages, with those of the cases before
	}{{"once", 1, 1}, {"both times", 2, 3}} {
		options, left := s.options(verify.LevelFull), c.changes
		options.Pause = func(context.Context, time.Duration) error { return nil }
		// The clock is read behind the comparison and before the last look at the mailbox.
		options.how.Now = func() time.Time {
			if left > 0 {
				left--
				worker.store("INBOX", write(20+left))
			}
			return time.Now()
		}
		got := s.verify(t, address, options)
		if n := got.Mail.Counts[verify.ExtraMessage]; n != c.want || len(got.Findings) != 0 {
			t.Errorf("%s: got %d extra messages and %v, want %d", c.name, n, got.Findings, c.want)
		}
	}
}

// In a mailbox that is never at rest nothing counts as a difference that was only on its way, and nothing as equal either. What
// differs all the time is found.
func TestAccount_mailboxNeverAtRest(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	for _, level := range []verify.Level{verify.LevelFull, verify.LevelMetadata} {
		t.Run(string(level), func(t *testing.T) {
			t.Parallel()
			s := startServers(t, address)
			furnish(t, s, address)
			src, dst := s.logIn(t, rehome.Source, address), s.logIn(t, rehome.Destination, address)
			options, now, last := s.options(level), 101, 0
			// One message is on its way at each look: the destination has it already, and the next one comes behind the comparison.
			dst.store("INBOX", write(now))
			options.how.Now = func() time.Time {
				if last < now {
					last = now
					dst.store("INBOX", write(now+1))
				}
				return time.Now()
			}
			options.Pause = func(context.Context, time.Duration) error {
				src.store("INBOX", write(now))
				now++
				return nil
			}
			got := s.verify(t, address, options)
			if got.Verdict != verify.Unknown || got.Mail.Total() != 0 || !hasFinding(got, "mailbox_not_at_rest") {
				t.Errorf("got %s, %+v, %v", got.Verdict, got.Mail.Differences, got.Findings)
			}
			src.store("INBOX", write(now))
			src.store("INBOX", write(90)) // and never at the destination
			now++
			got = s.verify(t, address, options)
			if got.Verdict != verify.Differs || got.Mail.Total() != 1 || got.Mail.Differences[0].Kind != verify.MissingMessage {
				t.Errorf("got %s, %+v, %v", got.Verdict, got.Mail.Differences, got.Findings)
			}
		})
	}
}

// Of a number of messages too only that counts which is the same at each look.
func TestWatch_counts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		short     []int64 // at each look
		uncertain int     // behind the last
	}{{[]int64{1}, 1}, {[]int64{1, 1}, 1}, {[]int64{1, 1, 1}, 0}, {[]int64{1, 2, 1}, 1}, {[]int64{1, 1, 0}, 0}, {[]int64{1, 1, 0, 1, 1}, 1}} {
		var w watch
		uncertain := 0
		for _, n := range c.short {
			uncertain = w.add(&reading{counts: true, src: []*box{{count: 5 + n}}, dst: &box{count: 5}})
		}
		if uncertain != c.uncertain {
			t.Errorf("%v: got %d, want %d", c.short, uncertain, c.uncertain)
		}
	}
}

func hasFinding(a verify.Account, code string) bool {
	return slices.ContainsFunc(a.Findings, func(f rehome.Finding) bool { return f.Code == code })
}

func TestAccount_endCannotBeRead(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	s := startServers(t, address)
	_, err := s.options(verify.LevelFull).verifier().Account(t.Context(), s.account("nobody@example.test"))
	if rehome.ClassOf(err) != rehome.ClassAuth {
		t.Fatalf("got %v, want a refused login", err)
	}
	got := verify.Unreadable("nobody@example.test", verify.LevelFull, time.Now(), err)
	if got.Verdict != verify.Unknown || len(got.Findings) != 1 || got.Findings[0].NextStep == "" {
		t.Errorf("got %+v", got)
	}
}

// A message that the server's disk has damaged stops neither its mailbox nor the account.
func TestAccount_damagedMessages(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	s := startServers(t, address)
	src, dst := s.logIn(t, rehome.Source, address), s.logIn(t, rehome.Destination, address)
	correspond(30, src, dst)
	for _, uid := range []int{5, 17, 18} {
		src.damage(uid)
	}
	got := s.verify(t, address, s.options(verify.LevelFull))
	if want := map[verify.Kind]int{verify.UnreadableMessage: 3}; !maps.Equal(got.Mail.Counts, want) {
		t.Errorf("got %v, want %v: %v", got.Mail.Counts, want, got.Mail.Differences)
	}
	if m := got.Mail.Mailboxes[0]; m.SourceRoot != "" || m.DestinationRoot == "" {
		t.Errorf("roots: got %q and %q, want none at the source", m.SourceRoot, m.DestinationRoot)
	}
	for _, d := range got.Mail.Differences {
		if want := "is listed, but not returned by the source"; !strings.HasSuffix(d.Sentence, want) || d.Object == "" {
			t.Errorf("got %q (%s), want it to end in %q", d.Sentence, d.Object, want)
		}
	}
}

// However many differences there are, some are listed and all are counted.
func TestAccount_limitOfTheList(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	s := startServers(t, address)
	src := s.logIn(t, rehome.Source, address)
	src.store("INBOX", write(1), write(2), write(3), write(4), write(5))
	src.create("INBOX.Gone")
	options := s.options(verify.LevelFull)
	options.how.Limit = 2
	got := s.verify(t, address, options)
	if want := map[verify.Kind]int{verify.MissingMessage: 5, verify.MissingMailbox: 1}; !maps.Equal(got.Mail.Counts, want) {
		t.Errorf("counts: got %v, want %v", got.Mail.Counts, want)
	}
	if len(got.Mail.Differences) != 2 || got.Mail.Unlisted != 4 || got.Mail.Total() != 6 {
		t.Errorf("got %d listed and %d unlisted, want 2 and 4", len(got.Mail.Differences), got.Mail.Unlisted)
	}
}
