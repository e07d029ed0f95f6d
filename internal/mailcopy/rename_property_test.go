// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// tree is a destination with the mailboxes of an account, by name; the value is the UIDVALIDITY.
type tree map[string]uint32

// rename does what RENAME does (RFC 9051, section 6.3.6); it fails like a server.
func (d tree) rename(from, to string) error {
	if _, found := d[from]; !found {
		return fmt.Errorf("no mailbox %s", from)
	}
	if _, taken := d[to]; taken {
		return fmt.Errorf("%s is taken", to)
	}
	for name, validity := range d {
		if name == from || strings.HasPrefix(name, from+"/") {
			delete(d, name)
			d[to+strings.TrimPrefix(name, from)] = validity
		}
	}
	return nil
}

// names are few, so that renames meet each other, and some lie below others.
var names = []string{"A", "B", "C", "A/x", "B/x", "A/x/y", "D"}

// newView makes an account whose source has renamed any mailboxes to any free names, and whose
// destination is as the pass before has left it, but for some of a user's doing.
func newView(chance *rand.Rand) (accountView, tree, []sighting) {
	v := accountView{src: map[string]imap.ListEntry{}, dst: map[string]imap.ListEntry{}, rows: map[string]ledger.Mailbox{},
		dstEnd: mapping.End{Delimiter: "/"}}
	dst := tree{"INBOX": 1}
	var confirmed []sighting
	targets := chance.Perm(len(names))
	for i, name := range names {
		if chance.IntN(3) == 0 {
			continue
		}
		id := int64(i + 10)
		row := ledger.Mailbox{
			ID: id, Created: chance.IntN(6) > 0, Done: imap.NewUIDSet(1),
			Anchor: ledger.Anchor{Source: name, Destination: name, SrcUIDValidity: uint32(id), DstUIDValidity: uint32(id)},
		}
		v.rows[name] = row
		now := names[targets[i]]
		if chance.IntN(2) == 0 {
			now = name
		}
		if _, taken := v.src[now]; taken {
			continue // deleted
		}
		v.src[now] = imap.ListEntry{Name: now, Status: &imap.Status{UIDValidity: uint32(id), UIDNext: 9}}
		v.plan.Pairs = append(v.plan.Pairs, mapping.Pair{Source: now, Destination: now})
		if now != name {
			confirmed = append(confirmed, sighting{row: row, name: now})
		}
		if chance.IntN(8) > 0 {
			dst[name] = uint32(id)
		}
	}
	if chance.IntN(3) == 0 { // its user makes a mailbox
		name := names[chance.IntN(len(names))]
		if _, taken := dst[name]; !taken {
			dst[name] = 99
		}
	}
	for name, validity := range dst {
		v.dst[name] = imap.ListEntry{Name: name, Delimiter: "/", Status: &imap.Status{UIDValidity: validity}}
	}
	return v, dst, confirmed
}

// Whatever was renamed: the commands all succeed, what can follow ends up under its new name, and
// nothing that is not ours is touched.
func TestPlanRelocations_commandsSucceedAndTouchOnlyOurs(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(29, 31))
	followed, refused, circles := 0, 0, 0
	for range 8000 {
		v, dst, confirmed := newView(chance)
		before := map[uint32]string{}
		for name, validity := range dst {
			before[validity] = name
		}
		relocations, steps := v.planRelocations(confirmed)
		for _, s := range steps {
			if strings.Contains(s.to, "rehome-") {
				circles++
			}
			if err := dst.rename(s.from, s.to); err != nil {
				t.Fatalf("RENAME %s %s: %v\n%+v", s.from, s.to, err, relocations)
			}
		}
		going := map[uint32]string{}
		for _, r := range relocations {
			if r.refused != "" {
				refused++
				continue
			}
			followed++
			going[r.row.Anchor.DstUIDValidity] = r.to
		}
		after := map[uint32]string{}
		for name, validity := range dst {
			after[validity] = name
		}
		for validity, name := range before {
			want := name
			if to, moved := going[validity]; moved {
				want = to
			}
			if after[validity] != want {
				t.Fatalf("%s is called %q, want %q\nsteps %v\n%+v", name, after[validity], want, steps, relocations)
			}
		}
	}
	if followed < 1000 || refused < 1000 || circles < 50 {
		t.Errorf("%d followed, %d refused, %d circles: the test does not test", followed, refused, circles)
	}
}

func TestConfirms(t *testing.T) {
	t.Parallel()
	known := map[imap.UID]int64{1: 10, 2: 20, 3: 30, 4: 40}
	for name, test := range map[string]struct {
		sizes   map[imap.UID]int64
		entries []entry
		want    bool
	}{
		"all":            {known, []entry{{uid: 1, size: 10}, {uid: 2, size: 20}, {uid: 3, size: 30}, {uid: 4, size: 40}}, true},
		"some deleted":   {known, []entry{{uid: 4, size: 40}}, true},
		"another size":   {known, []entry{{uid: 1, size: 10}, {uid: 2, size: 21}}, false},
		"none":           {known, nil, false},
		"nothing to ask": {nil, nil, true},
	} {
		if got := confirms(test.sizes, test.entries); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestUnambiguous(t *testing.T) {
	t.Parallel()
	one, two, three := ledger.Mailbox{ID: 1}, ledger.Mailbox{ID: 2}, ledger.Mailbox{ID: 3}
	got := unambiguous([]sighting{{row: one, name: "a"}, {row: one, name: "b"}, {row: two, name: "b"}, {row: three, name: "c"}})
	if len(got) != 1 || got[0].name != "c" {
		t.Errorf("got %+v, want only c", got)
	}
}

// A mailbox that was numbered anew is not looked for under the name of another one that was made in the same second,
// and of which the ledger knows nothing. That one of ours was renamed show its messages.
func TestWhereIs_nothingOfOursToTell(t *testing.T) {
	t.Parallel()
	row := ledger.Mailbox{Anchor: ledger.Anchor{Destination: "Delta", DstUIDValidity: 7}}
	listed := func(name string, validity uint32) imap.ListEntry {
		return imap.ListEntry{Name: name, Status: &imap.Status{UIDValidity: validity}}
	}
	v := accountView{dst: map[string]imap.ListEntry{"Delta": listed("Delta", 9), "beta_": listed("beta_", 7)}}
	if got := v.whereIs(row); got != "" {
		t.Errorf("nothing of ours is anywhere, and it is taken for %q", got)
	}
	row.Done = imap.NewUIDSet(1)
	if got := v.whereIs(row); got != "beta_" {
		t.Errorf("one with messages of ours is taken for %q, want beta_, where these are asked for", got)
	}
}
