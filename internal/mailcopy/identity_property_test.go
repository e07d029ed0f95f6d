// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"

	"pgregory.net/rapid"

	"rehome/internal/protocol/imap"
)

// A mailbox is filled, backed up, filled further and put back; its user deletes and receives. Whatever the
// order: no UID is believed that is another message now, none is doubted that is still the same, and what was
// lost in the restore is told from what the user has deleted, as far as UIDNEXT or a later message shows it.
func TestStanding_ofARestoredMailbox(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		saved := imap.UID(rapid.IntRange(0, 20).Draw(t, "messages in the backup"))
		known := saved + imap.UID(rapid.IntRange(0, 20).Draw(t, "messages after it"))
		restored := rapid.Bool().Draw(t, "restored")
		next := known + 1
		if restored {
			next = saved + 1
		}
		next += imap.UID(rapid.IntRange(0, 25).Draw(t, "new messages"))
		here := map[imap.UID]bool{}
		for uid := imap.UID(1); uid < next; uid++ {
			here[uid] = rapid.IntRange(0, 3).Draw(t, "deleted") > 0
		}
		s := endState{uidNext: next}
		if rapid.Bool().Draw(t, "looked at before") {
			s.seen = known + 1
		}
		var ours, others, lost imap.UIDSet
		for uid := imap.UID(1); uid < next; uid++ {
			if here[uid] {
				s.highest = uid
			}
		}
		for uid := imap.UID(1); uid <= known; uid++ {
			replaced := restored && uid > saved
			switch {
			case !here[uid] && uid >= next:
				s.absent.Add(uid)
				lost.Add(uid)
			case !here[uid]:
				s.absent.Add(uid)
			case replaced:
				s.other.Add(uid)
				others.Add(uid)
			default:
				s.same.Add(uid)
				ours.Add(uid)
			}
		}
		void, unknown := s.void(), s.unknown()
		if believed := union(others, lost).Minus(void).Minus(unknown); !believed.Empty() {
			t.Errorf("%s are believed, and are not there", believed)
		}
		if s.seen != 0 && !lost.Minus(void).Empty() {
			t.Errorf("%s are not known to be lost, and UIDNEXT shows it", lost.Minus(void))
		}
		if doubted := intersection(union(void, unknown), ours); !doubted.Empty() {
			t.Errorf("%s are doubted, and are there", doubted)
		}
		if !restored && !(void.Empty() && unknown.Empty()) {
			t.Errorf("%s and %s are doubted: only their user has deleted something", void, unknown)
		}
		if below := intersection(void, upTo(saved)); !below.Empty() {
			t.Errorf("%s are called lost in the restore: they were in the backup", below)
		}
	})
}

// A user deletes at a server whose UIDNEXT stands still, is not told, or is first looked at now: nothing is ever taken
// for lost in a restore, and nothing is unknown below a message that is there.
func TestStanding_ofAMailboxWhoseUIDNextTellsNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		still := imap.UID(rapid.IntRange(0, 21).Draw(t, "UIDNEXT")) // 0: not told
		s := endState{uidNext: still, seen: rapid.SampledFrom([]imap.UID{0, still}).Draw(t, "seen")}
		for uid := imap.UID(1); uid <= 20; uid++ {
			if rapid.Bool().Draw(t, "deleted") {
				s.absent.Add(uid)
			} else {
				s.same.Add(uid)
				s.highest = uid
			}
		}
		void, unknown := s.void(), s.unknown()
		if !void.Empty() {
			t.Errorf("%s are doubted", void)
		}
		if want := above(above(s.absent, s.highest+1), still); unknown.String() != want.String() {
			t.Errorf("%s are unknown, want %s", unknown, want)
		}
	})
}

func upTo(last imap.UID) imap.UIDSet {
	var set imap.UIDSet
	if last > 0 {
		set.AddRange(1, last)
	}
	return set
}

// A UIDNEXT that is not above all messages is a server's habit and proves nothing.
func TestStanding_uidNextThatStandsStill(t *testing.T) {
	t.Parallel()
	s := endState{same: upTo(5), absent: imap.NewUIDSet(6, 7), highest: 5, uidNext: 3}
	if void := s.void(); !void.Empty() {
		t.Errorf("%s are doubted", void)
	}
}

// HIGHESTMODSEQ shows a restore where UIDNEXT tells nothing. Against a UIDNEXT that is higher than all that is missing it
// proves nothing: an index that was built anew begins to count anew.
func TestStanding_highestModSeqHasFallen(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		uidNext, seen imap.UID
		void, unknown string
	}{
		{uidNext: 0, void: "5:6"},
		{uidNext: 1, seen: 1, void: "5:6"},
		{uidNext: 5, seen: 7, void: "5:6"},
		{uidNext: 6, seen: 6, void: "6", unknown: "5"},
		{uidNext: 7, seen: 7, unknown: "5:6"},
	} {
		s := endState{same: imap.NewUIDSet(1, 2, 4), absent: imap.NewUIDSet(3, 5, 6), highest: 4, uidNext: test.uidNext, seen: test.seen, fallen: true}
		if void, unknown := s.void().String(), s.unknown().String(); void != test.void || unknown != test.unknown {
			t.Errorf("UIDNEXT %d after %d: %q are void and %q unknown, want %q and %q", test.uidNext, test.seen, void, unknown, test.void, test.unknown)
		}
	}
}

// Without a Message-ID and a Date only its octets tell that a message is another one: that is believed where another
// one behind it proves that the mailbox was put back.
func TestStanding_differingBelowTheBreak(t *testing.T) {
	t.Parallel()
	s := endState{same: imap.NewUIDSet(1), unproved: imap.NewUIDSet(2, 3), differing: imap.NewUIDSet(2)}
	if got := s.void(); !got.Empty() {
		t.Errorf("void %s where nothing proves a restore", got)
	}
	s.other = imap.NewUIDSet(4)
	if got := s.void().String(); got != "2,4" {
		t.Errorf("void %s, want 2,4", got)
	}
}

// What is silent is unknown from above the last message that is confirmed on, and everywhere when numbers have fallen. Only at
// the destination is it matched anew where the history is broken: what is silent there when it is matched is an error.
func TestEndState_silent(t *testing.T) {
	t.Parallel()
	s := endState{same: imap.NewUIDSet(2), silent: imap.NewUIDSet(1, 3, 5), uidNext: 9, highest: 5}
	if s.untold().String() != "3,5" || !s.void().Empty() {
		t.Errorf("untold %s, void %s; want 3,5 and none", s.untold(), s.void())
	}
	s.other = imap.NewUIDSet(4)
	if s.untold().String() != "3" || s.void().String() != "4:5" {
		t.Errorf("untold %s, void %s; want 3 and 4:5", s.untold(), s.void())
	}
	s.atSource = true
	if s.untold().String() != "3,5" || s.void().String() != "4" {
		t.Errorf("untold %s, void %s; want 3,5 and 4", s.untold(), s.void())
	}
	s.fallen = true
	if s.untold().String() != "1,3,5" || s.void().String() != "4" {
		t.Errorf("untold %s, void %s; want 1,3,5 and 4", s.untold(), s.void())
	}
}
