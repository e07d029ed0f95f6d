// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"context"
	"slices"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
)

// accountView is what both ends list of an account and what the ledger remembers: one LIST and one
// NAMESPACE on each side, whatever the number of messages.
type accountView struct {
	srcEnd, dstEnd mapping.End
	src, dst       map[string]imap.ListEntry // by name
	marks          map[rehome.Side]marks     // see newest.go
	rows           map[string]ledger.Mailbox // by source name
	trusts         map[rehome.Side]ledger.Trust
	plan           mapping.Plan
	displaced      map[int64]bool   // rows in whose place the source has another mailbox, of the same name and UIDVALIDITY
	revived        map[int64]bool   // rows of dropped mailboxes that have got new mail, see reviveDropped
	strayed        map[int64]bool   // rows whose mailbox the destination seems to have under another name, and has not
	elsewhere      map[int64]string // where the mailbox of a row is, with another name and UIDVALIDITY, see findElsewhere
	room           room
}

// look takes the view.
func (s *slice) look(ctx context.Context) (accountView, error) {
	var v accountView
	rows, err := s.engine.options.Ledger.Mailboxes(ctx, s.account.Address)
	if err != nil {
		return v, err
	}
	var src listed
	var srcMarks, dstMarks marks
	err = pass.BothEnds(s.account.Address,
		func() (err error) {
			err = pass.BothEnds(s.account.Address, // all of it in one round trip
				func() (err error) {
					src, err = listEnd(ctx, s.src, func() (err error) { srcMarks, err = s.peekAll(ctx, rehome.Source, rows); return err })
					return endpoint.Fault(err, "list the source's mailboxes of", s.account.Address)
				},
				func() error { return s.askKnownNotes(ctx) })
			_, noted := s.noteRestoredSource(ctx, rows, src.entries, srcMarks)
			return cmp.Or(err, noted)
		},
		func() (err error) {
			err = s.lookAtDestination(ctx, &v, func() (err error) { dstMarks, err = s.peekAll(ctx, rehome.Destination, rows); return err })
			_, noted := s.noteFalls(ctx, rows, v.dst, dstMarks)
			return cmp.Or(err, noted)
		},
	)
	if err != nil {
		return accountView{}, err
	}
	v.srcEnd, v.src = src.end, src.entries
	v.marks = map[rehome.Side]marks{rehome.Source: srcMarks, rehome.Destination: dstMarks}
	if v.trusts, err = s.engine.options.Ledger.Trusts(ctx, s.account.Address); err != nil {
		return accountView{}, err
	}
	return v, s.remember(ctx, &v)
}

func (s *slice) lookAtDestination(ctx context.Context, v *accountView, behind func() error) error {
	var dst listed
	err := pass.BothEnds(s.account.Address, // all of it in one round trip
		func() (err error) { dst, err = listEnd(ctx, s.dst, behind); return err },
		func() (err error) { v.room, err = askRoom(ctx, s.dst); return err },
	)
	v.dstEnd = dst.end
	v.dst = dst.entries
	return endpoint.Fault(err, "list the destination's mailboxes of", s.account.Address)
}

// remember fills in what the ledger knows, and the plan that follows from all three.
func (s *slice) remember(ctx context.Context, v *accountView) (err error) {
	if v.rows, err = s.engine.options.Ledger.Mailboxes(ctx, s.account.Address); err != nil {
		return err
	}
	rules := s.engine.options.Rules
	rules.Settled = settled(v.rows)
	v.plan = mapping.Make(v.srcEnd, v.dstEnd, rules)
	legalise(v)
	return nil
}

// listed is what one side lists.
type listed struct {
	end     mapping.End
	entries map[string]imap.ListEntry // by name
}

func nothingBehind() error { return nil }

// listEnd asks one side for its namespaces and mailboxes; what behind sends goes out behind the listing.
func listEnd(ctx context.Context, session *endpoint.Session, behind func() error) (l listed, err error) {
	var namespaces imap.Namespaces
	var entries []imap.ListEntry
	err = pass.BothEnds(session.Account, // two commands of one connection, sent together
		func() (err error) { namespaces, err = session.Namespace(ctx); return err },
		func() (err error) { entries, err = session.ListThen(ctx, behind); return err },
	)
	if err != nil {
		return listed{}, err
	}
	l.end, l.entries = mapping.NewEnd(namespaces, entries), make(map[string]imap.ListEntry, len(entries))
	for _, e := range entries {
		l.entries[e.Name] = e
	}
	return l, nil
}

// askRoom asks for the quota of INBOX, which stands for the account. A refusal says that the server
// keeps this to itself.
func askRoom(ctx context.Context, session *endpoint.Session) (room, error) {
	quota, limited, err := session.QuotaOf(ctx, "INBOX")
	if imap.IsStatus(err, "NO") && session.Err() == nil {
		return room{}, nil
	}
	return room{quota: quota, limited: limited}, err
}

// settled returns what earlier passes decided.
func settled(rows map[string]ledger.Mailbox) map[string]string {
	names := make(map[string]string, len(rows))
	for src, row := range rows {
		names[src] = row.Anchor.Destination
	}
	return names
}

