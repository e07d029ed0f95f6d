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

	worst string // the problem that the state and the next step are of
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

// Plan judges every alias and forward: each by itself, and then by where its targets lead to.
func (b *Book) Plan() Plan {
	g := b.newGraph()
	for _, node := range g.inOrder() {
		g.judge(node)
	}
	plan := Plan{Lines: g.lines}
	for _, f := range b.input.Forwards {
		plan.Lines = append(plan.Lines, b.forwardLine(g, f))
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

// aliasLine judges an alias without a look at its targets. What is wrong with those is only of interest if it is to be made.
func (b *Book) aliasLine(a rehome.Alias) Line {
	line := Line{Name: a.Name, Kind: string(a.Kind), Targets: a.Targets, State: StateCreate, Problems: []string{}}
	local, domain := split(a.Name)
	switch {
	case a.Kind == rehome.AliasUnparsed:
		b.judgeUnread(&line, a)
		return line
	case !b.oursDomain(domain):
		line.worse(StateLeaveOut, "its domain does not move", "nothing; if that domain moves too, add it to domains")
		return line
	case b.input.SkipInstaller && (local == "postmaster" || local == "mailer-daemon"):
		line.worse(StateLeaveOut, "the source's installer created it",
			"nothing, if somebody reads mail for postmaster at the destination (RFC 5321 section 4.5.1)")
		return line
	}
	b.judgeKind(&line, a)
	return line
}

// judgeUnread says what is known of a row that is not understood. If its name is an address, that address receives mail
// today, and the row is a line by this name.
func (b *Book) judgeUnread(line *Line, a rehome.Alias) {
	_, domain := split(a.Name)
	switch {
	case !b.unread[a.Name] && refuses(a):
		line.worse(StateLeaveOut, "the source refuses its mail", "nothing")
	case !b.unread[a.Name]:
		line.Name = a.Raw
		line.worse(StateDecide, "rehome does not know its form", "look it up in the source's administration pages and create it by hand")
	case !b.oursDomain(domain):
		line.worse(StateLeaveOut, "its domain does not move", "nothing; if that domain moves too, add it to domains")
	default:
		problem, nextStep := unreadForm(a.Targets)
		line.worse(StateDecide, problem, nextStep)
	}
}

// unreadForm tells what mail servers make of a target that is no address (aliases(5), Exim's specification, 22.5 to 22.7).
func unreadForm(targets []string) (problem, nextStep string) {
	for _, target := range targets {
		switch target = strings.Trim(strings.TrimSpace(target), `"`); {
		case strings.HasPrefix(target, "|"):
			return "it hands mail to a program on the source's disk",
				"find out who needs the program; create an account or alias with that address, and let the program fetch its mail"
		case strings.HasPrefix(target, ":include:"):
			return "its targets are in a file on the source's disk", "read that file, and create a list with that address"
		case strings.HasPrefix(target, ":blackhole:") || target == "/dev/null":
			return "the source throws its mail away", "enter drop in recipients.csv and its mail is refused, or create an account that nobody reads"
		case strings.HasPrefix(target, "/"):
			return "it delivers to a file on the source's disk", "create an account with that address, or an alias to somebody who reads its mail"
		}
	}
	return "rehome does not know the form of its targets", "look it up in the source's administration pages and create it by hand"
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
		b.judgeDomain(line, a)
	default:
		if len(a.Targets) > 1 {
			line.able(can.Several, "an alias with several targets", "create a list or a shared account with that address")
		}
		if b.accounts[a.Name] && !slices.Contains(a.Targets, a.Name) {
			line.worse(StateDecide, "an account has the same address",
				"decide where that mail goes: to the account (drop the alias) or to the targets (make the account forward)")
		}
		if b.unread[a.Name] {
			line.worse(StateDecide, "another row of the same name has a form that rehome does not know",
				"decide about that row first: half of a list is no list")
		}
	}
}

// judgeDomain looks where an alias for a domain leads to.
func (b *Book) judgeDomain(line *Line, a rehome.Alias) {
	target, _ := b.target(strings.TrimPrefix(a.Name, "@"))
	switch r := b.roads[strings.TrimPrefix(a.Name, "@")]; {
	case len(a.Targets) > 1:
		line.worse(StateDecide, "it names more than one domain", "decide which domain has its mail")
	case r.inLoop:
		line.worse(StateDecide, "it is part of a loop of domain aliases", "remove one of the domain aliases")
	case r.loops:
		line.worse(StateDecide, "it leads into a loop of domain aliases", "choose another domain")
	case !b.oursDomain(target):
		line.worse(StateDecide, "the domain "+target+" does not move", "add it to domains, or drop the alias")
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
		l.worst = problem
	}
}

// finish gives a line without problems its next step.
func (l *Line) finish() {
	if l.NextStep == "" {
		l.NextStep = "add it in the Services tab"
	}
}

func (b *Book) forwardLine(g *graph, f rehome.Forward) Line {
	line := Line{Name: f.Account, Kind: KindForward, Targets: []string{f.Target}, KeepCopy: f.KeepCopy, State: StateCreate, Problems: []string{}}
	if !b.accounts[f.Account] {
		line.worse(StateLeaveOut, "the account does not move", "nothing; if its mail is needed, move the account too or create an alias with that address")
		return line
	}
	g.judgeTargets(&line, f.Account)
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
