// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"rehome"
	"rehome/internal/latemail"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/protocol/dns"
	"rehome/internal/switchover"
)

// LatePass implements switchover.Mail. It asks every account of the domain what is new at the source, and has a pass visit those
// where something is. The pass keeps: after the switch, what vanishes at the source says nothing about the destination.
func (w *world) LatePass(ctx context.Context, domain string) (switchover.Carried, error) {
	if !w.move.movesMail(nil) {
		return switchover.Carried{}, nil
	}
	began := time.Now()
	who, err := w.move.chosen(ctx, of(domain))
	if err != nil {
		return switchover.Carried{}, err
	}
	rows, err := w.lookForLate(ctx, domain, who.accounts)
	if err != nil {
		return switchover.Carried{}, err
	}
	var carried switchover.Carried
	if due := latemail.Judge(addressesOf(w.barred.without(who.accounts)), rows, began).Due; len(due) > 0 {
		if carried, err = w.bringLate(ctx, due); err != nil {
			return carried, err
		}
		if rows, err = w.store.LateMail.Accounts(ctx); err != nil {
			return carried, err
		}
	}
	carried.Left = append(carried.Left, stillOpen(latemail.Judge(addressesOf(who.accounts), rows, began), rows, carried.Left)...)
	return carried, nil
}

// bringLate runs a pass over accounts, and notes of which it has brought all.
func (w *world) bringLate(ctx context.Context, addresses []string) (switchover.Carried, error) {
	began := time.Now()
	synced, err := w.passOver(ctx, people.Choice{Only: addresses}, []opener{w.move.openMail},
		SyncOptions{Only: []rehome.Kind{rehome.KindMail}, Deletions: rehome.DeletionsKeep})
	if err != nil {
		return switchover.Carried{}, err
	}
	verdicts, err := w.verdicts(ctx)
	if err != nil {
		return switchover.Carried{}, err
	}
	for _, a := range synced.Accounts {
		if a.class == rehome.ClassAuth {
			w.barred.note(a.Account)
		}
		if a.settled(verdicts[a.Account]) {
			if err := w.store.LateMail.Brought(context.WithoutCancel(ctx), a.Account, began); err != nil {
				return switchover.Carried{}, err
			}
		}
	}
	return w.carried(ctx, synced, nil)
}

// stillOpen names the accounts that are open and that the pass has not named.
func stillOpen(open latemail.Open, rows []ledger.LateAccount, named []switchover.Left) (left []switchover.Left) {
	for _, address := range slices.Concat(open.Due, open.Unseen) {
		if slices.ContainsFunc(named, func(l switchover.Left) bool { return l.Account == address }) {
			continue
		}
		l := switchover.Left{Account: address, Sentence: "what has arrived for it at the old server is not brought yet",
			NextStep: "rehome tries again by itself"}
		if i := slices.IndexFunc(rows, func(r ledger.LateAccount) bool { return r.Address == address }); i >= 0 && rows[i].Trouble != "" {
			l.Sentence = "nobody knows what arrives for it at the old server: " + rows[i].Trouble
			l.NextStep = "see to it that rehome can open the account there"
		}
		left = append(left, l)
	}
	return left
}

// lookingAtOnce is how many accounts are asked at the same time.
const lookingAtOnce = 4

