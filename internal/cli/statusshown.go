// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/verify"
)

// How many lines status shows of itself. An organisation of fewAccounts is shown whole; of a larger one, nobody reads each line.
const (
	fewAccounts  = 100
	mostAccounts = 40
	mostFindings = 40
)

// statusShown is what status shows of a move.
type statusShown struct {
	accounts []journey.StatusAccount // those that need somebody come first, then those under way
	findings []rehome.Finding        // the worst first
	more     int                     // findings that are not shown
	of       journey.Status
}

// shownOf picks what status shows: everything, if it is little or asked for.
func shownOf(status journey.Status, all bool) statusShown {
	shown := statusShown{accounts: status.Accounts, findings: status.Findings, of: status}
	if all || len(status.Accounts) <= fewAccounts {
		return shown
	}
	shown.accounts = slices.Clone(status.Accounts)
	slices.SortStableFunc(shown.accounts, func(a, b journey.StatusAccount) int { return cmp.Compare(urgency(a), urgency(b)) })
	shown.accounts = shown.accounts[:mostAccounts]
	shown.findings = slices.DeleteFunc(slices.Clone(status.Findings), func(f rehome.Finding) bool {
		return rank(f.Severity) > rank(rehome.SeverityWarning)
	})
	slices.SortStableFunc(shown.findings, func(a, b rehome.Finding) int { return cmp.Compare(rank(a.Severity), rank(b.Severity)) })
	shown.more = max(0, len(shown.findings)-mostFindings)
	shown.findings = shown.findings[:len(shown.findings)-shown.more]
	return shown
}

// urgency orders accounts: what needs somebody, what is under way or waits, the rest.
func urgency(a journey.StatusAccount) int {
	switch {
	case a.Reason != "", a.Failed > 0, a.Verdict != "" && a.Verdict != string(verify.Equal):
		return 0
	case a.Turn != nil:
		return 1
	}
	return 2
}

// writeLeftOut says how all accounts stand, where not every one is shown.
func (s statusShown) writeLeftOut(w io.Writer, colors palette) error {
	if len(s.accounts) == len(s.of.Accounts) {
		return nil
	}
	counts := map[string]int{}
	for _, a := range s.of.Accounts {
		counts[stateWords(a)]++
	}
	states := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	t := newTable("STATE", "ACCOUNTS").alignRight(1)
	for _, state := range states {
		t.add(state, number(counts[state]))
	}
	if err := t.write(w, colors); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s of %s, those that need somebody first; add --all to see every one\n\n",
		number(len(s.accounts)), plural(len(s.of.Accounts), "account"))
	return err
}

// writeFindingsLeftOut counts those that are not shown.
func (s statusShown) writeFindingsLeftOut(w io.Writer) {
	if s.more > 0 {
		fmt.Fprintf(w, "%s not shown; add --all to see every one\n", plural(s.more, "more finding")+verb(s.more, " is", " are"))
	}
}
