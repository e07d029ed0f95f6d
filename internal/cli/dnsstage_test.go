// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"net/netip"
	"testing"
	"time"

	"rehome/internal/cutover"
	"rehome/internal/dnswrite"
	"rehome/internal/journey"
	"rehome/internal/protocol/dns"
)

// Each state of a change has its sentence, which names what goes, what comes and where it is missing.
func TestStagedSentence(t *testing.T) {
	t.Parallel()
	mx, txt := dnswrite.Key{Name: "a.test", Type: dns.MX}, dnswrite.Key{Name: "a.test", Type: dns.TXT}
	none, old, lower := dnswrite.NewSet(mx, 0), dnswrite.NewSet(mx, 3600, "10 x.test"), dnswrite.NewSet(mx, 300, "10 x.test")
	texts, more := dnswrite.NewSet(txt, 300, "spf", "p1", "p2"), dnswrite.NewSet(txt, 300, "spf2", "p1", "p2")
	lagging := []dnswrite.Says{{Server: "ns1", Addr: netip.MustParseAddr("192.0.2.1"), Values: []string{"10 x.test"}, TTL: 3600},
		{Server: "ns2", Words: "its name has no address"}, {Server: "ns3", Addr: netip.MustParseAddr("192.0.2.3")}}
	for _, c := range []struct {
		change journey.StagedChange
		want   string
	}{
		{journey.StagedChange{State: journey.ChangePlanned, Sentence: "lower", Old: old, New: lower},
			"lower: MX a.test 10 x.test, TTL 300 instead of 3600 seconds"},
		{journey.StagedChange{State: journey.ChangeByHand, Sentence: "publish", Old: none, New: lower}, "publish: MX a.test: 10 x.test, TTL 300 seconds"},
		{journey.StagedChange{State: journey.ChangePlanned, Sentence: "let", Old: texts, New: more},
			"let: TXT a.test spf2 instead of spf, beside 2 records that stay, TTL 300 seconds"},
		{journey.StagedChange{State: journey.ChangeFailed, Old: old, New: none}, "not changed: MX a.test without 10 x.test"},
		{journey.StagedChange{State: journey.ChangeWritten, Old: old, New: lower, Everywhere: true},
			"MX a.test is now 10 x.test with a TTL of 300 seconds, at every server"},
		{journey.StagedChange{State: journey.ChangeAlready, Old: old, New: lower}, "MX a.test already is 10 x.test with a TTL of 300 seconds"},
		{journey.StagedChange{State: journey.ChangeWritten, Old: old, New: none, Missing: lagging}, "MX a.test is now gone; not yet at " +
			"ns1 192.0.2.1 (has 10 x.test with a TTL of 3600 seconds), ns2 (its name has no address), ns3 192.0.2.3 (has none)"},
	} {
		if got := stagedSentence(c.change); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

// The last line says how it stands and what to do now.
func TestStageSummary(t *testing.T) {
	t.Parallel()
	change := func(state journey.ChangeState, everywhere bool) journey.Staged {
		return journey.Staged{Domains: []journey.StagedDomain{{Changes: []journey.StagedChange{{State: state, Everywhere: everywhere}}}}}
	}
	hand := change(journey.ChangePlanned, false)
	hand.Domains[0].Writer.ByHand = true
	waiting := change(journey.ChangeByHand, false)
	waiting.Domains[0].Writer.ByHand = true
	failed := change(journey.ChangeFailed, false)
	failed.Domains[0].Error = "refused"
	people := change(journey.ChangeWritten, true)
	people.Domains[0].Others = []cutover.Step{{}}
	ready := change(journey.ChangeWritten, true)
	ready.Domains[0].Earliest = time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	open := change(journey.ChangeAlready, true)
	open.Domains[0].Earliest, open.Domains[0].Open = ready.Domains[0].Earliest, true
	const again = `"rehome dns stage --write"`
	for _, c := range []struct {
		staged journey.Staged
		want   string
	}{
		{change(journey.ChangePlanned, false), "nothing was written; run " + again + " to write 1 change"},
		{hand, "nothing was written; enter what the instructions say, and run " + again + " to have the servers watched"},
		{waiting, "enter what the instructions say; run " + again + " to have the servers watched again"},
		{change(journey.ChangeWritten, false), "some servers do not have it yet; run " + again + " again: it writes nothing twice"},
		{failed, "not all can be done: see the lines marked x; it is safe to run " + again + " again"},
		{people, "the records are as they should be before the switch; the lines marked ! are left to you"},
		{open, "the records are as they should be; earliest safe switch: Fri 2026-03-06 18:00 UTC, " +
			"if the other steps of \"rehome cutover plan\" are taken now"},
		{ready, "the records are as they should be; earliest safe switch: Fri 2026-03-06 18:00 UTC"},
		{journey.Staged{}, `the records are as they should be; run "rehome cutover plan" to see what else the switch waits for`},
	} {
		if got := stageSummary(c.staged, "rehome dns stage"); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}
