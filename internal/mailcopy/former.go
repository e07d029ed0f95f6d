// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"math"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// noteFormer books what we have brought from the former self of a mailbox that was renumbered, or was
// deleted and made anew, and that is not in it any more: it has vanished like any deleted message, and
// the policy decides about the copy.
//
// The former source UIDs may be those of other messages now. Stand-ins from the upper end of what a UID
// can be (RFC 9051, section 2.3.1.1) take their place, where no mailbox ever gets to.
func (j *mailboxJob) noteFormer(ctx context.Context) error {
	var left imap.UIDSet
	for _, e := range j.unknown {
		left.Add(e.uid)
	}
	if left = intersection(left, j.row.Formerly); left.Empty() {
		return nil
	}
	first := imap.UID(math.MaxUint32 - left.Len())
	if j.srcBox.UIDNext >= first {
		return nil
	}
	var items []ledger.Item
	var gone imap.UIDSet
	err := j.ledger().StoredFormerly(ctx, j.row, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if left.Contains(item.DstUID) {
				item.UID = first + imap.UID(len(items))
				items = append(items, item)
				gone.Add(item.UID)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := j.ledger().Adopt(ctx, j.row, items); err != nil {
		return err
	}
	return j.noteFate(ctx, union(j.row.Gone, gone), imap.UIDSet{})
}
