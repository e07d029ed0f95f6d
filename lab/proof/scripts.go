// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"fmt"
	"slices"

	"rehome/lab/judge"
)

// rule is what the verifier says of a script.
type rule struct{ State, Script, Sentence string }

// disagreeOnRules compares what both say of each script.
func disagreeOnRules(v verified, judged judge.Differences) (lines []string) {
	if v.Rules == nil {
		return []string{"the verifier has not compared the rules"}
	}
	means := map[string]judge.Kind{
		"missing_script": judge.ScriptLost, "changed_script": judge.ScriptChanged, "inactive_script": judge.ScriptActive,
		"active_script": judge.ScriptActive, "extra_script": judge.ScriptExtra,
	}
	var theirs, ours []string
	for _, r := range v.Rules.Differences {
		theirs = append(theirs, fmt.Sprintf("%s: %s", r.Script, means[r.State]))
	}
	for _, d := range judged.Of(judge.ScriptLost, judge.ScriptChanged, judge.ScriptActive, judge.ScriptExtra) {
		ours = append(ours, fmt.Sprintf("%s: %s", d.Name, d.Kind))
	}
	slices.Sort(theirs)
	slices.Sort(ours)
	if !slices.Equal(theirs, ours) {
		lines = append(lines, fmt.Sprintf("scripts\n  the verifier: %s\n  the judge: %s", some(theirs), some(ours)))
	}
	return lines
}
