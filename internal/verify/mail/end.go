// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol/imap"
)

// end is one end of the account with the session that reads it. Only one goroutine uses it at a time.
type end struct {
	side    rehome.Side
	host    Host
	session *endpoint.Session
	open    *box // the mailbox that is open, nil for none
	saved   bool // messages are asked when they came into their mailboxes
}

// close gives the session back, whatever has become of it.
func (e *end) close() error {
	if e.session != nil {
		e.session.Close()
	}
	e.session = nil
	e.open = nil
	return nil
}

// lost says that the connection has broken.
func (e *end) lost() bool { return e.session == nil || e.session.Err() != nil }

// examine opens b for reading. A refusal is noted in b and is no error.
func (e *end) examine(ctx context.Context, b *box) error {
	e.open = nil
	state, err := e.session.Examine(ctx, b.name)
	var status *imap.StatusError
	if errors.As(err, &status) && !e.lost() {
		b.refusal = cmp.Or(status.Text, status.Kind)
		return nil
	}
	if err != nil {
		return e.fault(err, b)
	}
	b.state, e.open = state, b
	return nil
}

// reopen makes b the open mailbox, unless it is.
func (e *end) reopen(ctx context.Context, b *box) error {
	if e.open == b {
		return nil
	}
	validity := b.state.UIDValidity
	if err := e.examine(ctx, b); err != nil {
		return err
	}
	if b.refusal != "" || b.state.UIDValidity != validity {
		return e.fault(errors.New("the server replaced the mailbox while it was being read"), b)
	}
	return nil
}

// unchanged opens b again and says whether it still is what it was when it was read.
func (e *end) unchanged(ctx context.Context, b *box) (bool, error) {
	if b.refusal != "" {
		return true, nil
	}
	now := &box{side: b.side, name: b.name}
	if err := e.examine(ctx, now); err != nil {
		return false, err
	}
	return now.refusal == "" && sameState(b.state, now.state), nil
}

func sameState(a, b imap.Selected) bool {
	return a.UIDValidity == b.UIDValidity && a.UIDNext == b.UIDNext &&
		a.Messages == b.Messages && a.HighestModSeq == b.HighestModSeq
}

func (e *end) fault(err error, b *box) error {
	return endpoint.Fault(err, "read mailbox", quote(b.name)+" at the "+string(e.side))
}

// lastUID is the highest that exists (RFC 9051, section 2.3.1.1).
const lastUID = ^imap.UID(0)

// sweep lists the messages of b, which is open: some 100 octets each, no bodies.
func (e *end) sweep(ctx context.Context, b *box) error {
	if b.state.Messages.Is(0) {
		return nil
	}
	var uids imap.UIDSet
	uids.AddRange(1, lastUID)
	var found []record
	t := e.newMetadata(b.state.HighestModSeq != 0)
	command, err := e.session.Fetch(ctx, uids, t.items(), imap.FetchHandler{Message: func(m *imap.Message) error {
		found = append(found, newRecord(b, m.UID))
		t.keep(&found[len(found)-1], m, false)
		return nil
	}})
	if err == nil {
		err = command.Wait(ctx)
	}
	if err != nil {
		return e.fault(err, b)
	}
	b.records = inOrder(found)
	return nil
}

// sweepWarily is sweep for a mailbox in which the server has broken off: a damaged message may be
// one that it cannot even list. The UIDs come from its index.
func (e *end) sweepWarily(ctx context.Context, b, earlier *box, rangeOctets int64) error {
	uids, err := e.session.SearchAll(ctx, 1)
	if err != nil {
		return e.fault(err, b)
	}
	b.add(uids)
	b.inherit(earlier)
	return e.fetch(ctx, b, b.records, rangeOctets, e.newMetadata(b.state.HighestModSeq != 0))
}

// listRest holds the listing of b against how many messages it holds (EXISTS). What is left out it asks for
// in two other ways; what it then knows by its UID alone is read like the rest.
func (e *end) listRest(ctx context.Context, b *box) error {
	var listed imap.UIDSet
	for _, r := range b.records {
		listed.Add(r.uid)
	}
	if e.shortage(listed).Is(0) {
		b.count, b.short = int64(len(b.records)), imap.CountOf(0)
		return nil
	}
	if err := e.countAll(ctx, b); err != nil {
		return err
	}
	b.add(b.uids.Minus(listed))
	slices.SortFunc(b.records, byPlace)
	listed.AddSet(b.uids)
	b.count, b.short = int64(len(b.records)), e.shortage(listed)
	return nil
}

// countAll counts the messages of b, which is open, by the UIDs that it shows.
func (e *end) countAll(ctx context.Context, b *box) error {
	if b.state.Messages.Is(0) {
		b.short = imap.CountOf(0)
		return nil
	}
	uids, err := e.session.SearchAll(ctx, 1)
	if err != nil {
		return e.fault(err, b)
	}
	if n, told := e.shortage(uids).Told(); told && n > 0 {
		more, err := e.session.ListAll(ctx)
		if err != nil && !imap.IsStatus(err, "NO") {
			return e.fault(err, b)
		}
		uids.AddSet(more)
	}
	b.uids, b.count, b.short = uids, int64(uids.Len()), e.shortage(uids)
	return nil
}

// shortage is how many messages the open mailbox holds beyond those listed; unknown when the server does
// not say how many it holds.
func (e *end) shortage(listed imap.UIDSet) imap.Count {
	held, told := e.session.Held().Told()
	if !told {
		return imap.Count{}
	}
	return imap.CountOf(max(held-int64(listed.Len()), 0))
}

// add adds messages of which nothing but the UID is known.
func (b *box) add(uids imap.UIDSet) {
	for uid := range uids.All() {
		r := newRecord(b, uid)
		b.records = append(b.records, &r)
	}
}

// inOrder sorts by UID and merges answers about one message: servers may answer in any order, and
// tell about a change of flags in between (RFC 9051, section 7.5.2).
func inOrder(found []record) []*record {
	slices.SortStableFunc(found, func(a, b record) int { return cmp.Compare(a.uid, b.uid) })
	records := make([]*record, 0, len(found))
	for i := range found {
		r := &found[i]
		n := len(records)
		if n == 0 || records[n-1].uid != r.uid {
			records = append(records, r)
			continue
		}
		first := records[n-1]
		if r.flags != untold {
			first.flags = r.flags
		}
		first.size, first.date, first.modseq = max(first.size, r.size), max(first.date, r.date), max(first.modseq, r.modseq)
		first.saved = max(first.saved, r.saved)
	}
	return records
}

// inherit takes over what an earlier reading of the mailbox has found out: a message never changes
// under its UID (RFC 9051, section 2.3.1.1), its flags may.
func (b *box) inherit(earlier *box) {
	if earlier == nil || earlier.state.UIDValidity != b.state.UIDValidity {
		return
	}
	old := earlier.records
	for _, r := range b.records {
		for len(old) > 0 && old[0].uid < r.uid {
			old = old[1:]
		}
		if len(old) > 0 && old[0].uid == r.uid {
			r.digest = old[0].digest
			r.octets = old[0].octets
			r.recalled = old[0].recalled
			r.header = old[0].header
			r.failures = old[0].failures
		}
	}
}
