// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
)

// check compares one account.
type check struct {
	options  Options
	how      verify.Options
	account  rehome.Account
	src, dst *end

	srcList, dstList listing
	memory           memory
	traces           traces
	mail             verify.Mail
	postponed        []*postponed
	breaks           int  // connections that broke while something was read ahead
	unsettled        bool // a mailbox was never at rest, and it is not known whether all in it is equal
	findings         []rehome.Finding
}

func newCheck(options Options, how verify.Options, account rehome.Account) *check {
	return &check{
		options: options, how: how, account: account,
		src:  &end{side: rehome.Source, host: options.Source},
		dst:  &end{side: rehome.Destination, host: options.Destination},
		mail: verify.Mail{Differences: []verify.Difference{}, Mailboxes: []verify.Mailbox{}, Counts: map[verify.Kind]int{}},
	}
}

func (c *check) close() {
	_ = pass.BothEnds(c.account.Address, c.src.close, c.dst.close) // they have no errors
}

// connect takes places in the order that the invariants ask for, and logs in at both ends at the same time.
func (c *check) connect(ctx context.Context) error {
	src, err := c.src.host.Reserve(ctx, c.account)
	if err != nil {
		return err
	}
	dst, err := c.dst.host.Reserve(ctx, c.account)
	if err != nil {
		src.Free()
		return err
	}
	return pass.BothEnds(c.account.Address,
		func() (err error) { c.src.session, err = src.Open(ctx); return err },
		func() (err error) { c.dst.session, err = dst.Open(ctx); return err })
}

// reconnect gives both sessions back before it asks for new ones: to hold one while waiting for the
// other could block two accounts for ever.
func (c *check) reconnect(ctx context.Context) error {
	c.close()
	return c.connect(ctx)
}

// run does the whole comparison.
func (c *check) run(ctx context.Context) error {
	if err := c.connect(ctx); err != nil {
		return err
	}
	err := c.both(ctx, func(ctx context.Context) (err error) {
		c.srcList, err = list(ctx, c.src.session)
		return endpoint.Fault(err, "list the source's mailboxes of", c.account.Address)
	}, func(ctx context.Context) (err error) {
		c.dstList, err = list(ctx, c.dst.session)
		return endpoint.Fault(err, "list the destination's mailboxes of", c.account.Address)
	})
	if err != nil {
		return err
	}
	groups, plan := groups(c.srcList, c.dstList, c.options.Rules)
	if err := c.compareAnnotations(ctx, plan); err != nil {
		return err
	}
	c.askSaved()
	if err := c.compareAll(ctx, groups); err != nil {
		return err
	}
	if err := c.lookForExtra(ctx, groups); err != nil {
		return err
	}
	if err := c.lookForMoved(ctx); err != nil {
		return err
	}
	c.checkPairs(plan)
	c.listLeftOut(plan)
	return c.forget(ctx, groups)
}

// compareAll compares the groups, but for those of which it is known that nothing has happened.
func (c *check) compareAll(ctx context.Context, groups []*group) error {
	if err := c.remember(ctx); err != nil {
		return err
	}
	untouched, err := c.untouched(ctx, groups)
	if err != nil {
		return err
	}
	var rest []*group
	for _, g := range groups {
		if m := untouched[g]; m != nil {
			c.bookSettled(m)
		} else {
			rest = append(rest, g)
		}
	}
	for _, batch := range batches(rest, c.held) {
		if err := c.compareBatch(ctx, batch); err != nil {
			return err
		}
	}
	if err := c.lookAtPostponed(ctx); err != nil {
		return err
	}
	c.order(groups)
	return nil
}

// compareBatch reads groups ahead, and then compares one after the other.
func (c *check) compareBatch(ctx context.Context, groups []*group) error {
	for _, g := range groups {
		if err := c.recall(ctx, g); err != nil {
			return err
		}
	}
	readings, err := c.readAhead(ctx, groups)
	if err != nil {
		return err
	}
	for _, g := range groups {
		seen := readings[g]
		delete(readings, g)
		if err := c.group(ctx, g, seen); err != nil {
			return err
		}
	}
	return nil
}

// group compares what belongs into one destination mailbox. What was read of it ahead may be nil.
func (c *check) group(ctx context.Context, g *group, seen *reading) error {
	m := verify.Mailbox{Source: printableAll(g.sources), Destination: printable(g.destination)}
	if !g.exists {
		return c.compareMissing(ctx, g, m)
	}
	p := &postponed{g: g, m: m, level: c.how.Level, w: &watch{before: seen}}
	if seen != nil && seen.proved {
		p.r = seen
		return c.bookReading(ctx, p)
	}
	return c.compareMessages(ctx, p)
}

// compareMissing counts what the destination has no mailbox for.
func (c *check) compareMissing(ctx context.Context, g *group, m verify.Mailbox) error {
	r, err := c.look(ctx, g, verify.LevelCounts, &watch{})
	if err != nil {
		return err
	}
	m.Messages, m.Octets = counted(r.src...), octetsSaid(g.src)
	c.bookMissing(g, m, r)
	return nil
}

// compareMessages opens the mailboxes.
func (c *check) compareMessages(ctx context.Context, p *postponed) (err error) {
	if p.r, err = c.look(ctx, p.g, p.level, p.w); err != nil {
		return err
	}
	if p.r.doubtful {
		return c.postpone(ctx, p)
	}
	return c.bookReading(ctx, p)
}

