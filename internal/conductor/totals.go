// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"maps"

	"rehome"
)

// StepEnd is how a step of an account has ended: why it is not complete, "" when it is.
type StepEnd struct {
	Kind   rehome.Kind
	Reason rehome.Class
}

// Totals are sums that only grow, over one pass or several.
type Totals struct {
	Messages, Octets, Objects int64 // as Snapshot has them: copied, or read to be compared
	Accounts, Failed          int64 // those that are done; failed are not among them
	Ends                      map[StepEnd]int64
	Retries                   map[StepEnd]int64 // slices that failed and are tried again, and why
}

// Plus returns the sum of both.
func (t Totals) Plus(u Totals) Totals {
	return Totals{
		Messages: t.Messages + u.Messages, Octets: t.Octets + u.Octets, Objects: t.Objects + u.Objects, Accounts: t.Accounts + u.Accounts,
		Failed: t.Failed + u.Failed, Ends: sums(t.Ends, u.Ends), Retries: sums(t.Retries, u.Retries),
	}
}

func sums(a, b map[StepEnd]int64) map[StepEnd]int64 {
	all := make(map[StepEnd]int64, max(len(a), len(b)))
	maps.Copy(all, a)
	for end, n := range b {
		all[end] += n
	}
	return all
}

// StepEnded counts a step of an account that is over.
func (p *Progress) StepEnded(kind rehome.Kind, err error) {
	end := StepEnd{Kind: kind}
	if err != nil {
		end.Reason = rehome.ClassOf(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ends[end]++
}

// TriedAgain counts a slice that has failed and is tried again; one that has not is none.
func (p *Progress) TriedAgain(kind rehome.Kind, err error) {
	if err == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retries[StepEnd{kind, rehome.ClassOf(err)}]++
}

// Totals returns what has come since the pass began.
func (p *Progress) Totals() Totals {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Totals{
		Messages: p.carried.messages, Octets: p.carried.octets, Objects: p.objects, Accounts: int64(p.finished - p.failed), Failed: int64(p.failed),
		Ends: maps.Clone(p.ends), Retries: maps.Clone(p.retries),
	}
}
