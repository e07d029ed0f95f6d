// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
	"rehome/internal/verify"
)

// Whatever is told, and be it nonsense: what differs without it differs with it, and no object becomes harmless for it.
func TestReasons_makeNothingEqual(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src, dst := memory{}, memory{}
		for _, book := range []string{"book1", "book2"} {
			src["/s/"+book+"/"], dst["/d/"+book+"/"] = drawCards(t, book+" at the source"), drawCards(t, book+" at the destination")
		}
		places := slices.Sorted(maps.Keys(src))
		targets := slices.Sorted(maps.Keys(dst))
		troubles := []Trouble{"", Refused, Damaged, Lost, Diverged, Older, Waiting, Vanished}
		why := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Reason {
			return Reason{
				Collection: rapid.SampledFrom(places).Draw(t, "collection"), Object: fmt.Sprintf("%d.vcf", rapid.IntRange(0, 3).Draw(t, "object")),
				Target: rapid.SampledFrom(targets).Draw(t, "target"), Trouble: rapid.SampledFrom(troubles).Draw(t, "trouble"), Words: "because",
			}
		}), 0, 6).Draw(t, "reasons")
		untold, told := compared(t, verify.LevelFull, src, dst), compared(t, verify.LevelFull, src, dst, why...)
		if told.Verdict == verify.Equal && untold.Verdict != verify.Equal {
			t.Errorf("equal for what was told; without it: %+v", untold.Contacts.Differences)
		}
		if told.Contacts.Total() < untold.Contacts.Total() {
			t.Errorf("%d differences with what was told, and %d without it", told.Contacts.Total(), untold.Contacts.Total())
		}
	})
}

// drawCards fills an address book with contacts of which some are the same, some have one UID and some have none.
func drawCards(t *rapid.T, label string) map[string]string {
	all := map[string]string{}
	for i := range rapid.IntRange(0, 4).Draw(t, label) {
		uid := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "uid")
		card := contact(uid, rapid.SampledFrom([]string{"", "NOTE:x\r\n"}).Draw(t, "note"))
		if rapid.IntRange(0, 4).Draw(t, "has a UID") == 0 {
			card = strings.Replace(card, "UID:"+uid+"\r\n", "", 1)
		}
		all[fmt.Sprintf("%d.vcf", i)] = card
	}
	return all
}

// Two objects that nobody can read are not the same for that: what is told of one is not told of the other.
func TestReasons_unreadableContentIsNoTwin(t *testing.T) {
	t.Parallel()
	src := memory{"/s/book/": {"a.vcf": "not a card", "b.vcf": "nor is this"}}
	dst := memory{"/d/book/": {"a.vcf": "not a card"}}
	lost := Reason{Collection: "/s/book/", Object: "a.vcf", Target: "/d/book/", Trouble: Lost, Words: "it is lost"}
	result := compared(t, verify.LevelFull, src, dst, lost)
	if d := result.Contacts.Differences; len(d) != 1 || d[0].Object != "b.vcf" || d[0].State != pim.StateMissing {
		t.Errorf("%+v, want b.vcf missing", d)
	}
}

// silent does not answer for one of the objects that it lists.
type silent struct{ memory }

func (s silent) Fetch(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error {
	return s.memory.Fetch(ctx, c, items[:len(items)-1], each)
}

func TestCompare_unansweredIsUnknown(t *testing.T) {
	t.Parallel()
	book := map[string]string{"a.vcf": contact("a", ""), "b.vcf": contact("b", "")}
	open := func(e End) func(context.Context, rehome.Account) (End, error) {
		return func(context.Context, rehome.Account) (End, error) { return e, nil }
	}
	v := verify.New(verify.Options{}, New(Options{
		Source: open(silent{memory{"/s/book/": book}}), Destination: open(silent{memory{"/d/book/": book}}), Kinds: []rehome.Kind{rehome.KindContacts},
	}))
	result, err := v.Account(t.Context(), rehome.Account{Address: "anna@example.test"})
	if err != nil || result.Verdict != verify.Unknown || len(result.Findings) != 1 {
		t.Errorf("%+v, %v; want unknown with a finding", result, err)
	}
}

type noExplainer struct{}

func (noExplainer) Reasons(context.Context, string) ([]Reason, error) {
	return nil, errors.New("closed")
}

func TestCompare_explainerFails(t *testing.T) {
	t.Parallel()
	open := func(context.Context, rehome.Account) (End, error) { return memory{}, nil }
	v := verify.New(verify.Options{}, New(Options{Source: open, Destination: open, Kinds: []rehome.Kind{rehome.KindContacts}, Explainer: noExplainer{}}))
	if result, err := v.Account(t.Context(), rehome.Account{}); err != nil || result.Verdict != verify.Unknown {
		t.Errorf("%+v, %v; want unknown", result, err)
	}
}
