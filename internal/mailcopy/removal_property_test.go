// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"math/rand/v2"
	"slices"
	"testing"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// randomFlags returns some flags in some order.
func randomFlags(chance *rand.Rand) []string {
	all := []string{`\Seen`, `\Flagged`, `\Deleted`, "$Forwarded", "odd]one"}
	chance.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return slices.Clone(all[:chance.IntN(len(all))])
}

// Every message has one fate; only untouched ones are removed; nothing keeps a mark that we have set
// and did not act on.
func TestDecideRemoval_eachMessageHasOneFate(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(13, 17))
	filter := newFlagFilter(imap.Selected{PermanentFlags: []string{`\Seen`, `\Flagged`, `\Deleted`, `\*`}})
	for range 5000 {
		var items []ledger.Item
		var begun imap.UIDSet
		now := map[imap.UID][]string{}
		for uid := range imap.UID(1 + chance.IntN(20)) {
			item := ledger.Item{UID: uid + 1, DstUID: uid + 100, Flags: randomFlags(chance)}
			items = append(items, item)
			given, _ := filter.split(item.Flags)
			if chance.IntN(2) == 0 {
				begun.Add(item.UID)
			}
			switch chance.IntN(4) {
			case 0: // not there
			case 1:
				now[item.DstUID] = randomFlags(chance)
			case 2: // marked by us
				now[item.DstUID] = append(slices.Clone(given), `\deleted`)
			default:
				now[item.DstUID] = append(slices.Clone(given), `\Recent`)
			}
		}
		for _, removable := range []imap.UIDSet{{}, upTo(imap.UID(chance.IntN(len(items) + 1))), upTo(20)} {
			r := decideRemoval(items, now, filter, begun, removable)
			if left := r.remove.Minus(removable); !left.Empty() {
				t.Fatalf("%s is removed, and only %s may be", left, removable)
			}
			checkFates(t, items, now, filter, begun, r)
		}
	}
}

func checkFates(t *testing.T, items []ledger.Item, now map[imap.UID][]string, filter flagFilter, begun imap.UIDSet, r removal) {
	t.Helper()
	for _, item := range items {
		flags, present := now[item.DstUID]
		given, _ := filter.split(item.Flags)
		ourMark := begun.Contains(item.UID) && isDeleted(flags) && !isDeleted(given)
		if ourMark {
			flags = minus(flags, []string{deleted})
		}
		fates := 0
		for _, set := range []imap.UIDSet{r.remove, r.changed, r.lost} {
			if set.Contains(item.UID) {
				fates++
			}
		}
		switch {
		case fates > 1:
			t.Fatalf("%d has %d fates", item.UID, fates)
		case r.lost.Contains(item.UID) == present:
			t.Fatalf("%d: lost %v, present %v", item.UID, !present, present)
		case r.remove.Contains(item.UID) && !sameFlags(flags, given):
			t.Fatalf("%d is removed with flags %v, given were %v", item.UID, flags, given)
		case ourMark && !r.remove.Contains(item.UID) && !r.unmark.Contains(item.UID):
			t.Fatalf("%d keeps our mark", item.UID)
		case r.unmark.Contains(item.UID) && (!ourMark || r.remove.Contains(item.UID)):
			t.Fatalf("%d: a mark is taken back that is not ours or is needed", item.UID)
		}
	}
}
