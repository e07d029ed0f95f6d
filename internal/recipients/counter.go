// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"rehome/internal/alias"
	"rehome/internal/maillog"
)

// maxAddresses bounds a census: a catch-all that spammers know has seen millions.
const maxAddresses = 500000

// maxBare bounds the names without a domain, and the addresses in lines that were not understood.
const maxBare = 1000

// Counter counts what received mail. It is for one goroutine.
type Counter struct {
	book    *alias.Book
	since   time.Time
	seen    map[string]*Recipient
	bare    map[string]int // messages to names without a domain that stand for no single address
	older   int
	dropped int

	doubtful      map[string]bool // addresses in lines that were not understood
	doubtfulLines int
}

// NewCounter counts addresses of the book's domains, and sightings not before since.
func NewCounter(book *alias.Book, since time.Time) *Counter {
	return &Counter{book: book, since: since, seen: map[string]*Recipient{}, bare: map[string]int{}, doubtful: map[string]bool{}}
}

// AddEvent counts a delivery that a log tells of. Of lines that were not understood it notes addresses: they may be
// deliveries in a form that nobody foresaw.
func (c *Counter) AddEvent(event maillog.Event) {
	switch event.Kind {
	case maillog.NotUnderstood:
		c.doubt(event.Names)
		return
	case maillog.Delivery:
	default:
		return
	}
	for _, name := range event.Names {
		c.Add(Sighting{Address: name, When: event.When, Evidence: InLog, Stage: event.Stage})
	}
}

// Add counts one sighting.
func (c *Counter) Add(s Sighting) {
	if !strings.Contains(s.Address, "@") {
		address, known := c.book.Complete(s.Address)
		if !known {
			c.addBare(s)
			return
		}
		s.Address = address
	}
	if !c.book.Ours(s.Address) || c.tooOld(s) {
		return
	}
	r := c.seen[s.Address]
	if r == nil {
		if len(c.seen) >= maxAddresses {
			c.dropped++
			return
		}
		r = &Recipient{Address: s.Address}
		c.seen[s.Address] = r
	}
	r.see(s)
}

// see counts a sighting. What several programs of one host tell of is the same mail: those of one stage are added up, and
// of the stages the one that tells of most counts.
func (r *Recipient) see(s Sighting) {
	switch s.Evidence {
	case InLog:
		r.stages[s.Stage]++
	case InEnvelope:
		r.enveloped++
	default:
		r.addressed++
	}
	r.Messages = slices.Max(r.stages[:]) + r.enveloped + r.addressed
	if s.When.After(r.Last) {
		r.Last = s.When.UTC()
	}
}

func (c *Counter) doubt(names []string) {
	ours := false
	for _, name := range names {
		if c.book.Ours(name) {
			ours = true
			if len(c.doubtful) < maxBare {
				c.doubtful[name] = true
			}
		}
	}
	if ours {
		c.doubtfulLines++
	}
}

func (c *Counter) addBare(s Sighting) {
	if _, known := c.bare[s.Address]; !c.tooOld(s) && (known || len(c.bare) < maxBare) {
		c.bare[s.Address]++
	}
}

// tooOld counts what is left out because it was before the time asked for.
func (c *Counter) tooOld(s Sighting) bool {
	if s.When.IsZero() || !s.When.Before(c.since) {
		return false
	}
	c.older++
	return true
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

	stages    [3]int // sightings in logs, by maillog.Stage
	enveloped int    // InEnvelope
	addressed int    // InTo
}

// tally is what Recipient.ByEvidence is made of.
type tally struct{ log, enveloped, addressed int }

// evidence returns how often a recipient was seen where. Recipients that were seen alike share one map: most were seen once or twice,
// and there may be very many.
func (r *Recipient) evidence(alike map[tally]map[Evidence]int) map[Evidence]int {
	t := tally{slices.Max(r.stages[:]), r.enveloped, r.addressed}
	if known := alike[t]; known != nil {
		return known
	}
	all := map[Evidence]int{InLog: t.log, InEnvelope: t.enveloped, InTo: t.addressed}
	maps.DeleteFunc(all, func(_ Evidence, n int) bool { return n == 0 })
	alike[t] = all
	return all
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
	Older     int `json:"older"`      // sightings before the time asked for
	Unseen    int `json:"unseen"`     // of All: on the books for something that is not understood, and received nothing
}

// Doubtful are lines of logs that were not understood and have addresses of the domains that move in them.
type Doubtful struct {
	Lines     int      `json:"lines"`
	Addresses []string `json:"addresses"` // that were seen nowhere else
}

// Report is the outcome of a census, what needs a person first, and in it the last seen first.
type Report struct {
	Recipients    []Recipient `json:"recipients"`
	Totals        Totals      `json:"totals"`
	WithoutDomain []string    `json:"without_domain"` // names in logs that may be of several addresses, or of none
	Doubtful      Doubtful    `json:"doubtful"`
}

// Report sorts what was seen by what answers for it at the source. decisions are by address.
func (c *Counter) Report(decisions map[string]Decision) Report {
	report := Report{Recipients: make([]Recipient, 0, len(c.seen)), WithoutDomain: slices.Sorted(maps.Keys(c.bare))}
	alike := map[tally]map[Evidence]int{}
	for _, r := range c.seen {
		one := *r
		one.ByEvidence = r.evidence(alike)
		one.judge(c.book.Lookup(one.Address), decisions[one.Address])
		report.Totals.count(one.State)
		report.Recipients = append(report.Recipients, one)
	}
	for _, address := range c.book.Recipients() {
		if c.seen[address] == nil {
			report.Totals.Silent++
		}
	}
	for _, address := range c.book.Unread() { // it receives mail, seen or not, and nobody knows for whom
		if c.seen[address] == nil {
			one := Recipient{Address: address, ByEvidence: map[Evidence]int{}}
			one.judge(alias.ByUnread, decisions[address])
			report.Totals.count(one.State)
			report.Totals.Unseen++
			report.Recipients = append(report.Recipients, one)
		}
	}
	report.Doubtful = Doubtful{Lines: c.doubtfulLines, Addresses: []string{}}
	for _, address := range slices.Sorted(maps.Keys(c.doubtful)) {
		if c.seen[address] == nil {
			report.Doubtful.Addresses = append(report.Doubtful.Addresses, address)
		}
	}
	report.Totals.NotListed = c.dropped
	report.Totals.Older = c.older
	slices.SortFunc(report.Recipients, func(a, b Recipient) int {
		return cmp.Or(a.rank()-b.rank(), b.Last.Compare(a.Last), cmp.Compare(a.Address, b.Address))
	})
	return report
}

func (r *Recipient) judge(by alias.ByWhat, decision Decision) {
	r.By = by
	switch {
	case by == alias.ByAccount || by == alias.ByAlias || by == alias.ByDomain || by == alias.BySubAddress:
		r.State = Known
	case decision != "":
		r.State = Decided
		r.Decision = decision
	case by == alias.ByCatchAll:
		r.State = CaughtAll
		r.NextStep = "create an alias if the destination gets no catch-all, or enter drop"
	case by == alias.ByUnread:
		r.State = Undecided
		r.NextStep = "rehome does not understand its alias (aliases.txt shows it): enter keep and create it by hand, or enter drop"
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
