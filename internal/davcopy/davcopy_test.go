// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
	"rehome/lab/corpus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRunSlice_everythingOnceThenNothing(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 120, 150))
	first := p.pass(t)
	wantTally(t, "contacts", first.Tallies[rehome.KindContacts], Tally{Objects: 120, Copied: 120})
	wantTally(t, "calendars", first.Tallies[rehome.KindCalendars], Tally{Objects: 150, Copied: 150})
	for _, kind := range []dav.Kind{dav.AddressBooks, dav.Calendars} {
		src, dst := p.holding(t, p.src, kind), p.holding(t, p.dst, kind)
		if len(src) != len(dst) {
			t.Errorf("%s: %d at the source, %d at the destination", kind, len(src), len(dst))
		}
		for uid, data := range src {
			if len(dst[uid]) != 1 || !pim.Compare(data[0], dst[uid][0], pimKind(kind)).State.Harmless() {
				t.Errorf("%s %s: %d copies, or another content", kind, uid, len(dst[uid]))
			}
		}
	}
	second := p.pass(t)
	wantTally(t, "contacts again", second.Tallies[rehome.KindContacts], Tally{Objects: 120})
	wantTally(t, "calendars again", second.Tallies[rehome.KindCalendars], Tally{Objects: 150})

	p.loseLedger(t)
	third := p.pass(t)
	wantTally(t, "contacts without a ledger", third.Tallies[rehome.KindContacts], Tally{Objects: 120, Adopted: 120})
	wantTally(t, "calendars without a ledger", third.Tallies[rehome.KindCalendars], Tally{Objects: 150, Adopted: 150})
}

func pimKind(kind dav.Kind) pim.Kind {
	if kind == dav.AddressBooks {
		return pim.KindContact
	}
	return pim.KindCalendar
}

// Every dirty object ends in a way that is foreseen for Radicale, and none stops the others.
func TestRunSlice_dirtyObjects(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.DirtyPerson(address, password))
	result := p.pass(t)
	exceptions, err := p.ledger.Exceptions(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	state := map[string]ledger.Exception{}
	for _, e := range exceptions {
		state[decodedName(e.Source)] = e
	}
	quarantined := 0
	for _, o := range corpus.DirtyObjects() {
		e := state[o.Name]
		ends := o.Ends(corpus.Radicale)
		switch o.Repair {
		case corpus.FoldElsewhere: // no rule folds a line anew, and what it means is kept
			ends = append(ends, corpus.EndEqual)
		case corpus.JoinOverrides: // two objects of one event are not made one
			ends = append(ends, corpus.EndQuarantined)
			if !overrideApart.Has(e.Code) || !strings.Contains(e.Words, "another name") {
				t.Errorf("%s: %s %s, want it to say that the event is in another object", o.Name, e.Code, e.Words)
			}
		}
		if !endsAs(e, ends) {
			t.Errorf("%s (%s) ended as %q %v: %s; want one of %v", o.Name, o.Trap, e.State, e.Repairs, e.Words, ends)
		}
		if e.State == ledger.ObjectQuarantined {
			quarantined++
			kept, err := os.ReadFile(e.Escrow)
			if err != nil || !bytes.Equal(kept, o.Data) {
				t.Errorf("%s is not kept as it was: %v", o.Name, err)
				continue
			}
			if info, err := os.Stat(e.Escrow); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, want mode 0600", e.Escrow, info.Mode())
			}
		}
	}
	if got := result.Tallies[rehome.KindContacts].Quarantined + result.Tallies[rehome.KindCalendars].Quarantined; got != quarantined {
		t.Errorf("%d counted as quarantined, want %d", got, quarantined)
	}
	again := p.pass(t)
	for kind, tally := range again.Tallies {
		if tally.Copied+tally.Updated+tally.Adopted > 0 {
			t.Errorf("%s: a second pass wrote: %+v", kind, tally)
		}
	}
}

func endsAs(e ledger.Exception, ends []corpus.End) bool {
	for _, end := range ends {
		switch end {
		case corpus.EndQuarantined:
			if e.State == ledger.ObjectQuarantined {
				return true
			}
		case corpus.EndRepaired:
			if e.State == ledger.ObjectMerged || len(e.Repairs) > 0 && e.State != ledger.ObjectQuarantined {
				return true
			}
		default:
			if e.State == "" || e.State == ledger.ObjectStored && len(e.Repairs) == 0 {
				return true
			}
		}
	}
	return false
}

// put changes the source as a client would.
func (p *pair) put(t *testing.T, name, summary string) {
	t.Helper()
	p.write(t, p.src, name, summary)
}

// A pass that is stopped at any moment, in whatever a server was doing, leaves nothing double and nothing
// out.
func TestRunSlice_goesOnAfterEveryInterruption(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 40, 40))
	for range 60 {
		ctx, cancel := context.WithTimeout(t.Context(), 120*time.Millisecond)
		_, err := p.engine().RunSlice(ctx, account(), time.Now(), someTime)
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.DeadlineExceeded) && !strings.Contains(err.Error(), "deadline") && !strings.Contains(err.Error(), "canceled") {
			t.Fatal(err)
		}
	}
	p.pass(t)
	for _, kind := range []dav.Kind{dav.AddressBooks, dav.Calendars} {
		dst := p.holding(t, p.dst, kind)
		if len(dst) != 40 {
			t.Errorf("%s: %d at the destination, want 40", kind, len(dst))
		}
		for uid, copies := range dst {
			if len(copies) != 1 {
				t.Errorf("%s is there %d times", uid, len(copies))
			}
		}
	}
}