// bookReading books what the last look at a group has shown.
func (c *check) bookReading(ctx context.Context, p *postponed) error {
	g, m, r := p.g, p.m, p.r
	defer g.forget()
	if len(r.refused()) > 0 {
		c.bookRefused(m, r)
		return nil
	}
	if p.level != verify.LevelCounts {
		return c.keep(ctx, g, c.bookMessages(m, r, p.level), r)
	}
	octets := octetsSaid(g.src)
	dstOctets := octetsSaid(g.dst)
	if counted(r.src...) == counted(r.dst) && octets != dstOctets && octets >= 0 && dstOctets >= 0 {
		// Completed line ends or another message? Counts cannot tell.
		return c.compareMessages(ctx, &postponed{g: g, m: m, level: verify.LevelMetadata, w: &watch{}})
	}
	m.Octets = octets
	c.bookCounts(m, r, dstOctets)
	return nil
}

// watch returns what is told of each message read at e: the source's are observed.
func (c *check) watch(e *end) func(octets int64) {
	if e != c.src {
		return nil
	}
	return func(octets int64) { c.observe(1, octets) }
}

func (c *check) observe(messages int, octets int64) {
	c.how.Observe(c.account.Address, messages, octets)
}

// room is how many differences can still be listed.
func (c *check) room() int { return max(c.how.Limit-len(c.mail.Differences), 0) }

// lookForExtra finds mailboxes that only the destination has. Empty ones are the defaults that a
// server makes for everybody.
func (c *check) lookForExtra(ctx context.Context, groups []*group) error {
	compared := map[string]bool{}
	for _, g := range groups {
		compared[g.destination] = true
	}
	others := slices.DeleteFunc(c.dstList.own(), func(name string) bool { return compared[name] })
	empty, err := c.emptyAhead(ctx, others)
	if err != nil {
		return err
	}
	for _, name := range others {
		if empty[name] {
			continue
		}
		r, err := c.look(ctx, &group{destination: name, exists: true}, verify.LevelCounts, &watch{})
		if err != nil {
			return err
		}
		messages := r.dst.count
		known := r.dst.refusal == "" && r.dst.short.Is(0)
		if known && messages == 0 {
			continue
		}
		octets := octetsSaid([]imap.ListEntry{c.dstList.byName[name]})
		c.traces.extra = append(c.traces.extra, name)
		c.mail.Destination.Add(verify.Totals{Mailboxes: 1, Messages: messages, Octets: octets})
		c.mail.Mailboxes = append(c.mail.Mailboxes, verify.Mailbox{
			Source: []string{}, Destination: printable(name), Messages: messages, Octets: octets, Differences: 1,
		})
		holding := "an unknown number of messages"
		if known {
			holding = verify.Count(messages, "message")
		}
		c.differ(verify.Difference{
			Kind: verify.ExtraMailbox, Mailbox: printable(name), Object: printable(name), Destination: holding,
			Sentence: "mailbox " + quote(name) + " with " + holding + " is only at the destination",
		})
	}
	return nil
}

// checkPairs compares what a listing says of a mailbox beside its messages.
func (c *check) checkPairs(plan mapping.Plan) {
	for _, pair := range plan.Pairs {
		name := imap.PrintableName(pair.Destination)
		if pair.Container || !c.dstList.holds(name) {
			continue
		}
		src, dst := c.srcList.byName[pair.Source], c.dstList.byName[name]
		if pair.Subscribe && !dst.Subscribed {
			c.differ(verify.Difference{
				Kind: verify.NotSubscribed, Mailbox: printable(pair.Source), Object: printable(name),
				Source: "subscribed", Destination: "not subscribed",
				Sentence: "mailbox " + quote(pair.Source) + " is subscribed at the source, and " + quote(name) + " at the destination is not",
			})
		}
		if pair.Use != "" && src.HasAttribute(pair.Use) && !dst.HasAttribute(pair.Use) {
			c.find(specialUseDiffers, pair.Source, rehome.Values{"use": pair.Use, "there": printable(name)})
		}
	}
}

// listLeftOut notes the source mailboxes that the rules or their nature keep out of the comparison.
func (c *check) listLeftOut(plan mapping.Plan) {
	for _, left := range plan.Left {
		entry := c.srcList.byName[left.Source]
		if !entry.Selectable() {
			continue
		}
		messages := int64(-1)
		if entry.Status != nil {
			if n, told := entry.Status.Messages.Told(); told {
				messages = n
			}
		}
		c.mail.LeftOut = append(c.mail.LeftOut, verify.LeftOut{Mailbox: printable(left.Source), Reason: left.Reason, Messages: messages})
	}
}

// differ books one difference that is worth a sentence of its own.
func (c *check) differ(d verify.Difference) {
	c.mail.Counts[d.Kind]++
	if c.room() > 0 {
		c.mail.Differences = append(c.mail.Differences, d)
	} else {
		c.mail.Unlisted++
	}
}

func (c *check) find(d rehome.Declared, mailbox string, values rehome.Values) {
	c.findings = append(c.findings, d.On(printable(mailbox), values).Of(c.account.Address))
}

func printableAll(names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = printable(name)
	}
	return all
}

// quoteAll renders names for a sentence.
func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return strings.Join(quoted, ", ")
}
