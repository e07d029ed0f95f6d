// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"slices"

	"rehome"
	"rehome/internal/pass"
)

// allShutOut reports whether no account was let in. That is no trouble of the accounts: an end refuses the log-ins, and the
// answer ends as if it could not be reached. One that was let in speaks for the end, and the others have trouble of their own.
func allShutOut[A any](accounts []A, shutOut func(A) bool) bool {
	return len(accounts) > 0 && !slices.ContainsFunc(accounts, func(a A) bool { return !shutOut(a) })
}

// Outcome implements rehome.Answer. Somebody's decision comes before what a repeated pass would bring, because the pass
// would meet the same question again.
func (s Synced) Outcome() rehome.Outcome {
	switch {
	case s.Interrupted:
		return rehome.OutcomeInterrupted
	case allShutOut(s.Accounts, func(a SyncedAccount) bool { return a.shutOut }):
		return rehome.OutcomeUnreachable
	case s.waiting():
		return rehome.OutcomeWaiting
	case s.mendable():
		return rehome.OutcomeRemaining
	case !s.complete():
		return rehome.OutcomeStuck
	}
	return rehome.OutcomeDone
}

// Problems counts the errors that the pass has met: of accounts, and among the findings.
func (s Synced) Problems() int {
	n := 0
	count := func(findings []rehome.Finding) {
		for _, finding := range findings {
			if finding.Severity == rehome.SeverityError {
				n++
			}
		}
	}
	count(s.Findings)
	for _, a := range s.Accounts {
		if a.Error != "" {
			n++
		}
		count(a.Findings)
	}
	return n
}

// Outcome implements rehome.Answer: an account that could not be planned may be planned later.
func (p Planned) Outcome() rehome.Outcome {
	shutOut := func(a PlannedAccount) bool {
		return a.class == rehome.ClassAuth && len(a.Pairs)+len(a.Collections) == 0
	}
	if allShutOut(p.Accounts, shutOut) {
		return rehome.OutcomeUnreachable
	}
	for _, a := range p.Accounts {
		if a.Error != "" {
			return rehome.OutcomeRemaining
		}
	}
	return rehome.OutcomeDone
}

// Outcome implements rehome.Answer: what failed is tried again, a script that a server refuses, or that needs a person, is mended by one, and
// files that nobody asked for wait to be handed over.
func (r Ruled) Outcome() rehome.Outcome {
	if allShutOut(r.Accounts, func(a RuledAccount) bool { return a.class == rehome.ClassAuth }) {
		return rehome.OutcomeUnreachable
	}
	stuck := false
	for _, a := range r.Accounts {
		if a.Error != "" && !lasting(a.class) {
			return rehome.OutcomeRemaining
		}
		stuck = stuck || a.Error != "" || a.Failed() > 0 || r.stored && pass.Blocked(a.Account, a.Findings) != nil
	}
	switch {
	case stuck:
		return rehome.OutcomeStuck
	case r.instead:
		return rehome.OutcomeWaiting
	}
	return rehome.OutcomeDone
}

// Outcome implements rehome.Answer: a person uploads the files.
func (Import) Outcome() rehome.Outcome { return rehome.OutcomeWaiting }

// Outcome implements rehome.Answer: a person has to find the right password, or another way to check it.
func (p PasswordTest) Outcome() rehome.Outcome {
	if p.Matches {
		return rehome.OutcomeDone
	}
	return rehome.OutcomeWaiting
}

// Outcome implements rehome.Answer: whatever it shows, it has been shown.
func (Status) Outcome() rehome.Outcome { return rehome.OutcomeDone }

// Outcome implements rehome.Answer.
func (Export) Outcome() rehome.Outcome { return rehome.OutcomeDone }

// Outcome implements rehome.Answer.
func (WrittenPasswords) Outcome() rehome.Outcome { return rehome.OutcomeDone }
