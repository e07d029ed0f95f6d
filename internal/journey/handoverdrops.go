// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/handover"
	"rehome/internal/ledger"
	"rehome/internal/maillog"
	"rehome/internal/people"
)

// polledBefore says who was seen to read by POP3 in logs that were read earlier, see Devices, and when last.
func polledBefore(ctx context.Context, store *ledger.Ledger) (map[string]time.Time, error) {
	sightings, err := sightingsOf(ctx, store)
	if err != nil {
		return nil, err
	}
	seen := map[string]time.Time{}
	for address, all := range sightings {
		for _, one := range all {
			if one.Protocol == "pop3" && !one.Last.Before(seen[address]) {
				seen[address] = one.Last
			}
		}
	}
	return seen, nil
}

// habits are what is known of those who may poll.
type habits struct {
	log   *handover.POPLog         // nil without logs
	seen  map[string]time.Time     // when last, as logs have shown that were read earlier
	drops map[string]handover.Drop // what their maildrops show, if asked for
}

// popHabits reads the logs and, if asked for, looks at the maildrops.
func (m *Move) popHabits(ctx context.Context, accounts []rehome.Account, options HandoverOptions) (h habits, err error) {
	store, err := m.storeIfThere(ctx)
	if err != nil {
		return h, err
	}
	own, err := ownLogins(ctx, store)
	if err != nil {
		return h, err
	}
	names := people.NamesOf(accounts)
	h.log, err = handover.ReadPOPLog(ctx, options.POPLogs, func(event maillog.Event) bool {
		address, ok := names.Of(event.Names[0])
		return ok && own.Is(address, event.From, event.Ended, event.When)
	})
	if err == nil && store != nil {
		h.seen, err = polledBefore(ctx, store)
	}
	if err == nil && options.UIDLs {
		h.drops, err = m.dropsOf(ctx, handover.POPUsers(accounts, h.log, h.seen))
	}
	return h, err
}

// dropsOf looks at the maildrops of accounts at the source: how many identifiers there are, and what they are made of. That one cannot be
// looked at is said of it, and ends nothing.
func (m *Move) dropsOf(ctx context.Context, accounts []rehome.Account) (map[string]handover.Drop, error) {
	if m.settings.Source.POP3.Address == "" {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "look at", Object: "the POP3 identifiers", Cause: errors.New("source.pop3 is not set"),
			Hint: "set source.pop3.address, or leave --uidls out"}
	}
	hosts := m.hosts(nil)
	src, err := m.end(ctx, rehome.Source, hosts)
	if err != nil {
		return nil, err
	}
	pop, err := m.sourceDrops(src, hosts.src)
	if err != nil {
		return nil, err
	}
	if err := reach(ctx, accounts, src); err != nil {
		return nil, err
	}
	var lock sync.Mutex
	drops := map[string]handover.Drop{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(m.settings.Limits.SourceConnections, 1))
	for account := range slices.Values(accounts) {
		group.Go(func() error {
			drop, err := lookAtDrop(ctx, src, pop, account)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				drop = handover.Drop{Why: err.Error()}
			}
			lock.Lock()
			defer lock.Unlock()
			drops[account.Address] = drop
			return nil
		})
	}
	return drops, group.Wait()
}

// lookAtDrop holds one connection at a time.
func lookAtDrop(ctx context.Context, src *endpoint.IMAP, pop sourceDrops, account rehome.Account) (handover.Drop, error) {
	validity, err := inboxValidity(ctx, src, account)
	if err != nil {
		return handover.Drop{}, err
	}
	session, err := pop.Open(ctx, account)
	if err != nil {
		return handover.Drop{}, err
	}
	defer session.Close()
	listed, err := session.UIDL(ctx)
	if err != nil {
		return handover.Drop{}, pop.Fault(ctx, err, "list the POP3 identifiers of", account.Address)
	}
	ids := make([]string, len(listed))
	for i, u := range listed {
		ids[i] = u.ID
	}
	return handover.DropOf(validity, ids), nil
}

// inboxValidity is what many servers make identifiers of, besides the UID.
func inboxValidity(ctx context.Context, src *endpoint.IMAP, account rehome.Account) (uint32, error) {
	session, err := src.Open(ctx, account)
	if err != nil {
		return 0, err
	}
	defer session.Close()
	box, err := session.Examine(ctx, "INBOX")
	if err != nil {
		return 0, &rehome.Fault{Class: rehome.ClassTemporary, Op: "open source mailbox", Object: "INBOX of " + account.Address, Cause: err}
	}
	return box.UIDValidity, nil
}
