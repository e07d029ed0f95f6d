// SPDX-License-Identifier: Apache-2.0

package verify

// RuleState says how a script of one end stands to the other. The values are stable: scripts read them.
type RuleState string

// The states. Only the first two are no differences.
const (
	RuleEqual    RuleState = "equal"
	RuleWaiting  RuleState = "waiting"         // it replies or forwards, and is off until the domain has moved, as is wanted
	RuleMissing  RuleState = "missing_script"  // not at the destination
	RuleChanged  RuleState = "changed_script"  // it says something else there
	RuleInactive RuleState = "inactive_script" // it runs at the source only
	RuleActive   RuleState = "active_script"   // it runs at the destination only
	RuleExtra    RuleState = "extra_script"    // it runs at the destination, and the source does not have it
)

// RuleStates returns those that are differences, the gravest first.
func RuleStates() []RuleState {
	return []RuleState{RuleMissing, RuleChanged, RuleInactive, RuleActive, RuleExtra}
}

// Rules is the comparison of an account's rules: its scripts, or what the source's database holds, as one script.
type Rules struct {
	Source       RuleTotals `json:"source"`
	Destination  RuleTotals `json:"destination"`
	FromDatabase bool       `json:"from_database,omitempty"` // the source's are not scripts
	Scripts      []Rule     `json:"scripts"`                 // all of the source
	Differences  []Rule     `json:"differences"`             // what of them is not there as it is wanted, and what only the destination runs
}

// RuleTotals counts one end.
type RuleTotals struct {
	Scripts int    `json:"scripts"`
	Active  string `json:"active,omitempty"` // the one that runs
}

// Rule is one script with its state. It holds no content.
type Rule struct {
	State    RuleState `json:"state"`
	Script   string    `json:"script"`                 // at the source; at the destination if only it has the script
	There    string    `json:"at_destination"`         // its name there; "" if it is missing
	Active   bool      `json:"active"`                 // it runs at the source
	Since    bool      `json:"changed_since,omitzero"` // somebody has changed this at the destination since it was copied
	Sentence string    `json:"sentence,omitempty"`

	// The SHA-256 of what it says, without how it is written: of the source's as it is wanted at the destination, with the
	// names of mailboxes there. "" where an end has nothing of it.
	SourceDigest      string `json:"source_digest,omitempty"`
	DestinationDigest string `json:"destination_digest,omitempty"`
}

// Total counts the differences that were not accepted.
func (r *Rules) Total() int {
	if r == nil {
		return 0
	}
	return len(r.Differences)
}

// NextStep says what a human can do about a state: one clause, lower case, no full stop.
func (s RuleState) NextStep() string {
	const replace = `; "rehome sync --only rules --replace-rules" puts the source's script in its place`
	switch s {
	case RuleMissing:
		return `run "rehome sync --only rules"; the findings give the reason for what stays missing` + replace
	case RuleChanged:
		return "ask the user which one is right" + replace
	case RuleInactive:
		return "ask the user, then activate it there" + replace
	case RuleActive, RuleExtra:
		return "ask the user: what was set up at the destination belongs there; deactivate it there if nobody wants it"
	}
	return ""
}

func (r Rule) open(account string) Open {
	return Open{
		ID: idOf(account, string(r.State), r.Script, r.There, r.SourceDigest, r.DestinationDigest), Account: account, What: string(r.State),
		Place: "rules", Object: r.Script, Sentence: r.Sentence, NextStep: r.State.NextStep(),
	}
}

func (r *Rules) without(account string, take func(Open) bool) *Rules {
	if r == nil {
		return nil
	}
	rest := *r
	rest.Differences = []Rule{}
	for _, rule := range r.Differences {
		if !take(rule.open(account)) {
			rest.Differences = append(rest.Differences, rule)
		}
	}
	return &rest
}
