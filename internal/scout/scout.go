// SPDX-License-Identifier: Apache-2.0

// Package scout finds out from a domain, before there are any settings, what the world publishes of it: where its mail goes and who
// runs its DNS, which keys sign its mail, and at which servers its users log in. It proposes settings, each with where it comes from
// and what answered there.
//
//   - It logs in nowhere and sends nothing but questions.
//   - A server that somebody has published is proposed even if it does not answer, with the reason; one whose name was only guessed
//     is proposed only if it answers for its name. So a domain in which every name exists proposes nothing by that.
//   - What could not be asked is said to be not known.
//
// The steps of a caller: Look, then show what is Published and offer the Proposals.
package scout

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"rehome"
	"rehome/internal/clientcheck"
	"rehome/internal/cutover"
	"rehome/internal/protocol/dns"
)

// World is what is asked.
type World struct {
	cutover.World
	Clients clientcheck.World
}

// Subject is what to look at.
type Subject struct {
	Domain    string
	Address   string   // of somebody there; "" asks in nobody's name
	Selectors []string // of keys that are known to sign its mail
	LowTTL    time.Duration
}

// Found is what a look has found.
type Found struct {
	Domain    string         `json:"domain"`
	Published cutover.Domain `json:"published"` // what stands in DNS, judged without a wish
	TTL       int            `json:"mx_ttl_seconds,omitempty"`
	Registrar string         `json:"registrar"` // what DNS shows of it, in a sentence
	Selectors []string       `json:"dkim_selectors"`
	Notes     []string       `json:"notes"`     // what else is worth knowing, in sentences
	Proposals []Proposal     `json:"proposals"` // at most one for each service
}

// Proposal is a setting that might be right.
type Proposal struct {
	Service clientcheck.Service `json:"service"`
	Value   string              `json:"value"`  // host:port, or a URL
	From    string              `json:"from"`   // where it comes from
	Works   bool                `json:"works"`  // it has answered, with a valid certificate for its name
	Answer  string              `json:"answer"` // what it answered, or why it did not, in a sentence
}

// Of returns the proposal for a service.
func (f Found) Of(service clientcheck.Service) (Proposal, bool) {
	i := slices.IndexFunc(f.Proposals, func(p Proposal) bool { return p.Service == service })
	if i < 0 {
		return Proposal{}, false
	}
	return f.Proposals[i], true
}

// NoDomainError says that there is no such domain.
type NoDomainError struct{ Domain string }

// Error names it.
func (e *NoDomainError) Error() string { return "there is no domain " + e.Domain }

// Look looks at a domain. That something could not be asked is in the answer; the error is a *NoDomainError, or the context's.
func Look(ctx context.Context, world World, subject Subject) (Found, error) {
	answer, err := world.DNS.Resolve(ctx, subject.Domain, dns.SOA)
	if err == nil && !answer.Exists {
		return Found{}, &NoDomainError{Domain: subject.Domain}
	}
	found := Found{Domain: subject.Domain, Selectors: []string{}, Notes: []string{}, Proposals: []Proposal{}}
	if err != nil && ctx.Err() == nil {
		found.Notes = append(found.Notes, "DNS could not be asked ("+whyNot(err)+"), so nothing is known of "+subject.Domain)
		return found, nil
	}
	seen, err := lookWithin(ctx, world, subject)
	if err != nil {
		return found, err
	}
	found.Published, found.Proposals = seen.domain, choose(seen.candidates)
	found.Selectors = append(found.Selectors, seen.selectors...)
	found.Notes = append(found.Notes, seen.notes...)
	found.Registrar = registrar(seen.domain)
	for _, r := range seen.domain.Records {
		if r.Type == dns.MX {
			found.TTL = r.TTL
		}
	}
	return found, nil
}

// maxLook bounds a look while somebody waits: many servers may be silent.
const maxLook = 2 * time.Minute

// lookWithin sees what can be seen in that time; what is lacking then is not known. The error is the context's, or a mistake of ours.
func lookWithin(ctx context.Context, world World, subject Subject) (*sightings, error) {
	seen := &sightings{}
	limited, cancel := context.WithTimeout(ctx, maxLook)
	defer cancel()
	var group errgroup.Group
	group.Go(func() error {
		return rehome.Guarded(subject.Domain, func() error { return seen.published(limited, world, subject) })
	})
	group.Go(func() error {
		return rehome.Guarded(subject.Domain, func() error { return seen.servers(limited, world, subject) })
	})
	err := group.Wait()
	switch {
	case ctx.Err() != nil:
		return seen, ctx.Err()
	case limited.Err() != nil:
		seen.note("not everything answered within two minutes, so something may be lacking here")
		return seen, nil
	}
	return seen, err
}

func whyNot(err error) string {
	var lookup *dns.LookupError
	if errors.As(err, &lookup) {
		return lookup.Why()
	}
	return err.Error()
}

// sightings are what the parts of a look have seen.
type sightings struct {
	mu         sync.Mutex
	notes      []string
	domain     cutover.Domain
	selectors  []string
	candidates []candidate
}

func (s *sightings) note(sentence string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, sentence)
}

// published looks at the records as the check of a move does, with no wish of what they should be.
func (s *sightings) published(ctx context.Context, world World, subject Subject) error {
	var wanted cutover.Wanted
	var unsure bool
	s.selectors, unsure = selectors(ctx, world.DNS, subject)
	if unsure {
		s.note("every name exists below _domainkey." + subject.Domain + ", so which keys sign its mail is not known: give a message with --mail")
	}
	for _, selector := range s.selectors {
		wanted.DKIM = append(wanted.DKIM, cutover.Key{Selector: selector})
	}
	survey, err := cutover.Look(ctx, world.World, subject.Domain, wanted, time.Now())
	if err != nil {
		return err
	}
	s.domain = cutover.Judge(survey, wanted, subject.LowTTL)
	return nil
}

// registrar says what DNS shows of where the domain is registered: only who runs the zone above it.
func registrar(domain cutover.Domain) string {
	above := domain.Parent
	if above == "" {
		_, above, _ = strings.Cut(domain.Domain, ".")
	}
	return "DNS does not show the registrar, where the domain's name servers are set: whoever pays for the domain knows it, or whois for ." + above
}
