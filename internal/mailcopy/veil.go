// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"maps"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// A destination may list a message that it does not deliver: its file is damaged, or its index. It may be a copy of one that is to
// be copied, which an earlier tool has made, or a run whose ledger was lost. The rule: what may be there is not sent, and everything
// else of the mailbox is. What may be there is whatever a readable message would have been compared with, no more and no less: all
// that the listing does not tell from it (see likeness), and of what has shown its header only what has the same one. It counts as
// not copied, has a finding, and is compared again in each pass, however complete the mailbox was by then.
//
// That holds for a batch whose answer was lost, too: what the destination does not show of it is not found, and void when nothing of
// it can arrive any more. Then it is held against all that is dark, like everything that is to be sent.

// veil are the messages of the source that the destination may hold and does not show.
type veil struct {
	maybe map[imap.UID]bool
	left  imap.UIDSet // of these, what was not sent
	dark  imap.UIDSet // of the destination: what they may be
}

func (v *veil) note(m matched) {
	if v.maybe == nil {
		v.maybe = map[imap.UID]bool{}
	}
	maps.Copy(v.maybe, m.veiled)
	v.dark.AddSet(m.dark)
}

// leftAsVeiled says that a message was not sent by an earlier pass because it may be there.
func (j *mailboxJob) leftAsVeiled(uid imap.UID) bool {
	return j.row.Refused[uid].Code == messageMaybeThere.Code
}

// leaveVeiled books those of entries that may be at the destination as not copied, and returns the others. It comes behind whatever
// else keeps a message back. An original that was kept stays known.
func (j *mailboxJob) leaveVeiled(ctx context.Context, entries []entry) ([]entry, error) {
	if len(j.veil.maybe) == 0 {
		return entries, nil
	}
	rest := entries[:0]
	var left []ledger.Refusal
	for _, e := range entries {
		if !j.veil.maybe[e.uid] {
			rest = append(rest, e)
			continue
		}
		left = append(left, ledger.Refusal{UID: e.uid, Size: e.size, Code: messageMaybeThere.Code, Escrow: e.kept})
		j.veil.left.Add(e.uid)
		j.slice.noteAdvance()
	}
	return rest, j.ledger().Refuse(ctx, j.row, left...)
}

// veiledFinding names them.
func (j *mailboxJob) veiledFinding() []rehome.Finding {
	if j.veil.left.Empty() {
		return nil
	}
	return []rehome.Finding{messageMaybeThere.On(j.pair.Source, rehome.Values{
		"n": j.veil.left.Len(), "uids": shorten(j.veil.left.String()),
		"dark": j.veil.dark.Len(), "there": shorten(j.veil.dark.String()), "mailbox": j.pair.Destination,
	})}
}