// lookForLate asks accounts what has arrived at the source, keeps the answers and returns how things stand.
func (w *world) lookForLate(ctx context.Context, domain string, accounts []rehome.Account) ([]ledger.LateAccount, error) {
	src, err := w.move.end(ctx, rehome.Source, w.move.hosts(nil))
	if err != nil {
		return nil, err
	}
	rows, err := w.store.LateMail.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	looked := map[string]time.Time{}
	for _, r := range rows {
		looked[r.Address] = r.Looked
	}
	own := w.ownAddresses(ctx, domain)
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(min(lookingAtOnce, src.Host().Settings().Connections))
	for _, account := range w.barred.without(accounts) {
		group.Go(func() error {
			marks, err := w.store.LateMail.Marks(within, account.Address)
			if err != nil {
				return err
			}
			before := latemail.Before{Marks: marks, Looked: looked[account.Address]}
			look, err := latemail.Look(within, src, account, before, func(a netip.Addr) bool { return slices.Contains(own, a) })
			if err != nil {
				return err
			}
			if look.Refused {
				w.barred.note(account.Address)
			}
			return w.store.LateMail.Note(within, look)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return w.store.LateMail.Accounts(ctx)
}

// beginLate takes down how far each mailbox of the source is before the final pass: what comes behind it comes late.
func (w *world) beginLate(ctx context.Context, domain string) error {
	if !w.move.movesMail(nil) {
		return nil
	}
	who, err := w.move.chosen(ctx, of(domain))
	if err != nil {
		return err
	}
	if err := w.store.LateMail.Forget(ctx, addressesOf(who.accounts)...); err != nil {
		return err
	}
	_, err = w.lookForLate(ctx, domain, who.accounts)
	return err
}

// ownAddresses are those of the source's mail hosts, as far as they are known: a host that hands a message on within the source is
// not the one that has delivered it.
func (w *world) ownAddresses(ctx context.Context, domain string) []netip.Addr {
	rows, err := w.store.Cutovers.All(ctx)
	if err != nil {
		return nil
	}
	var addresses []netip.Addr
	resolver := w.move.resolver()
	for _, row := range rows {
		for _, set := range row.Records {
			if row.Domain != domain || dns.Type(set.Before.Type) != dns.MX {
				continue
			}
			for _, data := range set.Before.Data { // "10 mx.example.com"
				_, host, _ := strings.Cut(data, " ")
				if found, err := resolver.Addresses(ctx, host); err == nil { // else it is not known, and shown as any other
					addresses = append(addresses, found...)
				}
			}
		}
	}
	return addresses
}

func addressesOf(accounts []rehome.Account) []string {
	addresses := make([]string, 0, len(accounts))
	for _, a := range accounts {
		addresses = append(addresses, a.Address)
	}
	return addresses
}

// Arriving is what has arrived at the source since the final pass began.
type Arriving struct {
	Messages int64           `json:"messages"`
	LastHour int64           `json:"messages_of_the_last_hour"` // since the beginning of the hour before this one
	Last     time.Time       `json:"last_at,omitzero"`
	Hosts    []ArrivingCount `json:"hosts"`    // that deliver there, the busiest first
	Accounts []ArrivingCount `json:"accounts"` // likewise
	Hours    []ArrivingHour  `json:"hours"`    // by account, in order
	Trouble  []string        `json:"unknown"`  // accounts that could not be looked at
}

// ArrivingCount counts messages of a host or for an account.
type ArrivingCount struct {
	Name     string `json:"name"` // "" for messages that do not say which host has delivered them
	Messages int64  `json:"messages"`
}

// ArrivingHour counts messages for an account within an hour.
type ArrivingHour struct {
	Account  string    `json:"account"`
	Hour     time.Time `json:"hour"`
	Messages int64     `json:"messages"`
}

// arriving reads what was counted for a domain; nil where nobody has looked yet.
func arriving(ctx context.Context, store *ledger.Ledger, domain string, now time.Time) (*Arriving, error) {
	rows, err := store.LateMail.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r ledger.LateAccount) bool { return !strings.HasSuffix(r.Address, "@"+domain) })
	if len(rows) == 0 {
		return nil, nil
	}
	traffic, err := store.LateMail.Traffic(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	a := &Arriving{Hosts: []ArrivingCount{}, Accounts: []ArrivingCount{}, Hours: []ArrivingHour{}, Trouble: []string{}}
	for _, r := range rows {
		if r.Arrived.After(a.Last) {
			a.Last = r.Arrived
		}
		if r.Trouble != "" || r.Looked.IsZero() {
			a.Trouble = append(a.Trouble, r.Address)
		}
	}
	recent := now.UTC().Truncate(time.Hour).Add(-time.Hour)
	for _, t := range traffic {
		if strings.HasSuffix(t.Address, "@"+domain) {
			a.add(t, !t.Hour.Before(recent))
		}
	}
	for _, counts := range [][]ArrivingCount{a.Hosts, a.Accounts} {
		slices.SortFunc(counts, func(x, y ArrivingCount) int {
			return cmp.Or(cmp.Compare(y.Messages, x.Messages), cmp.Compare(x.Name, y.Name))
		})
	}
	return a, nil
}

func (a *Arriving) add(t ledger.LateTraffic, recent bool) {
	a.Messages += t.Messages
	if recent {
		a.LastHour += t.Messages
	}
	a.Hosts = tallied(a.Hosts, t.Host, t.Messages)
	a.Accounts = tallied(a.Accounts, t.Address, t.Messages)
	if n := len(a.Hours); n > 0 && a.Hours[n-1].Account == t.Address && a.Hours[n-1].Hour.Equal(t.Hour) {
		a.Hours[n-1].Messages += t.Messages // from another host
		return
	}
	a.Hours = append(a.Hours, ArrivingHour{Account: t.Address, Hour: t.Hour, Messages: t.Messages})
}

func tallied(counts []ArrivingCount, name string, n int64) []ArrivingCount {
	if i := slices.IndexFunc(counts, func(c ArrivingCount) bool { return c.Name == name }); i >= 0 {
		counts[i].Messages += n
		return counts
	}
	return append(counts, ArrivingCount{Name: name, Messages: n})
}
