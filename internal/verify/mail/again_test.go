// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
)

// shelf is a memory without a ledger.
type shelf struct {
	mu   sync.Mutex
	rows map[string]verify.Proof
}

func (s *shelf) memory(rehome.Account, rehome.Kind) verify.Memory { return s }

func (s *shelf) Marks(context.Context) (map[string][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	marks := map[string][]byte{}
	for place, proof := range s.rows {
		marks[place] = proof.Mark
	}
	return marks, nil
}

func (s *shelf) Content(_ context.Context, place string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[place].Content, nil
}

func (s *shelf) Keep(_ context.Context, proof verify.Proof) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = map[string]verify.Proof{}
	}
	s.rows[proof.Place] = proof
	return nil
}

func (s *shelf) Forget(_ context.Context, places ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, place := range places {
		delete(s.rows, place)
	}
	return nil
}

// traffic counts what goes over connections: octets, and how often something was answered.
type traffic struct{ octets, turns atomic.Int64 }

func (t *traffic) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &countedConn{Conn: conn, traffic: t}, err
}

type countedConn struct {
	net.Conn
	*traffic
	asked atomic.Bool
}

func (c *countedConn) Write(p []byte) (int, error) {
	c.asked.Store(true)
	n, err := c.Conn.Write(p)
	c.octets.Add(int64(n))
	return n, err
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.octets.Add(int64(n))
	if c.asked.Swap(false) {
		c.turns.Add(1)
	}
	return n, err
}

// again verifies in full with what is remembered, and says what it cost.
func (s *servers) verifyAgain(t *testing.T, address string, kept *shelf, change ...func(*request)) (verify.Account, *traffic) {
	t.Helper()
	cost := &traffic{}
	s.dial, s.dialThere = cost.dial, cost.dial
	defer func() { s.dial, s.dialThere = nil, nil }()
	options := s.options(verify.LevelFull)
	options.how.Memory = kept.memory
	for _, c := range change {
		c(&options)
	}
	return s.verify(t, address, options), cost
}

// furnishMuch gives both ends the same mail in many mailboxes.
func furnishMuch(t *testing.T, s *servers, address string, mailboxes, messages int) (src, dst user) {
	t.Helper()
	src, dst = s.logIn(t, rehome.Source, address), s.logIn(t, rehome.Destination, address)
	for i := range mailboxes {
		src.create(fmt.Sprintf("INBOX.M%d", i))
		dst.create(fmt.Sprintf("M%d", i))
		var letters []letter
		for n := range messages {
			letters = append(letters, long(fmt.Sprintf("%d.%d", i, n)))
		}
		src.store(fmt.Sprintf("INBOX.M%d", i), letters...)
		dst.store(fmt.Sprintf("M%d", i), letters...)
	}
	return src, dst
}

// long is a letter of some 4 KB.
func long(id string) letter {
	return letter{
		text: "Message-ID: <" + id + "@example.test>\r\n\r\n" + strings.Repeat("content that has to be read once\r\n", 120),
		date: time.Date(2009, 3, 3, 10, 0, 0, 0, time.UTC),
	}
}

// A second verification after one per cent of changes costs a few per cent of the first, says the same, and has the same roots
// as one that reads everything again.
func TestAgain_costsLittleAndProvesAsMuch(t *testing.T) {
	t.Parallel()
	const address, mailboxes, messages = "anna@example.test", 60, 20
	s := startServers(t, address)
	src, dst := furnishMuch(t, s, address, mailboxes, messages)
	kept := &shelf{}
	first, whole := s.verifyAgain(t, address, kept)
	if first.Verdict != verify.Equal || first.Mail.Remembered != 0 {
		t.Fatalf("first: %s, %d remembered, %v", first.Verdict, first.Mail.Remembered, first.Mail.Differences)
	}
	for i := range mailboxes * messages / 100 {
		l := long(fmt.Sprintf("new.%d", i))
		src.store(fmt.Sprintf("INBOX.M%d", i%2), l)
		dst.store(fmt.Sprintf("M%d", i%2), l)
	}
	observed := 0
	second, part := s.verifyAgain(t, address, kept, func(r *request) {
		r.how.Observe = func(_ string, messages int, _ int64) { observed += messages }
	})
	if want := mailboxes * messages * 101 / 100; observed != want {
		t.Errorf("%d messages are observed, want %d: those that are not read again, too", observed, want)
	}
	if second.Verdict != verify.Equal || second.Mail.Remembered != mailboxes*messages {
		t.Errorf("second: %s, %d remembered, %v", second.Verdict, second.Mail.Remembered, second.Mail.Differences)
	}
	t.Logf("octets %d, then %d; turns %d, then %d", whole.octets.Load(), part.octets.Load(), whole.turns.Load(), part.turns.Load())
	if 100*part.octets.Load() > 5*whole.octets.Load() || part.turns.Load() > whole.turns.Load()+4 {
		t.Errorf("it costs %d octets and %d round trips, where the first cost %d and %d", part.octets.Load(), part.turns.Load(),
			whole.octets.Load(), whole.turns.Load())
	}
	anew, _ := s.verifyAgain(t, address, kept, func(r *request) { r.how.Reread = true })
	if anew.Mail.Remembered != 0 || anew.Mail.Source != second.Mail.Source {
		t.Errorf("all again: %d remembered, %+v; want 0, %+v", anew.Mail.Remembered, anew.Mail.Source, second.Mail.Source)
	}
	for i, m := range second.Mail.Mailboxes {
		if fresh := anew.Mail.Mailboxes[i]; m.SourceRoot == "" || m.SourceRoot != fresh.SourceRoot || m.DestinationRoot != fresh.DestinationRoot {
			t.Errorf("%s: roots %s, read anew %s", m.Destination, m.SourceRoot, fresh.SourceRoot)
		}
	}
}

