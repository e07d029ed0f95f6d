// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"rehome"
	"rehome/internal/dnswrite"
	"rehome/internal/protocol/dns"
)

// Phase says when a step is taken.
type Phase string

// The phases, in their order.
const (
	Before   Phase = "before"
	AtSwitch Phase = "at_switch"
	After    Phase = "after"
)

// Action says what a step does.
type Action string

// The actions.
const (
	Ask     Action = "ask"     // somebody has to say or make something first
	Publish Action = "publish" // records where there are none
	Replace Action = "replace" // all records of this name and type by those given: nothing is added to old ones
	File    Action = "file"    // not DNS: a file on a web server
	Decide  Action = "decide"  // a person has to choose
)

// Step is one step of a domain's plan.
type Step struct {
	Order    int      `json:"order"`
	Phase    Phase    `json:"phase"`
	Action   Action   `json:"action"`
	About    string   `json:"about"`
	Name     string   `json:"name"`
	Type     dns.Type `json:"type,omitempty"`
	Now      []string `json:"now"`
	Wanted   []string `json:"wanted"` // the whole set of this name and type; data of an alias begins with "CNAME "
	TTL      int      `json:"ttl_seconds,omitempty"`
	NowTTL   int      `json:"now_ttl_seconds,omitempty"` // of what stands there now, in steps at the switch
	Who      string   `json:"who"`
	Sentence string   `json:"sentence"`
}

// Condition is something that has to be so for some time before the switch.
type Condition struct {
	About string        `json:"about"`
	Met   bool          `json:"met"`
	Since time.Time     `json:"since,omitzero"` // when it was first seen to be met, and was ever since
	Hold  time.Duration `json:"-"`              // for so long
	Ready time.Time     `json:"ready"`          // when the time is over; if it is not met, counted from now
	// Sentence is the reason.
	Sentence string `json:"sentence"`

	key string
}

// Plan is what has to be done for one domain, in this order.
type Plan struct {
	Domain   string `json:"domain"`
	Zone     string `json:"zone,omitempty"`
	Provider string `json:"provider,omitempty"`
	Who      string `json:"who"` // can change its records
	// Writer is what rehome writes the records with, if the settings name it.
	Writer     *dnswrite.Capability `json:"writer,omitempty"`
	Seen       time.Time            `json:"seen"`
	Steps      []Step               `json:"steps"`
	Conditions []Condition          `json:"conditions"`
	// Waits are what keeps the moment from being known: somebody has to answer, or a record is not known.
	Waits []string `json:"waits"`
	// Earliest is the first safe moment of the switch, if all that comes before it is done at once; zero if Waits has an entry.
	Earliest time.Time `json:"earliest,omitzero"`

	unknown    bool     // servers are silent or disagree
	unseen     []string // why, one for each record
	switchable bool     // it is known what the switch of mail changes
}

// Open reports whether steps remain before the switch.
func (p Plan) Open() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Phase == Before })
}

// Switchable reports whether it is known what stands at the domain's MX and what is to stand there. Of a plan that does not know
// that, the steps at the switch may be none, and carrying them out would change nothing.
func (p Plan) Switchable() bool { return p.switchable }

// Unknown says what is not known, with the reason: servers are silent or disagree, or signatures are wrong. No step is about it.
func (p Plan) Unknown() []string { return p.unseen }

// Plans are those of all domains.
type Plans struct {
	Domains []Plan `json:"domains"`
	// Earliest is the first moment that is safe for all domains; zero if that of one is not known.
	Earliest time.Time `json:"earliest,omitzero"`
}

// NewPlans joins the plans of domains that switch together.
func NewPlans(domains []Plan) Plans {
	all := Plans{Domains: domains}
	for _, p := range domains {
		if p.Earliest.IsZero() {
			all.Earliest = time.Time{}
			return all
		}
		if p.Earliest.After(all.Earliest) {
			all.Earliest = p.Earliest
		}
	}
	return all
}

// Outcome implements rehome.Answer: done when every domain may switch now.
func (p Plans) Outcome() rehome.Outcome {
	outcome := rehome.OutcomeDone
	for _, d := range p.Domains {
		switch {
		case d.unknown:
			return rehome.OutcomeUnreachable
		case d.Open() || d.Earliest.IsZero() || d.Earliest.After(d.Seen):
			outcome = rehome.OutcomeWaiting
		}
	}
	return outcome
}

// planner makes a plan of a survey.
type planner struct {
	*judge
	memory Memory
	plan   Plan
}

// NewPlan says what has to be done for a domain before, at and after the switch, and when the switch is safe. It asks nobody: all
// that it knows is the survey, what is wanted, and what earlier surveys have shown. memory is brought up to date.
func NewPlan(s *Survey, wanted Wanted, low time.Duration, memory Memory) Plan {
	p := &planner{judge: &judge{Survey: s, wanted: wanted, low: low, out: Domain{Who: "whoever runs its DNS"}}, memory: memory}
	p.plan = Plan{Domain: s.Domain, Seen: s.At, Steps: []Step{}, Conditions: []Condition{}, Waits: []string{}}
	if s.Zone == nil {
		p.notKnown("nothing is known about " + s.Domain + ": " + reason(s.Err))
		return p.plan
	}
	p.runBy()
	p.plan.Zone, p.plan.Provider = s.Zone.Name, p.provider.Name
	p.plan.Who = p.out.Who
	p.signed()
	p.everyServer()
	for _, key := range wanted.DKIM {
		p.key(key)
	}
	p.policyFile()
	p.senders()
	p.mailHost()
	p.programs()
	p.setupNames()
	p.hostNames()
	p.afterwards()
	p.finish()
	return p.plan
}

