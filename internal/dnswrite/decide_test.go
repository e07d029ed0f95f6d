// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rehome/internal/protocol/dns"
)

const zone = "example.com"

func mx(ttl int, values ...string) Set { return NewSet(Key{zone, dns.MX}, ttl, values...) }

func txt(ttl int, values ...string) Set { return NewSet(Key{zone, dns.TXT}, ttl, values...) }

// told is how a decision about one change reads: the set that is written, or what it is otherwise.
func told(c Change, now Set, byHand bool) string {
	d := decide([]Change{c}, []Set{now}, zone, byHand)
	switch {
	case len(d.already) > 0:
		return "already"
	case len(d.write) > 0:
		return "write " + d.write[0].New.String()
	}
	return "differs"
}

func TestDecide_aSetIsOneOfBothSides(t *testing.T) {
	t.Parallel()
	move := Change{mx(300, "10 old"), mx(300, "10 new")}
	low := Change{mx(3600, "10 old"), mx(300, "10 old")}
	for name, c := range map[string]struct {
		change Change
		now    Set
		byHand bool
		want   string
	}{
		"as it was":                   {move, mx(300, "10 old"), false, "write 10 new with a TTL of 300 seconds"},
		"as wanted":                   {move, mx(300, "10 new"), false, "already"},
		"another TTL":                 {move, mx(60, "10 old"), false, "differs"},
		"one more":                    {move, mx(300, "10 old", "20 x"), false, "differs"},
		"gone":                        {move, mx(0), false, "differs"},
		"by hand, half":               {move, mx(300, "10 old", "10 new"), true, "write 10 new with a TTL of 300 seconds"},
		"by hand, removed":            {move, mx(0), true, "write 10 new with a TTL of 300 seconds"},
		"by hand, the form's TTL":     {move, mx(3600, "10 new"), true, "already"},
		"by hand, somebody else's":    {move, mx(300, "20 x"), true, "differs"},
		"lower":                       {low, mx(3600, "10 old"), false, "write 10 old with a TTL of 300 seconds"},
		"lowered":                     {low, mx(300, "10 old"), false, "already"},
		"by hand, lower than asked":   {low, mx(60, "10 old"), true, "already"},
		"by hand, not as low":         {low, mx(600, "10 old"), true, "write 10 old with a TTL of 300 seconds"},
		"by hand, raised":             {low.Back(), mx(7200, "10 old"), true, "already"},
		"remove":                      {Change{mx(300, "10 old"), mx(0)}, mx(300, "10 old"), false, "write there is none"},
		"removed":                     {Change{mx(300, "10 old"), mx(0)}, mx(0), false, "already"},
		"publish where there is one":  {Change{mx(0), mx(300, "10 new")}, mx(300, "10 x"), false, "differs"},
		"publish where there is none": {Change{mx(0), mx(300, "10 new")}, mx(0), false, "write 10 new with a TTL of 300 seconds"},
	} {
		if got := told(c.change, c.now, c.byHand); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestDecide_textsOfOthersStay(t *testing.T) {
	t.Parallel()
	spf := Change{txt(3600, "v=spf1 -all", "proof=1"), txt(300, "v=spf1 mx -all", "proof=1")}
	first := Change{txt(3600, "proof=1"), txt(300, "v=spf1 mx -all", "proof=1")}
	for name, c := range map[string]struct {
		change Change
		now    Set
		want   string
	}{
		"one more":            {spf, txt(3600, "v=spf1 -all", "proof=1", "proof=2"), "write proof=1, proof=2, v=spf1 mx -all with a TTL of 300 seconds"},
		"one less":            {spf, txt(3600, "v=spf1 -all"), "write v=spf1 mx -all with a TTL of 300 seconds"},
		"done, and one more":  {spf, txt(300, "v=spf1 mx -all", "proof=2"), "already"},
		"SPF of others":       {spf, txt(3600, "v=spf1 a -all", "proof=1"), "differs"},
		"a first SPF":         {first, txt(3600, "proof=1", "proof=2"), "write proof=1, proof=2, v=spf1 mx -all with a TTL of 300 seconds"},
		"a first SPF, theirs": {first, txt(3600, "V=SPF1 a", "proof=1"), "differs"},
		"back, one more":      {spf.Back(), txt(300, "v=spf1 mx -all", "proof=2"), "write proof=2, v=spf1 -all with a TTL of 3600 seconds"},
		"remove ours":         {Change{txt(300, "ours"), txt(0)}, txt(300, "ours", "theirs"), "write theirs with a TTL of 300 seconds"},
		"removed":             {Change{txt(300, "ours"), txt(0)}, txt(300, "theirs"), "already"},
	} {
		if got := told(c.change, c.now, false); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	key := Key{"_dmarc." + zone, dns.TXT}
	got := told(Change{NewSet(key, 300, "v=DMARC1; p=none"), NewSet(key, 300)}, NewSet(key, 300, "v=DMARC1; p=none", "x"), false)
	for now, want := range map[string]string{"v=spf1 mx -all": "write", "v=spf1 -all": "write", "v=spf1 x": "differs"} {
		union := txt(3600, "v=spf1 -all", "proof=1", "proof=2", now)
		if got, _, _ := strings.Cut(told(spf, union, true), " "); got != want {
			t.Errorf("by hand, %v: got %s, want %s", union, got, want)
		}
	}
	if got != "differs" {
		t.Errorf("a name with one use: got %q, want that it differs", got)
	}
	words := Difference{Key: mx(0).Key, Expected: mx(300, "10 old"), Found: mx(60, "10 x")}.String()
	if want := "MX example.com: it is 10 x with a TTL of 60 seconds, expected: 10 old with a TTL of 300 seconds"; words != want {
		t.Errorf("in words: got %q, want %q", words, want)
	}
}

// TestDecide_always holds what must be so for any change of a set that anybody may have changed: a text of somebody else is never
// removed, what is written leads to "already", and its way back leads back.
func TestDecide_always(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"v=spf1 a", "v=spf1 b", "p1", "p2", "p3"}), 0, 4, rapid.ID[string])
		values := all.Filter(func(texts []string) bool { // two of one kind are void, and no way leads back to them
			return !slices.Contains(texts, "v=spf1 a") || !slices.Contains(texts, "v=spf1 b")
		})
		kind := rapid.SampledFrom([]dns.Type{dns.TXT, dns.MX}).Draw(t, "kind")
		set := func(name string) Set {
			return NewSet(Key{zone, kind}, rapid.SampledFrom([]int{300, 3600}).Draw(t, name+" TTL"), values.Draw(t, name)...)
		}
		c, now := Change{set("old"), set("new")}, set("now")
		d := decide([]Change{c}, []Set{now}, zone, false)
		if len(d.write) == 0 {
			return
		}
		w := d.write[0]
		if !w.Old.Equal(now) {
			t.Fatalf("got a write over %v, want it over what is there: %v", w.Old, now)
		}
		if lost := difference(difference(now.Values, w.New.Values), c.Old.Values); len(lost) > 0 {
			t.Fatalf("got %v removed, which the change does not name", lost)
		}
		if again := decide([]Change{c}, []Set{w.New}, zone, false); len(again.already) != 1 {
			t.Fatalf("after it was written: got %+v, want that it stands", again)
		}
		back := decide([]Change{w.Back()}, []Set{w.New}, zone, false)
		if len(back.already) == 1 && w.New.Equal(w.Old) {
			return
		}
		if len(back.write) != 1 || !back.write[0].New.Equal(now) {
			t.Fatalf("back: got %+v, want %v\n%s", back, now, cmp.Diff(w.Old, w.New))
		}
	})
}
