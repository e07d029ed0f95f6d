// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// drawEntries makes entries of few different contents, as duplicates are in real mailboxes.
func drawEntries(t *rapid.T, label string) []entry {
	entries := make([]entry, rapid.IntRange(0, 12).Draw(t, label))
	for i := range entries {
		content := byte(rapid.IntRange(1, 4).Draw(t, "content"))
		entries[i] = entry{
			uid: imap.UID(i + 1), size: int64(content)*1000 + int64(rapid.IntRange(0, 2).Draw(t, "estimate")),
			date:   time.Unix(int64(rapid.IntRange(-1, 3).Draw(t, "date")+rapid.SampledFrom([]int{0, 200_000}).Draw(t, "later")), 0),
			digest: message.Digest{content, byte(rapid.IntRange(0, 1).Draw(t, "as stored"))}, kin: message.Digest{content},
		}
		if rapid.IntRange(0, 4).Draw(t, "told") == 0 {
			entries[i].size = 0
		}
		if rapid.IntRange(0, 4).Draw(t, "dated") == 0 {
			entries[i].date = time.Time{}
		}
	}
	return entries
}

// Each message is used once, and of each content as many find each other as both ends have; where UIDs are shared, those of one UID.
func TestPairByDigest_keepsMultiplicity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src, dst := drawEntries(t, "source"), drawEntries(t, "destination")
		shared := rapid.Bool().Draw(t, "shared")
		pairs := pairByDigest(pointers(src), pointers(dst), exclusions{uids: sharedUIDs{are: shared}})
		count := func(entries []entry) (n [5]int) {
			for _, e := range entries {
				n[e.kin[0]]++
			}
			return n
		}
		var paired [5]int
		used := [2]map[imap.UID]bool{{}, {}}
		equal, best := 0, 0
		for _, p := range pairs {
			if p.src.kin != p.dst.kin || used[0][p.src.uid] || used[1][p.dst.uid] {
				t.Errorf("%+v with %+v", p.src, p.dst)
			}
			used[0][p.src.uid], used[1][p.dst.uid] = true, true
			paired[p.src.kin[0]]++
			if p.src.digest == p.dst.digest {
				equal++
			}
			if at := int(p.src.uid) - 1; shared && p.src.uid != p.dst.uid && at < len(dst) && dst[at].digest == p.src.digest {
				t.Errorf("%+v with %+v, and its own UID is there", p.src, p.dst)
			}
		}
		here, there := count(src), count(dst)
		for content := range paired {
			if want := min(here[content], there[content]); paired[content] != want {
				t.Errorf("content %d: %d pairs, want %d", content, paired[content], want)
			}
		}
		digests := map[message.Digest][2]int{}
		for i, side := range [][]entry{src, dst} {
			for _, e := range side {
				n := digests[e.digest]
				n[i]++
				digests[e.digest] = n
			}
		}
		for _, n := range digests {
			best += min(n[0], n[1])
		}
		if equal != best {
			t.Errorf("%d of %d pairs are equal to the octet, %d can be", equal, len(pairs), best)
		}
	})
}

// What may be the same message by its hints is compared, whichever way the hints are looked up; what cannot is not.
func TestLikeness_candidates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src, dst := drawEntries(t, "source"), drawEntries(t, "destination")
		like := likeness{exact: rapid.Bool().Draw(t, "exact"), dated: rapid.Bool().Draw(t, "dated")}
		oldest := time.Unix(math.MaxInt32, 0) // of the dates of the source that can be kept
		for _, s := range src {
			if imap.KeepableDate(s.date) && s.date.Before(oldest) {
				oldest = s.date
			}
		}
		fits := func(s, d entry) bool {
			low, high := like.sizes(s.size)
			sized := d.size <= 0 || low <= d.size && d.size <= high
			undated := !imap.KeepableDate(s.date) || !imap.KeepableDate(d.date)
			return sized && (!like.dated || undated || s.date.Sub(d.date).Abs() <= time.Second || !d.date.Before(oldest.Add(-clockSkew)))
		}
		want := [2]map[imap.UID]bool{{}, {}}
		for _, s := range src {
			for _, d := range dst {
				if fits(s, d) {
					want[0][s.uid], want[1][d.uid] = true, true
				}
			}
		}
		srcLike, dstLike := like.candidates(src, dst)
		for i, got := range [][]*entry{srcLike, dstLike} {
			if len(got) != len(want[i]) {
				t.Errorf("side %d: %d candidates, want %d", i, len(got), len(want[i]))
			}
			for _, e := range got {
				if !want[i][e.uid] {
					t.Errorf("side %d: %+v is none", i, *e)
				}
			}
		}
	})
}

