// SPDX-License-Identifier: Apache-2.0

package conductor

import "rehome/internal/pass"

// accountProgress is how far the pass over one account has come.
type accountProgress struct {
	expected *pass.Size // as the last pass has left it; nil when nobody knows
	looked   bool       // this pass has seen the source
	ended    bool

	messages, octets int64 // at the source; octets is -1 when it does not say
	present          int64 // at the destination already, as this slice sees it
	sliceCopied      int64
	before           int64 // at the destination when this slice began, as the one before saw it
	copied           int64 // by this pass
	copiedOctets     int64
}

func newAccountProgress(expected *pass.Size) *accountProgress {
	a := &accountProgress{expected: expected}
	if expected != nil {
		a.before = expected.There
		a.messages = expected.Messages
		a.octets = expected.Octets
		if a.octets == 0 && a.messages > 0 {
			a.octets = -1
		}
	}
	return a
}

// look takes a new slice's view of the source. It counts anew what is there, the messages of the slice before included.
func (a *accountProgress) look(messages, octets int64) {
	a.before = a.done()
	a.messages = messages
	a.octets = octets
	a.looked = true
	a.present = 0
	a.sliceCopied = 0
}

// done counts messages at the destination. It does not fall back to nothing while a slice finds out
// anew what is there.
func (a *accountProgress) done() int64 { return max(a.before, a.present+a.sliceCopied) }

// share is what one account, or many together, contribute to the whole.
type share struct {
	accounts, known, looked int   // known: somebody has said how large it is; looked: in this pass
	unsized                 int   // accounts that are known but for their octets
	messages, octets        int64 // at the source
	done                    int64 // messages at the destination
	copied, copiedOctets    int64
	left                    int64 // octets that have to be carried
	leftUnsized             int64 // messages that have to be carried, of accounts that are unsized
	fresh, base             int64 // octets that have come to an account since the last pass, of so many that it had then
}

// share computes what the account contributes now.
func (a *accountProgress) share() share {
	s := share{accounts: 1, copied: a.copied, copiedOctets: a.copiedOctets}
	if a.expected == nil && !a.looked {
		return s
	}
	s.known, s.messages, s.done = 1, a.messages, min(a.done(), a.messages)
	if a.looked {
		s.looked = 1
	}
	if a.octets < 0 {
		s.unsized, s.leftUnsized = 1, s.messages-s.done
	} else {
		s.octets, s.left = a.octets, a.octetsLeft()
	}
	if a.ended { // what is missing stays behind
		s.left = 0
		s.leftUnsized = 0
	}
	s.fresh, s.base = a.fresh()
	return s
}

// octetsLeft takes what this pass has carried as it was, and what was there before at its average.
func (a *accountProgress) octetsLeft() int64 {
	done := a.done()
	if done >= a.messages {
		return 0
	}
	unchanged := max(done-a.copied, 0)
	return max(a.octets-part(a.octets, unchanged, a.messages)-a.copiedOctets, 0)
}

// fresh compares an account with what the last pass has left. Mail may have gone and come in the same number: then what
// is copied tells.
func (a *accountProgress) fresh() (fresh, base int64) {
	if a.expected == nil || !a.looked || a.octets < 0 || a.expected.Octets == 0 {
		return 0, 0
	}
	missing := part(a.expected.Octets, a.expected.Messages-a.expected.There, a.expected.Messages)
	return max(a.octets-a.expected.Octets, a.copiedOctets-missing, 0), a.expected.Octets
}

// part is n of all parts of a whole.
func part(whole, n, all int64) int64 {
	if all <= 0 || n <= 0 {
		return 0
	}
	return int64(float64(whole) * float64(n) / float64(all))
}

func (s share) plus(o share) share { return s.add(o, 1) }
func (s share) less(o share) share { return s.add(o, -1) }

func (s share) add(o share, sign int) share {
	n := int64(sign)
	return share{
		accounts: s.accounts + sign*o.accounts, known: s.known + sign*o.known, looked: s.looked + sign*o.looked, unsized: s.unsized + sign*o.unsized,
		messages: s.messages + n*o.messages, octets: s.octets + n*o.octets, done: s.done + n*o.done,
		copied: s.copied + n*o.copied, copiedOctets: s.copiedOctets + n*o.copiedOctets,
		left: s.left + n*o.left, leftUnsized: s.leftUnsized + n*o.leftUnsized, fresh: s.fresh + n*o.fresh, base: s.base + n*o.base,
	}
}
