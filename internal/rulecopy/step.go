// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"context"
	"log/slog"
	"time"

	"rehome"
	"rehome/internal/mapping"
	"rehome/internal/pass"
)

// Counts is what has become of an account's rules.
type Counts struct{ Moved }

// Plus implements pass.Counts: the later slice knows best.
func (c Counts) Plus(later pass.Counts, _ bool) pass.Counts { return later }

// LogValue implements slog.LogValuer.
func (c Counts) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int(rehome.LogScripts, len(c.Scripts)), slog.Int(rehome.LogCopied, c.Count(Put)), slog.Int(rehome.LogUnchanged, c.Count(Keep)),
		slog.Int(rehome.LogHeld, c.Count(Leave)), slog.Int(rehome.LogFailed, c.Count(Refused)),
	)
}

// Kind implements pass.Step.
func (e *Ends) Kind() rehome.Kind { return rehome.KindRules }

// RunSlice implements pass.Step; the Counts of its Result are Counts of this package. An account's rules are few: they are
// moved in one slice. It comes behind the mail, because rules sort into mailboxes.
func (e *Ends) RunSlice(ctx context.Context, account rehome.Account, _ time.Time, _ pass.Budget) (pass.Result, error) {
	outcome, err := e.Move(ctx, account, false, func() (mapping.Ways, error) { return e.Where(ctx, account) })
	r := pass.Result{Looked: err == nil, Counts: Counts{outcome}, Findings: outcome.Findings}
	r.Blocked = pass.Blocked(account.Address, outcome.Findings)
	for _, script := range outcome.Scripts {
		r.Advanced = r.Advanced || script.Do == Put
	}
	return r, err
}
