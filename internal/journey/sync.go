// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
	"rehome/internal/pass"
	"rehome/internal/people"
)

// Watcher is told how far a pass has come.
type Watcher struct {
	Progress *conductor.Progress

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
	Deletions        rehome.Deletions // "" takes the settings' own
	ConfirmDeletions bool             // somebody has looked: large losses at either end are meant
	ConfirmSource    bool             // somebody has looked: the source's account is the right one
	CopyAgain        bool             // copy again what the destination has lost
	Rules            RuleOptions

	First map[string]bool `json:"-"` // accounts that come before the others

	patient bool // that all wait for their waves is no error: another pass comes
}

// Sync runs one pass over the named accounts, or over all. One account's trouble is in its row and
// does not stop the others. When ctx ends, what was done so far is returned as interrupted, and the
// same call goes on later.
func (m *Move) Sync(ctx context.Context, choice people.Choice, options SyncOptions, watcher Watcher) (synced Synced, err error) {
	who, err := m.chosen(ctx, choice)
	if err != nil {
		return Synced{}, err
	}
	return m.syncInWaves(ctx, who, options, watcher)
}

// syncInWaves is sync of those accounts whose wave runs, and those in none, in the order of the waves.
func (m *Move) syncInWaves(ctx context.Context, who selection, options SyncOptions, watcher Watcher) (synced Synced, err error) {
	unlock, err := who.store.Lock()
	if err != nil {
		return Synced{}, err
	}
	defer unlock()
	who.patient = options.patient
	left, err := m.inWaves(ctx, &who)
	if err != nil {
		return Synced{}, err
	}
	if len(who.accounts) == 0 && len(left) > 0 {
		return Synced{Accounts: []SyncedAccount{}, Staying: nonNil(who.Staying), Held: left}, nil
	}
	options.before(&who)
	synced, err = m.sync(ctx, m.kindsOfWork(), who, options, watcher)
	var unread error
	synced.Held, unread = addPulled(context.WithoutCancel(ctx), who, append(left, synced.Held...))
	return synced, errors.Join(err, unread)
}

// before puts the accounts that come first before the others, whatever their waves.
func (o SyncOptions) before(who *selection) {
	who.accounts = slices.Clone(who.accounts)
	slices.SortStableFunc(who.accounts, func(a, b rehome.Account) int {
		switch first := o.First[a.Address]; {
		case first == o.First[b.Address]:
			return 0
		case first:
			return -1
		}
		return 1
	})
}

// sync runs one pass of the kinds of work that openers begin.
func (m *Move) sync(ctx context.Context, openers []opener, who selection, options SyncOptions, watcher Watcher) (synced Synced, err error) {
	defer m.show(workSync, watcher.Progress)()
	defer m.noteSpeed(ctx, who.store, watcher.Progress)()
	hosts := m.hosts(watcher.Progress.Slowed)
	m.explain(who.store, watcher.Progress)
	opened, err := openAll(ctx, openers, who, hosts, options, watcher)
	if err != nil {
		return Synced{}, err
	}
	defer func() { err = errors.Join(err, closeAll(opened)) }()
	conduct := conductor.Options{Ledger: who.store.Passes, Pass: rehome.PassPreStage, Whole: who.whole, Progress: watcher.Progress, Log: m.log}
	conduct.Steps, conduct.Workers = stepsOf(opened)
	if wants(options.Only, rehome.KindMail) { // the sizes are those of the mail
		if conduct.Expected, err = m.expected(ctx, who.store); err != nil {
			return Synced{}, err
		}
	}
	if err := m.note(ctx, syncLine(len(who.accounts), options)); err != nil {
		return Synced{}, err
	}
	conduct.Over = func(o conductor.Ended) error { return m.wrote(context.WithoutCancel(ctx), who.store, syncedAccount(o)) }
	defer who.waves.join(&conduct, hosts)()
	stop, over := watcher.finish()
	conduct.Stop = stop
	outcomes, err := conductor.New(conduct).Run(ctx, who.accounts)
	over()
	synced = Synced{Accounts: make([]SyncedAccount, 0, len(outcomes)), Staying: nonNil(who.Staying), Interrupted: errors.Is(err, context.Canceled)}
	synced.CutOff = errors.Is(err, conductor.ErrCutOff)
	for _, o := range outcomes {
		synced.Accounts = append(synced.Accounts, syncedAccount(o))
	}
	for _, work := range opened {
		synced.Findings = append(synced.Findings, work.findings...)
	}
	verdicts, err := settled(context.WithoutCancel(ctx), who.store)
	synced.setApart(verdicts)
	synced.Held = heldWaves(outcomes)
	return synced, err
}

