// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// However much there is to do, an account keeps to its limits; and more work never means fewer connections.
func TestCrew_withinItsLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := work{
			mailboxes: rapid.IntRange(0, 3000).Draw(t, "mailboxes"), writers: rapid.IntRange(0, 9).Draw(t, "writers"),
			messages: rapid.Int64Range(0, 1e7).Draw(t, "messages"),
			octets:   rapid.Int64Range(0, 1e13).Draw(t, "octets"), unknown: rapid.Bool().Draw(t, "unknown"),
		}
		lag := time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "lag"))
		worth := time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "worth"))
		most := rapid.IntRange(1, 16).Draw(t, "most")
		n := w.crew(lag, worth, most)
		if n < 1 || n > most || n > max(1, w.mailboxes+w.writers) || lag < longLine && n > shortCrews {
			t.Fatalf("got %d connections", n)
		}
		more := w
		more.messages += rapid.Int64Range(0, 1e6).Draw(t, "more")
		if got := more.crew(lag, worth, most); got < n {
			t.Fatalf("%d connections for more work, %d for less", got, n)
		}
	})
}

func TestCrew_asTheWorkIsWorth(t *testing.T) {
	t.Parallel()
	const short, long = time.Millisecond, 80 * time.Millisecond
	for name, test := range map[string]struct {
		work work
		lag  time.Duration
		want int
	}{
		"nothing":                        {work{}, short, 1},
		"a small account":                {work{mailboxes: 5, messages: 20, octets: 200_000}, short, 1},
		"500 messages":                   {work{mailboxes: 5, messages: 500, octets: 5e6}, short, 1},
		"10,000 messages":                {work{mailboxes: 20, messages: 10_000, octets: 100e6}, short, 4},
		"a few large messages":           {work{mailboxes: 4, messages: 300, octets: 3e9}, short, 4},
		"a change in 20 mailboxes":       {work{mailboxes: 20, messages: 20, octets: 200_000}, short, 1},
		"250 mailboxes, next to empty":   {work{mailboxes: 250, messages: 1, octets: 10}, short, 3},
		"20 mailboxes far away":          {work{mailboxes: 20, messages: 20, octets: 200_000}, long, 8},
		"two mailboxes far away":         {work{mailboxes: 2, messages: 4, octets: 40_000}, long, 2},
		"one mailbox, whatever it has":   {work{mailboxes: 1, messages: 1e6, octets: 1e11}, long, 1},
		"one mailbox of several writers": {work{mailboxes: 1, writers: 10, messages: 10_000, octets: 100e6}, short, 4},
		"nobody tells how much there is": {work{mailboxes: 20, unknown: true}, short, 4},
	} {
		if got := test.work.crew(test.lag, 0, 8); got != test.want {
			t.Errorf("%s: got %d connections, want %d", name, got, test.want)
		}
	}
}

func TestWorkOf_whatIsLacking(t *testing.T) {
	t.Parallel()
	told := func(messages, size int64) imap.ListEntry {
		return imap.ListEntry{Status: &imap.Status{Messages: imap.CountOf(messages), Size: size}}
	}
	var row ledger.Mailbox
	row.Done.AddRange(1, 5)
	v := accountView{
		src:  map[string]imap.ListEntry{"new": told(10, 1000), "half": told(10, 1000), "sizeless": told(2, -1), "silent": {}},
		rows: map[string]ledger.Mailbox{"half": row},
	}
	job := func(name string) []mapping.Pair { return []mapping.Pair{{Source: name}} }
	if got, want := v.workOf([][]mapping.Pair{job("new"), job("half")}, 0), (work{mailboxes: 2, messages: 15, octets: 1500}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := v.workOf([][]mapping.Pair{job("new"), job("half")}, 4); got.writers != 3 {
		t.Errorf("got %d further writers of 10 and 5 messages, want 3", got.writers)
	}
	if got := v.workOf([][]mapping.Pair{job("sizeless")}, 0); got.octets != 2*usualOctets {
		t.Errorf("got %d octets of two messages without a size", got.octets)
	}
	if got := v.workOf([][]mapping.Pair{job("silent")}, 0); !got.unknown {
		t.Error("a mailbox without a status counts as known")
	}
}
