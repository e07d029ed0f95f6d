// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/report"
	"rehome/internal/verify"
)

// OpenFindings are the differences of the last verification: those that are open, and those that somebody has accepted.
type OpenFindings struct {
	Open     []verify.Open     `json:"open"`
	Unlisted int               `json:"unlisted"` // open ones beyond those listed
	Unknown  []string          `json:"unknown"`  // accounts that were not verified, or could not be read
	Accepted []verify.Accepted `json:"accepted"`
	Logins   []rehome.Finding  `json:"logins"` // what the last test of log-ins has found, see TestLogins
}

// Outcome implements rehome.Answer.
func (o OpenFindings) Outcome() rehome.Outcome {
	failed := func(f rehome.Finding) bool { return f.Severity == rehome.SeverityError }
	if len(o.Open) > 0 || o.Unlisted > 0 || len(o.Unknown) > 0 || slices.ContainsFunc(o.Logins, failed) {
		return rehome.OutcomeDiffers
	}
	return rehome.OutcomeDone
}

// Differences lists what the last verification of the chosen accounts has found. It talks to no server.
func (m *Move) Differences(ctx context.Context, choice people.Choice) (OpenFindings, error) {
	found := OpenFindings{Open: []verify.Open{}, Unknown: []string{}, Accepted: []verify.Accepted{}, Logins: []rehome.Finding{}}
	answers, err := m.verified(ctx, choice)
	if err != nil {
		return found, err
	}
	for _, a := range answers {
		found.Open = append(found.Open, a.Open()...)
		found.Accepted = append(found.Accepted, a.Accepted...)
		found.Unlisted += a.Differences() - len(a.Open())
		if a.Verdict == verify.Unknown {
			found.Unknown = append(found.Unknown, a.Account)
		}
	}
	found.Logins, err = m.loginFindings(ctx, func(address string) bool {
		return choice.All() || slices.ContainsFunc(answers, func(a verify.Account) bool { return a.Account == address })
	})
	return found, err
}

// AcceptOptions say what is accepted, by whom and why. By and Reason are required.
type AcceptOptions struct {
	IDs        []string
	By, Reason string
	Accounts   []string // whose they are; none looks for them in all accounts
}

// Accept keeps the word of a person that open differences may stay. All of them are accepted, or none: an id that names no open
// difference is an error.
func (m *Move) Accept(ctx context.Context, options AcceptOptions) ([]verify.Open, error) {
	if strings.TrimSpace(options.By) == "" || strings.TrimSpace(options.Reason) == "" {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "accept", Object: strings.Join(options.IDs, ", "),
			Cause: errors.New("a name or a reason is missing"), Hint: "say who accepts and why: --by NAME --reason TEXT"}
	}
	found, err := m.differencesOf(ctx, options.Accounts)
	if err != nil {
		return nil, err
	}
	chosen, err := named(found.Open, options.IDs)
	if err != nil {
		return nil, err
	}
	store, err := m.store(ctx)
	if err != nil {
		return nil, err
	}
	if err := store.Accepted.Accept(ctx, acceptances(chosen, found.Accepted, options)...); err != nil {
		return nil, err
	}
	var lines []ledger.AuditLine
	for _, o := range chosen {
		lines = append(lines, ledger.AuditLine{Action: actionAccepted, Object: o.Account + " " + o.ID, Before: o.Sentence,
			After: "accepted by " + options.By + ": " + options.Reason})
	}
	return chosen, m.note(ctx, lines...)
}

// differencesOf lists the differences of some accounts without reading the others, or those of all.
func (m *Move) differencesOf(ctx context.Context, addresses []string) (found OpenFindings, err error) {
	if len(addresses) == 0 {
		return m.Differences(ctx, people.Choice{})
	}
	store, err := m.store(ctx)
	if err != nil {
		return found, err
	}
	for _, address := range addresses {
		answer, _, err := answerOf(ctx, store, ledger.Account{Address: address})
		if err != nil {
			return found, err
		}
		found.Open, found.Accepted = append(found.Open, answer.Open()...), append(found.Accepted, answer.Accepted...)
	}
	return found, nil
}

