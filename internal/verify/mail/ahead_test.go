// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"fmt"
	"net"
	"slices"
	"testing"

	"rehome"
	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
)

// A batch is bounded by what the ends say that they hold, or are taken to hold, and each group is in one batch, in order.
func TestBatches_areBounded(t *testing.T) {
	t.Parallel()
	said := func(counts ...imap.Count) (entries []imap.ListEntry) {
		for _, n := range counts {
			entries = append(entries, imap.ListEntry{Status: &imap.Status{Messages: n}})
		}
		return entries
	}
	var groups []*group
	for i := range 200 {
		g := &group{destination: fmt.Sprint(i), src: said(imap.CountOf(int64(i*i*7%30_000)), imap.CountOf(5)), sources: []string{"a", "b"}}
		switch i % 3 {
		case 0:
			g.dst = said(imap.Count{})
		case 1:
			g.dst = []imap.ListEntry{{}}
		}
		groups = append(groups, g)
	}
	groups[7].destination = "remembered"
	marks := map[string]*mark{"remembered": {Sources: []stamp{{Messages: batchMessages}, {Messages: 1}}}}
	held := (&check{memory: memory{marks: marks}}).held
	if n := held(groups[7]); n != batchMessages+1 {
		t.Errorf("of what is remembered %d messages count, want %d", n, batchMessages+1)
	}
	var again []*group
	for _, batch := range batches(groups, held) {
		messages, mailboxes := int64(0), 0
		for _, g := range batch {
			messages += held(g)
			mailboxes += len(g.src)
		}
		if len(batch) > 1 && (messages > batchMessages || mailboxes > batchMailboxes) {
			t.Errorf("a batch of %d groups has %d messages in %d mailboxes", len(batch), messages, mailboxes)
		}
		again = append(again, batch...)
	}
	if !slices.Equal(again, groups) {
		t.Errorf("got %d groups, want %d in their order", len(again), len(groups))
	}
}

// Equal mailboxes cost some round trips a batch, and not some each, at every level; one in which something differs costs its own.
func TestAhead_roundTrips(t *testing.T) {
	t.Parallel()
	const address, mailboxes = "anna@example.test", 2 * batchMailboxes
	s := startServers(t, address)
	_, dst := furnishMuch(t, s, address, mailboxes, 1)
	const setUp, batchesOfAll = 7, 3 // greeting, log-in, listing, log-out; with INBOX and the default mailboxes one batch more
	for _, c := range []struct {
		level verify.Level
		each  int64 // of a batch
	}{{verify.LevelCounts, 1}, {verify.LevelMetadata, 2}, {verify.LevelFull, 3}} {
		options, cost := s.options(c.level), &traffic{}
		options.Source, options.Destination = s.through(rehome.Source, cost), s.through(rehome.Destination, cost)
		got := s.verify(t, address, options)
		if got.Verdict != verify.Equal || got.Mail.Source.Messages != mailboxes {
			t.Errorf("%s: got %s, %v", c.level, got.Verdict, got.Mail.Differences)
		}
		if most := 2 * (setUp + c.each*batchesOfAll + 2); cost.turns.Load() > most {
			t.Errorf("%s: got %d round trips, want %d at most", c.level, cost.turns.Load(), most)
		}
	}
	dst.store("M1", write(1))
	got := s.verify(t, address, s.options(verify.LevelFull))
	if got.Verdict != verify.Differs || got.Mail.Total() != 1 || got.Mail.Differences[0].Kind != verify.ExtraMessage {
		t.Errorf("got %s, %v", got.Verdict, got.Mail.Differences)
	}
}

// A connection that breaks wherever it will costs new ones, and the answer is the same.
func TestAhead_brokenConnections(t *testing.T) {
	t.Parallel()
	const address, mailboxes, messages = "anna@example.test", 12, 4
	s := startServers(t, address)
	furnishMuch(t, s, address, mailboxes, messages)
	for _, octets := range []int{1500, 2500, 4000, 9000, 60_000} { // in the openings, the listings, the bodies
		left := 4
		s.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if left--; left < 0 {
				return conn, err
			}
			return &cutConn{Conn: conn, left: octets}, err
		}
		options := s.options(verify.LevelFull)
		got, err := options.verifier().Account(t.Context(), s.account(address))
		if rehome.ClassOf(err) == rehome.ClassTemporary {
			continue // before anything was read: the next try is the caller's
		}
		if err != nil || got.Verdict != verify.Equal || got.Mail.Source.Messages != mailboxes*messages {
			t.Errorf("cut after %d octets: got %s, %+v, %v", octets, got.Verdict, got.Mail, err)
		}
	}
}
