// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"encoding/binary"
	"errors"

	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
	"rehome/internal/verify"
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
	leastObject  = 4   // octets
	usualObject  = 200 // the same, to begin with
)

var errRow = errors.New("the proof is damaged")

func encodeSights(sights []*sight) []byte {
	out := binary.AppendUvarint(make([]byte, 0, usualObject*len(sights)), uint64(len(sights)))
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

// code tells what is kept of an object. What was read is not kept of one that is another than what was listed: its server may be put back
// to the listing, from a backup, and then has the one that nobody has read.
func (s *sight) code() (code byte) {
	if s.err != nil || s.later {
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
	r := verify.NewProofReader(text)
	sights := make([]*sight, 0, r.Count(leastObject))
	for range cap(sights) {
		sights = append(sights, decodeSight(r))
	}
	if !r.Whole() {
		return nil, errRow
	}
	return sights, nil
}

func decodeSight(r *verify.ProofReader) *sight {
	s := &sight{listed: dav.Item{Href: r.Text(), ETag: r.Text(), Size: r.Signed()}}
	s.name = lastName(s.listed.Href)
	code := r.Octet()
	switch {
	case code&^codeAll != 0:
		r.Fail()
	case code&codeUnread != 0:
		s.err = errUnread
		return s
	}
	s.own, s.legible, s.trial = code&codeOwnUID != 0, code&codeLegible != 0, code&codeTrial != 0
	s.digest = decodeDigest(r)
	if s.form = s.digest; code&codeForm != 0 {
		s.form = decodeDigest(r)
	}
	for range r.Count(1) {
		s.uids = append(s.uids, r.Text())
	}
	if s.own && len(s.uids) == 0 {
		r.Fail()
	}
	if code&codeCompared != 0 {
		s.there, s.verdict, s.sentence = decodeDigest(r), pim.State(r.Text()), r.Text()
		if !s.verdict.Harmless() {
			r.Fail()
		}
	}
	if code&codePaired != 0 {
		s.paired = r.Signed()
	}
	return s
}

func decodeDigest(r *verify.ProofReader) (digest [digestOctets]byte) {
	copy(digest[:], r.Octets(digestOctets))
	return digest
}