// Every difference that is planted after the first verification is found by the second as it would be by the first, at either
// end.
func TestAgain_findsWhatWasPlantedSince(t *testing.T) {
	t.Parallel()
	var accounts []string
	names := slices.Sorted(maps.Keys(plants()))
	for i := range names {
		accounts = append(accounts, fmt.Sprintf("u%d@example.test", i))
	}
	s := startServers(t, accounts...)
	for i, name := range names {
		p := plants()[name]
		dst := furnish(t, s, accounts[i])
		kept := &shelf{}
		if first, _ := s.verifyAgain(t, accounts[i], kept); first.Verdict != verify.Equal {
			t.Fatalf("%s: first %s, %v", name, first.Verdict, first.Mail.Differences)
		}
		p.plant(dst)
		got, _ := s.verifyAgain(t, accounts[i], kept)
		if !maps.Equal(got.Mail.Counts, p.full) && len(p.full)+len(got.Mail.Counts) > 0 {
			t.Errorf("%s: got %v, want %v", name, got.Mail.Counts, p.full)
		}
		third, _ := s.verifyAgain(t, accounts[i], kept)
		if !maps.Equal(third.Mail.Counts, got.Mail.Counts) {
			t.Errorf("%s: a third time: %v, want %v", name, third.Mail.Counts, got.Mail.Counts)
		}
	}
}

// A proof of less neither uses nor replaces a full one, and the oldest reading is told.
func TestAgain_countsLeaveTheProof(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	s := startServers(t, address)
	furnish(t, s, address)
	kept := &shelf{}
	monday := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	at := func(now time.Time) func(*request) {
		return func(r *request) { r.how.Now = func() time.Time { return now } }
	}
	s.verifyAgain(t, address, kept, at(monday))
	before := maps.Clone(kept.rows)
	for _, level := range []verify.Level{verify.LevelCounts, verify.LevelMetadata} {
		s.verifyAgain(t, address, kept, at(monday.Add(time.Hour)), func(r *request) { r.how.Level = level })
		for place, proof := range before {
			if string(kept.rows[place].Content) != string(proof.Content) || string(kept.rows[place].Mark) != string(proof.Mark) {
				t.Errorf("%s has changed the proof of %s", level, place)
			}
		}
	}
	got, _ := s.verifyAgain(t, address, kept, at(monday.Add(24*time.Hour)))
	for _, m := range got.Mail.Mailboxes {
		if m.Messages > 0 && !m.Read.Equal(monday) {
			t.Errorf("%s was read at %s, want %s", m.Destination, m.Read, monday)
		}
	}
}

