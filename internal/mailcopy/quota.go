// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"fmt"

	"github.com/dustin/go-humanize"

	"rehome"
	"rehome/internal/protocol/imap"
)

// room is what the destination's quota (RFC 9208) leaves to an account; limited is false where there
// is none, or none is told.
type room struct {
	quota   imap.Quota
	limited bool
}

// checkRoom compares what is still to come with the room at the destination, before the first octet
// goes out: a move that stops when the account is full leaves its user with half the mail and bounces.
// Where the source does not tell sizes (STATUS=SIZE, RFC 8438) nothing is known beforehand.
func (v accountView) checkRoom(address string) error {
	if !v.room.limited {
		return nil
	}
	coming, known := v.coming()
	free := v.room.quota.Limit - v.room.quota.Used
	if !known || coming <= free {
		return nil
	}
	return &rehome.Fault{
		Class: rehome.ClassQuota, Op: "make room at the destination for", Object: address,
		Cause: fmt.Errorf("%s still to copy, and its quota of %s has %s left", size(coming), size(v.room.quota.Limit), size(free)),
		Hint: fmt.Sprintf("raise the account's quota to at least %s, or leave out mailboxes with mail.exclude, then run the same command again",
			size(v.room.quota.Used+coming)),
	}
}

// coming adds up what the source holds more than the destination, destination mailbox by destination
// mailbox, of those that need work.
func (v accountView) coming() (octets int64, known bool) {
	more := map[string]int64{}
	for _, pair := range v.plan.Pairs {
		if pair.Container || !v.needsWork(pair) {
			continue
		}
		src, known := sizeOf(v.src[pair.Source])
		if !known {
			return 0, false
		}
		if _, seen := more[pair.Destination]; !seen {
			there, known := sizeOf(v.dst[pair.Destination])
			if !known && pair.Exists {
				return 0, false
			}
			more[pair.Destination] = -there
		}
		more[pair.Destination] += src
	}
	for _, n := range more {
		octets += max(0, n)
	}
	return octets, true
}

// sizeOf is how many octets a mailbox holds, if its server says so.
func sizeOf(entry imap.ListEntry) (octets int64, known bool) {
	if entry.Status == nil || entry.Status.Size < 0 || entry.Status.Size == 0 && !entry.Status.Messages.Is(0) {
		return 0, false
	}
	return entry.Status.Size, true
}

func size(octets int64) string { return humanize.IBytes(uint64(max(0, octets))) }
