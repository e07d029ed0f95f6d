// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
)

// listing is what one end says about an account without opening a mailbox: names, subscriptions and uses.
type listing struct {
	end    mapping.End
	byName map[string]imap.ListEntry
}

func list(ctx context.Context, session *endpoint.Session) (listing, error) {
	var namespaces imap.Namespaces
	var entries []imap.ListEntry
	err := pass.BothEnds(session.Account, // two commands of one connection, sent together
		func() (err error) { namespaces, err = session.Namespace(ctx); return err },
		func() (err error) { entries, err = session.List(ctx); return err })
	if err != nil {
		return listing{}, err
	}
	return newListing(namespaces, entries), nil
}

func newListing(namespaces imap.Namespaces, entries []imap.ListEntry) listing {
	l := listing{end: mapping.NewEnd(namespaces, entries), byName: make(map[string]imap.ListEntry, len(entries))}
	for _, e := range entries {
		l.byName[e.Name] = e
	}
	return l
}

// holds says that the mailbox is listed and can be opened.
func (l listing) holds(name string) bool {
	entry, listed := l.byName[name]
	return listed && entry.Selectable()
}

// own returns the names of the mailboxes that are the account's and show no other mailbox's mail,
// which is what a plan for them would copy.
func (l listing) own() []string {
	plan := mapping.Make(l.end, mapping.End{Prefix: l.end.Prefix, Delimiter: l.end.Delimiter}, mapping.Rules{NoSpecialUse: true})
	var names []string
	for _, pair := range plan.Pairs {
		if !pair.Container {
			names = append(names, pair.Source)
		}
	}
	return names
}

// group is a destination mailbox with all source mailboxes that belong into it.
type group struct {
	sources     []string
	destination string
	exists      bool
	src, dst    []imap.ListEntry // dst holds one, or none if it is missing
	known       map[side]*known  // what an earlier comparison has found out
}

// side is a mailbox of one of both ends.
type side struct {
	of   rehome.Side
	name string
}

// groups plans which mailboxes are compared. It is the plan of the copy, made anew.
func groups(src, dst listing, rules mapping.Rules) ([]*group, mapping.Plan) {
	plan := mapping.Make(src.end, dst.end, rules)
	var all []*group
	byDestination := map[string]*group{}
	for _, pair := range plan.Pairs {
		if pair.Container {
			continue
		}
		// A name that is not legal modified UTF-7 gets a legal one at the destination.
		name := imap.PrintableName(pair.Destination)
		g := byDestination[name]
		if g == nil {
			g = &group{destination: name, exists: dst.holds(name)}
			if g.exists {
				g.dst = []imap.ListEntry{dst.byName[name]}
			}
			byDestination[name] = g
			all = append(all, g)
		}
		g.sources = append(g.sources, pair.Source)
		g.src = append(g.src, src.byName[pair.Source])
	}
	return all, plan
}

// octetsSaid adds up the sizes that a listing tells, -1 when one is missing. How many messages there are is
// never taken from it: that is counted in the mailboxes themselves.
func octetsSaid(entries []imap.ListEntry) int64 {
	t := verify.Totals{}
	for _, e := range entries {
		if e.Status == nil {
			return -1
		}
		t.AddMail(0, e.Status.Size)
	}
	return t.Octets
}
