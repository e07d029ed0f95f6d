// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"slices"
	"time"

	"rehome"
	"rehome/internal/itinerary"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/verify"
)

// Status is where the whole move stands.
type Status struct {
	Organisation string           `json:"organisation"`
	Running      bool             `json:"running"` // a sync is at work now
	GoesOn       bool             `json:"goes_on"` // none is, and workers that are there go on with accounts by themselves
	Accounts     []StatusAccount  `json:"accounts"`
	Findings     []rehome.Finding `json:"findings"`
	Waves        []StatusWave     `json:"waves"` // the one that goes first at the head; none in an answer about some accounts
	// Workers are those that are there, and what hinders one; none in an answer about some accounts.
	Workers []StatusWorker `json:"workers,omitempty"`
	// HeldUp is of the last ten minutes, and of the last day; none where nothing was done, nor in an answer about some accounts.
	HeldUp []HeldUpSpan `json:"held_up"`
	// Itinerary is the whole move; nil in an answer about some accounts.
	Itinerary *itinerary.Itinerary `json:"itinerary,omitempty"`
}

// StatusWorker is a worker that is there.
type StatusWorker struct {
	Name     string `json:"name"`
	Hindered string `json:"hindered,omitempty"` // why it can do nothing for now, with the next step
}

func statusWorkers(ctx context.Context, store *ledger.Ledger) (all []StatusWorker, err error) {
	there, err := store.Workers.All(ctx)
	for _, w := range there {
		all = append(all, StatusWorker{w.Name, w.Hindered})
	}
	return all, err
}

// workersGoOn reports whether a worker is there that takes accounts which nobody has at this moment. Behind a restart of the store they wait:
// for the end of the leases that they had before, and for connections that somebody else may still have.
func workersGoOn(ctx context.Context, store *ledger.Ledger) (bool, error) {
	there, err := store.Workers.All(ctx)
	if err != nil || !slices.ContainsFunc(there, func(w ledger.Worker) bool { return !w.Leaving && w.Hindered == "" }) {
		return false, err
	}
	left, err := store.Leases.Abandoned(ctx, 1)
	if err != nil || len(left) > 0 {
		return len(left) > 0, err
	}
	left, err = store.Leases.Unclaimed(ctx, 1)
	return len(left) > 0, err
}

// AccountRow is where one account stands, as far as its own row says.
type AccountRow struct {
	Account    string              `json:"account"`
	State      ledger.AccountState `json:"state"`
	Mailboxes  int64               `json:"mailboxes"`
	Messages   int64               `json:"messages"` // at the source
	Octets     int64               `json:"bytes"`
	Copied     int64               `json:"copied"` // at the destination
	Failed     int64               `json:"failed"`
	Verdict    string              `json:"verdict"`            // "" before the first verification
	Accepted   int                 `json:"accepted,omitempty"` // differences that somebody has accepted
	VerifiedAt time.Time           `json:"verified_at,omitzero"`
	StartedAt  time.Time           `json:"started_at,omitzero"`
	FinishedAt time.Time           `json:"finished_at,omitzero"`
	Reason     string              `json:"reason,omitempty"`
	NextStep   string              `json:"next_step,omitempty"`
}

// rowOf is a row with what was accepted of its differences set apart; the zero answer is one of which nothing was.
func rowOf(a ledger.Account, answer verify.Account) AccountRow {
	if answer.Account != "" {
		a.Verdict = string(answer.Verdict)
	}
	return AccountRow{
		Account: a.Address, State: a.State, Mailboxes: a.Mailboxes, Messages: a.Messages, Octets: a.Octets, Copied: a.Copied, Failed: a.Failed,
		Verdict: a.Verdict, Accepted: len(answer.Accepted), VerifiedAt: a.VerifiedAt, StartedAt: a.Started, FinishedAt: a.Finished,
		Reason: a.Reason, NextStep: a.NextStep,
	}
}

// StatusAccount is where one account stands.
type StatusAccount struct {
	AccountRow

	Contacts  *StatusObjects `json:"contacts,omitempty"` // nil before the first pass over them
	Calendars *StatusObjects `json:"calendars,omitempty"`
	Rules     *StatusRules   `json:"rules,omitempty"`
	Turn      *StatusTurn    `json:"turn,omitempty"` // nil when the last pass is over and has not failed
}

// StatusTurn is where the last pass over an account stands.
type StatusTurn struct {
	State        ledger.TurnState `json:"state"`
	Step         rehome.Kind      `json:"step,omitempty"`         // under way, waiting, or failed
	Since        time.Time        `json:"since"`                  // of the state
	Due          time.Time        `json:"due,omitzero"`           // when it is tried again
	Failures     int              `json:"failures"`               // in a row
	FailingSince time.Time        `json:"failing_since,omitzero"` // when the first of them was
	Reason       string           `json:"reason,omitempty"`       // of the last of them, or what is waited for
}

// TurnInterrupted is the state of a turn that was under way when its sync ended.
const TurnInterrupted ledger.TurnState = "interrupted"

