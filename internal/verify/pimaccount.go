// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"context"
	"errors"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// ComparePIM adds the comparison of contacts and calendars to an account's. An end that cannot be read
// makes the account unknown; what is known of its mail stays.
func (v *Verifier) ComparePIM(ctx context.Context, account rehome.Account, result *Account) {
	if err := v.compareKinds(ctx, account, result); err != nil {
		result.Verdict = Unknown
		result.Findings = append(result.Findings, rehome.Finding{
			Code: "pim_not_verified", Severity: rehome.SeverityError, Account: account.Address,
			Sentence: "contacts and calendars could not be verified: " + err.Error(), NextStep: rehome.HintOf(err),
		})
		return
	}
	if result.Verdict == Equal && result.Contacts.Total()+result.Calendars.Total() > 0 {
		result.Verdict = Differs
	}
}

func (v *Verifier) compareKinds(ctx context.Context, account rehome.Account, result *Account) error {
	o := v.options.PIM
	src, err := o.Source(ctx, account)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := o.Destination(ctx, account)
	if err != nil {
		return err
	}
	defer dst.Close()
	exceptions, err := o.Exceptions(ctx, account.Address)
	if err != nil {
		return err
	}
	noted, gone := map[string]ledger.Exception{}, map[string]bool{}
	for _, e := range exceptions {
		if e.State == ledger.ObjectGone {
			gone[noteKey(dav.Key(e.Target), lastName(e.Destination))] = true
		} else {
			noted[noteKey(e.Collection, lastName(e.Source))] = e
		}
	}
	var failed []error
	for _, kind := range o.Kinds {
		c := &pimCheck{
			kind: kind, content: contentKind(kind), level: v.options.Level, limit: v.options.Limit, now: v.options.Now(), src: src, dst: dst, noted: noted, gone: gone,
			repairs: o.Repairs,
			observe: func(objects int, octets int64) { v.options.Observe(account.Address, 0, octets) },
		}
		if err := c.run(ctx); err != nil {
			if ctx.Err() != nil {
				return err
			}
			failed = append(failed, err) // the other kind is compared nevertheless
			continue
		}
		for _, f := range c.findings {
			f.Account = account.Address
			result.Findings = append(result.Findings, f)
		}
		if kind == rehome.KindContacts {
			result.Contacts = &c.result
		} else {
			result.Calendars = &c.result
		}
	}
	return errors.Join(failed...)
}
