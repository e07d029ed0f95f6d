// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/dnswrite"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dns"
)

// raisedTTL is the TTL of records when a move is over.
const raisedTTL = time.Hour

// plannedChores are what a closing changes in DNS of a domain.
func (m *Move) plannedChores(c ledger.Cutover) []CloseTask {
	task := func(what, sentence string, due time.Time) CloseTask {
		return CloseTask{What: what, Domain: c.Domain, State: TaskPlanned, Sentence: sentence, Due: due}
	}
	old := c.Switched.Add(m.settings.Cutover.OldAfter)
	tasks := []CloseTask{task("ttl", "the TTLs of the records that were switched are raised to 1 hour", time.Time{})}
	if terms := m.settings.Cutover.OldSPF; len(terms) > 0 {
		tasks = append(tasks, task("spf", strings.Join(terms, " ")+" is taken out of SPF, not before "+old.UTC().Format(time.DateOnly), old))
	}
	for _, selector := range m.settings.Cutover.OldDKIM {
		tasks = append(tasks, task("dkim", "the old key "+selector+" is removed, not before "+old.UTC().Format(time.DateOnly), old))
	}
	return append(tasks, task("domain", "is closed: it cannot be rolled back any more", time.Time{}))
}

// chore is one change of DNS at the end.
type chore struct {
	what string
	due  time.Time
	keys []dnswrite.Key
	// change turns what stands there into what is to stand there. No changes: all is as it should be. An error says why somebody has to
	// look first.
	change func(now []dnswrite.Set) ([]dnswrite.Change, error)
	done   string // the sentence for that
}

// chores does what is due in DNS of a domain.
func (m *Move) chores(ctx context.Context, c ledger.Cutover) ([]CloseTask, error) {
	writer, err := m.zoneWriter(ctx, c.Domain)
	if err != nil {
		return []CloseTask{{What: "dns", Domain: c.Domain, State: TaskLeft, Sentence: err.Error(), NextStep: rehome.HintOf(err)}}, ctx.Err()
	}
	all := m.choresOf(c)
	var tasks []CloseTask
	for _, one := range all {
		tasks = append(tasks, one.do(ctx, writer, c.Domain))
		if ctx.Err() != nil {
			return tasks, ctx.Err()
		}
	}
	return tasks, nil
}

// choresOf lists the changes of a domain's end.
func (m *Move) choresOf(c ledger.Cutover) []chore {
	old := c.Switched.Add(m.settings.Cutover.OldAfter)
	var all []chore
	for _, set := range c.Records {
		if set.State == ledger.RecordSeen && len(set.After.Data) > 0 {
			all = append(all, raise(set))
		}
	}
	if terms := m.settings.Cutover.OldSPF; len(terms) > 0 {
		all = append(all, withoutSenders(c.Domain, terms, old))
	}
	for _, selector := range m.settings.Cutover.OldDKIM {
		all = append(all, withoutKey(dns.DKIMName(selector, c.Domain), old))
	}
	return all
}

// raise raises the TTL of a set that still is what the switch has made it.
func raise(set ledger.CutoverRecord) chore {
	sets := setsOf(set.Name, set.After)
	return chore{what: "ttl", keys: []dnswrite.Key{sets[0].Key}, done: "the TTL of " + set.About + " of " + set.Name + " is 1 hour",
		change: func(now []dnswrite.Set) ([]dnswrite.Change, error) {
			if !slices.Equal(now[0].Values, sets[0].Values) {
				return nil, errors.New(set.About + " of " + set.Name + " is not as the switch has made it: " + now[0].String() + "; its TTL stays")
			}
			if time.Duration(now[0].TTL)*time.Second >= raisedTTL {
				return nil, nil
			}
			return []dnswrite.Change{{Old: now[0], New: dnswrite.NewSet(now[0].Key, int(raisedTTL.Seconds()), now[0].Values...)}}, nil
		}}
}

// withoutSenders takes the source's senders out of SPF. All other texts at the name stay.
func withoutSenders(domain string, terms []string, due time.Time) chore {
	return chore{what: "spf", due: due, keys: []dnswrite.Key{{Name: domain, Type: dns.TXT}},
		done: "SPF of " + domain + " lets the old senders send no more",
		change: func(now []dnswrite.Set) ([]dnswrite.Change, error) {
			record, err := dns.ReadSPF(now[0].Values)
			if err != nil {
				return nil, err
			}
			without := record.Without(terms...)
			if record.Text == "" || without == record.Text {
				return nil, nil
			}
			texts := slices.Clone(now[0].Values)
			texts[slices.Index(texts, record.Text)] = without
			return []dnswrite.Change{{Old: now[0], New: dnswrite.NewSet(now[0].Key, now[0].TTL, texts...)}}, nil
		}}
}

// withoutKey removes a DKIM key, or the alias that leads to it.
func withoutKey(name string, due time.Time) chore {
	return chore{what: "dkim", due: due, keys: []dnswrite.Key{{Name: name, Type: dns.TXT}, {Name: name, Type: dns.CNAME}},
		done: "the old key " + name + " is gone",
		change: func(now []dnswrite.Set) ([]dnswrite.Change, error) {
			var changes []dnswrite.Change
			for _, set := range now {
				if len(set.Values) > 0 {
					changes = append(changes, dnswrite.Change{Old: set, New: dnswrite.NewSet(set.Key, 0)})
				}
			}
			return changes, nil
		}}
}

// do makes a change whose day has come.
func (c chore) do(ctx context.Context, writer dnswrite.Writer, domain string) CloseTask {
	task := CloseTask{What: c.what, Domain: domain, State: TaskDone, Sentence: c.done}
	if time.Now().Before(c.due) {
		task.State, task.Due = TaskDue, c.due
		task.Sentence = c.keys[0].Name + " stays as it is until " + c.due.UTC().Format(time.DateOnly) +
			": mail of the old senders may be checked until then"
		task.NextStep = `run "rehome close --yes" again then`
		return task
	}
	left := func(err error) CloseTask {
		task.State, task.Sentence, task.NextStep = TaskLeft, err.Error(), orWords(rehome.HintOf(err), `look at it, then run "rehome close --yes" again`)
		return task
	}
	now, err := writer.Read(ctx, c.keys)
	if err != nil {
		return left(err)
	}
	changes, err := c.change(now)
	if err != nil {
		return left(err)
	}
	if len(changes) == 0 {
		return task
	}
	result, err := dnswrite.Apply(ctx, writer, changes)
	if err != nil {
		return left(err)
	}
	if len(result.Pending) > 0 {
		change := result.Pending[0]
		task.State, task.Sentence = TaskLeft, change.Old.Key.String()+" has to be changed by hand: "+change.Old.String()+" becomes "+change.New.String()
		task.NextStep = `change it, then run "rehome close --yes" again`
	}
	return task
}
