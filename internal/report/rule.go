// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"

	"rehome"
	"rehome/internal/verify"
)

// scriptRow is one script of an account's rules.
type scriptRow struct {
	Source, Destination string // names; "" at an end that does not have it
	Active              bool   // at the source
	Result              string
}

func scriptRows(r *verify.Rules) []scriptRow {
	if r == nil {
		return nil
	}
	var rows []scriptRow
	for _, s := range r.Scripts {
		rows = append(rows, scriptRow{Source: clean(s.Script), Destination: clean(s.There), Active: s.Active, Result: resultOf(s.State)})
	}
	for _, s := range r.Differences {
		if s.State == verify.RuleExtra {
			rows = append(rows, scriptRow{Destination: clean(cmp.Or(s.There, s.Script)), Result: resultOf(s.State)})
		}
	}
	return rows
}

func resultOf(state verify.RuleState) string {
	return map[verify.RuleState]string{
		verify.RuleEqual: "equal", verify.RuleWaiting: "equal, off until the switch", verify.RuleMissing: "missing", verify.RuleChanged: "different",
		verify.RuleInactive: "off at the destination only", verify.RuleActive: "runs at the destination only", verify.RuleExtra: "only at the destination",
	}[state]
}

// ruleDifferences makes one topic of each state that is a difference.
func (r *Report) ruleDifferences() []topic {
	titles := map[verify.RuleState]string{
		verify.RuleMissing:  "Rules are missing at the destination",
		verify.RuleChanged:  "Rules are different at the destination",
		verify.RuleInactive: "Rules are off at the destination",
		verify.RuleActive:   "Rules run at the destination that are off at the source",
		verify.RuleExtra:    "Rules run at the destination that the source does not have",
	}
	var all []topic
	for _, state := range verify.RuleStates() {
		c := topic{Tone: string(rehome.SeverityError), Title: titles[state], NextStep: state.NextStep()}
		if state == verify.RuleActive || state == verify.RuleExtra {
			c.Tone = string(rehome.SeverityWarning)
		}
		total := 0
		for _, a := range r.accounts {
			total += c.addRules(a, state)
		}
		if total > 0 {
			all = append(all, c.closed(total))
		}
	}
	return all
}

// addRules adds an account's scripts of a state and returns how many there are.
func (c *topic) addRules(a account, state verify.RuleState) (total int) {
	g := topicGroup{Account: a.Address}
	if a.result.Rules != nil {
		for _, d := range a.result.Rules.Differences {
			if d.State != state {
				continue
			}
			total++
			if len(g.Lines) < linesOfAccount {
				g.Lines = append(g.Lines, d.Sentence)
			}
		}
	}
	if total > 0 {
		c.Groups = append(c.Groups, g)
	}
	return total
}
