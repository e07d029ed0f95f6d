// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/config"
	"rehome/internal/davcopy"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
	"rehome/internal/pass"
	"rehome/internal/people"
	"rehome/internal/rulecopy"
)

// Synced is what one pass has done.
type Synced struct {
	Accounts    []SyncedAccount  `json:"accounts"`
	Staying     []people.Staying `json:"staying"`
	Interrupted bool             `json:"interrupted,omitempty"`
	CutOff      bool             `json:"cut_off,omitempty"` // and what was under way then has not ended in time

	Findings []rehome.Finding `json:"findings,omitempty"` // of the pass as a whole
}

// SyncedAccount is one account of it.
type SyncedAccount struct {
	Account   string           `json:"account"`
	Mail      SyncedMail       `json:"mail"`
	Contacts  *SyncedObjects   `json:"contacts,omitempty"` // nil when they were not looked at
	Calendars *SyncedObjects   `json:"calendars,omitempty"`
	Rules     *SyncedRules     `json:"rules,omitempty"`
	Error     string           `json:"error,omitempty"`
	Hint      string           `json:"hint,omitempty"`
	Findings  []rehome.Finding `json:"findings,omitempty"`

	lasting bool // the error is one that repeating does not mend
}

// SyncedRules counts scripts.
type SyncedRules struct {
	Stored    int `json:"stored"`
	Unchanged int `json:"unchanged"`
	Waiting   int `json:"waiting"` // of them, off until the domain has moved; also one that replaces another then
	Left      int `json:"left"`    // changed by a person at the destination
	Refused   int `json:"refused"`
}

// Failed counts what is not at the destination as the source has it.
func (s *SyncedRules) Failed() int {
	if s == nil {
		return 0
	}
	return s.Refused
}

// SyncedMail counts messages. Messages, those of the source, are the sum of There, Failed, Deserted, Waiting,
// Remaining and Unknown; There is that of Copied, Adopted and Unchanged, unless some vanished meanwhile.
type SyncedMail struct {
	Messages  int64 `json:"messages"`
	There     int64 `json:"at_destination"`
	Copied    int   `json:"copied"`
	Adopted   int   `json:"adopted"`
	Unchanged int64 `json:"unchanged"`
	Flagged   int   `json:"flags_changed"`
	Removed   int   `json:"removed"`  // at the destination, because they have vanished at the source
	Kept      int   `json:"kept"`     // vanished at the source, and still at the destination
	Deserted  int64 `json:"deserted"` // deleted or moved away by the destination's user; not copied again
	Held      int   `json:"held"`     // a large loss at either end, which somebody has to confirm
	Failed    int64 `json:"failed"`
	Waiting   int64 `json:"waiting"`                        // for somebody to say what a large loss at the destination means
	Remaining int64 `json:"remaining"`                      // still to be copied
	Unknown   int64 `json:"unknown"`                        // the source says that it holds them, and does not show them
	Uncounted int   `json:"uncounted_mailboxes,omitempty"`  // nobody knows how many messages they hold
	Barred    int   `json:"barred_mailboxes,omitempty"`     // they cannot be made or opened
	BrokenOff int   `json:"broken_off_mailboxes,omitempty"` // the connection ended in them each time
	Bytes     int64 `json:"bytes"`

	census mailcopy.Census
}

// newSyncedMail takes the counts from the two places where they are kept: what a pass did, and where
// the messages are now.
func newSyncedMail(did mailcopy.Tally, unchanged int64, now mailcopy.Census) SyncedMail {
	return SyncedMail{
		Messages: now.Messages(), There: now.There, Failed: now.Failed, Deserted: now.Deserted, Waiting: now.Waiting,
		Remaining: now.Left + now.Stuck, Unknown: now.Unknown, Uncounted: now.Uncounted, Barred: now.Barred, BrokenOff: now.BrokenOff,
		Copied: did.Copied, Adopted: did.Adopted, Unchanged: unchanged, Flagged: did.Flagged, Removed: did.Removed, Kept: did.Kept,
		Held: did.Held, Bytes: did.Octets, census: now,
	}
}

// Complete reports whether every account is at the destination with every message.
func (s Synced) Complete() bool {
	return !s.Mendable() && !slices.ContainsFunc(s.Accounts, func(a SyncedAccount) bool {
		return a.Error != "" || !a.Mail.census.Complete() || a.Contacts.Failed()+a.Calendars.Failed() > 0
	})
}

// Mendable reports whether something is left that the same command can finish when it is run again.
func (s Synced) Mendable() bool {
	for _, a := range s.Accounts {
		if a.Error != "" && !a.lasting || a.Mail.census.Mendable() || a.Contacts.mendable()+a.Calendars.mendable()+a.Rules.Failed() > 0 {
			return true
		}
	}
	return s.Interrupted || len(s.Findings) > 0
}

