// SPDX-License-Identifier: Apache-2.0

package alias

import (
	"slices"
	"strings"

	"rehome"
)

// State says who has to do what about a line.
type State string

// The states.
const (
	StateCreate   State = "create"    // to be made at the destination as it is
	StateAsk      State = "ask"       // the destination may or may not be able to; somebody asks
	StateDecide   State = "decide"    // wrong or impossible as it is: somebody decides
	StateLeaveOut State = "leave out" // nothing is lost without it
)

// KindForward is what a line of a forward has in place of an alias's kind.
const KindForward = "forward"

// Line is one alias or forward.
type Line struct {
	Name     string   `json:"name"` // address, "@domain" or, if it was not understood, the row
	Kind     string   `json:"kind"`
	Targets  []string `json:"targets"`
	KeepCopy bool     `json:"keep_copy,omitempty"` // of a forward
	State    State    `json:"state"`
	Problems []string `json:"problems"`
	NextStep string   `json:"next_step"`
}

// Totals counts the lines by state; All is their sum.
type Totals struct {
	Create   int `json:"create"`
	Ask      int `json:"ask"`
	Decide   int `json:"decide"`
	LeaveOut int `json:"leave_out"`
	All      int `json:"all"`
}

// Plan is what becomes of every alias and forward, what can be made first.
type Plan struct {
	Lines  []Line `json:"lines"`
	Totals Totals `json:"totals"`
}

// Plan judges every alias and forward.
func (b *Book) Plan() Plan {
	plan := Plan{Lines: []Line{}}
	for _, a := range b.input.Aliases {
		plan.Lines = append(plan.Lines, b.aliasLine(a))
	}
	for _, f := range b.input.Forwards {
		plan.Lines = append(plan.Lines, b.forwardLine(f))
	}
	slices.SortStableFunc(plan.Lines, func(x, y Line) int { return rank(x.State) - rank(y.State) })
	for _, line := range plan.Lines {
		plan.Totals.count(line.State)
	}
	return plan
}

func rank(s State) int {
	return slices.Index([]State{StateCreate, StateAsk, StateDecide, StateLeaveOut}, s)
}

func (t *Totals) count(s State) {
	t.All++
	*[]*int{&t.Create, &t.Ask, &t.Decide, &t.LeaveOut}[rank(s)]++
}

func (b *Book) aliasLine(a rehome.Alias) Line {
	line := Line{Name: a.Name, Kind: string(a.Kind), Targets: a.Targets, State: StateCreate, Problems: []string{}}
	if a.Kind == rehome.AliasUnparsed {
		line.Name = a.Raw
		line.worse(StateDecide, "rehome does not know its form", "look it up in the source's administration pages and create it by hand")
		return line
	}
	local, domain := split(a.Name)
	switch {
	case !b.domains[domain] && !b.Ours(a.Name):
		line.worse(StateLeaveOut, "its domain does not move", "nothing; if that domain moves too, add it to domains")
		return line
	case b.input.SkipInstaller && (local == "postmaster" || local == "mailer-daemon"):
		line.worse(StateLeaveOut, "the source's installer created it",
			"nothing, if somebody reads mail for postmaster at the destination (RFC 5321 section 4.5.1)")
		return line
	}
	b.judgeKind(&line, a)
	b.judgeTargets(&line, a.Name, a.Targets, a.Kind)
	if line.NextStep == "" {
		line.NextStep = "add it in the Services tab"
	}
	return line
}

// judgeKind says what the destination may not be able to express.
func (b *Book) judgeKind(line *Line, a rehome.Alias) {
	can := b.input.Abilities
	switch a.Kind {
	case rehome.AliasMaildir:
		line.worse(StateDecide, "it delivers to a folder on the source's disk",
			"create an account with that address, or an alias to somebody who reads its mail")
	case rehome.AliasCatchAll:
		line.able(can.CatchAll, "a catch-all", "create an alias for each address that the recipient census finds for it")
	case rehome.AliasDomain:
		line.able(can.Domain, "an alias for a whole domain", "add the domain, and in it an alias for each address of the other one")
	default:
		if len(a.Targets) > 1 {
			line.able(can.Several, "an alias with several targets", "create a list or a shared account with that address")
		}
		if b.accounts[a.Name] && !slices.Contains(a.Targets, a.Name) {
			line.worse(StateDecide, "an account has the same address",
				"decide where that mail goes: to the account (drop the alias) or to the targets (make the account forward)")
		}
	}
}

