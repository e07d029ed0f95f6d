// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"context"
	"fmt"

	"rehome"
	"rehome/internal/content/sieve"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/protocol/managesieve"
)

// maxScripts bounds what is read of an end: servers allow far fewer.
const maxScripts = 1000

// end is what a server holds of an account's scripts.
type end struct {
	scripts        []script
	offered        sieve.Capabilities
	implementation string
}

// readings is how often scripts are read while their user changes them: what is listed and then refused may have been
// deleted or renamed in between.
const readings = 3

func read(ctx context.Context, from Scripts, account rehome.Account, side rehome.Side) (end, error) {
	session, err := from.Open(ctx, account)
	if err != nil {
		return end{}, err
	}
	defer session.Close()
	var e end
	for range readings {
		if e, err = readAll(ctx, session); err == nil || !managesieve.IsNo(err, "") {
			break
		}
	}
	if err != nil {
		return end{}, from.Fault(ctx, err, "read the "+string(side)+"'s rules of", account.Address)
	}
	return e, nil
}

func readAll(ctx context.Context, session *endpoint.SieveSession) (end, error) {
	list, err := session.ListScripts(ctx)
	if err != nil {
		return end{}, err
	}
	if len(list) > maxScripts {
		return end{}, fmt.Errorf("the server lists %d scripts; no more than %d are read", len(list), maxScripts)
	}
	caps := session.Capabilities()
	e := end{offered: caps.Sieve, implementation: caps.Implementation}
	for _, entry := range list {
		text, err := session.GetScript(ctx, entry.Name)
		if err != nil {
			return end{}, err
		}
		e.scripts = append(e.scripts, newScript(entry.Name, text, entry.Active))
	}
	return e, nil
}

// where asks both ends where the account's mailboxes are. The plan is that of the copy, made anew.
func (p part) where(ctx context.Context, account rehome.Account) (ways mapping.Ways, err error) {
	if ways.Source, err = listed(ctx, p.SourceMailboxes, account, rehome.Source); err != nil {
		return ways, err
	}
	if ways.Destination, err = listed(ctx, p.DestinationMailboxes, account, rehome.Destination); err != nil {
		return ways, err
	}
	ways.Rules = p.Rules
	ways.Plan = mapping.Make(ways.Source, ways.Destination, ways.Rules)
	return ways, nil
}

func listed(ctx context.Context, from Mailboxes, account rehome.Account, side rehome.Side) (mapping.End, error) {
	session, err := from.Open(ctx, account)
	if err != nil {
		return mapping.End{}, err
	}
	defer session.Close()
	op := "list the " + string(side) + "'s mailboxes of"
	namespaces, err := session.Namespace(ctx)
	if err != nil {
		return mapping.End{}, endpoint.Fault(err, op, account.Address)
	}
	entries, err := session.List(ctx)
	if err != nil {
		return mapping.End{}, endpoint.Fault(err, op, account.Address)
	}
	return mapping.NewEnd(namespaces, entries), nil
}
