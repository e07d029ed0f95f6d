// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"io"
	"strings"

	"rehome/internal/content/message"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// foresight is what a job will ask of a source mailbox in which mail has come since the last complete pass: what the newest
// of the messages are that were copied, the newest of these itself, a listing of what is new, and what is new itself where that
// is little. It is asked behind the opening, in the same round trip.
//
// It is an answer to a question that has not been put yet, and no more: only what has come whole counts, and whatever has
// not is asked when its time comes, in the way and with the consequences that this has. What is known to break a
// connection is not asked beforehand.
type foresight struct {
	asked    []*entry
	listing  *listing
	commands []*imap.FetchCommand
	broken   bool // the connection ended at it

	bodies map[imap.UID][]byte // of new messages; nil when they were not asked for
	room   int64               // octets that may still be kept
}

// What is kept of the new messages of one mailbox.
const (
	foreseenMessages = 100
	foreseenOctets   = 256 << 10
)

// foreseeable says that mail has come to a mailbox of which all was well: then it is known what its job will ask.
func foreseeable(row ledger.Mailbox, status *imap.Status) bool {
	next := row.State.SrcUIDNext
	return status.Complete() && status.UIDValidity == row.Anchor.SrcUIDValidity && next != 0 && status.UIDNext > next &&
		int(status.UIDNext-next) <= sweepWindow && row.Untold.Empty() && row.Restored.Empty() && !row.Open && !row.Done.Minus(row.Gone).Empty()
}

// arrivedOctets is the size of what has come to a foreseeable mailbox; told is false where the numbers do not say it, as after
// messages have gone as well.
func arrivedOctets(row ledger.Mailbox, status *imap.Status) (octets int64, told bool) {
	come := int64(status.UIDNext - row.State.SrcUIDNext)
	octets = status.Size - row.State.SrcSize
	return octets, row.State.SrcSize > 0 && octets > 0 && status.Messages.Is(row.State.SrcMessages+come)
}

// foresee asks behind an opening. An error of the ledger is one; that the connection has ended is found out by whoever uses
// it next.
func (j *mailboxJob) foresee(ctx context.Context, opening *imap.Opening, row ledger.Mailbox) error {
	name := j.pair.Source
	status := j.slice.view.src[name].Status
	if !foreseeable(row, status) || !j.slice.memory.mayForesee(name) {
		return nil
	}
	claims, err := newestClaims(ctx, j.ledger(), row, atSource(row))
	if err != nil {
		return err
	}
	f := &foresight{asked: entriesOf(claims, func(c claim) imap.UID { return c.uid })}
	j.foreseen = f
	ask := func(uids imap.UIDSet, items imap.FetchItems, handler imap.FetchHandler) {
		f.ask(ctx, j.src, opening, uids, items, handler)
	}
	ask(claimed(claims), imap.FetchItems{HeaderFields: message.FingerprintFields}, imap.FetchHandler{Literal: f.header})
	for _, one := range claims { // the newest first
		if one.item.Size <= proofOctets && one.item.Digest != nil {
			ask(imap.NewUIDSet(one.uid), imap.FetchItems{Body: true}, imap.FetchHandler{Literal: f.body})
			break
		}
	}
	var fresh imap.UIDSet
	fresh.AddRange(row.State.SrcUIDNext, status.UIDNext-1)
	f.listing = newListing(j.src, fresh)
	ask(fresh, listingItems(), imap.FetchHandler{Message: f.listing.take})
	if octets, told := arrivedOctets(row, status); told && octets <= foreseenOctets && fresh.Len() <= foreseenMessages &&
		j.slice.engine.options.Importer == nil { // which reads them itself
		f.bodies, f.room = map[imap.UID][]byte{}, foreseenOctets
		ask(fresh, imap.FetchItems{Body: true}, imap.FetchHandler{Literal: f.keep})
	}
	return nil
}

