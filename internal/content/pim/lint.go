// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"cmp"
	"errors"
	"slices"
)

// Problem is something in an object that a server or a client may take amiss. Sentence is for people and
// holds no content of the object.
type Problem struct {
	Code       Code
	Sentence   string
	Line       int  // from 1; 0 where the problem is the object's
	Column     int  // from 1; 0 where unknown
	Repairable bool // [Repair] with this code in its needs removes it
}

// maxProblems bounds a list: more than that of one object helps nobody.
const maxProblems = 1000

// Lint lists what is wrong with an object, in the order of its lines. It never fails: an object that
// cannot be read is one problem of code [CodeUnreadable]. A clean object has none.
func Lint(data []byte, kind Kind) []Problem {
	doc, err := parseAs(data, kind)
	if err != nil {
		problem := Problem{Code: CodeUnreadable, Sentence: err.Error()}
		var place *SyntaxError
		if errors.As(err, &place) {
			problem = Problem{Code: CodeUnreadable, Sentence: place.Reason, Line: place.Line, Column: place.Column}
		}
		return []Problem{problem}
	}
	problems := slices.Clone(doc.Problems)
	for _, phase := range phases() {
		for _, found := range phase(doc) {
			found.Repairable = len(found.edits) > 0
			problems = append(problems, found.Problem)
		}
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return problems[:min(len(problems), maxProblems)]
}
