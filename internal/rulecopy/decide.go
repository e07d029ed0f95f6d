// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"slices"
	"strings"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/managesieve"
)

// Deed is what becomes of one script.
type Deed string

// The deeds.
const (
	Put     Deed = "put"     // stored
	Keep    Deed = "keep"    // is there as wanted
	Leave   Deed = "leave"   // a person has changed it there: left alone
	Wait    Deed = "wait"    // cannot be stored before the switch-on moment, or without consent
	Refused Deed = "refused" // by the server
	Hand    Deed = "by_hand" // nobody takes scripts there: a person enters its rules, or a provider stores it
)

// Action is what is done about one script.
type Action struct {
	Name     string   `json:"name"`
	Do       Deed     `json:"do"`
	Activate bool     `json:"activate"`
	Waits    bool     `json:"waits"`            // it answers or forwards, and stays off until the switch-on moment
	Person   bool     `json:"person,omitempty"` // it stays off until somebody has looked at what the findings say
	Active   bool     `json:"active"`           // it is the one that runs at the source
	Needs    []string `json:"needs,omitempty"`  // extensions
	Lines    []Line   `json:"lines"`            // what it does, rule by rule; empty if nobody can say
	File     string   `json:"file,omitempty"`   // where it was written for somebody to hand over
	Text     string   `json:"-"`

	known ledger.Rule // what was written of it before
	on    bool        // it was switched on by us before
	calls []string    // scripts, by their names at the destination
}

// FromDatabase reports whether the script was made from tables.
func (a Action) FromDatabase() bool {
	return strings.TrimSuffix(a.Name, renamedSuffix) == databaseScript
}

// Line is one rule in plain words.
type Line struct {
	Words    string `json:"words"`
	NextStep string `json:"next_step,omitempty"` // for who enters it by hand
}

// renamedSuffix tells a script of ours from another's of the same name.
const renamedSuffix = " (old server)"

// decide compares what is wanted with what is there and what was written before.
func decide(account string, wanted, there []script, known map[string]ledger.Rule, options Options) ([]Action, []rehome.Finding) {
	var actions []Action
	var findings []rehome.Finding
	p := placer{account: account, wanted: wanted, there: there, known: known, options: options}
	for _, w := range p.all() {
		action := w.action
		target, _ := find(there, action.Name)
		held := w.acts && !options.SwitchOn
		switch {
		case action.Do == Put && target.active && (held || action.Person):
			// Storing under an active name would switch it on.
			action.Do = Wait
			action.Waits = held && !action.Person
		case w.active && (action.Do == Put || action.Do == Keep) && !target.active && !action.on && !action.Person:
			action.Waits = held
			action.Activate = !held && mayActivate(there, known, options)
			if !held && !action.Activate {
				findings = append(findings, rulesNotActivated.On(action.Name, nil).Of(account))
			}
		}
		if action.Do == Leave {
			findings = append(findings, rulesChangedThere.On(action.Name, nil).Of(account))
		}
		if action.Waits {
			findings = append(findings, rulesWait.On(action.Name, nil).Of(account))
		}
		if looked := action.Do == Keep && target.active && !action.known.Activated; !looked && action.Do != Leave {
			findings = append(findings, w.doubts...)
		}
		actions = append(actions, action)
	}
	return actions, findings
}

// place finds where a script goes, and whether it is to be written.
func place(w script, there []script, known map[string]ledger.Rule, options Options) Action {
	name := w.name
	if target, is := find(there, name); is && target.text != w.text && known[name].Digest == "" && !options.Replace {
		name += renamedSuffix // somebody else's
	}
	row, written := known[name]
	action := w.action(Put)
	action.Name = name
	action.known = row
	action.on = row.Activated
	target, is := find(there, name)
	switch {
	case is && target.text == w.text:
		action.Do = Keep
		action.on = row.Activated || target.active
	case options.Replace:
	case is && (!written || row.Digest != digest(target.text)), !is && written:
		action.Do = Leave
	}
	return action
}

// mayActivate reports whether no script of somebody else is active.
func mayActivate(there []script, known map[string]ledger.Rule, options Options) bool {
	return options.Replace || !slices.ContainsFunc(there, func(s script) bool { return s.active && !known[s.name].Activated })
}

func find(all []script, name string) (script, bool) {
	i := slices.IndexFunc(all, func(s script) bool { return s.name == name })
	if i < 0 {
		return script{}, false
	}
	return all[i], true
}

// unable is the finding about what the destination cannot do, if anything.
func unable(account, object string, clauses []string) []rehome.Finding {
	if len(clauses) == 0 {
		return nil
	}
	return []rehome.Finding{rulesNotPossible.On(object, rehome.Values{"what": strings.Join(clauses, ", ")}).Of(account)}
}

// refused is the finding about a script that the destination does not take.
func refused(account, object string, err error) rehome.Finding {
	values := rehome.Values{"why": err}
	if managesieve.IsQuota(err) {
		return rulesNoRoom.On(object, values).Of(account)
	}
	return rulesRefused.On(object, values).Of(account)
}
