// SPDX-License-Identifier: Apache-2.0

package checkup

import (
	"context"
	"fmt"

	"github.com/dustin/go-humanize"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/people"
	"rehome/internal/protocol/dav"
)

// Home is what a log-in has shown.
type Home struct {
	home        *dav.Home
	collections map[dav.Kind][]dav.Collection
}

// DAV reaches a host and opens one account; nil when it could not.
func DAV(ctx context.Context, c *List, host *endpoint.DAV, accounts []rehome.Account, fits func(rehome.Account) bool) *Home {
	if err := host.Reach(ctx); err != nil {
		c.Fail("dav", err)
		return nil
	}
	c.OK("dav", "a server answers at "+host.Settings().URL)
	if len(accounts) == 0 {
		return nil
	}
	for _, account := range accounts {
		if fits(account) {
			return openDAV(ctx, c, host, account)
		}
	}
	c.Warn("dav log-in", "no account has a known password to try",
		"contacts and calendars can also be read from the source's database: source.dav.via")
	return nil
}

func openDAV(ctx context.Context, c *List, host *endpoint.DAV, account rehome.Account) *Home {
	session, err := host.Open(ctx, account)
	switch {
	case rehome.ClassOf(err) == rehome.ClassAuth && host.Host().Settings().Side == rehome.Destination:
		c.Warn("dav log-in", err.Error(), "expected before accounts.csv is imported; afterwards: "+rehome.HintOf(err))
		return nil
	case err != nil:
		c.Fail("dav log-in", err)
		return nil
	}
	defer session.Close()
	f := &Home{home: session.Home(dav.Calendars), collections: map[dav.Kind][]dav.Collection{}}
	for _, kind := range []dav.Kind{dav.AddressBooks, dav.Calendars} {
		if f.collections[kind], err = session.Collections(ctx, kind); err != nil {
			c.Fail("dav log-in", endpoint.Fault(err, "list what has", account.Address))
			return nil
		}
	}
	if f.home != nil {
		known := *f.home
		if known.Capabilities, err = session.Capabilities(ctx, dav.Calendars); err != nil {
			c.Fail("dav log-in", endpoint.Fault(err, "ask what it can do for", account.Address))
			return nil
		}
		f.home = &known
	}
	c.OK("dav log-in", fmt.Sprintf("%s has %s and %s", account.Address,
		count(len(f.collections[dav.AddressBooks]), "address book"), count(len(f.collections[dav.Calendars]), "calendar")))
	return f
}

// Scheduling says what the destination would do with events that have attendees, and how large an
// object may be.
func Scheduling(c *List, f *Home, agent bool) {
	switch {
	case f.home == nil:
		c.Warn("calendars", "the destination offers this account no calendars", "check the account's plan there")
	case !f.home.Capabilities.MaySchedule():
		c.OK("invitations", "the destination does not send invitations")
	case !f.home.Capabilities.Schedules():
		c.OK("invitations", "the destination does not say whether it sends invitations; "+
			"rehome holds events with attendees back unless a test event proves it silent")
	case agent:
		c.OK("invitations", "the destination sends invitations; rehome asks it not to, checks that with a test event, and marks the attendees if necessary")
	default:
		c.OK("invitations", "the destination sends invitations; rehome asks it not to, "+
			"and holds events with attendees back unless a test event proves it silent")
	}
	for _, kind := range []dav.Kind{dav.AddressBooks, dav.Calendars} {
		for _, collection := range f.collections[kind] {
			if collection.MaxSize > 0 {
				c.OK("dav limits", fmt.Sprintf("accepts objects up to %s in %s", humanize.IBytes(uint64(collection.MaxSize)), collection.Href))
				break
			}
		}
	}
}

// Shares counts who may see whose calendars: no protocol moves that.
func Shares(c *List, shares []people.Share) {
	if len(shares) > 0 {
		c.Warn("shares", count(len(shares), "share")+" of calendars and contacts cannot be copied",
			`"rehome accounts export" lists them in shares.csv; set them up again at the destination`)
	}
}
