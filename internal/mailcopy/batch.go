// SPDX-License-Identifier: Apache-2.0

package mailcopy

import "rehome/internal/protocol/imap"

// batch is a run of messages, in source UID order, that one row of the ledger stands for.
type batch []entry

// batchLimits bound a batch.
type batchLimits struct {
	messages int
	octets   int64
}

// planBatches cuts entries into batches. A message larger than a quarter of the limit travels alone:
// a refused or interrupted one then costs nothing but itself.
func planBatches(entries []entry, limits batchLimits) []batch {
	var batches []batch
	var current batch
	var octets int64
	flush := func() {
		if len(current) > 0 {
			batches = append(batches, current)
			current = nil
			octets = 0
		}
	}
	for _, e := range entries {
		alone := e.weight() > limits.octets/4
		if alone || len(current) == limits.messages || octets+e.weight() > limits.octets {
			flush()
		}
		current = append(current, e)
		octets += e.weight()
		if alone {
			flush()
		}
	}
	flush()
	return batches
}

// halves splits a refused batch to find the message that is to blame.
func (b batch) halves() (batch, batch) { return b[:len(b)/2], b[len(b)/2:] }

// octets is the size of all messages together.
func (b batch) octets() int64 {
	var total int64
	for _, e := range b {
		total += e.weight()
	}
	return total
}

// weight is the size, or what may be expected where the source does not tell it.
func (e entry) weight() int64 {
	if e.size == 0 {
		return 256 << 10
	}
	return e.size
}

// last returns the highest UID.
func (b batch) last() imap.UID { return b[len(b)-1].uid }
