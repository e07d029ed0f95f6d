// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"slices"

	"rehome"
)

// Explanation is what the reference says of one kind of finding. A name in angle brackets stands for what differs from
// finding to finding.
type Explanation struct {
	Code     string          `json:"code"` // ends in "*" for a family of codes
	Topic    rehome.Topic    `json:"about"`
	Severity rehome.Severity `json:"severity"`
	Blocks   bool            `json:"blocks"`             // the account is not done until somebody has seen to it
	Again    rehome.Again    `json:"tried_by,omitempty"` // which pass tries again what it is about
	Said     []Said          `json:"said"`               // what the finding may say: at least one
	Meaning  string          `json:"meaning"`
}

// Said is one sentence of a kind of finding.
type Said struct {
	Sentence string `json:"sentence"`
	NextStep string `json:"next_step,omitempty"`
}

// Answers reports whether the explanation is that of a code.
func (e Explanation) Answers(code string) bool {
	return rehome.Declared{Code: e.Code}.Has(code)
}

// Explanations returns the reference of all findings, by topic and code. A code that is said of two things, such as
// messages and calendars, is there twice.
func Explanations() []Explanation {
	var all []Explanation
	for _, d := range Findings() {
		said := Said{Sentence: d.Sentence.Shown(inBrackets), NextStep: d.NextStep.Shown(inBrackets)}
		same := func(e Explanation) bool { return e.Code == d.Code && e.Topic == d.Topic }
		if i := slices.IndexFunc(all, same); i >= 0 {
			if !slices.Contains(all[i].Said, said) {
				all[i].Said = append(all[i].Said, said)
			}
			continue
		}
		all = append(all, Explanation{Code: d.Code, Topic: d.Topic, Severity: d.Severity, Blocks: d.Blocks, Again: d.Again,
			Said: []Said{said}, Meaning: d.Meaning})
	}
	topics := rehome.Topics()
	slices.SortStableFunc(all, func(a, b Explanation) int {
		return cmp.Or(cmp.Compare(slices.Index(topics, a.Topic), slices.Index(topics, b.Topic)), cmp.Compare(a.Code, b.Code))
	})
	return all
}

func inBrackets(name string) string { return "<" + name + ">" }
