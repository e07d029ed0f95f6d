// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// changes collects what a resynchronisation tells, one line each.
type changes struct{ lines []string }

func (c *changes) handler() FetchHandler {
	return FetchHandler{
		Message: func(m *Message) error {
			c.lines = append(c.lines, fmt.Sprintf("changed %d %v %d", m.UID, m.Flags, m.ModSeq))
			return nil
		},
		Vanished: func(uids UIDSet) error {
			c.lines = append(c.lines, "vanished "+uids.String())
			return nil
		},
	}
}

const resyncCapabilities = "ENABLE CONDSTORE QRESYNC UNSELECT"

// enabled connects to a server that has switched QRESYNC on.
func enabled(t *testing.T, play func(*script)) *Client {
	t.Helper()
	client := connect(t, resyncCapabilities, func(s *script) {
		s.ok("ENABLE QRESYNC", "* ENABLED QRESYNC")
		play(s)
	})
	on, err := client.Enable(within(t), "qresync", "UTF8=ACCEPT")
	if err != nil || fmt.Sprint(on) != "[QRESYNC]" || !client.Enabled("Qresync") || client.Enabled("UTF8=ACCEPT") {
		t.Fatalf("Enable: %v, %v", on, err)
	}
	return client
}

func TestEnable_nothingToAskFor(t *testing.T) {
	t.Parallel()
	for _, capabilities := range []string{"", "ENABLE", "UTF8=ACCEPT"} {
		client := connect(t, capabilities, func(s *script) { s.silent() })
		if on, err := client.Enable(within(t), "QRESYNC", "UTF8=ACCEPT"); err != nil || on != nil {
			t.Errorf("%q: %v, %v, want nothing", capabilities, on, err)
		}
		_ = client.Close()
	}
}

func TestEnable_serverSwitchesNothingOn(t *testing.T) {
	t.Parallel()
	client := connect(t, resyncCapabilities, func(s *script) {
		s.ok("ENABLE QRESYNC", "* ENABLED")
		s.silent()
	})
	if on, err := client.Enable(within(t), "QRESYNC"); err != nil || on != nil {
		t.Errorf("%v, %v, want nothing", on, err)
	}
	var unsupported *UnsupportedError
	if _, err := examineSince(within(t), client, "a", Known{UIDValidity: 1, ModSeq: 1}, FetchHandler{}); !errors.As(err, &unsupported) {
		t.Errorf("ExamineSince: %v, want %T", err, unsupported)
	}
	if _, err := client.Fetch(within(t), rangeSet(1, 2), FetchItems{ChangedSince: 1, Vanished: true}, FetchHandler{}); !errors.As(err, &unsupported) {
		t.Errorf("Fetch: %v, want %T", err, unsupported)
	}
}

func TestExamineSinceAhead_tellsChanges(t *testing.T) {
	t.Parallel()
	client := enabled(t, func(s *script) {
		s.ok(`EXAMINE "a" \(QRESYNC \(7 90060115205545359 1:9,20\)\)`,
			"* 3 EXISTS", "* OK [UIDVALIDITY 7] x", "* OK [HIGHESTMODSEQ 90060115205545400] x", "* VANISHED (EARLIER) 2:3,9",
			`* 1 FETCH (UID 1 FLAGS (\Seen) MODSEQ (90060115205545390))`, `* 3 FETCH (UID 4294967295 FLAGS () MODSEQ (90060115205545400))`)
		// the mailbox that is open is closed first: what is said before the answer belongs to it
		tag := s.expect("UNSELECT")
		next := s.expect(`EXAMINE "b" \(QRESYNC \(8 5\)\)`)
		s.send("* VANISHED 4", `* 1 FETCH (UID 1 FLAGS (\Deleted))`, tag+" OK closed",
			"* VANISHED (EARLIER) 5", "* 0 EXISTS", "* OK [UIDVALIDITY 8] x", "* VANISHED 6", next+" OK [READ-WRITE] done")
		s.silent()
	})
	var known UIDSet
	known.AddRange(1, 9)
	known.Add(20)
	var seen changes
	selected, err := examineSince(within(t), client, "a", Known{UIDValidity: 7, ModSeq: 90060115205545359, UIDs: known}, seen.handler())
	if err != nil || !selected.Messages.Is(3) || selected.UIDValidity != 7 || selected.HighestModSeq != 90060115205545400 || !selected.ReadOnly {
		t.Errorf("ExamineSince: %+v, %v", selected, err)
	}
	checkLines(t, seen.lines, []string{"vanished 2:3,9", `changed 1 [\Seen] 90060115205545390`, "changed 4294967295 [] 90060115205545400"})
	var other changes
	if _, err := examineSince(within(t), client, "b", Known{UIDValidity: 8, ModSeq: 5}, other.handler()); err != nil {
		t.Errorf("ExamineSince: %v", err)
	}
	checkLines(t, other.lines, []string{"vanished 5", "vanished 6"})
}

