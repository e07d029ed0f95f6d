// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"rehome"
)

// Check asks every address of the mail hosts, one after the other: they may count together what one machine asks. A host
// that cannot be asked is an error only if no other can. Answers of an earlier run that were final are in the file and used
// again, unless again says to ask anew: a host that asks to wait is asked for the rest by the next run.
func Check(ctx context.Context, probe Probe, hosts []Host, wants []Want, file string, again bool) (Parity, error) {
	known, err := readAnswers(file, hosts, again)
	if err != nil {
		return Parity{}, err
	}
	var all []Asked
	var failures []error
	for _, host := range hosts {
		probe.Host = host
		asked, err := askHost(ctx, probe, wants, known.Hosts[host.String()])
		if err := errors.Join(ctx.Err(), known.save(file)); err != nil {
			return Parity{}, err
		}
		if err != nil {
			failures = append(failures, err)
			asked.Error = err.Error()
			asked.NextStep = rehome.HintOf(err)
		}
		all = append(all, asked)
	}
	if len(failures) > 0 && len(failures) == len(all) {
		return Parity{}, failures[0]
	}
	return Compare(wants, all), nil
}

// askHost adds to what one host has said before.
func askHost(ctx context.Context, probe Probe, wants []Want, said replies) (Asked, error) {
	domains := map[string]string{} // the unlikely address of each
	var addresses []string
	for _, want := range wants {
		_, domain, _ := strings.Cut(want.Address, "@")
		if domains[domain] == "" {
			domains[domain] = Unlikely(domain)
			addresses = append(addresses, domains[domain]) // first, so that the answers behind it can be judged
		}
		if !said.final(want.Address) {
			addresses = append(addresses, want.Address)
		}
	}
	err := probe.Ask(ctx, addresses, func(r Reply) { said[r.Address] = r })
	asked := Asked{Host: probe.Host.String(), Replies: maps.Clone(said), AcceptAll: []string{}}
	for domain, unlikely := range domains {
		if said[unlikely].Answer == Accepted {
			asked.AcceptAll = append(asked.AcceptAll, domain)
		}
		delete(said, unlikely)
	}
	slices.Sort(asked.AcceptAll)
	return asked, err
}
