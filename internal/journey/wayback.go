// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
	"rehome/internal/mapping"
	"rehome/internal/pass"
	"rehome/internal/switchover"
	"rehome/internal/verify"
	"rehome/internal/verify/mail"
	"rehome/internal/wayback"
)

// The way back is the one part of a move that writes to the source: it runs for domains that a person has told to be rolled back, it
// only adds, and each account to which it has added something is a line in the audit log.

// wayBack is what carrying back the mail of a domain needs.
type wayBack struct {
	move     *Move
	store    *ledger.Ledger // of the move
	ledger   *ledger.Ledger // of the way back
	who      selection
	barred   *barred
	src, dst *endpoint.IMAP
	ways     map[string]wayback.Ways // by account
}

// wayBack opens the ledger of the way back, and fills it with what the move knows. The caller closes it.
func (w *world) wayBack(ctx context.Context, domain string) (b *wayBack, err error) {
	b = &wayBack{move: w.move, store: w.store, barred: &w.barred, ways: map[string]wayback.Ways{}}
	if b.who, err = w.move.chosen(ctx, of(domain)); err != nil {
		return nil, err
	}
	if b.src, b.dst, err = w.move.ends(ctx, w.move.hosts(nil)); err != nil {
		return nil, err
	}
	if err := reach(ctx, b.who.accounts, b.src, b.dst); err != nil {
		return nil, err
	}
	location, err := w.move.location(ctx)
	if err != nil {
		return nil, err
	}
	if location, err = location.Back(); err != nil {
		return nil, err
	}
	if b.ledger, err = location.Open(ctx); err != nil {
		return nil, err
	}
	for _, account := range b.who.accounts {
		if b.ways[account.Address], err = wayback.Turn(ctx, w.store.Mail, b.ledger.Mail, account.Address); err != nil {
			return nil, errors.Join(err, b.ledger.Close())
		}
	}
	return b, nil
}

// Arrived implements switchover.Mail.
func (w *world) Arrived(ctx context.Context, domain string, _ time.Time) (n int64, err error) {
	if !w.move.movesMail(nil) {
		return 0, nil
	}
	w.passes.Lock()
	defer w.passes.Unlock()
	b, err := w.wayBack(ctx, domain)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, b.ledger.Close()) }()
	for _, account := range b.who.accounts {
		tally, err := wayback.Count(ctx, b.dst, b.ledger.Mail, account)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", account.Address, err)
		}
		n += tally.Fresh
	}
	return n, nil
}

// CarryBack implements switchover.Mail.
func (w *world) CarryBack(ctx context.Context, domain string, _ time.Time) (carried switchover.Carried, err error) {
	if !w.move.movesMail(nil) {
		return carried, nil
	}
	w.passes.Lock()
	defer w.passes.Unlock()
	b, err := w.wayBack(ctx, domain)
	if err != nil {
		return carried, err
	}
	defer func() { err = errors.Join(err, b.ledger.Close()) }()
	for _, account := range b.barred.without(b.who.accounts) {
		if err := wayback.Steady(ctx, b.src, b.dst, account, b.ways[account.Address].Shared); err != nil {
			return carried, err
		}
	}
	synced, err := b.pass(ctx)
	if err != nil {
		return carried, err
	}
	carried = carriedBy(synced, nil)
	for _, account := range b.who.accounts {
		if slices.ContainsFunc(carried.Left, func(l switchover.Left) bool { return l.Account == account.Address }) {
			continue // it is said already why not all of it is back
		}
		left, err := b.prove(ctx, account)
		if err != nil {
			return carried, err
		}
		if left != nil {
			carried.Left = append(carried.Left, *left)
		}
	}
	return carried, nil
}

// leftAlone names an account that is not tried now.
func leftAlone(address string) *switchover.Left {
	return &switchover.Left{Account: address, Sentence: "its log-in was refused; it is left alone for an hour, as servers lock out who keeps trying",
		NextStep: "see to it that rehome can open the account at both ends, then run the same command again"}
}

// pass runs one pass from the destination to the source.
func (b *wayBack) pass(ctx context.Context) (synced Synced, err error) {
	conduct := conductor.Options{
		Steps: []pass.Step{newBackStep(b)}, Ledger: b.ledger.Passes, Workers: workers(b.dst, b.src), Pass: rehome.PassPreStage,
		Progress: conductor.NewProgress(), Log: b.move.log,
		Over: func(o conductor.Ended) error { return b.wrote(context.WithoutCancel(ctx), syncedAccount(o)) },
	}
	outcomes, err := conductor.New(conduct).Run(ctx, b.barred.without(b.who.accounts))
	if err != nil {
		return Synced{}, err
	}
	for _, o := range outcomes {
		row := syncedAccount(o)
		if row.class == rehome.ClassAuth {
			b.barred.note(row.Account)
		}
		synced.Accounts = append(synced.Accounts, row)
	}
	return synced, nil
}

