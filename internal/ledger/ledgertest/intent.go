// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// recovered finds items of an intent, which may have been more.
func recovered(t testing.TB, l *handle, m *ledger.Mailbox, id int64, items []ledger.Item) error {
	_, err := l.Mail.Recover(t.Context(), m, ledger.Intent{ID: id, Items: items}, items, nil)
	return err
}

func recoverTheRestStaysOpen(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	intend(t, l, m, messages(1, 2, 3)...)
	must(t, l.Mail.Orphan(t.Context(), inbox().Address))
	intent := load(t, l, inbox()).Intents[0]
	found := []ledger.Item{{UID: 2, DstUID: 77}}
	rest, err := l.Mail.Recover(t.Context(), m, intent, found, nil)
	must(t, err)
	again := load(t, l, inbox())
	if again.Done.String() != "2" || again.Ours.String() != "77" {
		t.Errorf("done %s, ours %s, want 2 and 77", again.Done, again.Ours)
	}
	if diff := cmp.Diff([]ledger.Intent{rest}, again.Intents); diff != "" {
		t.Error(diff)
	}
	if got := sourceUIDs(rest.Items).String(); got != "1,3" || !rest.Alive.Equal(intent.Alive) || rest.Floor != intent.Floor {
		t.Errorf("the rest is %+v, want 1,3 of %+v", rest, intent)
	}
}

// What somebody else may have put there is done, and is never removed.
func recoverWhatMayBeOfOthers(t *testing.T, empty Empty) {
	for name, ours := range map[string][]ledger.Item{"beside ours": {{UID: 1, DstUID: 76}}, "alone": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := create(t, empty)
			m := load(t, l, inbox())
			intend(t, l, m, messages(1, 2, 3)...)
			must(t, l.Mail.Orphan(t.Context(), inbox().Address))
			_, err := l.Mail.Recover(t.Context(), m, load(t, l, inbox()).Intents[0], ours, []ledger.Item{{UID: 2, DstUID: 78}})
			must(t, err)
			for _, got := range []*ledger.Mailbox{m, load(t, l, inbox())} {
				if got.Adopted.String() != "2" || !got.Done.Contains(2) || !got.Ours.Contains(78) || got.Done.Len() != len(ours)+1 {
					t.Errorf("adopted %s, done %s, ours %s", got.Adopted, got.Done, got.Ours)
				}
			}
		})
	}
}

// What was confirmed without UIDs is known to be, by itself and when it is given up, and so is what it was.
func noteAnsweredIsRemembered(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	intend(t, l, m, messages(1, 2, 4)...)
	intend(t, l, m, messages(3)...)
	intents := load(t, l, inbox()).Intents
	if intents[0].Items[0].Digest != nil {
		t.Errorf("%+v, want no digest of what was not confirmed", intents[0])
	}
	intents[0].Items = hashed(messages(1, 2)) // 4 was not sent
	intents[0].Answered = true
	must(t, l.Mail.NoteAnswered(t.Context(), intents[0]))
	intents = load(t, l, inbox()).Intents
	if !intents[0].Answered || intents[1].Answered || sourceUIDs(intents[0].Items).String() != "1:2" {
		t.Errorf("%+v, want the first answered, without 4", intents)
	}
	rest, err := l.Mail.Recover(t.Context(), m, intents[0], []ledger.Item{{UID: 2, DstUID: 77}}, nil)
	must(t, err)
	m = load(t, l, inbox())
	if !rest.Answered || len(m.Intents) != 2 || m.Intents[0].Answered || !m.Intents[1].Answered {
		t.Errorf("%+v, and the rest %+v, want the rest answered", m.Intents, rest)
	}
	must(t, l.Mail.GiveUp(t.Context(), m, m.Intents...))
	for name, got := range map[string][]ledger.Voided{"in memory": m.Voids, "in the file": load(t, l, inbox()).Voids} {
		if len(got) != 2 || got[0].Answered || !got[1].Answered || got[1].Sources.String() != "1" {
			t.Fatalf("%s: %+v, want 1 answered", name, got)
		}
		if what, want := got[1].Sent[1].Digest, hashed(messages(1))[0].Digest; !bytes.Equal(what, want) || got[0].Sent[3].Digest != nil {
			t.Errorf("%s: %+v, want the digest of what was confirmed", name, got)
		}
	}
}

func reviveAllOfTheAccount(t *testing.T, empty Empty) {
	l := create(t, empty)
	sent := inbox()
	sent.Source = "Sent"
	sent.Destination = "Sent"
	for _, anchor := range []ledger.Anchor{inbox(), sent} {
		intend(t, l, load(t, l, anchor), messages(1)...)
	}
	other := inbox()
	other.Address = "other@example.test"
	intend(t, l, load(t, l, other), messages(1)...)
	l.now = func() time.Time { return time.Unix(1000, 0) }
	must(t, l.Mail.Orphan(t.Context(), inbox().Address))
	l.now = func() time.Time { return time.Unix(1060, 0) }
	must(t, l.Mail.Revive(t.Context(), inbox().Address))
	for _, c := range []struct {
		anchor ledger.Anchor
		want   time.Time
	}{{inbox(), time.Unix(1060, 0)}, {sent, time.Unix(1060, 0)}, {other, time.Time{}}} {
		if got := load(t, l, c.anchor).Intents[0].Alive; !got.Equal(c.want) {
			t.Errorf("%s %s: alive at %v, want %v", c.anchor.Address, c.anchor.Source, got, c.want)
		}
	}
}

