// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"encoding/binary"
	"errors"
	"slices"

	"rehome/internal/content/message"
	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
)

// The content of a proof: the digests that occur, the sets of flags that occur, then the messages of each mailbox by UID, as
// differences to the one before. Both ends of a message share a digest, and most share all else, so that a message costs some
// 50 octets.

// What is told of a message; it is its first octet.
const (
	codeShown = 1 << iota
	codeDated
	codeRead
	codePaired      // in the comparison that is kept
	codePairedOnce  // in an earlier one; when follows
	codeKnown       = codeShown | codeDated | codeRead | codePaired | codePairedOnce
	digestOctets    = len(message.Digest{})
	leastRecordSize = 4 // octets: no record is shorter
)

var errProof = errors.New("the proof is damaged")

// encoder writes boxes.
type encoder struct {
	compared int64 // Unix time of the comparison
	digests  map[message.Digest]int
	flags    map[string]int
	table    []byte // of digests
	words    []byte // of flags
	body     []byte
}

// encodeBoxes writes what is known of the mailboxes of a group, in their order.
func encodeBoxes(compared int64, boxes ...*box) []byte {
	e := &encoder{compared: compared, digests: map[message.Digest]int{}, flags: map[string]int{}}
	for _, b := range boxes {
		e.body = binary.AppendUvarint(e.body, uint64(len(b.records)))
		var last record
		next := 0 // the digest that follows the last one in the table
		for _, r := range b.records {
			e.record(r, &last, &next)
			last.uid, last.date = r.uid, r.date
			if r.date == noDate {
				last.date = 0
			}
		}
	}
	out := binary.AppendUvarint(nil, uint64(len(e.digests)))
	out = append(out, e.table...)
	out = binary.AppendUvarint(out, uint64(len(e.flags)))
	out = append(out, e.words...)
	return append(out, e.body...)
}

func (e *encoder) record(r, last *record, next *int) {
	var code byte
	set := func(is bool, bit byte) {
		if is {
			code |= bit
		}
	}
	set(r.shown, codeShown)
	set(r.date != noDate, codeDated)
	set(r.read(), codeRead)
	set(r.paired != 0 && r.paired == e.compared, codePaired)
	set(r.paired != 0 && r.paired != e.compared, codePairedOnce)
	e.body = append(e.body, code)
	e.body = binary.AppendUvarint(e.body, uint64(r.uid-last.uid))
	e.body = binary.AppendUvarint(e.body, uint64(r.size))
	e.body = binary.AppendUvarint(e.body, uint64(e.flag(r.flags)))
	if code&codeDated != 0 {
		e.body = binary.AppendVarint(e.body, r.date-last.date)
	}
	if code&codeRead != 0 {
		at := e.digest(r.digest)
		e.body = binary.AppendVarint(e.body, int64(at-*next))
		*next = at + 1
		e.body = binary.AppendVarint(e.body, r.octets-r.size)
	}
	if code&codePairedOnce != 0 {
		e.body = binary.AppendVarint(e.body, r.paired)
	}
}

func (e *encoder) digest(d message.Digest) int {
	at, known := e.digests[d]
	if !known {
		at = len(e.digests)
		e.digests[d] = at
		e.table = append(e.table, d[:]...)
	}
	return at
}

func (e *encoder) flag(flags string) int {
	at, known := e.flags[flags]
	if !known {
		at = len(e.flags)
		e.flags[flags] = at
		e.words = binary.AppendUvarint(e.words, uint64(len(flags)))
		e.words = append(e.words, flags...)
	}
	return at
}

// decoder reads boxes.
type decoder struct {
	*verify.ProofReader

	compared int64
	table    []byte
	flags    []string
}

// decodeBoxes reads the records of n mailboxes. What is damaged is an error, and nothing of it counts.
func decodeBoxes(text []byte, compared int64, n int) ([][]*record, error) {
	d := &decoder{ProofReader: verify.NewProofReader(text), compared: compared}
	d.table = d.Octets(d.Count(digestOctets) * digestOctets)
	for range d.Count(1) {
		d.flags = append(d.flags, d.Text())
	}
	boxes := make([][]*record, n)
	for i := range boxes {
		boxes[i] = d.records()
	}
	if !d.Whole() {
		return nil, errProof
	}
	return boxes, nil
}

func (d *decoder) records() []*record {
	records := make([]*record, 0, d.Count(leastRecordSize))
	var last record
	next := int64(0)
	for range cap(records) {
		r := d.record(&last, &next)
		if d.Failed() || r.uid <= last.uid {
			d.Fail()
			return nil
		}
		records = append(records, &r)
		last.uid, last.date = r.uid, r.date
		if r.date == noDate {
			last.date = 0
		}
	}
	return slices.Clip(records)
}

func (d *decoder) record(last *record, next *int64) record {
	r := newRecord(nil, 0)
	code := d.Octet()
	uid := uint64(last.uid) + d.Unsigned()
	size, flag := d.Unsigned(), d.Unsigned()
	if code&^codeKnown != 0 || uid > uint64(lastUID) || flag >= uint64(len(d.flags)) || size >= 1<<62 {
		d.Fail()
		return r
	}
	r.uid, r.size, r.flags, r.shown = imap.UID(uid), int64(size), d.flags[flag], code&codeShown != 0
	if code&codeDated != 0 {
		r.date = last.date + d.Signed()
	}
	if code&codeRead != 0 {
		at := *next + d.Signed()
		if at < 0 || at >= int64(len(d.table)/digestOctets) {
			d.Fail()
			return r
		}
		r.digest = message.Digest(d.table[int(at)*digestOctets:])
		*next, r.octets = at+1, r.size+d.Signed()
	}
	switch {
	case code&codePaired != 0:
		r.paired = d.compared
	case code&codePairedOnce != 0:
		r.paired = d.Signed()
	}
	return r
}
