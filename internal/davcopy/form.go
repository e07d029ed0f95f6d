// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"rehome/internal/content/pim"
	"rehome/internal/ledger"
)

// What the destination may show of an object is known by its normal form. That of the version it was given last, or of what
// it keeps of that, is the object as it should be. One that was sent and never answered may arrive at any time. One that had
// its time is there again where the destination was put back from a backup, or its user has undone a change. All else is
// somebody's own.

// current reports whether a form is that of the version that the destination was given last.
func current(row ledger.Object, form []byte) bool {
	return len(form) > 0 && (bytes.Equal(form, row.Form) || bytes.Equal(form, row.Kept))
}

// sent reports whether a form is that of what we sent, answered or not, and that nothing has taken the place of since.
func sent(row ledger.Object, form []byte) bool { return current(row, form) || hasForm(row.Tried, form) }

// earlier reports whether a form is that of a version which another one has taken the place of.
func earlier(row ledger.Object, form []byte) bool {
	return !current(row, form) && hasForm(row.Earlier, form)
}

// knows reports whether a form is that of any version that the destination was given, now or before.
func knows(row ledger.Object, form []byte) bool { return sent(row, form) || hasForm(row.Earlier, form) }

// manyForms bounds how many other versions are remembered; the oldest go first.
const manyForms = 16

// withForm adds a form to others.
func withForm(all, form []byte) []byte {
	if hasForm(all, form) || len(form) != sha256.Size {
		return all
	}
	all = append(slices.Clone(all), form...)
	return all[max(0, len(all)-manyForms*sha256.Size):]
}

// hasForm reports whether a form is among others.
func hasForm(all, form []byte) bool {
	for one := range slices.Chunk(all, sha256.Size) {
		if bytes.Equal(one, form) {
			return true
		}
	}
	return false
}

// reform notes the form of what the destination is given.
func (p *transfer) reform() {
	if form, readable := pim.Digest(p.data, p.kind); readable {
		p.row.Form = form[:]
	}
}

// supersede puts what was there, or may have been, among the earlier versions. What is the version of now but for a repair
// is none of them, whenever it was sent: who finds it there finds all that the source has.
func (p *transfer) supersede(ladder []pim.Needs) {
	was := append([][]byte{p.before.Form, p.before.Kept}, slices.Collect(slices.Chunk(p.row.Tried, sha256.Size))...)
	was = slices.DeleteFunc(was, func(form []byte) bool { return bytes.Equal(form, p.row.Form) || len(form) == 0 })
	p.row.Tried = nil
	if len(was) == 0 && len(p.row.Earlier) == 0 {
		return
	}
	same := p.guises(ladder)
	was = append(slices.Collect(slices.Chunk(p.row.Earlier, sha256.Size)), was...)
	p.row.Earlier = nil
	for _, form := range was {
		if !hasForm(same, form) {
			p.row.Earlier = withForm(p.row.Earlier, form)
		}
	}
}

// guises are the forms that the octets of the source have with one repair or another: as they are always made, with a UID
// where the destination chooses the names, and with what it may have insisted on at any time.
func (p *transfer) guises(ladder []pim.Needs) (forms []byte) {
	for _, first := range []pim.Needs{{}, uidNeeds()} {
		data := p.source.Data
		for _, needs := range slices.Concat([]pim.Needs{pim.AlwaysNeeds(), first}, ladder) {
			data, _, _ = p.mended(data, needs)
			if form, readable := pim.Digest(data, p.kind); readable {
				forms = withForm(forms, form[:])
			}
		}
	}
	return forms
}

// keeps notes what the destination has of the version that it was given.
func (p *transfer) keeps(there []byte) {
	p.row.Kept = nil
	if form, readable := pim.Digest(there, p.kind); readable && !bytes.Equal(form[:], p.row.Form) {
		p.row.Kept = form[:]
	}
}