// legalise gives source names that are not legal modified UTF-7 a legal destination.
func legalise(view *accountView) {
	for i := range view.plan.Pairs {
		pair := &view.plan.Pairs[i]
		if legal := imap.PrintableName(pair.Destination); legal != pair.Destination {
			entry, listed := view.dst[legal]
			pair.Destination, pair.Exists = legal, selectable(entry, listed)
		}
	}
}

// needsWork decides from the two listings, the survey and the ledger whether a mailbox has to be opened. What
// either end has not said is a reason to open it.
func (v accountView) needsWork(pair mapping.Pair) bool {
	src := v.src[pair.Source].Status
	row, known := v.rows[pair.Source]
	if !src.Complete() {
		return true
	}
	messages, _ := src.Messages.Told()
	switch {
	case !known: // a number of messages that comes with a higher UIDNEXT may be late: one look tells
		return messages > 0 || src.UIDNext > 1
	case dropped(row):
		// Its user has removed the mailbox there: only what is new makes it come back. Or it is there again by itself.
		return v.there(pair.Destination) || v.revived[row.ID] ||
			row.Anchor.SrcUIDValidity != src.UIDValidity || row.State.SrcUIDNext != src.UIDNext || grown(row.State, messages, src)
	case row.Open, row.Doubted != 0, !row.Untold.Empty():
		return true
	}
	dst := v.dst[pair.Destination].Status
	unchanged := dst.Complete() &&
		row.Anchor.Destination == pair.Destination &&
		row.Anchor.SrcUIDValidity == src.UIDValidity && row.Anchor.DstUIDValidity == dst.UIDValidity &&
		row.State.SrcUIDNext == src.UIDNext && row.State.SrcMessages == messages &&
		row.State.SrcModSeq == src.HighestModSeq && row.State.SrcModSeq != 0 && sameOctets(row.State, src) &&
		(row.Done.Minus(row.Gone).Empty() || unmoved(row.State.SrcNewest, v.marks[rehome.Source][pair.Source])) &&
		holds(dst, v.liveAt(pair.Destination)) && // fewer: its user has deleted some
		(row.Live().Empty() && row.Missing().Empty() || v.steadyThere(row)) // else messages may be others now, or be back
	return !unchanged
}

// there says that the destination has a mailbox, and does not say that it is empty.
func (v accountView) there(destination string) bool {
	entry, listed := v.dst[destination]
	return selectable(entry, listed) && (entry.Status == nil || !entry.Status.Messages.Is(0))
}

// holds reports whether a mailbox has so many messages, and says so.
func holds(status *imap.Status, n int) bool {
	messages, told := status.Messages.Told()
	return told && messages >= int64(n)
}

// grown says that a source mailbox has got messages although its UIDNEXT is as it was: that may stand still, so
// it is not the only witness. Fewer messages are only what somebody has deleted.
func grown(state ledger.State, messages int64, src *imap.Status) bool {
	return messages > state.SrcMessages || messages == state.SrcMessages && !sameOctets(state, src)
}

// dropped says that the destination's mailbox is gone, and is to stay so (see ledger.Drop).
func dropped(row ledger.Mailbox) bool { return row.Anchor.DstUIDValidity == 0 && !row.Done.Empty() }

// pairFor returns the pair of a source mailbox, or an empty one when it is left out.
func (v accountView) pairFor(source string) mapping.Pair {
	for _, pair := range v.plan.Pairs {
		if pair.Source == source {
			return pair
		}
	}
	return mapping.Pair{}
}

// liveAt counts the messages that should be in a destination mailbox, whatever source mailboxes they
// came from.
func (v accountView) liveAt(destination string) int {
	n := 0
	for _, row := range v.rows {
		if row.Anchor.Destination == destination && row.Anchor.DstUIDValidity != 0 {
			n += row.Live().Len()
		}
	}
	return n
}

// leftOut names the mailboxes that the mapping leaves behind, apart from those that it has named itself.
func (v accountView) leftOut() []rehome.Finding {
	var findings []rehome.Finding
	for _, left := range v.plan.Left {
		named := func(f rehome.Finding) bool { return mapping.MailboxLeftOut.Is(f) && f.Object == left.Source }
		if !slices.ContainsFunc(v.plan.Findings, named) {
			findings = append(findings, mapping.MailboxLeftOut.On(left.Source, rehome.Values{"why": left.Reason}))
		}
	}
	return findings
}

// totals counts the mailboxes of the plan at the source, and the messages of those that tell them.
func (v accountView) totals() (mailboxes int, messages, octets int64) {
	for _, pair := range v.plan.Pairs {
		if pair.Container {
			continue
		}
		mailboxes++
		status := v.src[pair.Source].Status
		if status == nil {
			octets = -1
			continue
		}
		n, told := status.Messages.Told()
		messages += n
		if !told || status.Size < 0 || octets < 0 {
			octets = -1
		} else {
			octets += status.Size
		}
	}
	return mailboxes, messages, octets
}
