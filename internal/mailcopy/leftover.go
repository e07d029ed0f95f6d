// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"

	"rehome/internal/protocol/imap"
)

// checkLeftovers looks for messages that were to be copied, are still at the source, and are neither
// copied nor refused: the source lists them and does not give them. Without this a mailbox could be
// called complete with messages missing.
func (j *mailboxJob) checkLeftovers(ctx context.Context, planned imap.UIDSet) error {
	open := planned.Minus(j.row.Done)
	for uid := range j.row.Refused {
		open = open.Minus(imap.NewUIDSet(uid))
	}
	if open.Empty() {
		return nil
	}
	present, err := j.src.SearchAll(ctx, 1)
	if err != nil {
		return faultOf(err, "list source mailbox", j.pair.Source)
	}
	vanished := open.Minus(present)
	left, err := sweep(ctx, j.src, open.Minus(vanished))
	if err != nil {
		return faultOf(err, "list source mailbox", j.pair.Source)
	}
	for _, e := range left {
		why := refusal{code: "message_unreadable", words: "the source lists it and does not give it"}
		if err := j.refuse(ctx, e, why); err != nil {
			return err
		}
	}
	return nil
}
