// SPDX-License-Identifier: Apache-2.0

package devices

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"rehome/internal/maillog"
)

// The bounds of what is counted: a hostile log invents programs without end.
const (
	maxAgent     = 200 // octets of what a program says of itself
	maxSightings = 60  // different ones for each account
)

// Names finds the account of a name that a log has: an address, or a login without a domain.
type Names interface {
	// Of returns the address; ok is false if the name is of no account or of several.
	Of(name string) (address string, ok bool)
}

// Census is what logs tell of who uses what.
type Census struct {
	Sightings []Sighting // sorted
	Strangers []string   // names in the logs that are of no account, or of several; sorted
	Full      bool       // an account has more programs than are counted
	Own       int        // lines about log-ins that may be our own, which are in no sighting
	Read      maillog.Summary
}

// Read reads logs of the source: of its mail server, and of the web server that has its calendars. own tells our own log-ins.
func Read(ctx context.Context, logs []string, names Names, own *maillog.Own) (Census, error) {
	c := counter{names: names, own: own, all: map[string]map[sight]span{}, strangers: map[string]bool{}}
	read, err := maillog.ReadUses(ctx, logs, c.add)
	census := Census{Read: read, Full: c.full, Own: c.ours, Strangers: slices.Sorted(maps.Keys(c.strangers))}
	for _, address := range slices.Sorted(maps.Keys(c.all)) {
		for s, when := range c.all[address] {
			census.Sightings = append(census.Sightings,
				Sighting{Address: address, Protocol: s.protocol, Agent: s.agent, First: when.first, Last: when.last})
		}
	}
	slices.SortFunc(census.Sightings, func(a, b Sighting) int {
		return strings.Compare(a.Address+"\x00"+a.Protocol+"\x00"+a.Agent, b.Address+"\x00"+b.Protocol+"\x00"+b.Agent)
	})
	return census, err
}

type sight struct{ protocol, agent string }

type span struct{ first, last time.Time }

type counter struct {
	names     Names
	all       map[string]map[sight]span
	strangers map[string]bool
	full      bool
	own       *maillog.Own
	ours      int
}

// maxStrangers bounds the names of nobody.
const maxStrangers = 1000

func (c *counter) add(use maillog.Use) {
	address, ok := c.names.Of(use.Name)
	if !ok {
		if len(c.strangers) < maxStrangers {
			c.strangers[use.Name] = true
		}
		return
	}
	if use.Protocol == "pop3" && c.own.Is(address, use.From, use.Ended, use.When) {
		c.ours++
		return
	}
	seen := c.all[address]
	if seen == nil {
		seen = map[sight]span{}
		c.all[address] = seen
	}
	key := sight{use.Protocol, shortened(use.Client)}
	when, again := seen[key]
	if !again && len(seen) >= maxSightings {
		c.full = true
		return
	}
	if !again || !use.When.IsZero() && use.When.Before(when.first) {
		when.first = use.When
	}
	if use.When.After(when.last) {
		when.last = use.When
	}
	seen[key] = when
}

// shortened cuts what a program says at a character.
func shortened(agent string) string {
	agent = strings.ToValidUTF8(agent, "?")
	if len(agent) <= maxAgent {
		return agent
	}
	end := maxAgent
	for !utf8.RuneStart(agent[end]) {
		end--
	}
	return agent[:end]
}