// named are the open differences of the ids; one id may name several of the same.
func named(open []verify.Open, ids []string) ([]verify.Open, error) {
	var chosen []verify.Open
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		before := len(chosen)
		for _, o := range open {
			if o.ID == id {
				chosen = append(chosen, o)
			}
		}
		if len(chosen) == before {
			return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "difference " + id, Cause: errors.New("no open difference has this id"),
				Hint: `run "rehome findings list": it shows the id of each`}
		}
	}
	return chosen, nil
}

// acceptances count the same, with those that were accepted before.
func acceptances(chosen []verify.Open, before []verify.Accepted, options AcceptOptions) []ledger.Acceptance {
	all := map[string]*ledger.Acceptance{}
	for _, o := range chosen {
		if all[o.ID] == nil {
			all[o.ID] = &ledger.Acceptance{Address: o.Account, Difference: o.ID, Sentence: o.Sentence, Person: options.By, Reason: options.Reason}
		}
		all[o.ID].Times++
	}
	for _, a := range before {
		if again := all[a.ID]; again != nil {
			again.Times++
		}
	}
	var list []ledger.Acceptance
	for _, a := range all {
		list = append(list, *a)
	}
	slices.SortFunc(list, func(a, b ledger.Acceptance) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Difference, b.Difference))
	})
	return list
}

// Withdraw takes acceptances back: the differences are open again. An id that names no acceptance is an error, and nothing is
// withdrawn.
func (m *Move) Withdraw(ctx context.Context, ids []string) error {
	store, err := m.store(ctx)
	if err != nil {
		return err
	}
	all, err := store.Accepted.All(ctx)
	if err != nil {
		return err
	}
	of := map[string]string{}
	for _, accepted := range all {
		for _, a := range accepted {
			of[a.Difference] = a.Address
		}
	}
	for _, id := range ids {
		if of[id] == "" {
			return &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "difference " + id, Cause: errors.New("nobody has accepted it"),
				Hint: `run "rehome findings list --all": it shows what was accepted`}
		}
	}
	if err := store.Accepted.Withdraw(ctx, ids...); err != nil {
		return err
	}
	var lines []ledger.AuditLine
	for _, id := range ids {
		lines = append(lines, ledger.AuditLine{Action: actionWithdrawn, Object: of[id] + " " + id})
	}
	return m.note(ctx, lines...)
}

// settled returns the last answers of those accounts of which something was accepted, with that set apart.
func settled(ctx context.Context, store *ledger.Ledger) (map[string]verify.Account, error) {
	acceptances, err := accepted(ctx, store)
	if err != nil || len(acceptances) == 0 {
		return nil, err
	}
	all := make(map[string]verify.Account, len(acceptances))
	for address, accepted := range acceptances {
		last, known, err := store.Verifications.Find(ctx, address)
		if err != nil {
			return nil, err
		}
		if !known {
			continue
		}
		answer, err := report.Answer(ledger.Account{Address: address}, last)
		if err != nil {
			return nil, err
		}
		all[address] = answer.Accept(accepted)
	}
	return all, nil
}

// accepted returns what was accepted of each account.
func accepted(ctx context.Context, store *ledger.Ledger) (map[string][]verify.Acceptance, error) {
	rows, err := store.Accepted.All(ctx)
	if err != nil {
		return nil, err
	}
	all := make(map[string][]verify.Acceptance, len(rows))
	for address, accepted := range rows {
		all[address] = acceptancesOf(accepted)
	}
	return all, nil
}

func acceptancesOf(rows []ledger.Acceptance) (all []verify.Acceptance) {
	for _, a := range rows {
		all = append(all, verify.Acceptance{ID: a.Difference, Times: a.Times, By: a.Person, Reason: a.Reason, At: a.Time})
	}
	return all
}

// answerOf returns what the last verification of one account has said, with what was accepted set apart; verified is false before the
// first.
func answerOf(ctx context.Context, store *ledger.Ledger, a ledger.Account) (answer verify.Account, verified bool, err error) {
	last, verified, err := store.Verifications.Find(ctx, a.Address)
	if err != nil || !verified {
		return verify.Account{}, false, err
	}
	if answer, err = report.Answer(a, last); err != nil {
		return verify.Account{}, false, err
	}
	acceptances, err := store.Accepted.Of(ctx, a.Address)
	return answer.Accept(acceptancesOf(acceptances)), true, err
}
