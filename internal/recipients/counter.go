// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"cmp"
	"slices"
	"time"

	"rehome/internal/alias"
)

// maxAddresses bounds a census: a catch-all that spammers know has seen millions.
const maxAddresses = 500000

// Counter counts what received mail. It is for one goroutine.
type Counter struct {
	ours    func(address string) bool
	since   time.Time
	seen    map[string]*Recipient
	dropped int
}

// NewCounter counts addresses for which ours says yes, and sightings not before since.
func NewCounter(ours func(address string) bool, since time.Time) *Counter {
	return &Counter{ours: ours, since: since, seen: map[string]*Recipient{}}
}

// Add counts one sighting.
func (c *Counter) Add(s Sighting) {
	if !s.When.IsZero() && s.When.Before(c.since) || !c.ours(s.Address) {
		return
	}
	r := c.seen[s.Address]
	if r == nil {
		if len(c.seen) >= maxAddresses {
			c.dropped++
			return
		}
		r = &Recipient{Address: s.Address, ByEvidence: map[Evidence]int{}}
		c.seen[s.Address] = r
	}
	r.Messages++
	r.ByEvidence[s.Evidence]++
	if s.When.After(r.Last) {
		r.Last = s.When.UTC()
	}
}

// State says whether an address has an owner.
type State string

// The states.
const (
	Known     State = "known"     // an account or alias of its own
	CaughtAll State = "catch-all" // only a catch-all answers for it
	Undecided State = "undecided" // nobody has it on the books
	Decided   State = "decided"   // was one of those; a person has said what becomes of it
)

// Decision is what a person says of an address.
type Decision string

// What may be said.
const (
	Keep Decision = "keep" // somebody shall get this mail at the destination
	Drop Decision = "drop" // shall be refused
)

// Recipient is an address that received mail.
type Recipient struct {
	Address    string           `json:"address"`
	State      State            `json:"state"`
	By         alias.ByWhat     `json:"by"`
	Decision   Decision         `json:"decision,omitempty"`
	Messages   int              `json:"messages"`
	ByEvidence map[Evidence]int `json:"by_evidence"`
	Last       time.Time        `json:"last,omitzero"`
	NextStep   string           `json:"next_step,omitempty"`
}

// Totals counts by state; All is their sum. Silent are addresses on the books that received nothing.
type Totals struct {
	Known     int `json:"known"`
	CatchAll  int `json:"catch_all"`
	Undecided int `json:"undecided"`
	Decided   int `json:"decided"`
	All       int `json:"all"`
	Silent    int `json:"silent"`
	NotListed int `json:"not_listed"` // sightings beyond the bound of a census
}

// Report is the outcome of a census, what needs a person first, and in it the last seen first.
type Report struct {
	Recipients []Recipient `json:"recipients"`
	Totals     Totals      `json:"totals"`
}

// Report sorts what was seen by what answers for it at the source. decisions are by address.
func (c *Counter) Report(book *alias.Book, decisions map[string]Decision) Report {
	report := Report{Recipients: []Recipient{}}
	for _, r := range c.seen {
		one := *r
		one.judge(book.Lookup(one.Address), decisions[one.Address])
		report.Totals.count(one.State)
		report.Recipients = append(report.Recipients, one)
	}
	for _, address := range book.Recipients() {
		if c.seen[address] == nil {
			report.Totals.Silent++
		}
	}
	report.Totals.NotListed = c.dropped
	slices.SortFunc(report.Recipients, func(a, b Recipient) int {
		return cmp.Or(a.rank()-b.rank(), b.Last.Compare(a.Last), cmp.Compare(a.Address, b.Address))
	})
	return report
}

func (r *Recipient) judge(by alias.ByWhat, decision Decision) {
	r.By = by
	switch {
	case by == alias.ByAccount || by == alias.ByAlias || by == alias.ByDomain:
		r.State = Known
	case decision != "":
		r.State = Decided
		r.Decision = decision
	case by == alias.ByCatchAll:
		r.State = CaughtAll
		r.NextStep = "create an alias if the destination gets no catch-all, or enter drop"
	case by == alias.ByStaying:
		r.State = Undecided
		r.NextStep = "its account does not move: enter keep and decide who reads its mail, or enter drop"
	default:
		r.State = Undecided
		r.NextStep = "find out whose it is: enter keep and create an alias, or enter drop"
	}
}

func (r Recipient) rank() int {
	return slices.Index([]State{Undecided, CaughtAll, Decided, Known}, r.State)
}

func (t *Totals) count(s State) {
	t.All++
	switch s {
	case Known:
		t.Known++
	case CaughtAll:
		t.CatchAll++
	case Decided:
		t.Decided++
	default:
		t.Undecided++
	}
}
