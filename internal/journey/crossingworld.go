// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/dnswrite"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/protocol/dns"
	"rehome/internal/switchover"
)

// world is what a domain's way across touches.
type world struct {
	move  *Move
	store *ledger.Ledger

	barred barred
	passes sync.Mutex // one pass at a time: two would each think that the limits of the hosts are theirs
	memory sync.Mutex // what was seen of DNS is one file
}

var _ switchover.World = (*world)(nil)

// of chooses the accounts of a domain.
func of(domain string) people.Choice { return people.Choice{Only: []string{"*@" + domain}} }

// Look implements switchover.World. The delegation is followed anew each time: a server that was taken out of it does not count.
func (w *world) Look(ctx context.Context, _ string, set ledger.CutoverRecord) (switchover.Sight, error) {
	alias := set.Before.Type == typeAlias || set.After.Type == typeAlias
	kind := dns.Type(set.After.Type)
	if alias {
		kind = dns.A
	}
	look, err := w.move.resolver().Look(ctx, set.Name, kind)
	if err != nil {
		return switchover.Sight{}, &rehome.Fault{Class: rehome.ClassTemporary, Op: "ask for", Object: set.Name, Cause: err,
			Hint: `run "rehome dns check"; it asks the same servers`}
	}
	return sightOf(look, alias), nil
}

// sightOf takes over what each server says of the name itself, without what an alias leads to. An address over IPv6 that is silent
// while those over IPv4 answer and all others over IPv6 are silent too says only that this machine has no IPv6.
func sightOf(look dns.Look, alias bool) switchover.Sight {
	answers := func(six bool) bool {
		return slices.ContainsFunc(look.Replies, func(r dns.Reply) bool { return r.Addr.Is6() == six && r.Addr.IsValid() && r.Outcome != dns.Silent })
	}
	noSix := answers(false) && !answers(true)
	sight := switchover.Sight{At: look.At}
	for _, r := range look.Replies {
		if noSix && r.Addr.Is6() {
			continue
		}
		said := switchover.Said{Server: r.Server}
		switch {
		case !r.Outcome.Says():
			said.Words = orWords(r.Words, string(r.Outcome))
		case alias && len(r.Aliases) > 0:
			said.Data = []string{aliasPrefix + r.Aliases[0].Data}
		case len(r.Aliases) == 0:
			said.Data = dns.Data(r.Records)
		}
		if !slices.ContainsFunc(sight.Servers, func(s switchover.Said) bool {
			return s.Server == said.Server && s.Words == said.Words && slices.Equal(s.Data, said.Data)
		}) {
			sight.Servers = append(sight.Servers, said)
		}
	}
	return sight
}

func orWords(words, other string) string {
	if words == "" {
		return other
	}
	return words
}

// Exchange implements switchover.World. What the place that is written to has is read first: there the TTL may be another one than
// when the set was noted, which is nobody's loss.
func (w *world) Exchange(ctx context.Context, domain string, change switchover.Change) error {
	writer, err := w.move.zoneWriter(ctx, domain)
	if err != nil {
		return err
	}
	before, after := setsOf(change.Name, change.Before), setsOf(change.Name, change.After)
	var keys []dnswrite.Key
	for _, set := range slices.Concat(before, after) {
		if !slices.Contains(keys, set.Key) {
			keys = append(keys, set.Key)
		}
	}
	now, err := writer.Read(ctx, keys)
	if err != nil {
		return err
	}
	var changes []dnswrite.Change
	for i, key := range keys {
		from, to := setWith(before, key), setWith(after, key)
		if i < len(now) && slices.Equal(now[i].Values, from.Values) {
			from = now[i]
		}
		changes = append(changes, dnswrite.Change{Old: from, New: to})
	}
	_, err = dnswrite.Apply(ctx, writer, changes)
	var changed *dnswrite.ChangedError
	if errors.As(err, &changed) {
		return &switchover.ChangedError{Name: change.Name, Now: dataOf(changed.Differences)}
	}
	return err
}

// setsOf are the sets that a switch knows as one: an alias and what stands in its place.
func setsOf(name string, set ledger.RecordSet) []dnswrite.Set {
	if len(set.Data) == 0 {
		return nil
	}
	var values []string
	for _, data := range set.Data {
		values = append(values, strings.TrimPrefix(data, aliasPrefix))
	}
	return []dnswrite.Set{dnswrite.NewSet(dnswrite.Key{Name: name, Type: dns.Type(set.Type)}, int(set.TTL.Seconds()), values...)}
}

func setWith(sets []dnswrite.Set, key dnswrite.Key) dnswrite.Set {
	for _, set := range sets {
		if set.Key == key {
			return set
		}
	}
	return dnswrite.NewSet(key, 0)
}

// dataOf is what stands there, as a switch writes it.
func dataOf(differences []dnswrite.Difference) []string {
	var data []string
	for _, d := range differences {
		for _, value := range d.Found.Values {
			if d.Type == typeAlias {
				value = aliasPrefix + value
			}
			data = append(data, value)
		}
	}
	slices.Sort(data)
	return data
}

// pass runs one pass over the accounts of a domain. The caller holds the lock of the ledger.
func (w *world) pass(ctx context.Context, domain string, openers []opener, options SyncOptions) (Synced, error) {
	return w.passOver(ctx, of(domain), openers, options)
}

// passOver runs one pass over the accounts of a choice.
func (w *world) passOver(ctx context.Context, choice people.Choice, openers []opener, options SyncOptions) (Synced, error) {
	w.passes.Lock()
	defer w.passes.Unlock()
	who, err := w.move.chosen(ctx, choice)
	if err != nil {
		return Synced{}, err
	}
	synced, err := w.move.sync(ctx, openers, who, options, Watcher{Progress: conductor.NewProgress()})
	if err == nil && synced.Interrupted {
		err = context.Canceled
	}
	return synced, err
}

// FinalPass implements switchover.Mail.
func (w *world) FinalPass(ctx context.Context, domain string) (switchover.Carried, error) {
	if err := w.beginLate(ctx, domain); err != nil {
		return switchover.Carried{}, err
	}
	synced, err := w.pass(ctx, domain, w.move.kindsOfWork(), SyncOptions{})
	return w.carried(ctx, synced, err)
}

// SwitchRulesOn implements switchover.Mail.
func (w *world) SwitchRulesOn(ctx context.Context, domain string) (switchover.Carried, error) {
	if w.move.settings.Destination.Sieve.Address == "" {
		return switchover.Carried{}, nil // rules were handed over by hand
	}
	options := SyncOptions{Only: []rehome.Kind{rehome.KindRules}, Rules: RuleOptions{SwitchOn: true}}
	synced, err := w.pass(ctx, domain, []opener{w.move.openRules}, options)
	carried, err := w.carried(ctx, synced, err)
	carried.Messages = int64(synced.TotalRules().Stored)
	return carried, err
}

// zoneWriter is how the zone of a domain is written.
func (m *Move) zoneWriter(ctx context.Context, domain string) (dnswrite.Writer, error) {
	resolver := m.resolver()
	zone, err := resolver.Find(ctx, domain)
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassTemporary, Op: "find the zone of", Object: domain, Cause: err,
			Hint: `run "rehome dns check ` + domain + `"`}
	}
	return m.writer(ctx, zone.Name, resolver)
}
