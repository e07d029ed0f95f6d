// SPDX-License-Identifier: Apache-2.0

// Package objects compares an account's contacts and calendars at both ends, object by object, by their meaning.
//
// It reads the source, then streams the destination against it, and reads again what was too large to be held. An
// object is recognised by its UID, and where that says nothing by its name or by what it is (pairing.go). The meaning is
// that of package pim: what the copier may repair on the way is no difference, as far as the settings allow it.
//
// Why something differs is asked of an Explainer, which is told nothing and cannot make anything equal.
package objects

import (
	"context"
	"errors"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
	"rehome/internal/verify"
)

// End is what is read of one account's contacts and calendars at one end; *endpoint.DAVSession is one,
// and so is what reads the source's database.
type End interface {
	Home(kind dav.Kind) *dav.Home // nil when there is none of that kind
	Collections(ctx context.Context, kind dav.Kind) ([]dav.Collection, error)
	Changes(ctx context.Context, c *dav.Collection, since dav.Mark, each func(dav.Item) error) (dav.Listing, error)
	// Fetch reads in another way than the copier does, so that what one way loses the other shows.
	Fetch(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error
	Close()
}

// Options say what is compared. Source, Destination and Kinds are required.
type Options struct {
	Source, Destination func(ctx context.Context, account rehome.Account) (End, error)
	Kinds               []rehome.Kind // contacts, calendars
	Repairs             pim.Needs     // those that the settings allow the copier; nil means pim.SafeNeeds
	Explainer           Explainer     // nil when nobody can say why something differs
}

// New returns the part of a verification that compares contacts and calendars.
func New(options Options) verify.Part { return part{options} }

type part struct{ Options }

// Compare implements verify.Part. An end that cannot be read makes the account unknown; what is known of its mail stays.
func (p part) Compare(ctx context.Context, account rehome.Account, how verify.Options, into *verify.Account) error {
	err := p.compare(ctx, account, how, into)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		into.Verdict = verify.Unknown
		why := rehome.Values{"why": err, "hint": rehome.HintOf(err)}
		into.Findings = append(into.Findings, objectsNotVerified.On("", why).Of(account.Address))
	}
	return nil
}

func (p part) compare(ctx context.Context, account rehome.Account, how verify.Options, into *verify.Account) error {
	src, err := p.Source(ctx, account)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := p.Destination(ctx, account)
	if err != nil {
		return err
	}
	defer dst.Close()
	why, err := explained(ctx, p.Explainer, account.Address)
	if err != nil {
		return err
	}
	var failed []error
	for _, kind := range p.Kinds {
		c := newCheck(kind, src, dst, why)
		c.how, c.now, c.repairs = how, how.Now(), p.Repairs
		if err := c.remember(ctx, account); err != nil {
			return err
		}
		c.observe = func(octets int64) { how.Observe(account.Address, 0, octets) }
		if err := c.run(ctx); err != nil {
			if ctx.Err() != nil {
				return err
			}
			failed = append(failed, err) // the other kind is compared nevertheless
			continue
		}
		c.tell(account.Address, into)
	}
	return errors.Join(failed...)
}

// tell adds the answer to the account's.
func (c *check) tell(address string, into *verify.Account) {
	for _, f := range c.findings {
		f.Account = address
		into.Findings = append(into.Findings, f)
	}
	if c.kind == rehome.KindContacts {
		into.Contacts = &c.result
	} else {
		into.Calendars = &c.result
	}
}

// kinds of the wire and of content.
func davKind(kind rehome.Kind) dav.Kind {
	if kind == rehome.KindContacts {
		return dav.AddressBooks
	}
	return dav.Calendars
}

func contentKind(kind rehome.Kind) pim.Kind {
	if kind == rehome.KindContacts {
		return pim.KindContact
	}
	return pim.KindCalendar
}
