// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

// tellPass logs that the pass begins, and returns what logs that it has ended.
func (c *Conductor) tellPass(turns []*turn) (ended func([]Ended, error)) {
	began := time.Now()
	kinds := make([]string, len(c.options.Steps))
	for i, step := range c.options.Steps {
		kinds[i] = string(step.Kind())
	}
	c.log.Info("pass begins", rehome.LogPass, string(c.options.Pass), rehome.LogAccounts, len(turns), rehome.LogKinds, kinds,
		rehome.LogWorkers, min(c.options.Workers, len(turns)))
	return func(outcomes []Ended, err error) {
		failed := 0
		for _, o := range outcomes {
			if o.Err != nil {
				failed++
			}
		}
		attributes := []any{rehome.LogPass, string(c.options.Pass), rehome.LogAccounts, len(outcomes), rehome.LogFailed, failed,
			rehome.LogTook, time.Since(began)}
		if err != nil {
			attributes = append(attributes, rehome.LogError, err.Error())
		}
		c.log.Info("pass ends", attributes...)
	}
}

// of returns a logger for one account and the step at work.
func (c *Conductor) of(t *turn) *slog.Logger {
	return c.log.With(rehome.LogAccount, t.account.Address, rehome.LogKind, string(t.left[0].Kind()))
}

// tellBegin logs that an account begins, and each of its steps.
func (c *Conductor) tellBegin(t *turn) {
	if !t.begun {
		c.log.Info("account begins", rehome.LogAccount, t.account.Address)
	}
	if t.stepped.IsZero() {
		t.stepped = time.Now()
		c.of(t).Debug("step begins")
	}
}

// tellFindings logs what was found out in a slice: what was renumbered, held back, refused.
func (c *Conductor) tellFindings(findings []rehome.Finding) {
	for _, f := range findings {
		c.log.Info("finding", rehome.LogAccount, f.Account, rehome.LogCode, f.Code, rehome.LogSeverity, string(f.Severity),
			rehome.LogObject, f.Object, rehome.LogWhy, f.Sentence)
	}
}

// tellSlice logs what follows a slice, unless the step is over: see tellStep.
func (c *Conductor) tellSlice(t *turn, r pass.Result, err error, next sequel, pause time.Duration) {
	if next != runAgain {
		return
	}
	log := c.of(t)
	switch {
	case err != nil:
		log.Info("account is tried again", rehome.LogAttempt, t.Failures+1, rehome.LogPause, pause, rehome.LogError, err.Error())
	case r.More:
		log.Debug("account goes on in the next slice")
	default:
		waits := 0
		for _, w := range r.Waits {
			waits += w.Messages
		}
		log.Info("account waits for what may still arrive", rehome.LogMailboxes, len(r.Waits), rehome.LogMessages, waits, rehome.LogPause, pause)
	}
}

// tellStep logs that the step at work is over; err says why it is not complete.
func (c *Conductor) tellStep(t *turn, err error) {
	kind := t.left[0].Kind()
	attributes := []any{rehome.LogTook, time.Since(t.stepped)}
	t.stepped = time.Time{}
	if counts := t.outcome.Counts[kind]; counts != nil {
		attributes = append(attributes, rehome.LogCounts, counts)
	}
	if err != nil {
		attributes = append(attributes, rehome.LogError, err.Error(), rehome.LogHint, rehome.HintOf(err))
	}
	c.of(t).Info("step ends", attributes...)
}

// tellEnd logs how the pass over an account has ended. One whose turn never came has not begun.
func (c *Conductor) tellEnd(t *turn) {
	if !t.begun {
		return
	}
	attributes := []any{rehome.LogAccount, t.account.Address, rehome.LogState, string(t.state()), rehome.LogTook, time.Since(t.started)}
	if err := cmp.Or(t.outcome.Err, t.blocked()); err != nil {
		attributes = append(attributes, rehome.LogWhy, err.Error(), rehome.LogHint, rehome.HintOf(err))
	}
	c.log.Info("account ends", attributes...)
}

// state is how the pass has left the account, as status shows it.
func (t *turn) state() ledger.AccountState {
	switch err := cmp.Or(t.outcome.Err, t.blocked()); {
	case t.outcome.Held != nil:
		return ledger.AccountPreStaging
	case err == nil:
		return ledger.AccountPreStaged
	case errors.Is(err, context.Canceled):
		return ledger.AccountPreStaging
	}
	return ledger.AccountBlocked
}