// wrote notes what was added to an account at the source: it is no longer what was verified.
func (b *wayBack) wrote(ctx context.Context, row SyncedAccount) error {
	messages, _ := row.written()
	if messages == 0 {
		return nil
	}
	if err := b.store.Verifications.Wrote(ctx, row.Account, messages, 0); err != nil {
		return err
	}
	return b.move.note(ctx, ledger.AuditLine{Action: "mail carried back", Object: row.Account,
		After: fmt.Sprintf("%d messages added to the source, flags of %d changed there", row.Mail.Copied, row.Mail.Flagged)})
}

// rules are those of the way back: each mailbox goes back to where it came from, and nothing is left out.
func (b *wayBack) rules(account string) mapping.Rules {
	return mapping.Rules{Rename: b.ways[account].Names, NoSpecialUse: !b.move.settings.Mail.SpecialUse}
}

// prove compares both ends the other way round: what the destination holds has to be at the source, apart from what is known to have
// vanished there before. Messages that only the source has are none of this.
func (b *wayBack) prove(ctx context.Context, account rehome.Account) (*switchover.Left, error) {
	if b.barred.has(account.Address) {
		return leftAlone(account.Address), nil
	}
	tally, err := wayback.Count(ctx, b.dst, b.ledger.Mail, account)
	if err != nil {
		return notProved(ctx, account, err)
	}
	verifier := verify.New(verify.Options{Level: verify.LevelMetadata},
		mail.New(mail.Options{Source: b.dst, Destination: b.src, Rules: b.rules(account.Address)}))
	result, err := verifier.Account(ctx, account)
	if err != nil {
		return notProved(ctx, account, err)
	}
	missing := lacking(result, tally)
	if missing == "" {
		return nil, nil
	}
	return &switchover.Left{Account: account.Address, Sentence: "not all of its mail at the destination is at the source: " + missing,
		NextStep: "rehome tries again by itself; what stays is at the destination, where nothing is removed"}, nil
}

// lacking says what of the destination is not at the source; "" for nothing. Its words are for the way back, where the ends of a
// comparison are exchanged.
func lacking(result verify.Account, tally wayback.Tally) string {
	if result.Verdict == verify.Unknown || result.Mail == nil {
		return "the comparison could not read all of it"
	}
	counts := result.Mail.Counts
	switch {
	case tally.Fresh > 0:
		return plural(int(tally.Fresh), "message") + " could not be carried back"
	case int64(counts[verify.MissingMessage]) > tally.Departed:
		return plural(int(int64(counts[verify.MissingMessage])-tally.Departed), "message") + " that the destination shows the source does not"
	}
	for kind, words := range map[verify.Kind]string{
		verify.ChangedMessage: "other content", verify.UnreadableMailbox: "no answer", verify.UnlistedMessages: "more messages than are shown",
		verify.UnreadableMessage: "a message that cannot be read", verify.CountDiffers: "another number of messages",
	} {
		for _, d := range result.Mail.Differences {
			if d.Kind == kind {
				return fmt.Sprintf("in %q there is %s at one of the ends", d.Mailbox, words)
			}
		}
	}
	return ""
}

func notProved(ctx context.Context, account rehome.Account, err error) (*switchover.Left, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return &switchover.Left{Account: account.Address, Sentence: "nobody knows whether all of its mail is at the source: " + err.Error(),
		NextStep: orWords(rehome.HintOf(err), "rehome tries again by itself")}, nil
}

// backStep keeps the engine of each account: where its mailboxes go back to is its own matter.
type backStep struct{ engines map[string]*mailcopy.Engine }

func newBackStep(b *wayBack) *backStep {
	step := &backStep{engines: map[string]*mailcopy.Engine{}}
	for _, account := range b.who.accounts {
		step.engines[account.Address] = mailcopy.New(mailcopy.Options{
			Source: b.dst, Destination: b.src, Ledger: b.ledger.Mail, Rules: b.rules(account.Address),
			EscrowDir: filepath.Join(b.move.settings.Mail.Escrow, "back"), Deletions: rehome.DeletionsKeep,
			Connections: b.move.settings.Limits.PerAccount, Log: b.move.log, Settle: b.move.settings.Mail.Settle,
		})
	}
	return step
}

// Kind implements pass.Step.
func (s *backStep) Kind() rehome.Kind { return rehome.KindMail }

// RunSlice implements pass.Step.
func (s *backStep) RunSlice(ctx context.Context, account rehome.Account, started time.Time, budget pass.Budget) (pass.Result, error) {
	return s.engines[account.Address].RunSlice(ctx, account, started, budget)
}