func (p *planner) notKnown(why string) {
	p.plan.unknown = true
	p.plan.unseen = append(p.plan.unseen, why)
	p.plan.Waits = append(p.plan.Waits, why)
}

func (p *planner) waitFor(why string) { p.plan.Waits = append(p.plan.Waits, why) }

func (p *planner) step(s Step) {
	if s.Who == "" {
		s.Who = p.out.Who
	}
	if s.Type == dns.CNAME && len(s.Now) > 0 && !strings.HasPrefix(s.Now[0], "CNAME ") {
		s.Sentence += "; remove all other records of this name, as a CNAME stands alone" // RFC 1034 section 3.6.2
	}
	if s.Now == nil {
		s.Now = []string{}
	}
	if s.Wanted == nil {
		s.Wanted = []string{}
	}
	p.plan.Steps = append(p.plan.Steps, s)
}

// known returns what stands at a name. If that is not known, the switch waits: what is changed without having been seen is
// overwritten.
func (p *planner) known(about string, q question) (sight, bool) {
	seen := p.sights[q]
	if !seen.known {
		p.notKnown(about + " of " + q.name + " is not known: " + seen.why)
	}
	return seen, seen.known
}

// condition notes what has to be so for some time.
func (p *planner) condition(c Condition, assumed time.Duration) {
	c.key = p.Domain + " " + c.key
	p.plan.Conditions = append(p.plan.Conditions, p.memory.update(c, assumed, p.At))
}

// ttlCondition notes that a set has to have a low TTL for as long as its old one, and the step that lowers it.
func (p *planner) ttlCondition(about string, q question, seen sight) {
	if len(seen.records)+len(seen.aliases) == 0 {
		return
	}
	ttl, low := longest(seen), p.lowest()
	c := Condition{About: about, key: "ttl " + q.name + " " + string(q.kind), Met: ttl <= low, Hold: ttl}
	c.Sentence = "resolvers may remember " + about + " of " + q.name + " for " + period(ttl)
	if c.Met {
		c.Sentence = "the TTL of " + about + " of " + q.name + " is low (" + period(ttl) + ")"
	} else {
		p.step(Step{Phase: Before, Action: Replace, About: about, Name: q.name, Type: setType(seen, q.kind), Now: own(seen), Wanted: own(seen),
			TTL: int(low.Seconds()), Sentence: "lower the TTL of " + about + " from " + period(ttl) + " to " + period(low) + ", and change nothing else"})
	}
	p.condition(c, assumedTTL)
}

// own is what stands at the name itself, without what an alias leads to.
func own(seen sight) []string {
	if len(seen.aliases) > 0 {
		return []string{"CNAME " + seen.aliases[0].Data}
	}
	return dns.Data(seen.records)
}

// setType is the type of the set at the name itself.
func setType(seen sight, kind dns.Type) dns.Type {
	if len(seen.aliases) > 0 {
		return dns.CNAME
	}
	return kind
}

// negative is for how long resolvers remember that a name is missing (RFC 2308 section 5).
func (p *planner) negative() time.Duration {
	longest := time.Duration(-1)
	for _, reply := range p.sights[question{p.Domain, dns.SOA}].look.Replies {
		for _, r := range reply.Records {
			parts := strings.Fields(r.Data)
			if r.Type != dns.SOA || len(parts) < 7 {
				continue
			}
			if n, err := strconv.Atoi(parts[6]); err == nil {
				longest = max(longest, min(r.TTL, time.Duration(n)*time.Second))
			}
		}
	}
	if longest < 0 {
		return time.Hour // of a domain within a larger zone; most zones have less
	}
	return longest
}

// signed holds everything while the domain's signatures are wrong.
func (p *planner) signed() {
	p.signatures()
	if p.out.Signed.State == dns.Bogus {
		p.notKnown("the signatures of " + p.Domain + " are wrong: " + p.out.Signed.Why)
	}
}

// everyServer holds the switch while a server that resolvers ask is not known to follow: nobody could tell when it gives the last
// old answer.
func (p *planner) everyServer() {
	soa := p.sights[question{p.Domain, dns.SOA}].look
	noSix := soa.MissesIPv6()
	for _, r := range soa.Troubles() {
		if r.Addr.Is6() && noSix {
			continue
		}
		p.waitFor(strings.TrimSpace(r.Server+" "+shownAddr(r.Addr)) + " does not answer for " + p.plan.Zone + " (" + r.Words +
			"): it has to follow, or its name has to go from the delegation")
	}
}

func shownAddr(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}

// finish numbers the steps and computes the moment.
func (p *planner) finish() {
	order := []Phase{Before, AtSwitch, After}
	slices.SortStableFunc(p.plan.Steps, func(a, b Step) int { return slices.Index(order, a.Phase) - slices.Index(order, b.Phase) })
	for i := range p.plan.Steps {
		p.plan.Steps[i].Order = i + 1
	}
	slices.SortStableFunc(p.plan.Conditions, func(a, b Condition) int { return b.Ready.Compare(a.Ready) })
	if len(p.plan.Waits) > 0 {
		return
	}
	p.plan.Earliest = p.At
	if len(p.plan.Conditions) > 0 && p.plan.Conditions[0].Ready.After(p.At) {
		p.plan.Earliest = p.plan.Conditions[0].Ready
	}
}
