// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"fmt"
	"reflect"
	"sync"
	"testing"

	"rehome"
)

func TestProgress_severalSlicesOfOneAccount(t *testing.T) {
	t.Parallel()
	p := NewProgress()
	want := func(when string, want Snapshot) {
		t.Helper()
		got := p.Snapshot()
		got = Snapshot{Finished: got.Finished, Failed: got.Failed, Messages: got.Messages, Octets: got.Octets, Done: got.Done, Copied: got.Copied,
			CopiedOctets: got.CopiedOctets}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", when, got, want)
		}
	}
	p.Present("a", 5) // before it was looked at
	want("unknown account", Snapshot{})
	p.Looked("a", 100, 1000)
	want("looked", Snapshot{Messages: 100, Octets: 1000})
	p.Present("a", 10)
	p.Copied("a", 30, 300)
	want("first slice", Snapshot{Messages: 100, Octets: 1000, Done: 40, Copied: 30, CopiedOctets: 300})
	p.Looked("a", 101, 1010)
	want("second slice begins: nothing falls back", Snapshot{Messages: 101, Octets: 1010, Done: 40, Copied: 30, CopiedOctets: 300})
	p.Present("a", 25)
	want("it has found a part again", Snapshot{Messages: 101, Octets: 1010, Done: 40, Copied: 30, CopiedOctets: 300})
	p.Present("a", 15)
	p.Copied("a", 61, 700)
	want("second slice", Snapshot{Messages: 101, Octets: 1010, Done: 101, Copied: 91, CopiedOctets: 1000})
	p.Copied("a", 5, 50) // came in after the look
	want("never more than all", Snapshot{Messages: 101, Octets: 1010, Done: 101, Copied: 96, CopiedOctets: 1050})
	p.Looked("b", 10, -1)
	p.Finished("b", true)
	want("another account whose size nobody knows",
		Snapshot{Finished: 1, Failed: 1, Messages: 111, Octets: -1, Done: 101, Copied: 96, CopiedOctets: 1050})
	p.Looked("a", 20, 100) // the source was tidied up
	want("fewer at the source", Snapshot{Finished: 1, Failed: 1, Messages: 30, Octets: -1, Done: 20, Copied: 96, CopiedOctets: 1050})
}

func TestProgress_manyAtOnce(t *testing.T) {
	t.Parallel()
	p := NewProgress()
	var work sync.WaitGroup
	for i := range 50 {
		name := fmt.Sprint(i)
		p.Expect(nil)
		work.Go(func() {
			p.Begin(name, nil)
			p.Looked(name, 5, 1)
			p.Copied(name, 1, 2)
			p.Snapshot()
			p.Finished(name, false)
		})
	}
	work.Wait()
	got := p.Snapshot()
	if got.Finished != 50 || got.Accounts != 50 || got.Known != 50 || got.Copied != 50 || got.Messages != 250 {
		t.Errorf("got %+v", got)
	}
	if len(p.atWork) > 0 || p.ahead != (share{}) {
		t.Errorf("%d accounts are kept, %+v are ahead after all have ended", len(p.atWork), p.ahead)
	}
}

func TestProgress_saysWhatHoldsItUp(t *testing.T) {
	t.Parallel()
	p := NewProgress()
	p.Slowed(rehome.Source, "the source asks to slow down")
	p.Slowed(rehome.Destination, "the destination asks to slow down")
	if got, want := p.Snapshot().Slowed, "the destination asks to slow down"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	p.Slowed(rehome.Destination, "")
	if got, want := p.Snapshot().Slowed, "the source asks to slow down"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgress_mailboxesAreMade(t *testing.T) {
	t.Parallel()
	p := NewProgress()
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() { p.Made("anna@example.test", 0, noteworthy-1) }, ""},
		{func() { p.Made("anna@example.test", 1200, 3000) }, "the destination creates mailboxes for anna@example.test: 1200 of 3000"},
		{func() { p.Made("bert@example.test", 0, 100) }, "the destination creates mailboxes for 2 accounts: 1200 of 3100"},
		{func() { p.Made("anna@example.test", 3000, 3000) }, "the destination creates mailboxes for bert@example.test: 0 of 100"},
		{func() { p.Looked("bert@example.test", 1, 1) }, ""},
	} {
		step.do()
		if got := p.Snapshot().Waiting; got != step.want {
			t.Errorf("got %q, want %q", got, step.want)
		}
	}
}
