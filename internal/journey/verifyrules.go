// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/verify"
	"rehome/internal/verify/rules"
)

// verifiedRules is the part that compares rules; none if they are not compared. Without being asked for they are compared
// if the settings say where both ends have theirs.
func (m *Move) verifiedRules(ctx context.Context, who selection, only []rehome.Kind, hosts hosts) ([]verify.Part, error) {
	if !wants(only, rehome.KindRules) {
		return nil, nil
	}
	src, dst := m.settings.Source, m.settings.Destination
	if dst.Sieve.Address == "" || src.Sieve.Address == "" && src.Database.DSN == "" {
		if len(only) == 0 {
			return nil, nil
		}
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "the rules of both ends",
			Cause: errors.New("destination.sieve, or one of source.sieve and source.database, is not set"),
			Hint:  "write where the ManageSieve servers are: source.sieve.address and destination.sieve.address"}
	}
	options := rules.Options{
		Rules: m.rules(), Forwards: m.forwards(who.Everybody), Explainer: ruleReasons{who.store.Rules},
		SourceNames: mapping.ScriptNames(src.Sieve.MailboxNames), DestinationNames: mapping.ScriptNames(dst.Sieve.MailboxNames),
	}
	from, to, err := m.ends(ctx, hosts)
	if err != nil {
		return nil, err
	}
	options.SourceMailboxes, options.DestinationMailboxes = from, to
	target, err := sieveEnd(dst.Sieve, to)
	if err != nil {
		return nil, err
	}
	options.Destination = target
	if _, err := target.Reach(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return []verify.Part{rules.Unreachable(err)}, nil // the rest is compared all the same
	}
	if src.Sieve.Address != "" {
		if options.Source, err = sieveEnd(src.Sieve, from); err != nil {
			return nil, err
		}
	}
	options.Tables, err = m.ruleTables(ctx)
	return []verify.Part{rules.New(options)}, err
}

// ruleReasons tells the verification what was stored at the destination.
type ruleReasons struct{ store *ledger.Rules }

// Stored implements rules.Explainer.
func (r ruleReasons) Stored(ctx context.Context, address string) (map[string]rules.Stored, error) {
	known, err := r.store.Of(ctx, address)
	all := make(map[string]rules.Stored, len(known))
	for name, rule := range known {
		all[name] = rules.Stored{Digest: rule.Digest, Activated: rule.Activated}
	}
	return all, err
}
