// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"testing"

	"rehome"
	"rehome/internal/mapping"
	"rehome/internal/people"
)

// What is in a list of blocked senders and is none is told for an account that has no rules besides, too.
func TestMove_unclearSenders(t *testing.T) {
	t.Parallel()
	ends := &Ends{Engine: New(Options{}), Tables: map[string]*people.Rule{anna: {Unclear: []string{"viagra"}}}}
	outcome, err := ends.Move(t.Context(), rehome.Account{Address: anna}, true, func() (mapping.Ways, error) { return mapping.Ways{}, nil })
	if err != nil || len(outcome.Findings) != 1 || outcome.Findings[0].Object != "blocked sender viagra" {
		t.Errorf("got %+v, %v", outcome, err)
	}
}