// What was begun for an earlier incarnation of a mailbox can arrive in the present one as well.
func mailboxIntentsOfAnEarlierGeneration(t *testing.T, empty Empty) {
	l := create(t, empty)
	intend(t, l, load(t, l, inbox()), messages(1, 2)...)
	renumbered := inbox()
	renumbered.SrcUIDValidity++
	m := load(t, l, renumbered)
	if len(m.Intents) != 1 || !m.Intents[0].Former || len(m.Intents[0].Items) != 0 {
		t.Fatalf("intents %+v, want the former one", m.Intents)
	}
	wantStates(t, l) // open
	must(t, l.Mail.GiveUp(t.Context(), m, m.Intents...))
	wantStates(t, l) // it may arrive later still
	again := load(t, l, renumbered)
	for name, got := range map[string][]ledger.Voided{"in memory": m.Voids, "in the file": again.Voids} {
		if len(got) != 1 || !got[0].Former || got[0].Floor != m.Intents[0].Floor || !got[0].Sources.Empty() {
			t.Errorf("%s: %+v, want the former one", name, got)
		}
	}
	if len(again.Intents) > 0 {
		t.Errorf("intents %+v are left", again.Intents)
	}
}

// What was given up is remembered when the source renumbers the mailbox, and what its messages are is not known any more.
func giveUpIsRememberedByLaterGenerations(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	must(t, l.Mail.NoteDoubles(t.Context(), m, ledger.Voided{Floor: 9, Sources: imap.NewUIDSet(3, 4)}))
	renumbered := inbox()
	renumbered.SrcUIDValidity++
	if m = load(t, l, renumbered); len(m.Voids) != 1 || !m.Voids[0].Former || m.Voids[0].Floor != 9 || !m.Voids[0].Sources.Empty() {
		t.Errorf("%+v, want the former one from 9 on", m.Voids)
	}
	wantStates(t, l) // open
	renumbered.DstUIDValidity++
	if m = load(t, l, renumbered); len(m.Voids) != 1 || m.Voids[0].Floor != 1 {
		t.Errorf("%+v, want it from 1 on: the destination counts anew", m.Voids)
	}
}

// A destination that was put back to an earlier state gives UIDs out that were below what is under way.
func doubtLowersTheFloors(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	_, err := l.Mail.Intend(t.Context(), m, 9, messages(1))
	must(t, err)
	must(t, l.Mail.NoteDoubles(t.Context(), m, ledger.Voided{Floor: 8, Sources: imap.NewUIDSet(3)}))
	m = load(t, l, inbox())
	for _, c := range []struct{ from, intent, void imap.UID }{{10, 9, 8}, {5, 5, 5}, {0, 5, 5}} {
		must(t, l.Mail.Doubt(t.Context(), m, c.from))
		for name, got := range map[string]*ledger.Mailbox{"in memory": m, "in the file": load(t, l, inbox())} {
			if got.Intents[0].Floor != c.intent || got.Voids[0].Floor != c.void {
				t.Errorf("from %d, %s: floors %d and %d, want %d and %d", c.from, name, got.Intents[0].Floor, got.Voids[0].Floor, c.intent, c.void)
			}
		}
	}
}

// What is under way to a mailbox that is gone may arrive in the one that is made anew in its place.
func dropWhatIsUnderWay(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	intend(t, l, m, messages(1, 2)...)
	must(t, l.Mail.Drop(t.Context(), m.ID))
	anew := inbox()
	anew.DstUIDValidity++
	again := load(t, l, anew)
	if len(again.Intents) != 1 || again.Intents[0].Former || again.Intents[0].Floor != 1 || len(again.Intents[0].Items) != 2 {
		t.Errorf("intents %+v, want both messages from UID 1 on", again.Intents)
	}
}

func giveUpIsRemembered(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	sent := messages(4, 1, 2) // in whatever order
	sent[0].Flags, sent[1].Flags = []string{`\Flagged`, "mine"}, nil
	intend(t, l, m, sent...)
	m = load(t, l, inbox())
	must(t, l.Mail.GiveUp(t.Context(), m, m.Intents...))
	want := []ledger.Voided{{Floor: m.Intents[0].Floor, Sources: imap.NewUIDSet(1, 2, 4),
		Sent: map[imap.UID]ledger.Item{1: {UID: 1}, 2: {UID: 2, Flags: []string{`\Seen`}}, 4: {UID: 4, Flags: []string{`\Flagged`, "mine"}}}}}
	again := load(t, l, inbox())
	for name, got := range map[string][]ledger.Voided{"in memory": m.Voids, "in the file": again.Voids} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if len(again.Intents) > 0 {
		t.Errorf("intents %+v are left", again.Intents)
	}
	wantStates(t, l) // open
	l.now = func() time.Time { return time.Now().Add(8 * 24 * time.Hour) }
	wantStates(t, l, inbox().Source)
	if again := load(t, l, inbox()); len(again.Voids) > 0 {
		t.Errorf("%+v is remembered for ever", again.Voids)
	}
}

// What is there once more than it should be is remembered like a batch that was given up.
func noteDoublesIsRemembered(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	must(t, l.Mail.NoteDoubles(t.Context(), m, ledger.Voided{Floor: 9, Sources: imap.NewUIDSet(3, 4), Replaced: true}))
	for name, got := range map[string][]ledger.Voided{"in memory": m.Voids, "in the file": load(t, l, inbox()).Voids} {
		if len(got) != 1 || got[0].Floor != 9 || got[0].Sources.String() != "3:4" {
			t.Errorf("%s: %+v, want 3:4 from 9 on", name, got)
		}
	}
	wantStates(t, l) // open
}