// Waiting reports whether somebody has to confirm something before a pass can go on.
func (s Synced) Waiting() bool {
	contacts, calendars := s.TotalObjects()
	return s.Total().Held+int(s.Total().Waiting)+contacts.Doubted+calendars.Doubted > 0
}

// Total sums up all accounts.
func (s Synced) Total() SyncedMail {
	var did mailcopy.Tally
	var now mailcopy.Census
	var unchanged int64
	for _, a := range s.Accounts {
		now.Add(a.Mail.census)
		unchanged += a.Mail.Unchanged
		did.Copied += a.Mail.Copied
		did.Adopted += a.Mail.Adopted
		did.Flagged += a.Mail.Flagged
		did.Removed += a.Mail.Removed
		did.Kept += a.Mail.Kept
		did.Held += a.Mail.Held
		did.Octets += a.Mail.Bytes
	}
	return newSyncedMail(did, unchanged, now)
}

// TotalObjects sums up the contacts and calendar objects of all accounts.
func (s Synced) TotalObjects() (contacts, calendars SyncedObjects) {
	for _, a := range s.Accounts {
		contacts.add(a.Contacts)
		calendars.add(a.Calendars)
	}
	return contacts, calendars
}

// TotalRules sums up the scripts of all accounts.
func (s Synced) TotalRules() SyncedRules {
	var t SyncedRules
	for _, a := range s.Accounts {
		if r := a.Rules; r != nil {
			t.Stored += r.Stored
			t.Unchanged += r.Unchanged
			t.Waiting += r.Waiting
			t.Left += r.Left
			t.Refused += r.Refused
		}
	}
	return t
}

// Watcher is told how far a pass has come.
type Watcher struct {
	Progress *conductor.Progress
	Accounts func(total int) // once it is known how many there are

	// Finish is called when the copying begins, and the function that it returns when it is over. Between the
	// two, closing stop lets nothing new begin, and what is under way is brought to its end. It may be nil.
	Finish func() (stop <-chan struct{}, over func())
}

// finish calls Finish if there is one.
func (w Watcher) finish() (stop <-chan struct{}, over func()) {
	if w.Finish == nil {
		return nil, func() {}
	}
	return w.Finish()
}

// SyncOptions choose what a pass does, and how it deals with what has vanished at either end.
type SyncOptions struct {
	Only             []rehome.Kind    // none means all that both ends have
	Deletions        config.Deletions // "" takes the settings' own
	ConfirmDeletions bool             // somebody has looked: large losses at either end are meant
	ConfirmSource    bool             // somebody has looked: the source's account is the right one
	CopyAgain        bool             // copy again what the destination has lost
	Rules            RuleOptions
}

// Sync runs one pass over the named accounts, or over all. One account's trouble is in its row and
// does not stop the others. When ctx ends, what was done so far is returned as interrupted, and the
// same call goes on later.
func (m *Move) Sync(ctx context.Context, names []string, options SyncOptions, watcher Watcher) (synced Synced, err error) {
	who, err := m.chosen(ctx, names)
	if err != nil {
		return Synced{}, err
	}
	unlock, err := who.store.Lock()
	if err != nil {
		return Synced{}, err
	}
	defer unlock()
	conduct := conductor.Options{Book: who.store, Pass: rehome.PassPreStage, Progress: watcher.Progress}
	var mail []pass.Step
	if wants(options.Only, rehome.KindMail) {
		src, dst, err := m.ends(ctx, watcher.Progress.Slowed)
		if err != nil {
			return Synced{}, err
		}
		if err := reach(ctx, who.accounts, src, dst); err != nil {
			return Synced{}, err
		}
		mail = []pass.Step{m.engine(who.store, src, dst, options, watcher.Progress)}
		conduct.Workers = workers(src, dst)
	}
	pim, err := m.pimEnds(ctx, options.Only)
	if err != nil {
		return Synced{}, err
	}
	defer func() { err = errors.Join(err, pim.close()) }()
	if err := pim.reach(ctx); err != nil {
		return Synced{}, err
	}
	if pim != nil {
		conduct.Steps = []pass.Step{m.pimEngine(who.store, pim, options, watcher.Progress)}
	}
	conduct.Steps = append(conduct.Steps, mail...) // contacts and calendars first: they are small and missed at once
	rules, away := m.reachRules(ctx, who, options)
	if away != nil && (!byHand(away) || len(options.Only) > 0) {
		return Synced{}, away
	}
	if err := m.plan(ctx, who.store, who.accounts); err != nil {
		return Synced{}, err
	}
	watcher.Accounts(len(who.accounts))
	if rules != nil { // by then the mailboxes are there into which they sort
		conduct.Steps, conduct.Workers = append(conduct.Steps, rules), cmp.Or(conduct.Workers, rules.workers)
	}
	stop, over := watcher.finish()
	conduct.Stop = stop
	outcomes, err := conductor.New(conduct).Run(ctx, who.accounts)
	over()
	synced = Synced{Accounts: make([]SyncedAccount, 0, len(outcomes)), Staying: nonNil(who.Staying), Interrupted: errors.Is(err, context.Canceled)}
	synced.CutOff = errors.Is(err, conductor.ErrCutOff)
	for _, o := range outcomes {
		synced.Accounts = append(synced.Accounts, syncedAccount(o))
	}
	if away != nil {
		synced.Findings = append(synced.Findings, rulesAway(away))
	}
	return synced, nil
}

