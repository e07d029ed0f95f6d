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
		s := standing{uidNext: next}
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
		void := s.void()
		if believed := union(others, lost).Minus(void); !believed.Empty() {
			t.Errorf("%s are believed, and are not there", believed)
		}
		if doubted := intersection(void, ours); !doubted.Empty() {
			t.Errorf("%s are doubted, and are there", doubted)
		}
		if !restored && !void.Empty() {
			t.Errorf("%s are doubted: only their user has deleted something", void)
		}
		if below := intersection(void, upTo(saved)); !below.Empty() {
			t.Errorf("%s are called lost in the restore: they were in the backup", below)
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
	s := standing{same: upTo(5), absent: imap.NewUIDSet(6, 7), highest: 5, uidNext: 3}
	if void := s.void(); !void.Empty() {
		t.Errorf("%s are doubted", void)
	}
}
