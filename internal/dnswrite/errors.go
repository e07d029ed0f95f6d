// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"errors"
	"strings"
)

// ErrUnmet says that the precondition of a write did not hold: somebody else has written in between, and nothing of ours was.
var ErrUnmet = errors.New("what was to be replaced is no longer there")

// ChangedError says that somebody else has changed sets since they were looked at. Nothing was written by the call that
// returns it, apart from what its Result has.
type ChangedError struct {
	Zone        string
	Differences []Difference // at least one
}

// Difference is a set that is neither what a change begins with nor what it leads to.
type Difference struct {
	Key
	Expected Set `json:"expected"`
	Wanted   Set `json:"wanted"`
	Found    Set `json:"found"`
}

// Error says what stands there now, and what was expected.
func (e *ChangedError) Error() string {
	var all []string
	for _, d := range e.Differences {
		all = append(all, d.String())
	}
	return "the zone was changed by somebody else: " + strings.Join(all, "; ")
}

// String is the difference in words.
func (d Difference) String() string {
	now := d.Found.String()
	if len(d.Found.Values) > 0 {
		now = "it is " + now
	}
	expected := d.Expected.String()
	if len(d.Expected.Values) == 0 {
		expected = "none"
	}
	return d.Key.String() + ": " + now + ", expected: " + expected
}