// able turns an ability of the destination into the line's state.
func (l *Line) able(can Ability, what, instead string) {
	switch can {
	case Yes:
	case No:
		l.worse(StateDecide, "the destination does not support "+what, instead)
	default:
		l.worse(StateAsk, "it is not known whether the destination supports "+what, "ask the destination; if it does not: "+instead)
	}
}

// worse adds a problem. The line's state and next step are those of its worst one.
func (l *Line) worse(state State, problem, nextStep string) {
	l.Problems = append(l.Problems, problem)
	if l.NextStep == "" || rank(state) > rank(l.State) {
		l.State = state
		l.NextStep = nextStep
	}
}

func (b *Book) judgeTargets(line *Line, name string, targets []string, kind rehome.AliasKind) {
	if kind == rehome.AliasMaildir {
		return
	}
	if kind == rehome.AliasDomain {
		b.judgeTargetDomain(line, name, strings.TrimPrefix(targets[0], "@"))
		return
	}
	if b.loops(name, targets) {
		line.worse(StateDecide, "it is part of a loop", "remove one of its targets")
	}
	outside := false
	for _, target := range targets {
		switch by := b.Lookup(target); {
		case by == ByStaying:
			line.worse(StateDecide, "its target "+target+" does not move: "+b.input.Staying[target], "choose another target, or move that account too")
		case by != ByNothing:
		case b.Ours(target):
			line.worse(StateDecide, "its target "+target+" does not exist", "choose another target, or drop it; mail to it bounces today")
		default:
			outside = true
		}
	}
	if outside {
		line.able(b.input.Abilities.Outside, "an external target", "create an account with that address and let it forward")
	}
}

func (b *Book) judgeTargetDomain(line *Line, name, target string) {
	seen := map[string]bool{strings.TrimPrefix(name, "@"): true}
	for to, is := target, true; is; {
		if seen[to] {
			line.worse(StateDecide, "it is part of a loop of domain aliases", "remove one of the domain aliases")
			return
		}
		seen[to] = true
		var next rehome.Alias
		if next, is = b.moved[to]; is {
			to = strings.TrimPrefix(next.Targets[0], "@")
		}
	}
	if !b.domains[target] {
		line.worse(StateDecide, "the domain "+target+" does not move", "add it to domains, or drop the alias")
	}
}

// loops reports whether mail to name comes back to it over aliases and forwards. An alias with its
// own account among its targets delivers there, as in every mail server.
func (b *Book) loops(name string, targets []string) bool {
	seen := map[string]bool{}
	var reaches func(address string) bool
	reaches = func(address string) bool {
		if address == name {
			return true
		}
		if seen[address] {
			return false
		}
		seen[address] = true
		return slices.ContainsFunc(b.next(address), reaches)
	}
	return slices.ContainsFunc(targets, func(target string) bool {
		return !(target == name && b.accounts[name]) && reaches(target)
	})
}

// next lists where mail to an address is sent on to.
func (b *Book) next(address string) (targets []string) {
	if a, is := b.aliases[address]; is && a.Kind != rehome.AliasMaildir {
		targets = append(targets, a.Targets...)
	}
	for _, f := range b.forwards[address] {
		targets = append(targets, f.Target)
	}
	if local, domain := split(address); len(targets) == 0 && !b.accounts[address] {
		if to, is := b.moved[domain]; is {
			return []string{local + to.Targets[0]}
		}
		if to, is := b.catchAll[domain]; is {
			return to.Targets
		}
	}
	return targets
}

func (b *Book) forwardLine(f rehome.Forward) Line {
	line := Line{Name: f.Account, Kind: KindForward, Targets: []string{f.Target}, KeepCopy: f.KeepCopy, State: StateCreate, Problems: []string{}}
	if !b.accounts[f.Account] {
		line.worse(StateLeaveOut, "the account does not move", "nothing; if its mail is needed, move the account too or create an alias with that address")
		return line
	}
	b.judgeTargets(&line, f.Account, line.Targets, rehome.AliasDeliver)
	if line.NextStep == "" {
		switch {
		case !f.KeepCopy:
			line.NextStep = "set it in the account: forward without a copy"
		case f.CopyKnown:
			line.NextStep = "set it in the account: forward and keep a copy"
		default:
			line.NextStep = "set it in the account: forward and keep a copy; the source does not say whether its user wants one"
		}
	}
	return line
}

// Outcome implements rehome.Answer: somebody asks the vendor, or decides.
func (p Plan) Outcome() rehome.Outcome {
	if p.Totals.Decide+p.Totals.Ask > 0 {
		return rehome.OutcomeWaiting
	}
	return rehome.OutcomeDone
}
