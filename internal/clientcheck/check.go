// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"context"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"rehome"
)

// The bounds of a look.
const (
	domainsAtOnce = 4
	atOnce        = 8  // questions, and servers, of one of them
	maxRounds     = 40 // of questions that follow from answers
	maxPlaces     = 64 // servers
)

// Check looks at the domains, a few at once; the report has them in their order. The error is the context's.
func Check(ctx context.Context, world World, subjects []Subject) (Report, error) {
	a := newAsker(world)
	domains, findings := make([]Domain, len(subjects)), make([][]rehome.Finding, len(subjects))
	var group errgroup.Group
	group.SetLimit(domainsAtOnce)
	for i, s := range subjects {
		group.Go(func() error {
			return rehome.Guarded(s.Services.Domain, func() error {
				domains[i], findings[i] = a.domain(ctx, s)
				return ctx.Err()
			})
		})
	}
	if err := group.Wait(); err != nil {
		return Report{}, err
	}
	return Report{Domains: domains, Findings: append([]rehome.Finding{}, slices.Concat(findings...)...)}, nil
}

// visit is one client for one person.
type visit struct {
	client client
	person Person
	end    conclusion
}

func (a *asker) domain(ctx context.Context, s Subject) (Domain, []rehome.Finding) {
	visits := a.visits(ctx, s)
	probes := a.probes(ctx, placesIn(s, visits))
	return judge(s, visits, probes)
}

// visits lets every client look for every person. Nobody is asked the same twice.
func (a *asker) visits(ctx context.Context, s Subject) []visit {
	var all []visit
	for _, p := range s.People {
		for _, c := range clients() {
			all = append(all, visit{client: c, person: p})
		}
	}
	answers := map[question]answer{}
	for round := range maxRounds {
		lacking := map[question]bool{}
		for i := range all {
			var lacks []question
			all[i].end, lacks = conclude(all[i].client, all[i].person, s, answers)
			if len(lacks) > 0 && round == maxRounds-1 {
				all[i].end.passed = []Passed{{Asked: lacks[0].words(), Why: "answers lead on and on", unknown: true}}
			}
			for _, q := range lacks {
				lacking[q] = true
			}
		}
		if len(lacking) == 0 || ctx.Err() != nil {
			return all
		}
		maps.Copy(answers, a.askAll(ctx, slices.Collect(maps.Keys(lacking))))
	}
	return all
}

// askAll asks questions of which none is there twice.
func (a *asker) askAll(ctx context.Context, questions []question) map[question]answer {
	given := make([]answer, len(questions))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, q := range questions {
		group.Go(func() error {
			given[i] = a.guarded(ctx, q)
			return nil
		})
	}
	_ = group.Wait() // none of them returns an error
	answers := map[question]answer{}
	for i, q := range questions {
		answers[q] = given[i]
	}
	return answers
}

// guarded makes a mistake of ours cost one answer.
func (a *asker) guarded(ctx context.Context, q question) (given answer) {
	err := rehome.Guarded(q.where, func() error {
		given = a.ask(ctx, q)
		return nil
	})
	if err != nil {
		return answer{trouble: Unknown, why: err.Error()}
	}
	return given
}

// placesIn are the servers of the settings, and those that documents name.
func placesIn(s Subject, visits []visit) []place {
	all := append(placesOf(s.Services.Source), placesOf(s.Services.Destination)...)
	for _, v := range visits {
		if v.end.found == nil {
			continue
		}
		for _, server := range v.end.found.settings.servers {
			all = append(all, placeOf(server))
		}
	}
	var once []place
	for _, p := range all {
		if !slices.Contains(once, p) && len(once) < maxPlaces {
			once = append(once, p)
		}
	}
	return once
}

// probed is a server with what it has shown.
type probed struct {
	place
	Probe
}

func (a *asker) probes(ctx context.Context, places []place) []probed {
	all := make([]probed, len(places))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, at := range places {
		group.Go(func() error {
			all[i].place = at
			err := rehome.Guarded(at.host, func() error {
				all[i].Probe = a.probe(ctx, at)
				return nil
			})
			if err != nil {
				all[i].Probe = Probe{Service: at.service, Host: at.host, Port: at.port, Security: at.security}
				all[i].trouble(Unknown, err.Error(), rehome.HintOf(err))
			}
			return nil
		})
	}
	_ = group.Wait() // none of them returns an error
	return all
}
