// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"slices"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/switchover"
	"rehome/internal/verify"
)

// carried says what a pass has brought and what it has left behind. What somebody has accepted is not left: nothing will come of
// waiting for it. failure is the pass's own.
func (w *world) carried(ctx context.Context, synced Synced, failure error) (switchover.Carried, error) {
	verdicts, err := w.verdicts(ctx)
	if err != nil {
		return switchover.Carried{}, err
	}
	return carriedBy(synced, verdicts), failure
}

// carriedBy is carried with what the last verifications have said, by account; nil where nothing was accepted.
func carriedBy(synced Synced, verdicts map[string]verify.Account) (carried switchover.Carried) {
	for _, a := range synced.Accounts {
		carried.Messages += int64(a.Mail.Copied)
		if !a.settled(verdicts[a.Account]) {
			carried.Left = append(carried.Left, a.left())
		}
	}
	for _, f := range synced.Findings {
		carried.Left = append(carried.Left, switchover.Left{Account: "the domain", Sentence: f.Sentence, NextStep: f.NextStep})
	}
	return carried
}

// settled reports whether all of an account is at the destination but for what somebody has accepted: no more messages are refused
// than messages were accepted as missing, each of those that the pass names is one of them, and no more objects are refused than such
// objects were accepted. Everything else has to be there.
func (a SyncedAccount) settled(v verify.Account) bool {
	if one := (Synced{Accounts: []SyncedAccount{a}}); one.complete() {
		return true
	} else if one.mendable() || a.Error != "" || a.blocked || a.Rules.Failed() > 0 {
		return false
	}
	rest := a.Mail.census
	rest.Failed = 0
	return rest.Complete() && a.Mail.Failed <= acceptedOf(v, string(verify.MissingMessage)) && !a.namesAnother(v) &&
		int64(a.Contacts.Failed()+a.Calendars.Failed()) <= acceptedOf(v, string(pim.StateMissing), string(pim.StateQuarantined))
}

// namesAnother reports whether a message is refused that nobody has accepted as missing, whatever their number: another one may be gone.
func (a SyncedAccount) namesAnother(v verify.Account) bool {
	return slices.ContainsFunc(verify.Unexcused(a.Findings, v.Accepted), func(f rehome.Finding) bool {
		return f.Severity == rehome.SeverityError && f.Topic == rehome.TopicMessages
	})
}

// setApart marks the accounts of which only what somebody has accepted is not there: no pass brings it, and nobody has to act.
func (s *Synced) setApart(verdicts map[string]verify.Account) {
	for i := range s.Accounts {
		a := &s.Accounts[i]
		a.Accepted = a.failed() > 0 && a.settled(verdicts[a.Account])
	}
}

// failed counts what an end rejects or does not return, and what cannot be moved.
func (a SyncedAccount) failed() int64 {
	return a.Mail.Failed + int64(a.Contacts.Failed()+a.Calendars.Failed())
}

// AcceptedAsMissing counts what has failed and was accepted.
func (s Synced) AcceptedAsMissing() (n int64) {
	for _, a := range s.Accounts {
		if a.Accepted {
			n += a.failed()
		}
	}
	return n
}

// acceptedOf counts the accepted differences of some kinds.
func acceptedOf(v verify.Account, kinds ...string) (n int64) {
	for _, accepted := range v.Accepted {
		if slices.Contains(kinds, accepted.What) {
			n++
		}
	}
	return n
}

// left says what of the account is left behind, by its first error.
func (a SyncedAccount) left() switchover.Left {
	left := switchover.Left{Account: a.Account, Sentence: orWords(a.Error, "something was left behind"), NextStep: a.Hint}
	for _, f := range a.Findings {
		if a.Error == "" && f.Severity == rehome.SeverityError {
			left.Sentence, left.NextStep = f.Sentence, f.NextStep
			break
		}
	}
	return left
}
