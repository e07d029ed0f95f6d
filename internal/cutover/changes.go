// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"slices"
	"strings"

	"rehome/internal/dnswrite"
	"rehome/internal/protocol/dns"
)

// Lowering returns the steps that lower TTLs and change nothing else.
func (p Plan) Lowering() []Step {
	return p.steps(func(s Step) bool { return s.onlyTTL() })
}

// Staging returns the steps before the switch that publish or replace records, apart from TTLs, and from the id of an MTA-STS
// policy whose file has to change first: a sender that sees the id fetches the file (RFC 8461 section 5.1).
func (p Plan) Staging() []Step {
	return p.steps(func(s Step) bool { return !s.onlyTTL() && (s.About != aboutPolicy || !p.waitsForFile()) })
}

func (p Plan) waitsForFile() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Phase == Before && s.Action == File && s.About == aboutPolicy })
}

func (p Plan) steps(which func(Step) bool) []Step {
	var steps []Step
	for _, s := range p.Steps {
		if s.Phase == Before && s.inDNS() && which(s) {
			steps = append(steps, s)
		}
	}
	return steps
}

// Others returns the steps before the switch that are no change of a record: somebody has to do them.
func (p Plan) Others() []Step {
	var steps []Step
	for _, s := range p.Steps {
		if s.Phase == Before && !s.inDNS() {
			steps = append(steps, s)
		}
	}
	return steps
}

func (s Step) onlyTTL() bool { return s.Action == Replace && slices.Equal(s.Now, s.Wanted) }

// besideAlias are the types that people put at names that become aliases, where nothing else may stand (RFC 1034 section 3.6.2).
func besideAlias() []dns.Type {
	return []dns.Type{dns.A, dns.AAAA, dns.TXT, dns.MX, dns.SRV, dns.CAA}
}

// Sets returns the sets that the step may touch, the one that it leads to first.
func (s Step) Sets() []dnswrite.Key {
	keys := []dnswrite.Key{{Name: s.Name, Type: s.Type}}
	switch {
	case s.Type == dns.CNAME:
		for _, kind := range besideAlias() {
			keys = append(keys, dnswrite.Key{Name: s.Name, Type: kind})
		}
	case slices.ContainsFunc(s.Now, isAlias):
		keys = append(keys, dnswrite.Key{Name: s.Name, Type: dns.CNAME})
	}
	return keys
}

// Changes returns what the step changes, given what stands in the order of Sets at the place that is written to. What the step
// begins with is what was seen when the plan was made: if something else stands there, Apply refuses. ttl is the smallest TTL that
// can be written, in seconds.
func (s Step) Changes(found []dnswrite.Set, ttl int) []dnswrite.Change {
	var changes []dnswrite.Change
	for i, key := range s.Sets() {
		old := dnswrite.NewSet(key, found[i].TTL, found[i].Values...)
		if i == 0 {
			old = dnswrite.NewSet(key, found[i].TTL, s.values(s.Now, key.Type)...)
			changes = append(changes, dnswrite.Change{Old: old, New: dnswrite.NewSet(key, max(s.TTL, ttl), s.values(s.Wanted, key.Type)...)})
			continue
		}
		if len(old.Values) > 0 {
			changes = append(changes, dnswrite.Change{Old: old, New: dnswrite.NewSet(key, 0)})
		}
	}
	return changes
}

// values are those of one type: data of an alias begins with "CNAME ".
func (s Step) values(data []string, kind dns.Type) []string {
	var values []string
	for _, d := range data {
		if isAlias(d) == (kind == dns.CNAME) {
			values = append(values, strings.TrimPrefix(d, aliasLead))
		}
	}
	return values
}

const aliasLead = "CNAME "

func isAlias(data string) bool { return strings.HasPrefix(data, aliasLead) }
