// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"encoding/binary"
	"errors"

	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
)

// A row's content is its objects one behind the other: texts with their length before them, digests as they are.

// What is told of an object; it is the octet behind its etag and size.
const (
	codeUnread = 1 << iota // nothing is told but that it is listed
	codeOwnUID             // see sight.own
	codeLegible
	codeTrial
	codeForm     // the form is not the digest of the octets; it follows
	codeCompared // there, verdict and sentence follow
	codePaired   // when follows
	codeAll      = 1<<iota - 1
	digestOctets = 32
	leastObject  = 4 // octets
)

var errRow = errors.New("the proof is damaged")

func encodeSights(sights []*sight) []byte {
	out := binary.AppendUvarint(nil, uint64(len(sights)))
	text := func(s string) {
		out = binary.AppendUvarint(out, uint64(len(s)))
		out = append(out, s...)
	}
	for _, s := range sights {
		text(s.listed.Href)
		text(s.listed.ETag)
		out = binary.AppendVarint(out, s.listed.Size)
		code := s.code()
		if out = append(out, code); code&codeUnread != 0 {
			continue
		}
		out = append(out, s.digest[:]...)
		if code&codeForm != 0 {
			out = append(out, s.form[:]...)
		}
		out = binary.AppendUvarint(out, uint64(len(s.uids)))
		for _, uid := range s.uids {
			text(uid)
		}
		if code&codeCompared != 0 {
			out = append(out, s.there[:]...)
			text(string(s.verdict))
			text(s.sentence)
		}
		if code&codePaired != 0 {
			out = binary.AppendVarint(out, s.paired)
		}
	}
	return out
}

func (s *sight) code() (code byte) {
	if s.err != nil {
		return codeUnread
	}
	for bit, is := range map[byte]bool{
		codeOwnUID: s.own, codeLegible: s.legible, codeTrial: s.trial, codeForm: s.form != s.digest, codeCompared: s.verdict != "",
		codePaired: s.paired != 0,
	} {
		if is {
			code |= bit
		}
	}
	return code
}

var errUnread = errors.New("it was not served")

// decodeSights reads what encodeSights has written. What is damaged is an error, and nothing of it counts.
func decodeSights(text []byte) ([]*sight, error) {
	d := &decoder{text: text}
	sights := make([]*sight, 0, d.count(leastObject))
	for range cap(sights) {
		sights = append(sights, d.sight())
	}
	if d.failed || len(d.text) > 0 {
		return nil, errRow
	}
	return sights, nil
}

// decoder reads a row's content. After the first fault all is zero.
type decoder struct {
	text   []byte
	failed bool
}

func (d *decoder) sight() *sight {
	s := &sight{listed: dav.Item{Href: d.string(), ETag: d.string(), Size: d.signed()}}
	s.item, s.name = s.listed, lastName(s.listed.Href)
	code := d.octet()
	switch {
	case code&^codeAll != 0:
		d.failed = true
	case code&codeUnread != 0:
		s.err = errUnread
		return s
	}
	s.own, s.legible, s.trial = code&codeOwnUID != 0, code&codeLegible != 0, code&codeTrial != 0
	s.digest = d.digest()
	if s.form = s.digest; code&codeForm != 0 {
		s.form = d.digest()
	}
	for range d.count(1) {
		s.uids = append(s.uids, d.string())
	}
	if s.own && len(s.uids) == 0 {
		d.failed = true
	}
	if code&codeCompared != 0 {
		s.there, s.verdict, s.sentence = d.digest(), pim.State(d.string()), d.string()
		d.failed = d.failed || !s.verdict.Harmless()
	}
	if code&codePaired != 0 {
		s.paired = d.signed()
	}
	return s
}

// count reads how many things of at least so many octets each follow.
func (d *decoder) count(octets int) int {
	n, length := binary.Uvarint(d.text)
	if d.failed || length <= 0 || n > uint64(len(d.text)/octets) {
		d.failed = true
		return 0
	}
	d.text = d.text[length:]
	return int(n)
}

func (d *decoder) signed() int64 {
	n, length := binary.Varint(d.text)
	if d.failed || length <= 0 {
		d.failed = true
		return 0
	}
	d.text = d.text[length:]
	return n
}

func (d *decoder) string() string { return string(d.take(d.count(1))) }

func (d *decoder) digest() (digest [digestOctets]byte) {
	copy(digest[:], d.take(digestOctets))
	return digest
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
