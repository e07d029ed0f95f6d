// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"fmt"

	"github.com/dustin/go-humanize"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/people"
	"rehome/internal/protocol/dav"
)

// checkPIM looks at both ends of contacts and calendars. That the settings do not name them is no
// mistake: then they stay.
func (m *Move) checkPIM(ctx context.Context, source, destination *checkup, p *people.Everybody) {
	ends, err := m.pimEnds(ctx, nil)
	if err != nil {
		destination.fail("dav", err)
		return
	}
	if ends == nil {
		destination.warn("dav", "contacts and calendars stay: the settings do not say where they are and where they go",
			"set destination.dav.url, and source.dav.url or source.database")
		return
	}
	defer func() { _ = ends.close() }() // only looked at
	if ends.src != nil {
		checkDAV(ctx, source, ends.src, p, func(a rehome.Account) bool {
			return !a.SourcePassword.Empty() && a.Services.CalDAV && a.Services.CardDAV
		})
	}
	checkShares(ctx, source, ends)
	if session := checkDAV(ctx, destination, ends.dst, p, func(a rehome.Account) bool { return !a.DestinationPassword.Empty() }); session != nil {
		checkScheduling(destination, session, m.settings.Destination.DAV.ScheduleAgentClient)
	}
}

// found is what a log-in has shown.
type found struct {
	home        *dav.Home
	collections map[dav.Kind][]dav.Collection
}

// checkDAV reaches a host and opens one account; nil when it could not.
func checkDAV(ctx context.Context, c *checkup, host *endpoint.DAV, p *people.Everybody, fits func(rehome.Account) bool) *found {
	if _, err := host.Reach(ctx); err != nil {
		c.fail("dav", err)
		return nil
	}
	c.ok("dav", "a server answers at "+host.Settings().URL)
	if p == nil {
		return nil
	}
	for _, account := range p.Moving {
		if fits(account) {
			return openDAV(ctx, c, host, account)
		}
	}
	c.warn("dav log-in", "no account has a password that could be tried", "contacts and calendars of the source can also be read from its database: source.dav.via")
	return nil
}

func openDAV(ctx context.Context, c *checkup, host *endpoint.DAV, account rehome.Account) *found {
	session, err := host.Open(ctx, account)
	switch {
	case rehome.ClassOf(err) == rehome.ClassAuth && host.Settings().Side == rehome.Destination:
		c.warn("dav log-in", err.Error(), "before accounts.csv is imported this is as it should be; afterwards: "+rehome.HintOf(err))
		return nil
	case err != nil:
		c.fail("dav log-in", err)
		return nil
	}
	defer session.Close()
	f := &found{home: session.Home(dav.Calendars), collections: map[dav.Kind][]dav.Collection{}}
	for _, kind := range []dav.Kind{dav.AddressBooks, dav.Calendars} {
		if f.collections[kind], err = session.Collections(ctx, kind); err != nil {
			c.fail("dav log-in", endpoint.Fault(err, "list what has", account.Address))
			return nil
		}
	}
	c.ok("dav log-in", fmt.Sprintf("%s has %s and %s", account.Address,
		count(len(f.collections[dav.AddressBooks]), "address book"), count(len(f.collections[dav.Calendars]), "calendar")))
	return f
}

// checkScheduling says what the destination would do with events that have attendees, and how large an
// object may be.
func checkScheduling(c *checkup, f *found, agent bool) {
	switch {
	case f.home == nil:
		c.warn("calendars", "the destination offers this account no calendars", "check the account's plan there")
	case !f.home.Capabilities.MaySchedule():
		c.ok("invitations", "the destination does not send invitations by itself")
	case !f.home.Capabilities.Schedules():
		c.ok("invitations", "the destination does not say whether it sends invitations; "+
			"rehome holds events with attendees back unless a test event proves it silent")
	case agent:
		c.ok("invitations", "the destination sends invitations; rehome asks it not to, proves that with a test event, and marks the attendees if it must")
	default:
		c.ok("invitations", "the destination sends invitations; rehome asks it not to, and holds events with attendees back unless a test event proves it silent")
	}
	for _, kind := range []dav.Kind{dav.AddressBooks, dav.Calendars} {
		for _, collection := range f.collections[kind] {
			if collection.MaxSize > 0 {
				c.ok("dav limits", fmt.Sprintf("takes objects up to %s in %s", humanize.IBytes(uint64(collection.MaxSize)), collection.Href))
				break
			}
		}
	}
}

// checkShares counts who may see whose calendars: no protocol moves that.
func checkShares(ctx context.Context, c *checkup, ends *pimEnds) {
	shares, err := people.ReadShares(ctx, ends.directory)
	switch {
	case err != nil:
		c.fail("shares", err)
	case len(shares) > 0:
		c.warn("shares", count(len(shares), "share")+" of calendars and contacts cannot be carried over", `"rehome accounts export" lists them in shares.csv: make them anew at the destination`)
	}
}