// wrote notes what a pass has written to one account, as soon as its turn is over: it is no longer what was verified.
func (m *Move) wrote(ctx context.Context, store *ledger.Ledger, row SyncedAccount) error {
	messages, objects := row.written()
	if err := store.Verifications.Wrote(ctx, row.Account, messages, objects); err != nil {
		return err
	}
	if line, any := row.line(); any {
		return m.note(ctx, line)
	}
	return nil
}

// openMail is the opener of mail.
func (m *Move) openMail(ctx context.Context, who selection, hosts hosts, options SyncOptions, watcher Watcher) (work kindOfWork, err error) {
	if !m.movesMail(options.Only) {
		return work, nil
	}
	src, dst, err := m.ends(ctx, hosts)
	if err != nil {
		return work, err
	}
	if err := reach(ctx, who.accounts, src, dst); err != nil {
		return work, err
	}
	engine := m.mailOptions(who.store, src, dst, options, watcher.Progress)
	if engine.Importer, err = m.importer(ctx, hosts); err != nil {
		return work, err
	}
	if engine.Maildrop, err = m.maildrop(src, hosts); err != nil {
		return work, err
	}
	return kindOfWork{step: mailcopy.New(engine), workers: workers(src, dst)}, nil
}

// expected is how large the accounts were when a pass last saw them.
func (m *Move) expected(ctx context.Context, store *ledger.Ledger) (map[string]pass.Size, error) {
	rows, err := store.Accounts.All(ctx)
	if err != nil {
		return nil, err
	}
	sizes := make(map[string]pass.Size, len(rows))
	for _, r := range rows {
		if r.Mailboxes > 0 {
			sizes[r.Address] = pass.Size{Mailboxes: r.Mailboxes, Messages: r.Messages, Octets: r.Octets, There: r.Copied, Failed: r.Failed}
		}
	}
	return sizes, nil
}

// engine only looks, or copies by IMAP.
func (m *Move) engine(store *ledger.Ledger, src, dst *endpoint.IMAP, options SyncOptions, observer mailcopy.Observer) *mailcopy.Engine {
	return mailcopy.New(m.mailOptions(store, src, dst, options, observer))
}

func (m *Move) mailOptions(
	store *ledger.Ledger, src, dst *endpoint.IMAP, options SyncOptions, observer mailcopy.Observer,
) mailcopy.Options {
	return mailcopy.Options{
		Source: src, Destination: dst, Ledger: store.Mail, Rules: m.rules(), EscrowDir: m.settings.Mail.Escrow,
		Connections: m.settings.Limits.PerAccount, Observer: observer, Log: m.log,
		Deletions:        cmp.Or(options.Deletions, m.settings.Mail.Deletions),
		ConfirmDeletions: options.ConfirmDeletions, ConfirmSource: options.ConfirmSource, CopyAgain: options.CopyAgain,
		Settle: m.settings.Mail.Settle, Relaxed: m.settings.Mail.Order == rehome.OrderRelaxed,
	}
}

// workers is how many accounts can hold a connection to both ends at once.
func workers(src, dst *endpoint.IMAP) int {
	return min(src.Host().Settings().Connections, dst.Host().Settings().Connections)
}
