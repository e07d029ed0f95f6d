// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"

	"pgregory.net/rapid"

	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Two write the same messages in any order of arrival. When both have looked, each message is there once,
// unless both were at it in turns with several copies of one message: then a copy may be missing, which is
// nobody's any more and will be copied again. Never is one there too often, and never is none.
func TestLaterCopies_oneStays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		contents := rapid.SliceOfN(rapid.Byte(), 1, 12).Draw(t, "source")
		if rapid.Bool().Draw(t, "no twins") {
			seen := map[byte]bool{}
			var unique []byte
			for _, c := range contents {
				if !seen[c] {
					seen[c] = true
					unique = append(unique, c)
				}
			}
			contents = unique
		}
		var ours, theirs []ledger.Item
		at := [2]int{}
		for uid := imap.UID(1); at[0]+at[1] < 2*len(contents); uid++ {
			who := rapid.IntRange(0, 1).Draw(t, "who")
			if at[who] == len(contents) {
				who = 1 - who
			}
			digest := message.Digest{contents[at[who]]}
			item := ledger.Item{UID: imap.UID(at[who] + 1), DstUID: uid, Digest: digest[:]}
			at[who]++
			if who == 0 {
				ours = append(ours, item)
			} else {
				theirs = append(theirs, item)
			}
		}
		left := map[byte]int{}
		for _, side := range [][2][]ledger.Item{{ours, theirs}, {theirs, ours}} {
			var others []entry
			for _, item := range side[1] {
				others = append(others, entry{uid: item.DstUID, digest: message.Digest(item.Digest)})
			}
			later := laterCopies(side[0], others)
			for _, item := range side[0] {
				if !later.Contains(item.DstUID) {
					left[item.Digest[0]]++
				}
			}
		}
		want := map[byte]int{}
		for _, c := range contents {
			want[c]++
		}
		for c, n := range want {
			if left[c] != n {
				t.Fatalf("content %d is there %d times, want %d", c, left[c], n)
			}
		}
	})
}

// With several writers a gap is ours as long as so many messages are under way, and whatever is not ours in the end is another's.
func TestRivals_noteOfSeveralWriters(t *testing.T) {
	t.Parallel()
	stored := func(uids ...imap.UID) (items []ledger.Item) {
		for _, uid := range uids {
			items = append(items, ledger.Item{DstUID: uid})
		}
		return items
	}
	r := rivals{next: 10}
	r.share(imap.NewUIDSet(3))
	r.share(imap.NewUIDSet(4)) // the second one finds it done
	r.sent.Store(6)
	for _, step := range []struct {
		items []ledger.Item
		gaps  string
		open  string
		noted bool
	}{
		{stored(12, 13), "10:11", "10:11", false},
		{stored(10), "", "11", false},
		{stored(16), "14:15", "11,14:15", true}, // two of ours are under way, and three UIDs are open
	} {
		r.answered(len(step.items))
		got := r.note(step.items)
		if got.String() != step.gaps || r.open.String() != step.open || r.noted.Load() != step.noted {
			t.Errorf("%v: gaps %s, open %s, noted %v, want %+v", step.items, got, r.open, r.noted.Load(), step)
		}
	}
	if r.before.String() != "3" {
		t.Errorf("known before: %s, want 3", r.before)
	}
}

func TestRivals_note(t *testing.T) {
	t.Parallel()
	stored := func(uids ...imap.UID) (items []ledger.Item) {
		for _, uid := range uids {
			items = append(items, ledger.Item{DstUID: uid})
		}
		return items
	}
	r := rivals{next: 5}
	for _, step := range []struct {
		items []ledger.Item
		want  string
	}{{stored(5, 6), ""}, {stored(9, 10, 12), "7:8,11"}, {stored(13), ""}} {
		if got := r.note(step.items); got.String() != step.want || r.noted.Load() != (len(step.items) != 2) {
			t.Errorf("%v: gaps %s, noted %v, want %s", step.items, got, r.noted.Load(), step.want)
		}
	}
	unknown := rivals{}
	if got := unknown.note(stored(100)); !got.Empty() {
		t.Errorf("where UIDNEXT is not known, the first answer tells %s", got)
	}
}