// statusTurns returns the turns by account.
func statusTurns(turns []ledger.Turn, running bool) map[string]*StatusTurn {
	all := make(map[string]*StatusTurn, len(turns))
	for _, t := range turns {
		if t.State == ledger.TurnWorking && !running {
			t.State = TurnInterrupted
		}
		all[t.Address] = &StatusTurn{
			State: t.State, Step: t.Step, Since: t.Since, Due: t.Due, Failures: t.Failures, FailingSince: t.FailingSince, Reason: t.Reason,
		}
	}
	return all
}

// StatusObjects is where an account's contacts, or calendar objects, stand.
type StatusObjects struct {
	Collections int64 `json:"collections"`
	Objects     int64 `json:"objects"` // at the source
	Copied      int64 `json:"copied"`  // at the destination
	Quarantined int64 `json:"quarantined"`
	Conflicts   int64 `json:"conflicts"`
	Held        int64 `json:"held"`
}

// StatusRules is where an account's scripts stand at the destination.
type StatusRules struct {
	Stored  int64 `json:"stored"`
	On      int64 `json:"on"`      // switched on by us
	Waiting int64 `json:"waiting"` // off until the domain has moved
}

func statusRules(counts map[string]ledger.RuleCounts, account string) *StatusRules {
	c, known := counts[account]
	if !known {
		return nil
	}
	return &StatusRules{Stored: c.Stored, On: c.On, Waiting: c.Waiting}
}

func statusObjects(counts map[rehome.Kind]ledger.ObjectCounts, kind rehome.Kind) *StatusObjects {
	c, known := counts[kind]
	if !known {
		return nil
	}
	return &StatusObjects{
		Collections: c.Collections, Objects: c.Objects, Copied: c.There, Quarantined: c.Quarantined, Conflicts: c.Conflicts, Held: c.Held,
	}
}

// Status reads the ledger about the accounts of a choice; it talks to no server and may be called while a pass runs. An
// account that no pass has begun with is not known here.
func (m *Move) Status(ctx context.Context, choice people.Choice) (Status, error) {
	store, err := m.store(ctx)
	if err != nil {
		return Status{}, err
	}
	rows, err := store.Accounts.All(ctx)
	if err != nil {
		return Status{}, err
	}
	findings, err := store.Findings.All(ctx, "")
	if err != nil {
		return Status{}, err
	}
	objects, err := store.Objects.Counts(ctx)
	if err != nil {
		return Status{}, err
	}
	rules, err := store.Rules.Counts(ctx)
	if err != nil {
		return Status{}, err
	}
	running, err := store.Locked()
	if err != nil {
		return Status{}, err
	}
	written, err := store.Passes.Turns(ctx)
	if err != nil {
		return Status{}, err
	}
	goesOn := false
	if !running {
		if goesOn, err = workersGoOn(ctx, store); err != nil {
			return Status{}, err
		}
	}
	turns := statusTurns(written, running)
	status := Status{
		Organisation: m.settings.Organisation, Running: running, GoesOn: goesOn,
		Accounts: make([]StatusAccount, 0, len(rows)), Findings: nonNil(findings),
		HeldUp: []HeldUpSpan{}, Waves: []StatusWave{},
	}
	if choice.All() {
		if status.Waves, err = statusWaves(ctx, store, time.Now()); err != nil {
			return Status{}, err
		}
		if status.Workers, err = statusWorkers(ctx, store); err != nil {
			return Status{}, err
		}
		if status.HeldUp, err = heldUpLately(ctx, store, time.Now()); err != nil {
			return Status{}, err
		}
	}
	if rows, err = among(rows, choice); err != nil {
		return Status{}, err
	}
	settled, err := settled(ctx, store)
	if err != nil {
		return Status{}, err
	}
	var accepted []verify.Accepted
	for _, r := range rows {
		answer := settled[r.Address]
		accepted = append(accepted, answer.Accepted...)
		status.Accounts = append(status.Accounts, StatusAccount{
			AccountRow: rowOf(r, answer), Rules: statusRules(rules, r.Address), Turn: turns[r.Address],
			Contacts:  statusObjects(objects[r.Address], rehome.KindContacts),
			Calendars: statusObjects(objects[r.Address], rehome.KindCalendars),
		})
	}
	status.Findings = verify.Unexcused(status.Findings, accepted)
	if !choice.All() {
		status.Findings = ofAccounts(status.Findings, rows)
	}
	return status, nil
}

// among keeps the rows of a choice.
func among(rows []ledger.Account, choice people.Choice) ([]ledger.Account, error) {
	if choice.All() {
		return rows, nil
	}
	addresses := make([]string, len(rows))
	for i, r := range rows {
		addresses[i] = r.Address
	}
	chosen, err := choice.Among(addresses)
	if err != nil {
		return nil, withSuggestion(err)
	}
	return slices.DeleteFunc(rows, func(r ledger.Account) bool {
		_, found := slices.BinarySearch(chosen, r.Address) // both are in alphabetical order
		return !found
	}), nil
}

// ofAccounts keeps the findings about the rows, and those about the move as a whole.
func ofAccounts(findings []rehome.Finding, rows []ledger.Account) []rehome.Finding {
	known := make(map[string]bool, len(rows))
	for _, r := range rows {
		known[r.Address] = true
	}
	return slices.DeleteFunc(findings, func(f rehome.Finding) bool { return f.Account != "" && !known[f.Account] })
}