// ask asks behind an opening of a session. It returns nil when the connection has ended.
func (f *foresight) ask(ctx context.Context, session *endpoint.Session, opening *imap.Opening, uids imap.UIDSet, items imap.FetchItems,
	handler imap.FetchHandler) *imap.FetchCommand {
	command, err := session.FetchAhead(ctx, opening, uids, items, handler)
	if f.broken = f.broken || err != nil; f.broken {
		return nil
	}
	f.commands = append(f.commands, command)
	return command
}

// keep keeps a new message, if there is room for it: what is not read here is passed over.
func (f *foresight) keep(l *imap.Literal) error {
	if _, known := f.bodies[l.UID]; known || l.UID == 0 || l.Section != "" || l.Size > f.room {
		return nil
	}
	body := make([]byte, l.Size)
	if _, err := io.ReadFull(l, body); err != nil {
		return err
	}
	f.room -= l.Size
	f.bodies[l.UID] = body
	return nil
}

// holds says that all of some messages are kept.
func (f *foresight) holds(uids imap.UIDSet) bool {
	if f == nil || f.bodies == nil {
		return false
	}
	for uid := range uids.All() {
		if _, kept := f.bodies[uid]; !kept {
			return false
		}
	}
	return true
}

func claimed(claims []claim) (uids imap.UIDSet) {
	for _, one := range claims {
		uids.Add(one.uid)
	}
	return uids
}

// wait returns when all is answered, be it with a refusal.
func (f *foresight) wait(ctx context.Context, j *mailboxJob) {
	if f == nil {
		return
	}
	for _, command := range f.commands {
		_ = command.Wait(ctx) // what has not come is asked again
	}
	if f.broken = f.broken || j.src.Err() != nil; f.broken && ctx.Err() == nil {
		j.slice.memory.unforesee(j.pair.Source)
		j.slice.noteAdvance()
	}
}

// header and body take down what comes, if it is what was asked for: a server may answer in any order.
func (f *foresight) header(l *imap.Literal) error {
	e := f.of(l.UID)
	if e == nil || !strings.HasPrefix(l.Section, "HEADER") {
		return nil
	}
	header := message.NewHeader(headerLimit)
	_, err := io.Copy(header, l)
	if err == nil {
		e.showHeader(header)
	}
	return err
}

func (f *foresight) body(l *imap.Literal) error {
	e := f.of(l.UID)
	if e == nil || l.Section != "" {
		return nil
	}
	return newBodyReader().read(e, l)
}

func (f *foresight) of(uid imap.UID) *entry {
	if f == nil {
		return nil
	}
	for _, e := range f.asked {
		if e.uid == uid {
			return e
		}
	}
	return nil
}

// teach fills in what is known of entries already.
func (f *foresight) teach(entries []*entry) {
	for _, e := range entries {
		known := f.of(e.uid)
		if known == nil {
			continue
		}
		if known.seen && !e.seen {
			e.fingerprint, e.origin, e.original, e.seen = known.fingerprint, known.origin, known.original, true
		}
		if bodySeen(known) && !bodySeen(e) {
			e.digest, e.kin = known.digest, known.kin
		}
	}
}

// listed returns those of uids that the listing has told all of, once: later their flags may be others.
func (f *foresight) listed(uids imap.UIDSet) (entries []entry) {
	if f == nil || f.listing == nil {
		return nil
	}
	for _, e := range sortUnique(f.listing.entries) {
		if uids.Contains(e.uid) && e.size > 0 && !e.date.IsZero() && e.flags != nil {
			entries = append(entries, e)
		}
	}
	f.listing = nil
	return entries
}

// mayForesee says that nothing has gone wrong with a source mailbox in this pass.
func (m *memory) mayForesee(source string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.unforeseen[source] && m.strikes[source] == 0
}

// unforesee notes that a connection has ended at what was asked of a mailbox beforehand.
func (m *memory) unforesee(source string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unforeseen[source] = true
}
