// SPDX-License-Identifier: Apache-2.0

package switchover

import (
	"slices"
	"strings"
	"time"

	"rehome/internal/ledger"
)

// proved follows a look at all sets at every server, on the way across and on the way back.
func (a *after) proved() {
	if a.out.Err != nil {
		a.failed(GateProof, a.out.Err)
		return
	}
	back := a.Cutover.State == ledger.CutoverProvingBack
	for i := range a.Cutover.Records {
		set := &a.Cutover.Records[i]
		want, other, seen := set.After, set.Before, ledger.RecordSeen
		if back {
			want, other, seen = set.Before, set.After, ledger.RecordSeenBack
		}
		concerned := set.State == ledger.RecordWritten || !back && set.State == ledger.RecordSeen || back && set.State == ledger.RecordRestored
		if !concerned || i >= len(a.out.Sights) {
			continue
		}
		if everywhere(want.Data, a.out.Sights[i]) {
			if set.State != seen {
				set.State, set.Seen = seen, a.now
			}
			continue
		}
		a.lagging(*set, want, other, a.out.Sights[i])
	}
	if !a.pass() {
		return
	}
	if back {
		a.Cutover.Looked = time.Time{}
		a.enter(ledger.CutoverReturning)
		return
	}
	a.Cutover.Switched = a.now
	a.enter(ledger.CutoverProbing)
}

// lagging says which servers do not give a set yet, and what they give.
func (a *after) lagging(set ledger.CutoverRecord, want, other ledger.RecordSet, sight Sight) {
	var late, silent []string
	for _, said := range sight.Servers {
		switch {
		case said.Words != "":
			silent = append(silent, said.Server+" ("+said.Words+")")
		case slices.Equal(said.Data, want.Data):
		case slices.Equal(said.Data, other.Data):
			late = append(late, said.Server)
		default:
			a.hold(GateZone, said.Server+" gives "+shown(said.Data)+" as "+set.About+" of "+set.Name+", which rehome has not written",
				"whoever changed it", "change it to "+shown(want.Data)+"; rehome goes on by itself when every server gives that")
			return
		}
	}
	switch {
	case len(sight.Servers) == 0:
		a.hold(GateServers, "no server of the zone of "+set.Name+" was found", "whoever runs its DNS", "rehome asks again by itself")
	case len(late) > 0:
		a.hold(GateProof, joined(late)+" still "+verb(late, "gives", "give")+" "+shown(other.Data)+" as "+set.About+" of "+set.Name,
			"whoever runs "+joined(late),
			"wait some minutes; if it lasts, have the server follow the others, or taken out of the delegation")
	default:
		a.hold(GateProof, joined(silent)+" "+verb(silent, "does", "do")+" not say what stands at "+set.Name, "whoever runs its DNS",
			"have it mended, or its name removed at the registrar")
	}
}

func verb(of []string, one, more string) string {
	if len(of) == 1 {
		return one
	}
	return more
}

func joined(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

// probed follows the test messages.
func (a *after) probed() {
	switch p := a.out.Probed; {
	case a.out.Err != nil:
		a.failed(GateProbe, a.out.Err)
	default:
		if p.In != "" {
			a.hold(GateProbe, "a test message from outside has not arrived at the destination: "+p.In, "whoever runs the destination",
				orElse(p.NextStep, "rehome looks again by itself"))
		}
		if p.Out != "" {
			a.hold(GateProbe, "a test message from the destination has not arrived outside: "+p.Out, "whoever runs the destination",
				orElse(p.NextStep, "rehome looks again by itself"))
		}
	}
	if !a.pass() {
		return
	}
	if p := a.out.Probed; p.NotTried != "" {
		a.line("probe not tried", "", p.NotTried)
	}
	a.enter(ledger.CutoverReleasing)
}

// released follows the rules that waited.
func (a *after) released() {
	if a.out.Err != nil {
		a.failed(GateRules, a.out.Err)
	}
	a.left(GateRules, "rules that waited are not switched on")
	if !a.pass() {
		return
	}
	a.Cutover.Quiet = a.now
	a.enter(ledger.CutoverLate)
}

// late follows a pass for late mail. A domain is live when nothing has come late for long enough; the time counts from when the
// last resolver may have forgotten the old records.
func (a *after) late() {
	if a.out.Err != nil {
		a.failed(GateLate, a.out.Err)
		return
	}
	a.left(GateLate, "late mail could not be brought")
	a.Cutover.Looked = a.now
	a.Wait = a.settings.Every
	if n := a.out.Carried.Messages; n > 0 {
		a.Cutover.Late += n
		a.Cutover.Quiet = a.now
	}
	if len(a.holds) > 0 && !a.pass() || a.now.Before(LiveAt(a.Cutover, a.settings)) {
		return
	}
	a.Wait = 0
	a.enter(ledger.CutoverLive)
}

// SafeAt is when no resolver gives the old records any more, as far as TTLs bind them; zero before the switch.
func SafeAt(c ledger.Cutover) time.Time {
	safe := c.Switched
	for _, set := range c.Records {
		if !set.Seen.IsZero() && set.State == ledger.RecordSeen {
			safe = latest(safe, set.Seen.Add(set.Before.TTL))
		}
	}
	return safe
}

// LiveAt is when the domain is live if no more mail comes late.
func LiveAt(c ledger.Cutover, settings Settings) time.Time {
	return latest(c.Quiet, SafeAt(c)).Add(settings.Quiet)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// returned follows a pass that carries mail back. It is over when a pass finds nothing after the last resolver has forgotten the
// destination.
func (a *after) returned() {
	if a.out.Err != nil {
		a.failed(GateReturn, a.out.Err)
		return
	}
	a.left(GateReturn, "mail could not be carried back")
	a.Cutover.Looked = a.now
	a.Cutover.Returned += a.out.Carried.Messages
	a.Wait = a.settings.Every
	if len(a.holds) > 0 && !a.pass() || a.out.Carried.Messages > 0 || a.now.Before(backAt(a.Cutover)) {
		return
	}
	a.Wait = 0
	a.enter(ledger.CutoverRolledBack)
}

// backAt is when no resolver leads to the destination any more.
func backAt(c ledger.Cutover) time.Time {
	var back time.Time
	for _, set := range c.Records {
		if set.State == ledger.RecordSeenBack {
			back = latest(back, set.Seen.Add(set.After.TTL))
		}
	}
	return back
}
