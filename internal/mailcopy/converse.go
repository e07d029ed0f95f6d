// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"

	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dsync"
	"rehome/internal/protocol/imap"
)

// conversation is one with the destination about one mailbox.
type conversation struct {
	next    imap.UID        // that the destination will assign when it is over
	before  imap.UID        // that it will assign now, as last listed; 0 for a mailbox that is only aligned
	present presence        // what the mailbox holds
	entries []entry         // what is brought, in the order of UIDs
	feed    *feed           // what hands it out; nil when nothing is brought
	intents []ledger.Intent // of the entries
	begun   bool            // a message may have been sent
}

// lost is why UIDs cannot be had. Nothing was sent.
type lost string

func (l lost) Error() string { return string(l) }

// lostReason returns the reason of a lost.
func lostReason(err error) (why string, settled bool) {
	var reason lost
	settled = errors.As(err, &reason)
	return string(reason), settled
}

const (
	lostUnlisted = lost("the destination's dsync does not know this mailbox")
	lostUnknown  = lost("the destination's dsync does not know messages by the GUIDs that its IMAP server tells")
	lostTwins    = lost("the destination's mailbox holds two messages of one GUID, as copies within a mailbox are")
	lostUntold   = lost("the destination's IMAP server does not tell the GUIDs of its messages")
	lostGUIDs    = lost("the destination's mailbox format keeps no GUIDs")
)

var errChanged = errors.New("somebody else has changed the mailbox just now")

// converse says one thing about the mailbox, behind any other one about the account.
func (j *mailboxJob) converse(ctx context.Context, c *conversation) error {
	if err := j.dst.Leave(ctx); err != nil { // it must not notice a new UIDVALIDITY while it is open
		return faultOf(err, "close destination mailbox", j.pair.Destination)
	}
	over, err := j.slice.line.take(ctx)
	if err != nil {
		return err
	}
	defer over()
	return j.speak(ctx, c)
}

// speak is converse for who has the line. What is kept from another mailbox may have ended meanwhile, and not know this one yet: as
// long as no message may have been sent, one that is begun anew is asked then.
func (j *mailboxJob) speak(ctx context.Context, c *conversation) error {
	kept, err := j.talk(ctx, c)
	if kept && err != nil && !c.begun && !errors.Is(err, errChanged) && ctx.Err() == nil {
		_, err = j.talk(ctx, c)
	}
	return err
}

// talk says it in the conversation that is kept or in a new one, and ends that unless all went well.
func (j *mailboxJob) talk(ctx context.Context, c *conversation) (kept bool, err error) {
	l := j.slice.line
	guid, kept, err := l.open(ctx, j.pair.Destination)
	if err != nil {
		l.hangUp()
		return kept, err
	}
	switch err := j.tell(ctx, l.session, guid, c); {
	case err != nil:
		l.hangUp()
		return kept, j.toldFault(ctx, err)
	case c.complete():
		l.rest()
	default: // the server has asked for what it did not get: it stores nothing more
		l.finish(ctx)
	}
	return kept, nil
}

// toldFault names the mailbox in what has gone wrong with the conversation itself.
func (j *mailboxJob) toldFault(ctx context.Context, err error) error {
	var broke *readError
	if _, settled := lostReason(err); settled || errors.As(err, &broke) || errors.Is(err, errNoUID) {
		return err
	}
	return j.slice.engine.options.Importer.Fault(ctx, err, "bring messages with their UIDs to", j.pair.Destination)
}

// complete says that all was sent that the server was told of.
func (c *conversation) complete() bool { return c.feed == nil || len(c.feed.sent) == len(c.entries) }

func (j *mailboxJob) tell(ctx context.Context, session *endpoint.DsyncSession, guid dsync.GUID, c *conversation) error {
	asked, err := j.name(ctx, session, guid, c)
	if err != nil {
		return err
	}
	if err := asked.judge(uidsOf(c.entries)); err != nil {
		return err
	}
	if c.feed != nil {
		c.begun = true
		if err := c.feed.run(ctx, session, guid); err != nil {
			return err
		}
	}
	_, err = session.Done(ctx)
	return err
}