// An adopted message loses no flag, and gets no mark for removal of the source's.
func TestAdoption_flags(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		flags := rapid.SliceOfDistinct(rapid.SampledFrom([]string{`\Seen`, `\Flagged`, `\Deleted`, "$Label"}), rapid.ID)
		p := pairing{src: entry{uid: 1, flags: flags.Draw(t, "source")}, dst: entry{uid: 9, flags: flags.Draw(t, "destination")}}
		known := rapid.Bool().Draw(t, "known")
		former := p.src.item()
		former.Flags = flags.Draw(t, "as last applied")
		a := adoption(p, former, known)
		added, taken := minus(p.src.flags, a.item.Flags), minus(a.item.Flags, p.src.flags) // by the next update of flags
		if a.due != (len(added)+len(taken) > 0) {
			t.Errorf("due %v, and %q are to be added and %q taken away", a.due, added, taken)
		}
		if known {
			if !sameFlags(a.item.Flags, former.Flags) {
				t.Errorf("%q count as applied, want %q", a.item.Flags, former.Flags)
			}
			return
		}
		if len(taken) > 0 || isDeleted(added) {
			t.Errorf("%q would be taken away and %q added", taken, added)
		}
		if missing := minus(minus(minus(p.src.flags, p.dst.flags), added), []string{deleted}); len(missing) > 0 {
			t.Errorf("%q of the source are lost", missing)
		}
	})
}

// Of what was sent several times and given up, that counts which was sent with the flags that are found.
func TestGivenUp_flags(t *testing.T) {
	t.Parallel()
	date := time.Unix(1_000_000_000, 0)
	sent := func(floor imap.UID, flags ...string) ledger.Voided {
		return ledger.Voided{Floor: floor, Sources: imap.NewUIDSet(1), Sent: map[imap.UID]ledger.Item{1: {UID: 1, Flags: flags}}}
	}
	voids := []ledger.Voided{sent(5, `\Seen`), sent(5), sent(8, `\Flagged`), {Floor: 1, Sources: imap.NewUIDSet(1)}}
	for name, c := range map[string]struct {
		uid, found imap.UID
		date       time.Time
		flags      []string
		want       string
		is         bool
	}{
		"as the first":               {1, 9, date, []string{`\Seen`, "$user"}, `\Seen`, true},
		"as the second":              {1, 7, date, nil, "", true},
		"as none: the latest":        {1, 9, date, []string{"$user"}, "", true},
		"two alike: the latest":      {1, 9, date, []string{`\Seen`, `\Flagged`}, `\Flagged`, true},
		"below what was sent last":   {1, 7, date, []string{`\Flagged`}, "", true},
		"below all":                  {1, 4, date, []string{`\Seen`}, "", false},
		"never sent":                 {2, 9, date, []string{`\Seen`}, "", false},
		"of another date: not as we": {1, 9, date.Add(time.Hour), []string{`\Seen`}, "", false},
	} {
		p := pairing{src: entry{uid: c.uid, date: date}, dst: entry{uid: c.found, date: c.date, flags: c.flags}}
		item, is := givenUp(voids, p)
		if got := strings.Join(item.Flags, " "); is != c.is || got != c.want {
			t.Errorf("%s: got %q, %v, want %q, %v", name, got, is, c.want, c.is)
		}
	}
}