// What users have done since the last comparison is named as that, and stays named; nothing of it becomes equal.
func TestAgain_saysWhatHasHappenedSince(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	s := startServers(t, address)
	dst := furnish(t, s, address)
	src := s.logIn(t, rehome.Source, address)
	src.store("INBOX", write(21), write(22), write(23))
	dst.store("INBOX", write(21), write(22), write(23))
	kept := &shelf{}
	monday := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	later := func(days int) func(*request) {
		return func(r *request) { r.how.Now = func() time.Time { return monday.AddDate(0, 0, days) } }
	}
	if first, _ := s.verifyAgain(t, address, kept, later(0)); first.Verdict != verify.Equal {
		t.Fatalf("first: %s %v", first.Verdict, first.Mail.Differences)
	}
	dst.create("New")
	dst.move("2", "Sent")
	dst.move("3", "New")
	dst.remove(1)
	dst.delete("Empty")
	dst.store("INBOX", write(30))
	src.store("INBOX", write(31))
	src.doveadm("expunge", "-u", address, "mailbox", "INBOX", "uid", "7")
	want := map[string]verify.Change{
		"Empty":             {What: verify.DeletedAtDestination, After: monday},
		"<1@example.test>":  {What: verify.DeletedAtDestination, After: monday},
		"<2@example.test>":  {What: verify.MovedAtDestination, After: monday, To: "Sent"},
		"<3@example.test>":  {What: verify.MovedAtDestination, After: monday, To: "New"},
		"<21@example.test>": {What: verify.DeletedAtSource, After: monday},
		"<30@example.test>": {What: verify.ArrivedAtDestination, After: monday},
		"<31@example.test>": {What: verify.ArrivedAtSource, After: monday},
	}
	for days := range 2 {
		got, _ := s.verifyAgain(t, address, kept, later(1+days))
		if got.Verdict != verify.Differs || got.Mail.Total() != 9 { // these, and the new mailbox
			t.Errorf("day %d: %s, %v", days, got.Verdict, got.Mail.Counts)
		}
		found := map[string]verify.Change{}
		for _, d := range got.Mail.Differences {
			if d.Since != nil && d.Since.From == "" {
				found[d.Object] = *d.Since
			}
			if d.Kind == verify.ExtraMessage && d.Mailbox == "Sent" && (d.Since == nil || d.Since.From != "INBOX") {
				t.Errorf("%+v does not say from where it was moved", d)
			}
			t.Log(d.Sentence, "->", d.NextStep())
		}
		if days > 0 { // they arrived before the comparison of yesterday
			delete(want, "<30@example.test>")
			delete(want, "<31@example.test>")
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("day %d: %s", days, diff)
		}
		checkWording(t, got)
	}
}

// spoil changes one octet of the body of a message of INBOX in the server's store, behind its back: size, date and flags stay.
func (u user) spoil(uid int) {
	u.t.Helper()
	file := filepath.Join(u.server.MailRoot(u.Account), "mailboxes", "INBOX", "dbox-Mails", "u."+strconv.Itoa(uid))
	text, err := os.ReadFile(file)
	if err != nil {
		u.t.Fatal(err)
	}
	spoilt := bytes.Replace(text, []byte("\r\n\r\nx"), []byte("\r\n\r\ny"), 1)
	if bytes.Equal(spoilt, text) {
		spoilt = bytes.Replace(text, []byte("\n\nx"), []byte("\n\ny"), 1)
	}
	if bytes.Equal(spoilt, text) {
		u.t.Fatalf("nothing to spoil in %q", text)
	}
	if err := os.WriteFile(file, spoilt, 0o600); err != nil {
		u.t.Fatal(err)
	}
}

// stir moves the MODSEQ of a message, which looks as before: somebody has marked it and taken that back.
func (u user) stir(uid imap.UID) {
	u.t.Helper()
	u.flag(uid, `\Seen`, `\Flagged`)
	u.flag(uid, `\Seen`)
}

// Content that changes under its UID, with size, date and flags as they were, is found where its MODSEQ moves, at either end, also
// in a mailbox in which nothing else happens. Where even that stays only reading everything finds it.
func TestAgain_contentUnderTheSameUID(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	for _, side := range []rehome.Side{rehome.Source, rehome.Destination} {
		t.Run(string(side), func(t *testing.T) {
			t.Parallel()
			s := startServers(t, address)
			src, dst := s.logIn(t, rehome.Source, address), s.logIn(t, rehome.Destination, address)
			letters := []letter{write(1), write(2), write(3)}
			src.store("INBOX", letters...)
			dst.store("INBOX", letters...)
			kept := &shelf{}
			if first, _ := s.verifyAgain(t, address, kept); first.Verdict != verify.Equal {
				t.Fatalf("first: %s, %v", first.Verdict, first.Mail.Differences)
			}
			hand := map[rehome.Side]user{rehome.Source: src, rehome.Destination: dst}[side]
			hand.spoil(2)
			if silent, _ := s.verifyAgain(t, address, kept); silent.Mail.Remembered != 3 {
				t.Errorf("%d messages are remembered while nothing shows, want 3", silent.Mail.Remembered)
			}
			anew, _ := s.verifyAgain(t, address, &shelf{rows: maps.Clone(kept.rows)}, func(r *request) { r.how.Reread = true })
			if anew.Mail.Counts[verify.ChangedMessage] != 1 {
				t.Errorf("all again: %s, %v", anew.Verdict, anew.Mail.Counts)
			}
			hand.stir(2)
			got, _ := s.verifyAgain(t, address, kept)
			if got.Verdict != verify.Differs || !maps.Equal(got.Mail.Counts, map[verify.Kind]int{verify.ChangedMessage: 1}) {
				t.Errorf("with its MODSEQ: %s, %v", got.Verdict, got.Mail.Counts)
			}
		})
	}
}