// name names all messages, those that are there and those that are to come, and returns what the server asks for.
func (j *mailboxJob) name(ctx context.Context, session *endpoint.DsyncSession, guid dsync.GUID, c *conversation) (*asked, error) {
	a := &asked{naming: newNaming(guid, j.srcBox.UIDValidity)}
	messages := c.present.uids.Len() + len(c.entries)
	theirs, err := session.Open(ctx, dsync.Box{
		GUID: guid, UIDValidity: j.srcBox.UIDValidity, UIDNext: uint32(c.next),
		Messages: uint32(max(messages, 1)), // an empty mailbox takes the UIDVALIDITY of one that is not
	}, a.note)
	if err != nil {
		return nil, err
	}
	if theirs.UIDValidity == j.srcBox.UIDValidity { // it may tell what it has just taken over
		theirs.UIDValidity = j.dstBox.UIDValidity
	}
	if err := c.judgeBox(theirs, j.dstBox.UIDValidity); err != nil {
		return nil, err
	}
	if err := session.Attributes(ctx); err != nil {
		return nil, err
	}
	for uid, name := range c.present.all() {
		if err := session.Change(ctx, dsync.Change{UID: uint32(uid), GUID: name, There: true}); err != nil {
			return nil, err
		}
	}
	for _, e := range c.entries { // their UIDs are all above those
		change := dsync.Change{UID: uint32(e.uid), GUID: a.naming.of(e.uid)}
		change.Flags, change.Keywords = j.dsyncFlags(e)
		if err := session.Change(ctx, change); err != nil {
			return nil, err
		}
	}
	return a, session.Requests(ctx)
}

// judgeBox says whether the mailbox is the one that was listed.
func (c *conversation) judgeBox(theirs dsync.Box, validity uint32) error {
	switch {
	case theirs.Lost:
		return lostUnlisted
	case !theirs.KeepsGUIDs:
		return lostGUIDs
	case validity != 0 && theirs.UIDValidity != validity, // 0: it was made just now
		int(theirs.Messages) != c.present.uids.Len(),
		c.before != 0 && imap.UID(theirs.UIDNext) != c.before,
		c.before == 0 && theirs.UIDNext != 1:
		return errChanged
	}
	return nil
}

// asked collects which messages the server lacks; the UID is part of their GUIDs.
type asked struct {
	naming naming

	mu      sync.Mutex // requests come from another goroutine
	uids    imap.UIDSet
	foreign bool // one that was not named
}

func (a *asked) note(r dsync.Request) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	uid := imap.UID(r.UID)
	if guid, ok := dsync.ParseGUID(r.GUID); ok {
		uid = imap.UID(binary.BigEndian.Uint32(guid[12:]))
	}
	if uid == 0 || r.GUID != "" && r.GUID != a.naming.of(uid) {
		a.foreign = true
		return nil
	}
	a.uids.Add(uid)
	return nil
}

// judge says whether the server asks for all that is new, and for nothing else.
func (a *asked) judge(wanted imap.UIDSet) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.foreign || !a.uids.Minus(wanted).Empty():
		return lostUnknown
	case !wanted.Minus(a.uids).Empty():
		return errChanged
	}
	return nil
}

// dsyncFlags are the flags that the destination gets, as far as it can keep them.
func (j *mailboxJob) dsyncFlags(e entry) (flags dsync.Flags, keywords []string) {
	sent, dropped := j.filter.split(e.flags)
	j.keywords.note(e.uid, dropped)
	for _, flag := range sent {
		name, isSystem := imap.SystemFlag(flag)
		if isSystem {
			flags |= dsyncFlag(name)
		} else {
			keywords = append(keywords, flag)
		}
	}
	return flags, keywords
}

// dsyncFlag is a system flag, 0 for one that dsync does not have.
func dsyncFlag(name string) dsync.Flags {
	switch name {
	case `\Answered`:
		return dsync.Answered
	case `\Flagged`:
		return dsync.Flagged
	case `\Deleted`:
		return dsync.Deleted
	case `\Seen`:
		return dsync.Seen
	case `\Draft`:
		return dsync.Draft
	}
	return 0
}
