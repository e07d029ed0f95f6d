// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"crypto/rand"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/alias"
)

// Expected is what the new mail host should say of an address.
type Expected string

// What may be expected.
const (
	Accept  Expected = "accept"
	Refuse  Expected = "refuse"
	Nothing Expected = "open" // nobody has decided
)

// Want is an address with what is expected and why.
type Want struct {
	Address string
	Expect  Expected
	Why     string
}

// Agreement says whether expected and actual agree.
type Agreement string

// The agreements.
const (
	Agrees  Agreement = "agrees"
	Missing Agreement = "missing"        // should be taken and is refused: its mail bounces after the switch
	Extra   Agreement = "extra"          // should be refused and is taken
	Open    Agreement = "open"           // nobody has decided what should be
	Unsure  Agreement = "not conclusive" // the host accepts any address of the domain
	Pending Agreement = "not answered"
)

// Line is one address of a comparison.
type Line struct {
	Address   string    `json:"address"`
	Expect    Expected  `json:"expect"`
	Why       string    `json:"why"`
	Answer    Answer    `json:"answer"`
	Server    string    `json:"server,omitempty"`
	Host      string    `json:"host,omitempty"` // that answers so, where others answer better
	Agreement Agreement `json:"verdict"`
	NextStep  string    `json:"next_step,omitempty"`
}

// ParityTotals counts by agreement; All is their sum.
type ParityTotals struct {
	Agrees  int `json:"agrees"`
	Missing int `json:"missing"`
	Extra   int `json:"extra"`
	Open    int `json:"open"`
	Unsure  int `json:"not_conclusive"`
	Pending int `json:"not_answered"`
	All     int `json:"all"`
}

// Parity is expected against actual, the worst first.
type Parity struct {
	Lines  []Line       `json:"lines"`
	Totals ParityTotals `json:"totals"`
	Hosts  []Asked      `json:"hosts"`
}

// Asked is what one host has said.
type Asked struct {
	Host      string           `json:"host"`
	Replies   map[string]Reply `json:"-"`
	AcceptAll []string         `json:"accept_all"`      // domains of which it takes any address
	Error     string           `json:"error,omitempty"` // it could not be asked, or not to the end
	NextStep  string           `json:"next_step,omitempty"`
}

// Wants lists every address on the books, and those that a census has found, with what the new host
// should say. An alias that is not understood is on the books; what becomes of it a person decides in the census.
func Wants(book *alias.Book, seen []Recipient) []Want {
	var wants []Want
	listed := map[string]bool{}
	add := func(w Want) {
		if !listed[w.Address] {
			wants = append(wants, w)
		}
		listed[w.Address] = true
	}
	for _, address := range book.Recipients() {
		add(Want{address, Accept, string(book.Lookup(address))})
	}
	for _, r := range seen {
		switch {
		case r.Decision == Keep:
			add(Want{r.Address, Accept, "decided: keep"})
		case r.Decision == Drop:
			add(Want{r.Address, Refuse, "decided: drop"})
		case book.Lookup(r.Address) == alias.BySubAddress:
			add(Want{r.Address, Accept, string(alias.BySubAddress)})
		case r.State == CaughtAll:
			add(Want{r.Address, Accept, "received mail through the catch-all"})
		default:
			add(Want{r.Address, Nothing, "received mail, not decided yet"})
		}
	}
	for _, address := range book.Unread() {
		add(Want{address, Nothing, string(alias.ByUnread) + ", not decided yet"})
	}
	slices.SortFunc(wants, func(a, b Want) int { return strings.Compare(domainFirst(a.Address), domainFirst(b.Address)) })
	return wants
}

func domainFirst(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	return domain + "@" + local
}

// Unlikely returns an address of the domain that nobody has: the host's answer for it tells whether
// its other answers mean anything.
func Unlikely(domain string) string {
	return "rehome-" + strings.ToLower(rand.Text()[:16]) + "@" + domain
}

// Compare holds answers against what was expected. Of several hosts the worst answer counts, because mail
// goes to any of them; one that could not be asked is left out, and says so in Hosts. A host that takes
// anything of a domain proves nothing by taking an address of it; that is expected of a domain with a
// catch-all.
func Compare(wants []Want, hosts []Asked) Parity {
	parity := Parity{Lines: []Line{}, Hosts: hosts}
	for _, want := range wants {
		line := worst(want, hosts)
		parity.Totals.count(line.Agreement)
		parity.Lines = append(parity.Lines, line)
	}
	slices.SortStableFunc(parity.Lines, func(a, b Line) int { return a.Agreement.rank() - b.Agreement.rank() })
	return parity
}

func worst(want Want, hosts []Asked) Line {
	var lines []Line
	for _, host := range hosts {
		if host.Error == "" {
			lines = append(lines, want.heldAgainst(host))
		}
	}
	if len(lines) == 0 {
		return want.heldAgainst(Asked{})
	}
	byAgreement := func(a, b Line) int { return a.Agreement.rank() - b.Agreement.rank() }
	line := slices.MinFunc(lines, byAgreement)
	best := slices.MaxFunc(lines, byAgreement)
	if line.Agreement == best.Agreement {
		line.Host = ""
	}
	return line
}

func (w Want) heldAgainst(host Asked) Line {
	_, domain, _ := strings.Cut(w.Address, "@")
	reply, asked := host.Replies[w.Address]
	if !asked {
		reply.Answer = NotAsked
	}
	line := Line{Address: w.Address, Expect: w.Expect, Why: w.Why, Answer: reply.Answer, Server: reply.Server, Host: host.Host}
	line.judge(slices.Contains(host.AcceptAll, domain))
	return line
}

func (l *Line) judge(acceptsAll bool) {
	switch {
	case l.Answer == Deferred || l.Answer == NotAsked:
		l.Agreement = Pending
		l.NextStep = "run the check again later; it asks the remaining questions"
	case l.Expect == Nothing:
		l.Agreement = Open
		l.NextStep = "enter keep or drop in recipients.csv; \"rehome recipients census\" writes it"
	case l.Expect == Accept && l.Answer == Refused:
		l.Agreement = Missing
		l.NextStep = "create the account or alias at the destination; otherwise its mail bounces after the switch"
		if l.Why == string(alias.BySubAddress) {
			l.NextStep = "ask whether the destination can accept sub-addresses (name+detail), or create an alias; otherwise its mail bounces after the switch"
		}
	case l.Expect == Refuse && l.Answer == Accepted && !acceptsAll:
		l.Agreement = Extra
		l.NextStep = "remove it at the destination, or enter keep in the census file"
	case acceptsAll && l.Answer == Accepted:
		l.Agreement = Unsure
		l.NextStep = "send it a message and see where it arrives; the host accepts any address of this domain"
	default:
		l.Agreement = Agrees
	}
}

func (v Agreement) rank() int {
	return slices.Index([]Agreement{Missing, Extra, Open, Pending, Unsure, Agrees}, v)
}

func (t *ParityTotals) count(v Agreement) {
	t.All++
	*[]*int{&t.Missing, &t.Extra, &t.Open, &t.Pending, &t.Unsure, &t.Agrees}[v.rank()]++
}

// Outcome implements rehome.Answer: an answer that differs is somebody's to decide, one that has not come is asked for again.
func (p Parity) Outcome() rehome.Outcome {
	switch n := p.Totals; {
	case n.Missing+n.Extra+n.Open > 0:
		return rehome.OutcomeWaiting
	case n.Pending > 0 || slices.ContainsFunc(p.Hosts, func(h Asked) bool { return h.Error != "" }):
		return rehome.OutcomeRemaining
	}
	return rehome.OutcomeDone
}