// reachRules opens what rules need; nil when none move. Without being asked for they move if the
// destination has a service for them.
func (m *Move) reachRules(ctx context.Context, who selection, options SyncOptions) (*ruleEnds, error) {
	if !wants(options.Only, rehome.KindRules) || len(options.Only) == 0 && m.settings.Destination.Sieve.Address == "" {
		return nil, nil
	}
	ends, err := m.ruleEnds(ctx, who, options.Rules)
	if err != nil {
		return nil, err
	}
	return &ends, ends.Reach(ctx)
}

// rulesAway says that everything but the rules has moved: nobody's mail waits for the ManageSieve server.
func rulesAway(err error) rehome.Finding {
	return rehome.Finding{Code: "rules_unreachable", Severity: rehome.SeverityError, Sentence: "no rules were moved: " + err.Error(),
		NextStep: rehome.HintOf(err) + `; where there is none, take destination.sieve out of the settings and run "rehome rules export"`}
}

// syncedRules is nil where rules were not looked at.
func syncedRules(all pass.Counts) *SyncedRules {
	r, looked := all.(rulecopy.Counts)
	if !looked {
		return nil
	}
	s := &SyncedRules{Stored: r.Count(rulecopy.Put), Unchanged: r.Count(rulecopy.Keep), Left: r.Count(rulecopy.Leave), Refused: r.Count(rulecopy.Refused)}
	for _, script := range r.Scripts {
		if script.Waits {
			s.Waiting++
		}
	}
	return s
}

// plan makes sure that status shows every account, also those whose turn has not come.
func (m *Move) plan(ctx context.Context, store *ledger.Ledger, accounts []rehome.Account) error {
	addresses := make([]string, len(accounts))
	for i, a := range accounts {
		addresses[i] = a.Address
	}
	return store.PlanAccounts(ctx, addresses)
}

func (m *Move) engine(store *ledger.Ledger, src, dst *endpoint.IMAP, options SyncOptions, observer mailcopy.Observer) *mailcopy.Engine {
	return mailcopy.New(mailcopy.Options{
		Source: src, Destination: dst, Ledger: store, Rules: m.rules(), EscrowDir: m.settings.Mail.Escrow,
		Connections: m.settings.Limits.PerAccount, BytesPerSecond: int64(m.settings.Limits.BytesPerSecond), Observer: observer,
		Deletions:        mailcopy.Deletions(cmp.Or(options.Deletions, m.settings.Mail.Deletions)),
		ConfirmDeletions: options.ConfirmDeletions, ConfirmSource: options.ConfirmSource, CopyAgain: options.CopyAgain,
		Settle: m.settings.Mail.Settle,
	})
}

// workers is how many accounts can hold a connection to both ends at once.
func workers(src, dst *endpoint.IMAP) int {
	return min(src.Settings().Connections, dst.Settings().Connections)
}

func syncedAccount(o conductor.Outcome) SyncedAccount {
	mail, _ := o.Counts[rehome.KindMail].(mailcopy.Counts)
	objects, _ := o.Counts[rehome.KindPIM].(davcopy.Counts)
	a := SyncedAccount{
		Account: o.Account, Findings: o.Findings, Mail: newSyncedMail(mail.Tally, mail.Unchanged(), mail.Census),
		Contacts: syncedObjects(objects, ledger.Contacts), Calendars: syncedObjects(objects, ledger.Calendars),
		Rules: syncedRules(o.Counts[rehome.KindRules]),
	}
	if o.Err != nil && !errors.Is(o.Err, context.Canceled) {
		a.Error, a.Hint, a.lasting = o.Err.Error(), rehome.HintOf(o.Err), lasting(o.Err)
	}
	return a
}

// lasting says that repeating does not mend what stopped an account.
func lasting(err error) bool {
	switch rehome.ClassOf(err) {
	case rehome.ClassPermanent, rehome.ClassAuth, rehome.ClassUntrusted, rehome.ClassQuota, rehome.ClassOperator:
		return true
	}
	return false
}
