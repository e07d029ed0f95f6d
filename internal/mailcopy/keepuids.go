// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/dsync"
	"rehome/internal/protocol/imap"
)

// Messages keep their UIDs where the destination takes them by dsync: programs that know them then download nothing again.
// That is another way of writing a batch, and nothing else: what is to be written, the intents, the receipts and the looks
// after a cut are those of the IMAP way.
//
// A UID can be had only in a mailbox that has the source's UIDVALIDITY and has not given out that UID yet. So a mailbox that
// nobody has used takes the source's UIDVALIDITY before the first message (align), messages go in the order of UIDs, and what
// cannot go by dsync goes by IMAP behind all the others, because it takes the next UID, whichever that is.
//
// dsync compares listings. What one side does not name may be removed, and what it names by another GUID is renumbered: copied to a
// new UID and removed from the old one, and where the conversation ends in between, it is gone. Nothing of that can happen,
// because all of these have to hold:
//   - every message that the mailbox holds is named, and by the GUID that the server itself tells (presence.go): nobody can know
//     it otherwise, not even of a message that we have brought, if the server was interrupted when it stored it;
//   - the server says by its requests that it knows each of them: it may request only what is new;
//   - the mailbox is at that moment as it was when it was listed: UIDVALIDITY, UIDNEXT and the number of messages;
//   - one conversation at a time about an account, which the server sees to, also with one whose connection is gone.
//
// GUIDs of new messages are made of the GUID of the destination's mailbox, which stays the same when the mailbox is renamed, and of
// the source's UIDVALIDITY and UID. Repeating the same after whatever has happened thus names the same messages.

// Importer begins conversations that bring messages with the UIDs that they have at the source; *endpoint.Dsync is one.
type Importer interface {
	Reach(ctx context.Context, account rehome.Account) (*endpoint.DsyncCall, error)
	TryReach(ctx context.Context, account rehome.Account) (reach func() (*endpoint.DsyncCall, error))
	Fault(ctx context.Context, err error, op, object string) error
}

// uidKeeping is how a job stands to the UIDs.
type uidKeeping struct {
	kept    bool        // messages go by dsync for now
	why     string      // not; "" where nobody has asked for it
	again   bool        // what is there has to be looked at anew before anything else is sent
	stock   imap.UIDSet // of the destination: what it held when that was compared with what is wanted
	brought imap.UIDSet // of the source: these have their UIDs
	moved   imap.UIDSet // of the source: sent, and found under other UIDs
	aside   imap.UIDSet // of the source: these go by IMAP when all others are there
	cut     imap.UIDSet // of the source: brought without the CR at their end

	identifiers map[imap.UID]ledger.Identifier // by UID of the source, see maildrop.go
	late        int                            // messages that were at the destination before their identifiers were known
	apart       int                            // of the maildrop: not found in the mailbox
	hidden      int                            // of the mailbox: not shown by the maildrop
}

// uidGround is what decides whether a mailbox can keep UIDs.
type uidGround struct {
	shared   bool // other source mailboxes go to the same one
	used     bool // the ledger knows of messages that were brought to this incarnation of it
	src, dst imap.Selected
}

// uidVerdict is what follows.
type uidVerdict int

const (
	uidsLost  uidVerdict = iota // they cannot be had
	uidsAlign                   // they can once the mailbox has the source's UIDVALIDITY
	uidsKept                    // the mailbox has it
)

// judge also says why UIDs cannot be had.
func (g uidGround) judge() (uidVerdict, string) {
	switch {
	case g.shared:
		return uidsLost, "several mailboxes of the source go into this one"
	case g.src.UIDValidity == 0:
		return uidsLost, "the source tells no UIDVALIDITY"
	case g.dst.UIDValidity == g.src.UIDValidity:
		return uidsKept, ""
	case g.used || !g.dst.Messages.Is(0) || g.dst.UIDNext != 1:
		return uidsLost, "the destination's mailbox was used before, with a UIDVALIDITY of its own"
	}
	return uidsAlign, ""
}

