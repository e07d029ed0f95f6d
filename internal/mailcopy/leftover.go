// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"

	"rehome/internal/protocol/imap"
)

// checkLeftovers looks for messages that were to be copied, are still at the source, and are neither
// copied nor refused. A source may answer in any order (RFC 9051, section 7.5), and what comes before its
// turn is passed over: each gets a FETCH of its own. What is then still missing the source lists and does not
// give. Without this a mailbox could be called complete with messages missing. done is false when the budget
// ended.
func (j *mailboxJob) checkLeftovers(ctx context.Context, planned imap.UIDSet) (done bool, err error) {
	open := j.undone(planned)
	if open.Empty() {
		return true, nil
	}
	present, short, err := everything(ctx, j.src)
	if err != nil {
		return false, faultOf(err, "list source mailbox", j.pair.Source)
	}
	if short.Is(0) { // otherwise it may be there all the same
		j.inventory.vanished = open.Minus(present)
	}
	for uid := range open.Minus(j.inventory.vanished).All() {
		if done, err := j.copyAll(ctx, imap.NewUIDSet(uid)); err != nil || !done {
			return false, err
		}
	}
	open = j.undone(planned).Minus(j.inventory.vanished)
	left, err := sweep(ctx, j.src, open)
	if err != nil {
		return false, faultOf(err, "list source mailbox", j.pair.Source)
	}
	for _, e := range completed(left, open) {
		if err := j.refuse(ctx, e, unreadable("the source lists it, but does not deliver it")); err != nil {
			return false, err
		}
	}
	return true, nil
}

// undone returns those of planned that are neither copied nor refused in this pass.
func (j *mailboxJob) undone(planned imap.UIDSet) imap.UIDSet {
	return planned.Minus(j.row.Done).Minus(refusedOf(j.row, j.slice.started).now)
}
