// SPDX-License-Identifier: Apache-2.0

package switchover

import (
	"errors"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// Step is what follows from an action: where the domain stands now, the lines of the audit log, and how long to wait before the
// next action.
type Step struct {
	Cutover ledger.Cutover
	Lines   []ledger.AuditLine
	Wait    time.Duration
}

// after works out a step.
type after struct {
	Step

	action   Action
	out      Outcome
	settings Settings
	now      time.Time
	holds    []ledger.CutoverHold
}

// After says where a domain stands after an action. It asks nobody.
func After(c ledger.Cutover, action Action, out Outcome, settings Settings, now time.Time) Step {
	a := &after{Step: Step{Cutover: c}, action: action, out: out, settings: settings, now: now}
	a.Cutover.Records = slices.Clone(c.Records)
	a.Cutover.Overrides = slices.Clone(c.Overrides)
	switch action.Do {
	case DoBegin:
		a.begin()
	case DoAsk:
		a.asked()
	case DoPass:
		a.passed()
	case DoWrite:
		a.wrote()
	case DoRestore:
		a.restored()
	case DoProve:
		a.proved()
	case DoProbe:
		a.probed()
	case DoRelease:
		a.released()
	case DoLate:
		a.late()
	case DoReturn:
		a.returned()
	}
	a.keepHolds(c)
	return a.Step
}

// keepHolds replaces what the domain waits for. That another gate holds it, or none, is worth a line.
func (a *after) keepHolds(was ledger.Cutover) {
	gates := func(holds []ledger.CutoverHold) string {
		var all []string
		for _, h := range holds {
			all = append(all, h.Gate)
		}
		return strings.Join(slices.Compact(all), ", ")
	}
	if before, now := gates(was.Held), gates(a.holds); before != now && was.State == a.Cutover.State {
		a.line(actionHeld, orElse(before, "nothing"), orElse(now, "nothing"))
	}
	a.Cutover.Held = a.holds
	if len(a.holds) > 0 && a.Wait == 0 {
		a.Wait = a.settings.Look
		if a.action.Do == DoAsk {
			a.Wait = askAgain(a.holds, a.settings, a.now)
		}
	}
}

// The gates ask mail hosts and other people's servers, so they are not asked as often as a record is looked at: at most so much
// more seldom, and when all that holds the domain is over by itself, not before that, as far as it is not longer than askAtLatest.
const (
	askMoreSeldom = 4
	askAtLatest   = 10 * time.Minute
)

// askAgain is how long to wait before the gates are asked again.
func askAgain(holds []ledger.CutoverHold, settings Settings, now time.Time) time.Duration {
	again := askMoreSeldom * settings.Look
	over := now
	for _, h := range holds {
		if h.Until.IsZero() {
			return again
		}
		over = latest(over, h.Until)
	}
	return max(again, min(over.Sub(now), askAtLatest))
}

func (a *after) line(action, before, after string) {
	a.Lines = append(a.Lines, ledger.AuditLine{Action: action, Object: a.Cutover.Domain, Before: before, After: after})
}

func (a *after) recordLine(action string, set ledger.CutoverRecord, to ledger.RecordSet) {
	a.Lines = append(a.Lines, ledger.AuditLine{Action: action, Object: set.Name + " " + to.Type, After: shown(to.Data)})
}

// enter moves the domain on.
func (a *after) enter(state ledger.CutoverState) {
	a.Lines = append(a.Lines, ledger.AuditLine{Action: actionState, Object: a.Cutover.Domain, Before: string(a.Cutover.State), After: string(state)})
	a.Cutover.State, a.Cutover.Since = state, a.now
}

// hold notes what the domain waits for.
func (a *after) hold(gate Gate, sentence, who, next string) {
	a.holds = append(a.holds, ledger.CutoverHold{Gate: string(gate), Sentence: sentence, Who: who, NextStep: next})
}

// failed holds the domain for an error.
func (a *after) failed(gate Gate, err error) {
	a.hold(gate, err.Error(), "whoever runs rehome", orElse(rehome.HintOf(err), "rehome tries again by itself"))
}

// overridden returns somebody's word for a gate.
func overridden(c ledger.Cutover, gate string) (ledger.CutoverOverride, bool) {
	i := slices.IndexFunc(c.Overrides, func(o ledger.CutoverOverride) bool { return o.Gate == gate })
	if i < 0 {
		return ledger.CutoverOverride{}, false
	}
	return c.Overrides[i], true
}

// pass drops the holds for which somebody has given their word, each with a line, and reports whether none is left: no gate is
// passed silently.
func (a *after) pass() bool {
	var left []ledger.CutoverHold
	var passed []ledger.AuditLine
	told := map[string]bool{}
	for _, h := range a.holds {
		word, given := overridden(a.Cutover, h.Gate)
		switch {
		case !given || h.Final:
			left = append(left, h)
		case !told[h.Gate]:
			told[h.Gate] = true
			passed = append(passed, ledger.AuditLine{Action: actionPassed, Object: a.Cutover.Domain + " " + h.Gate, Before: h.Sentence,
				After: word.Why + " (" + word.Person + ")"})
		}
	}
	if a.holds = left; len(left) > 0 {
		return false // nothing is passed now, so nothing is said of it now
	}
	a.Lines = append(a.Lines, passed...)
	return true
}

// asked goes through the gates, before the final pass and after it.
func (a *after) asked() {
	if a.out.Err != nil {
		a.failed(GateServers, a.out.Err)
		return
	}
	a.snapshot()
	a.holds = Holds(a.out.Facts, a.Cutover, a.settings, a.now)
	if a.Cutover.State == ledger.CutoverReady {
		if a.now.Sub(a.Cutover.Passed) > a.settings.Lag { // it was long ago that everything was copied
			a.holds = nil
			a.enter(ledger.CutoverFinalPass)
			return
		}
		a.holds = slices.DeleteFunc(a.holds, func(h ledger.CutoverHold) bool { return h.Gate == string(GateLag) })
	}
	if !a.pass() {
		return
	}
	if a.Cutover.State == ledger.CutoverGates {
		a.enter(ledger.CutoverFinalPass)
		return
	}
	a.enter(ledger.CutoverSwitching)
}

// begin starts an attempt. The words that were given for an earlier one do not count any more.
func (a *after) begin() {
	domain := a.Cutover.Domain
	was := a.Cutover.State
	a.Cutover = ledger.Cutover{Domain: domain, State: was, Began: a.now}
	a.enter(ledger.CutoverGates)
}

// snapshot notes the sets as they are, once; later it only takes in what the settings or other sets want now. On somebody's word,
// which then is used up, it takes what stands there now.
func (a *after) snapshot() {
	planned := a.out.Facts.Records
	if a.out.Facts.Failures[GateServers] != nil {
		return
	}
	word, again := overridden(a.Cutover, string(GateZone))
	again = again && slices.ContainsFunc(Holds(a.out.Facts, a.Cutover, a.settings, a.now), func(h ledger.CutoverHold) bool {
		return h.Gate == string(GateZone)
	})
	if again {
		a.Cutover.Overrides = slices.DeleteFunc(a.Cutover.Overrides, func(o ledger.CutoverOverride) bool { return o.Gate == string(GateZone) })
		a.line(actionPassed, "zone: the records are not as they were noted", word.Why+" ("+word.Person+")")
	}
	for _, set := range planned {
		i := slices.IndexFunc(a.Cutover.Records, func(r ledger.CutoverRecord) bool { return r.Name == set.Name && r.About == set.About })
		set.State, set.ByHand = ledger.RecordPlanned, a.out.Facts.ByHand
		switch {
		case i < 0:
			a.Cutover.Records = append(a.Cutover.Records, set)
			a.Lines = append(a.Lines, ledger.AuditLine{Action: actionNoted, Object: set.Name + " " + orElse(set.Before.Type, set.After.Type),
				Before: shown(set.Before.Data), After: shown(set.After.Data)})
		case again && !slices.Equal(a.Cutover.Records[i].Before.Data, set.Before.Data):
			a.Lines = append(a.Lines, ledger.AuditLine{Action: actionNoted, Object: set.Name + " " + orElse(set.Before.Type, set.After.Type),
				Before: shown(set.Before.Data), After: shown(set.After.Data)})
			a.Cutover.Records[i] = set
		default:
			was := &a.Cutover.Records[i]
			was.After, was.ByHand = set.After, set.ByHand
			if slices.Equal(was.Before.Data, set.Before.Data) {
				was.Before = set.Before // with the TTL that it has now
			}
		}
	}
}

// passed follows the final pass.
func (a *after) passed() {
	if a.out.Err != nil {
		a.failed(GatePass, a.out.Err)
		return
	}
	a.left(GatePass, "the final pass has left something behind")
	if !a.pass() {
		return
	}
	a.Cutover.Passed = a.now
	a.enter(ledger.CutoverReady)
}

// left holds the domain for what a pass has left behind.
func (a *after) left(gate Gate, what string) {
	if n := len(a.out.Carried.Left); n > 0 {
		first := a.out.Carried.Left[0]
		if n > 1 {
			what += " for " + count(int64(n), "account") + ", first " + first.Account
		} else {
			what += " for " + first.Account
		}
		a.hold(gate, what+": "+first.Sentence, "whoever runs rehome", orElse(first.NextStep, "rehome tries again by itself"))
	}
}

// wrote follows the exchange of one set.
func (a *after) wrote() {
	set := &a.Cutover.Records[a.action.Set]
	done := func(action string) {
		set.State, set.Wrote = ledger.RecordWritten, a.now
		a.recordLine(action, *set, set.After)
		if !slices.ContainsFunc(a.Cutover.Records, unwritten) {
			a.enter(ledger.CutoverProving)
			a.Wait = a.settings.Look // servers follow within seconds; what they say before is no news
		}
	}
	var changed *ChangedError
	standing := StandsUnknown
	if len(a.out.Sights) == 1 {
		standing = stands(*set, a.out.Sights[0])
	}
	switch {
	case a.out.Wrote:
		done(actionWrote)
	case errors.As(a.out.Err, &changed) && slices.Equal(changed.Now, set.After.Data):
		done(actionFound)
	case errors.As(a.out.Err, &changed):
		a.foreign(*set, set.Before, changed.Now)
	case a.out.Err != nil:
		a.failed(GateCredentials, a.out.Err)
	case standing == StandsAfter || standing == StandsBetween:
		done(actionFound)
	case standing == StandsForeign:
		a.foreign(*set, set.Before, strange(*set, a.out.Sights[0]))
	case standing == StandsUnknown:
		a.hold(GateServers, "no server of the zone says what stands at "+set.Name, "whoever runs its DNS", "rehome asks again by itself")
	case set.ByHand:
		a.hold(GateProof, set.About+" of "+set.Name+" is not changed yet: it still is "+shown(set.Before.Data), "whoever can change the zone",
			"follow the instructions; rehome goes on by itself when the servers give "+shown(set.After.Data))
	}
}

// foreign holds the domain because somebody else has written a set.
func (a *after) foreign(set ledger.CutoverRecord, expected ledger.RecordSet, now []string) {
	a.hold(GateZone, "somebody has changed "+set.About+" of "+set.Name+": it was "+shown(expected.Data)+", and now is "+shown(now)+
		"; nothing was written",
		"whoever changed it", "put it back to "+shown(expected.Data)+", or change it to "+shown(set.After.Data)+"; rehome goes on by itself")
}

// strange is what a server gives that is neither what was there nor what is to be.
func strange(set ledger.CutoverRecord, sight Sight) []string {
	for _, said := range sight.Servers {
		if said.Words == "" && !slices.Equal(said.Data, set.After.Data) && !slices.Equal(said.Data, set.Before.Data) {
			return said.Data
		}
	}
	return nil
}

// restored follows the way back of one set. What somebody else has changed since stays, on somebody's word.
func (a *after) restored() {
	set := &a.Cutover.Records[a.action.Set]
	done := func(state ledger.RecordState, action string, data ledger.RecordSet) {
		set.State, set.Wrote = state, a.now
		a.recordLine(action, *set, data)
		if !slices.ContainsFunc(a.Cutover.Records, unrestored) {
			a.enter(ledger.CutoverProvingBack)
			a.Wait = a.settings.Look
		}
	}
	var changed *ChangedError
	standing := StandsUnknown
	if len(a.out.Sights) == 1 {
		standing = stands(*set, a.out.Sights[0])
	}
	now := []string(nil)
	switch {
	case a.out.Wrote:
		done(ledger.RecordRestored, actionRestored, set.Before)
		return
	case errors.As(a.out.Err, &changed) && slices.Equal(changed.Now, set.Before.Data),
		a.out.Err == nil && set.ByHand && standing == StandsBefore:
		done(ledger.RecordRestored, actionRestored, set.Before)
		return
	case errors.As(a.out.Err, &changed):
		now = changed.Now
	case a.out.Err != nil:
		a.failed(GateCredentials, a.out.Err)
		return
	case standing == StandsForeign:
		now = strange(*set, a.out.Sights[0])
	case standing == StandsUnknown:
		a.hold(GateServers, "no server of the zone says what stands at "+set.Name, "whoever runs its DNS", "rehome asks again by itself")
		return
	default: // by hand, and not changed yet, or not at every server
		a.hold(GateProof, set.About+" of "+set.Name+" is not put back yet: it still is "+shown(set.After.Data), "whoever can change the zone",
			"follow the instructions; rehome goes on by itself when the servers give "+shown(set.Before.Data))
		return
	}
	a.hold(GateZone, "somebody has changed "+set.About+" of "+set.Name+" since the switch: it is not "+shown(set.After.Data)+
		", as rehome wrote it, but "+shown(now), "whoever changed it",
		`change it to `+shown(set.Before.Data)+` by hand, or leave it as it is with --override zone --why "..."`)
	if a.pass() {
		done(ledger.RecordForeign, actionForeign, ledger.RecordSet{Type: set.After.Type, Data: now})
	}
}
