// SPDX-License-Identifier: Apache-2.0

// Package itinerary says where a move stands, as the steps of the guide, and what the one thing is that a person has to do now.
//
// It asks nobody and reads nothing. A caller gathers a State from the settings, the ledger, the register of secret files and what
// earlier looks at DNS have shown, and gives it to Of. What the state does not say is not known, and is said to be so: no step is
// taken for done because nothing speaks against it.
package itinerary

import "time"

// Name names a step. Scripts read it.
type Name string

// The steps, in their order.
const (
	Settings   Name = "settings"
	Check      Name = "check"
	Plan       Name = "dns_plan"
	Accounts   Name = "accounts"
	Copy       Name = "copy"
	Proof      Name = "proof"
	Recipients Name = "recipients"
	Logins     Name = "logins"
	People     Name = "people"
	DNS        Name = "dns_ready"
	Switch     Name = "switch"
	Late       Name = "late_mail"
	Close      Name = "close"
)

// Progress says where a step stands.
type Progress string

// Where a step may stand.
const (
	Done    Progress = "done"
	Running Progress = "running"   // rehome is at it now
	Waiting Progress = "waiting"   // for somebody else, or for a time
	Next    Progress = "next"      // what to do now
	Ready   Progress = "ready"     // could be done now too
	Later   Progress = "later"     // stands on a step that is not done
	NoWord  Progress = "no_word"   // not begun, as far as is known; within this package only
	Unknown Progress = "not_known" // whether it is done
	Passed  Progress = "passed"    // the switch was begun without it
)

// Step is one step of the move.
type Step struct {
	Name     Name      `json:"name"`
	Title    string    `json:"title"`
	Progress Progress  `json:"state"`
	Sentence string    `json:"sentence"`
	For      string    `json:"waits_for,omitempty"` // whom, or what
	Until    time.Time `json:"until,omitzero"`
	Command  string    `json:"command,omitempty"` // that takes it on
	Needs    []Name    `json:"needs"`
}

// Thing is what a person has to do now.
type Thing struct {
	Step     Name   `json:"step"`
	Sentence string `json:"sentence"`
	Command  string `json:"command,omitempty"`
	Wait     bool   `json:"wait"` // there is nothing to do but to wait
}

// Moment is the earliest possible one of the switch.
type Moment struct {
	Known    bool      `json:"known"`
	At       time.Time `json:"at,omitzero"` // of all domains; that of a state, if nothing has to be waited for
	Sentence string    `json:"sentence"`
}

// Itinerary is the whole move.
type Itinerary struct {
	Steps     []Step     `json:"steps"`
	Next      *Thing     `json:"next"` // nil when all steps are done
	Earliest  Moment     `json:"earliest_switch"`
	Passwords []Password `json:"passwords"` // what may happen to them when
}

// node is a step as it stands in the guide.
type node struct {
	name  Name
	title string
	needs []Name
	look  func(State) finding
}

// finding is what a state says of one step, whatever stands before it.
type finding struct {
	progress Progress // Done, Running, Waiting, NoWord or Unknown
	sentence string
	waitsFor string
	until    time.Time
	command  string
	first    bool // somebody has to decide it before anything else, even if what the step stands on is not done
}

// guide are the steps, each behind those that it stands on.
func guide() []node {
	return []node{
		{Settings, "settings", nil, settings},
		{Check, "check", []Name{Settings}, check},
		{Plan, "DNS plan", []Name{Check}, plan},
		{Accounts, "accounts", []Name{Check}, accounts},
		{Copy, "copy", []Name{Accounts}, copying},
		{Proof, "verification", []Name{Copy}, proof},
		{Recipients, "recipients", []Name{Accounts}, recipients},
		{Logins, "logins", []Name{Accounts}, logins},
		{People, "users", []Name{Accounts}, people},
		{DNS, "DNS ready", []Name{Plan}, ready},
		{Switch, "switch", []Name{Proof, Recipients, Logins, People, DNS}, switching},
		{Late, "late mail", []Name{Switch}, late},
		{Close, "close", []Name{Late}, closing},
	}
}

// Of says where a move stands.
//
//   - Unless all steps are done, there is exactly one thing to do: the first step that somebody here can take on, or, if there is
//     none, the first that has to be waited for.
//   - A wave that its brake has stopped comes before all of these: it was at work when something went wrong. Only settings come first.
//   - No step is done before all that it stands on is done. If it was once, and that has been undone since, it comes again.
//   - While a domain is on its way across, and when all are, nothing that was meant to come before is the thing to do: it was passed.
func Of(state State) Itinerary {
	done := map[Name]bool{}
	all := Itinerary{Passwords: passwords(state), Earliest: earliest(state)}
	before, first := true, Name("")
	for _, n := range guide() {
		f := n.look(state)
		before = before && n.name != Switch
		if before && n.name != Settings && f.progress != Done && state.crossing() {
			f = finding{progress: Passed, sentence: "the switch was begun without it"}
		}
		f.first = f.first && done[Settings]
		if f.first {
			first = n.name
		}
		all.Steps = append(all.Steps, place(n, f, done))
	}
	all.Next = choose(all.Steps, first)
	return all
}

// place puts what is known of a step into the order. done is brought up to date.
func place(n node, f finding, done map[Name]bool) Step {
	step := Step{Name: n.name, Title: n.title, Progress: f.progress, Sentence: f.sentence, For: f.waitsFor, Until: f.until, Command: f.command,
		Needs: append([]Name{}, n.needs...)}
	missing := ""
	for _, need := range n.needs {
		if !done[need] && missing == "" && !f.first {
			missing = titleOf(need)
		}
	}
	switch {
	case missing == "" && (f.progress == Done || f.progress == Passed):
		done[n.name] = true
	case missing == "" && f.progress == NoWord:
		step.Progress = Ready
	case missing != "" && f.progress == Done:
		step.Progress, step.Sentence = Later, f.sentence+"; counts once \""+missing+"\" is done"
	case missing != "" && f.progress != Running:
		step.Progress, step.Sentence = Later, "comes after \""+missing+"\""
		step.For, step.Until = "", time.Time{}
	}
	return step
}

func titleOf(name Name) string {
	for _, n := range guide() {
		if n.name == name {
			return n.title
		}
	}
	return string(name)
}

// choose finds the one thing, and marks its step. first is what comes before all others; "" is nothing.
func choose(steps []Step, first Name) *Thing {
	for i := range steps {
		if s := &steps[i]; (s.Progress == Ready || s.Progress == Unknown) && (first == "" || s.Name == first) {
			if s.Progress == Ready {
				s.Progress = Next
			}
			return &Thing{Step: s.Name, Sentence: s.Sentence, Command: s.Command}
		}
	}
	for _, s := range steps {
		if s.Progress == Waiting || s.Progress == Running {
			return &Thing{Step: s.Name, Sentence: s.Sentence, Command: s.Command, Wait: true}
		}
	}
	return nil
}
