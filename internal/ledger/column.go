// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"rehome/internal/protocol/imap"
)

// columns are what a row of batches says of its messages, each in the same order. A file may be
// damaged in any place: decoding ends in an error then, and never takes more memory than the row
// itself justifies.
type columns struct {
	srcUIDs, dstUIDs string
	sizes, flags     []byte
	digests, origins []byte // of stored messages; nil when not known
}

// intended returns the messages of an intent.
func (c columns) intended() ([]Item, error) {
	uids, err := decodeUIDs(c.srcUIDs, len(c.sizes))
	if err != nil {
		return nil, err
	}
	items := make([]Item, len(uids))
	for i := range items {
		items[i].UID = uids[i]
	}
	if err := decodeSizes(c.sizes, items); err != nil {
		return nil, err
	}
	return items, decodeFlags(c.flags, items)
}

// stored returns the messages of a batch that is at the destination.
func (c columns) stored() ([]Item, error) {
	items, err := c.intended()
	if err != nil {
		return nil, err
	}
	ours, err := decodeUIDs(c.dstUIDs, len(items))
	if err != nil {
		return nil, err
	}
	if len(ours) != len(items) {
		return nil, fmt.Errorf("%d source and %d destination UIDs: %w", len(items), len(ours), errDamaged)
	}
	for i := range items {
		items[i].DstUID = ours[i]
	}
	return items, errors.Join(decodeHashes(c.digests, items, digestKind()), decodeHashes(c.origins, items, originKind()))
}

func sourceUID(item Item) imap.UID      { return item.UID }
func destinationUID(item Item) imap.UID { return item.DstUID }

// checkUIDs refuses messages without a UID before they make a row that could not be read any more.
func checkUIDs(items []Item, kinds ...func(Item) imap.UID) error {
	for i, item := range items {
		for _, uid := range kinds {
			if uid(item) == 0 {
				return fmt.Errorf("message %d of the batch has no UID: source %d, destination %d", i, item.UID, item.DstUID)
			}
		}
	}
	return nil
}

// runsOf renders UIDs in their order as "4:9,12".
func runsOf(items []Item, uid func(Item) imap.UID) string {
	var b strings.Builder
	for i := 0; i < len(items); {
		j := i
		for j+1 < len(items) && uid(items[j+1]) == uid(items[j])+1 {
			j++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%d", uid(items[i]))
		if j > i {
			fmt.Fprintf(&b, ":%d", uid(items[j]))
		}
		i = j + 1
	}
	return b.String()
}

// decodeRuns reads what runsOf wrote, for at most so many messages; the order of the runs counts.
func decodeRuns(text string, most int) (runs []imap.Range, messages int, err error) {
	if text == "" {
		return nil, 0, nil
	}
	for run := range strings.SplitSeq(text, ",") {
		set, ok := imap.ParseUIDSet(run)
		if !ok || set.Empty() || set.String() != run {
			return nil, 0, fmt.Errorf("%q is no run of UIDs: %w", run, errDamaged)
		}
		if messages += set.Len(); messages > most {
			return nil, 0, fmt.Errorf("UIDs of more than %d messages: %w", most, errDamaged)
		}
		runs = append(runs, set.Ranges()...)
	}
	return runs, messages, nil
}

func decodeUIDs(text string, most int) ([]imap.UID, error) {
	runs, messages, err := decodeRuns(text, most)
	if err != nil {
		return nil, err
	}
	uids := make([]imap.UID, 0, messages)
	for _, r := range runs {
		for i := range r.Last - r.First + 1 {
			uids = append(uids, r.First+i)
		}
	}
	return uids, nil
}

func encodeSizes(items []Item) []byte {
	encoded := make([]byte, 0, 3*len(items))
	for _, item := range items {
		encoded = binary.AppendUvarint(encoded, uint64(item.Size))
	}
	return encoded
}

// decodeSizes fills the sizes of items.
func decodeSizes(encoded []byte, items []Item) error {
	for i := range items {
		size, n := binary.Uvarint(encoded)
		if n <= 0 {
			return fmt.Errorf("sizes: %w", errDamaged)
		}
		encoded = encoded[n:]
		items[i].Size = int64(size)
	}
	if len(encoded) > 0 {
		return fmt.Errorf("sizes of more than %d messages: %w", len(items), errDamaged)
	}
	return nil
}

// hashKind is one of the hashes of a message: where it is kept, and its length.
type hashKind struct {
	in     func(*Item) *[]byte
	octets int
}

func digestKind() hashKind { return hashKind{func(i *Item) *[]byte { return &i.Digest }, sha256.Size} }
func originKind() hashKind {
	return hashKind{func(i *Item) *[]byte { return &i.Origin }, originSize}
}

const originSize = 16

// encodeHashes writes one hash for each item, zeros where it is not known, and nil where none is.
func encodeHashes(items []Item, kind hashKind) []byte {
	encoded := make([]byte, len(items)*kind.octets)
	known := false
	for i := range items {
		known = copy(encoded[i*kind.octets:(i+1)*kind.octets], *kind.in(&items[i])) > 0 || known
	}
	if !known {
		return nil
	}
	return encoded
}

// decodeHashes fills one kind of hash of items.
func decodeHashes(encoded []byte, items []Item, kind hashKind) error {
	if encoded == nil {
		return nil
	}
	if len(encoded) != len(items)*kind.octets {
		return fmt.Errorf("%d octets of hashes of %d messages: %w", len(encoded), len(items), errDamaged)
	}
	for i := range items {
		if hash := encoded[i*kind.octets : (i+1)*kind.octets]; !isZero(hash) {
			*kind.in(&items[i]) = hash
		}
	}
	return nil
}

// isZero says that a hash is not known.
func isZero(hash []byte) bool {
	for _, octet := range hash {
		if octet != 0 {
			return false
		}
	}
	return true
}