// alignUIDs finds out whether the job can keep UIDs, and gives a mailbox that nobody has used the source's UIDVALIDITY.
func (j *mailboxJob) alignUIDs(ctx context.Context) error {
	if j.slice.engine.options.Importer == nil {
		return nil
	}
	verdict, why := j.uidGround().judge()
	if verdict == uidsAlign && j.slice.aligned[j.pair.Destination] { // it may not have noticed yet
		if err := j.reopenAligned(ctx); err != nil {
			return err
		}
		verdict, why = j.uidGround().judge()
	}
	j.uids.why = why
	if verdict == uidsLost {
		return nil
	}
	j.uids.kept = true
	if verdict == uidsKept {
		return nil
	}
	if err := j.converse(ctx, j.aligning()); err != nil {
		return j.giveUpUIDs(err)
	}
	if err := j.reopenAligned(ctx); err != nil {
		return err
	}
	if j.dstBox.UIDValidity != j.srcBox.UIDValidity {
		j.uids.kept, j.uids.why = false, "the destination has not taken the source's UIDVALIDITY"
	}
	return nil
}

// reopenAligned opens the mailbox behind a conversation that was to change its UIDVALIDITY. A session that had it open before may
// answer by what it remembers, and notice the change while it does so: Dovecot with Maildir tells the new one when it is asked again.
func (j *mailboxJob) reopenAligned(ctx context.Context) error {
	for range 3 {
		box, err := j.dst.Select(ctx, j.pair.Destination)
		if err != nil {
			return faultOf(err, "open destination mailbox", j.pair.Destination)
		}
		j.dstBox = box
		if box.UIDValidity == j.srcBox.UIDValidity {
			break
		}
	}
	return nil
}

func (j *mailboxJob) uidGround() uidGround { return j.slice.view.uidGround(j.pair, j.srcBox, j.dstBox) }

func (v accountView) uidGround(pair mapping.Pair, src, dst imap.Selected) uidGround {
	g := uidGround{src: src, dst: dst}
	for _, other := range v.plan.Pairs {
		g.shared = g.shared || other.Destination == pair.Destination && other.Source != pair.Source && !other.Container
	}
	for _, row := range v.rows {
		if row.Anchor.Destination == pair.Destination && row.Anchor.DstUIDValidity == dst.UIDValidity {
			g.used = g.used || !row.Done.Empty() || row.Open
		}
	}
	return g
}

// srcNext is the UID that the source will assign next, 0 when it does not say. Courier says so only in a listing.
func (j *mailboxJob) srcNext() imap.UID {
	status := j.slice.view.src[j.pair.Source].Status
	if status != nil && status.UIDValidity == j.srcBox.UIDValidity {
		return max(j.srcBox.UIDNext, status.UIDNext)
	}
	return j.srcBox.UIDNext
}

// giveUpUIDs lets the mailbox go by IMAP where the destination has said that it cannot be otherwise; any other error stays one.
func (j *mailboxJob) giveUpUIDs(err error) error {
	why, settled := lostReason(err)
	if !settled {
		return err
	}
	j.uids.kept, j.uids.why = false, why
	return nil
}

// naming names the messages of a source mailbox in one of the destination, the same in each conversation. It is the GUID of the message
// whose UID is 0.
type naming dsync.GUID

func newNaming(mailbox dsync.GUID, validity uint32) (n naming) {
	sum := sha256.Sum256(fmt.Appendf(nil, "rehome %s %d", mailbox, validity))
	copy(n[:], sum[:12])
	return n
}

func (n naming) of(uid imap.UID) string {
	binary.BigEndian.PutUint32(n[12:], uint32(uid))
	return dsync.GUID(n).String()
}

// uidsFinding says how many messages of the mailbox have new UIDs because they went by IMAP, and why.
func (j *mailboxJob) uidsFinding() []rehome.Finding {
	if j.slice.engine.options.Importer == nil {
		return nil
	}
	var findings []rehome.Finding
	moved, why := intersection(j.inventory.wanted, j.row.Done).Minus(j.uids.brought).Minus(j.row.Adopted), j.uids.why
	if why == "" || moved.Empty() { // none went by IMAP
		moved, why = j.uids.moved, "the destination stored them under other UIDs"
	}
	if !moved.Empty() {
		moved = union(moved, j.uids.moved)
		findings = append(findings, uidsNotKept.On(j.pair.Source, rehome.Values{"n": moved.Len(), "uids": shorten(moved.String()), "why": why}))
	}
	if !j.uids.cut.Empty() {
		findings = append(findings, lastOctetCut.On(j.pair.Source, rehome.Values{"n": j.uids.cut.Len(), "uids": j.uids.cut.String()}))
	}
	return findings
}
