// SPDX-License-Identifier: Apache-2.0

package switchover

import (
	"slices"
	"time"

	"rehome/internal/ledger"
)

// Do is what a Driver does next with a domain.
type Do string

// What may be done.
const (
	DoBegin   Do = "begin"   // an attempt
	DoAsk     Do = "ask"     // the gates
	DoPass    Do = "pass"    // copy everything once more
	DoWrite   Do = "write"   // exchange one set
	DoProve   Do = "prove"   // look at all sets, at every server
	DoProbe   Do = "probe"   // send test messages
	DoRelease Do = "release" // switch rules on
	DoLate    Do = "late"    // bring late mail
	DoRestore Do = "restore" // put one set back
	DoReturn  Do = "return"  // carry mail back
	DoRest    Do = "rest"    // nothing: a person has the next word
)

// Action is one thing to do.
type Action struct {
	Do  Do
	Set int // of DoWrite and DoRestore: which
}

// Next says what to do with a domain. It depends on nothing but where the domain stands.
func Next(c ledger.Cutover) Action {
	switch c.State {
	case "", ledger.CutoverRolledBack:
		return Action{Do: DoBegin}
	case ledger.CutoverGates, ledger.CutoverReady:
		return Action{Do: DoAsk}
	case ledger.CutoverFinalPass:
		return Action{Do: DoPass}
	case ledger.CutoverSwitching:
		if i := slices.IndexFunc(c.Records, unwritten); i >= 0 {
			return Action{DoWrite, i}
		}
		return Action{Do: DoProve}
	case ledger.CutoverProving, ledger.CutoverProvingBack:
		return Action{Do: DoProve}
	case ledger.CutoverProbing:
		return Action{Do: DoProbe}
	case ledger.CutoverReleasing:
		return Action{Do: DoRelease}
	case ledger.CutoverLate:
		return Action{Do: DoLate}
	case ledger.CutoverRestoring:
		if i := lastIndex(c.Records, unrestored); i >= 0 {
			return Action{DoRestore, i}
		}
		return Action{Do: DoProve}
	case ledger.CutoverReturning:
		return Action{Do: DoReturn}
	}
	return Action{Do: DoRest}
}

// unwritten tells sets that are still to be written.
func unwritten(r ledger.CutoverRecord) bool {
	return r.State == ledger.RecordPlanned || r.State == ledger.RecordWriting
}

// unrestored tells sets that are, or may be, as we wrote them.
func unrestored(r ledger.CutoverRecord) bool {
	switch r.State {
	case ledger.RecordWriting, ledger.RecordWritten, ledger.RecordSeen, ledger.RecordRestoring:
		return true
	}
	return false
}

// lastIndex is slices.IndexFunc from the end: what was written last is put back first.
func lastIndex(records []ledger.CutoverRecord, is func(ledger.CutoverRecord) bool) int {
	for i := len(records) - 1; i >= 0; i-- {
		if is(records[i]) {
			return i
		}
	}
	return -1
}

// Intend returns the domain as it stands while an action is under way; it is committed before the action begins. changed is false
// if it stands so already, as after a kill.
func Intend(c ledger.Cutover, action Action, now time.Time) (intended ledger.Cutover, line ledger.AuditLine, changed bool) {
	state := ledger.RecordWriting
	if action.Do == DoRestore {
		state = ledger.RecordRestoring
	} else if action.Do != DoWrite {
		return c, line, false
	}
	set := c.Records[action.Set]
	if set.State == state {
		return c, line, false
	}
	c.Records = slices.Clone(c.Records)
	c.Records[action.Set].State = state
	if action.Do == DoWrite && c.Written.IsZero() {
		c.Written = now
	}
	verb, from, to := actionWrites, set.Before, set.After
	if action.Do == DoRestore {
		verb, from, to = actionRestores, set.After, set.Before
	}
	if set.ByHand {
		verb = actionAsks
	}
	return c, ledger.AuditLine{Action: verb, Object: set.Name + " " + to.Type, Before: shown(from.Data), After: shown(to.Data)}, true
}

// The actions of the audit log. Scripts read them.
const (
	actionState     = "cutover"
	actionHeld      = "cutover held"
	actionWrites    = "record is being written"
	actionAsks      = "record is asked for"
	actionWrote     = "record written"
	actionFound     = "record found written"
	actionRestores  = "record is being restored"
	actionRestored  = "record restored"
	actionForeign   = "record left as somebody else has changed it"
	actionNoted     = "records noted"
	actionPassed    = "gate passed by override"
	actionOverrides = "gate overridden"
)

// Outcome is what an action has shown.
type Outcome struct {
	Facts   Facts   // of DoAsk
	Sights  []Sight // of DoProve, by set, and of DoWrite and DoRestore one: of the set before it was touched
	Wrote   bool    // of DoWrite and DoRestore: Exchange was called, and has not failed
	Carried Carried // of DoPass, DoRelease, DoLate, DoReturn
	Probed  Probed  // of DoProbe
	Err     error   // why the action has failed; the world is as it was, or it is not known
}

// Standing is how a set stands at the servers of its zone.
type Standing string

// How a set may stand.
const (
	StandsBefore  Standing = "before"  // every server that answers gives what was there before
	StandsAfter   Standing = "after"   // every server that answers gives what is to be there
	StandsBetween Standing = "between" // some the one, some the other
	StandsForeign Standing = "foreign" // one gives something else
	StandsUnknown Standing = "unknown" // none answers
)

// stands compares what servers say with what a set was and is to be.
func stands(set ledger.CutoverRecord, sight Sight) Standing {
	before, after := 0, 0
	for _, said := range sight.Servers {
		switch {
		case said.Words != "":
		case slices.Equal(said.Data, set.After.Data):
			after++
		case slices.Equal(said.Data, set.Before.Data):
			before++
		default:
			return StandsForeign
		}
	}
	switch {
	case before+after == 0:
		return StandsUnknown
	case before == 0:
		return StandsAfter
	case after == 0:
		return StandsBefore
	}
	return StandsBetween
}

// everywhere reports whether every server has answered, and gives this.
func everywhere(data []string, sight Sight) bool {
	return len(sight.Servers) > 0 && !slices.ContainsFunc(sight.Servers, func(s Said) bool { return s.Words != "" || !slices.Equal(s.Data, data) })
}

// mayWrite reports whether an exchange may be tried. Where a set stands otherwise than we know, nothing is written: a server
// without preconditions would overwrite it. Whether servers lag behind the one that is written to, nobody can see from outside, so
// a set that is to be put back is exchanged although all of them still give what was there before.
func mayWrite(action Action, set ledger.CutoverRecord, sight Sight) bool {
	standing := stands(set, sight)
	switch {
	case set.ByHand || standing == StandsForeign || standing == StandsUnknown:
		return false
	case action.Do == DoRestore:
		return true
	}
	return standing == StandsBefore
}