func TestExamineSinceAhead_nothingKnown(t *testing.T) {
	t.Parallel()
	client := enabled(t, func(s *script) {
		s.ok(`EXAMINE "a" \(CONDSTORE\)`, "* 1 EXISTS")
		s.silent()
	})
	if selected, err := examineSince(within(t), client, "a", Known{UIDValidity: 1}, FetchHandler{}); err != nil || !selected.Messages.Is(1) {
		t.Errorf("%+v, %v", selected, err)
	}
}

func TestExamineSinceAhead_nonsenseIsNoSilence(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"* VANISHED (EARLIER) x", "* VANISHED (EARLIER)", "* VANISHED", "* VANISHED 0", "* VANISHED (EARLIER) 1:*"} {
		client := enabled(t, func(s *script) {
			s.ok(`EXAMINE "a" .*`, line)
			s.silent()
		})
		var seen changes
		if _, err := examineSince(within(t), client, "a", Known{UIDValidity: 1, ModSeq: 1}, seen.handler()); err == nil || len(seen.lines) > 0 {
			t.Errorf("%q: %q, %v, want an error", line, seen.lines, err)
		}
		_ = client.Close()
	}
}

func TestKnown_longSetBecomesARange(t *testing.T) {
	t.Parallel()
	var uids UIDSet
	for uid := UID(10); uid < 10_000; uid += 2 {
		uids.Add(uid)
	}
	if got, want := (Known{UIDValidity: 1, ModSeq: 2, UIDs: uids}).parameter(), " (QRESYNC (1 2 10:9998))"; got != want {
		t.Errorf("got %.80q, want %q", got, want)
	}
}

func TestFetch_vanished(t *testing.T) {
	t.Parallel()
	client := enabled(t, func(s *script) {
		s.ok(`UID FETCH 1:9 \(UID FLAGS\) \(CHANGEDSINCE 5 VANISHED\)`, "* VANISHED (EARLIER) 3", `* 2 FETCH (UID 4 MODSEQ (8) FLAGS (a))`, "* VANISHED 5")
		s.silent()
	})
	var seen changes
	fetch, err := client.Fetch(within(t), rangeSet(1, 9), FetchItems{Flags: true, ChangedSince: 5, Vanished: true}, seen.handler())
	if err != nil {
		t.Fatal(err)
	}
	if err := fetch.Wait(within(t)); err != nil {
		t.Error(err)
	}
	checkLines(t, seen.lines, []string{"vanished 3", "changed 4 [a] 8", "vanished 5"})
}

// examineSince waits for what ExamineSinceAhead has begun.
func examineSince(ctx context.Context, c *Client, name string, known Known, handler FetchHandler) (Selected, error) {
	opening, err := c.ExamineSinceAhead(ctx, name, known, handler)
	return opening.orWait(ctx, err)
}
