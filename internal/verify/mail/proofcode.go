// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"encoding/binary"
	"errors"
	"slices"

	"rehome/internal/content/message"
	"rehome/internal/protocol/imap"
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

// decoder reads boxes. After the first fault all is zero.
type decoder struct {
	text     []byte
	compared int64
	table    []byte
	flags    []string
	failed   bool
}

// decodeBoxes reads the records of n mailboxes. What is damaged is an error, and nothing of it counts.
func decodeBoxes(text []byte, compared int64, n int) ([][]*record, error) {
	d := &decoder{text: text, compared: compared}
	d.table = d.take(d.count(digestOctets) * digestOctets)
	for range d.count(1) {
		d.flags = append(d.flags, string(d.take(int(min(d.unsigned(), uint64(len(d.text)+1))))))
	}
	boxes := make([][]*record, n)
	for i := range boxes {
		boxes[i] = d.records()
	}
	if d.failed || len(d.text) > 0 {
		return nil, errProof
	}
	return boxes, nil
}

func (d *decoder) records() []*record {
	records := make([]*record, 0, d.count(leastRecordSize))
	var last record
	next := int64(0)
	for range cap(records) {
		r := d.record(&last, &next)
		if d.failed || r.uid <= last.uid {
			d.failed = true
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
	code := d.octet()
	uid := uint64(last.uid) + d.unsigned()
	size, flag := d.unsigned(), d.unsigned()
	if code&^codeKnown != 0 || uid > uint64(lastUID) || flag >= uint64(len(d.flags)) || size >= 1<<62 {
		d.failed = true
		return r
	}
	r.uid, r.size, r.flags, r.shown = imap.UID(uid), int64(size), d.flags[flag], code&codeShown != 0
	if code&codeDated != 0 {
		r.date = last.date + d.signed()
	}
	if code&codeRead != 0 {
		at := *next + d.signed()
		if at < 0 || at >= int64(len(d.table)/digestOctets) {
			d.failed = true
			return r
		}
		r.digest = message.Digest(d.table[int(at)*digestOctets:])
		*next, r.octets = at+1, r.size+d.signed()
	}
	switch {
	case code&codePaired != 0:
		r.paired = d.compared
	case code&codePairedOnce != 0:
		r.paired = d.signed()
	}
	return r
}

// count reads how many things of at least so many octets each follow.
func (d *decoder) count(octets int) int {
	n := d.unsigned()
	if n > uint64(len(d.text)/octets) {
		d.failed = true
		return 0
	}
	return int(n)
}

func (d *decoder) unsigned() uint64 {
	value, n := binary.Uvarint(d.text)
	return taken(d, value, n)
}

func (d *decoder) signed() int64 {
	value, n := binary.Varint(d.text)
	return taken(d, value, n)
}

func taken[T int64 | uint64](d *decoder, value T, n int) T {
	if d.failed || n <= 0 {
		d.failed = true
		return 0
	}
	d.text = d.text[n:]
	return value
}

func (d *decoder) octet() byte {
	if octet := d.take(1); len(octet) == 1 {
		return octet[0]
	}
	return 0
}

func (d *decoder) take(n int) []byte {
	if d.failed || n > len(d.text) {
		d.failed = true
		return nil
	}
	taken := d.text[:n]
	d.text = d.text[n:]
	return taken
}
