// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rehome"
)

// Switch says which side is somebody's, and from when. Before that it is the other one.
type Switch struct {
	Side rehome.Side
	From time.Time // zero is always
}

// At returns the side at a moment.
func (s Switch) At(now time.Time) rehome.Side {
	if !now.Before(s.From) {
		return s.Side
	}
	if s.Side == rehome.Destination {
		return rehome.Source
	}
	return rehome.Destination
}

// Switches tell who has switched. They are asked at each request, by several at once.
type Switches interface {
	// OfDomain returns the state of a domain of the move.
	OfDomain(domain string) Switch
	// OfPerson returns somebody's own state, where it is not that of the domain. The address is in lower case.
	OfPerson(address string) (Switch, bool)
}

// maxSwitchFile bounds the file: a million people of 60 characters.
const maxSwitchFile = 64 << 20

// table is what a file of switches says.
type table struct {
	domains, people map[string]Switch
}

func (t *table) OfDomain(domain string) Switch {
	if s, said := t.domains[domain]; said {
		return s
	}
	return Switch{Side: rehome.Source} // nobody has switched before somebody says so
}

func (t *table) OfPerson(address string) (Switch, bool) {
	s, said := t.people[address]
	return s, said
}

// parseSwitches reads lines of the form "WHO SIDE [FROM]": a domain or an address, source or destination, and a time as in
// RFC 3339. A "#" begins a comment. A line that is not understood refuses the whole file: nobody is switched by a mistake.
func parseSwitches(name string, text []byte, domains []string) (*table, error) {
	t := &table{domains: map[string]Switch{}, people: map[string]Switch{}}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		said, _, _ := bytes.Cut(line, []byte("#"))
		words := strings.Fields(strings.TrimPrefix(string(said), "\ufeff"))
		if len(words) == 0 {
			continue
		}
		if err := t.add(words, domains); err != nil {
			return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: fmt.Sprintf("%s:%d", name, number), Cause: err,
				Hint: `write for example "example.com destination 2026-12-04T22:00:00+01:00", or without a time if it holds now`}
		}
	}
	return t, nil
}

func (t *table) add(words []string, domains []string) error {
	if len(words) < 2 || len(words) > 3 {
		return errors.New("is not a domain or address, a side, and perhaps a time")
	}
	s := Switch{Side: rehome.Side(words[1])}
	if s.Side != rehome.Source && s.Side != rehome.Destination {
		return fmt.Errorf("says %q instead of source or destination", words[1])
	}
	if len(words) == 3 {
		var err error
		if s.From, err = time.Parse(time.RFC3339, words[2]); err != nil {
			return fmt.Errorf("has %q, which is no time with a zone", words[2])
		}
	}
	who, domain, into, err := whoOf(words[0], t)
	switch {
	case err != nil:
		return err
	case !slices.Contains(domains, domain):
		return fmt.Errorf("%s is not a domain of this move", domain)
	}
	if _, twice := into[who]; twice {
		return fmt.Errorf("names %s a second time", who)
	}
	into[who] = s
	return nil
}

// whoOf returns the one form of a domain or address, its domain, and the half of the table that it belongs in.
func whoOf(word string, t *table) (who, domain string, into map[string]Switch, err error) {
	if local, domain, ok := splitAddress(word); ok {
		return strings.ToLower(local) + "@" + domain, domain, t.people, nil
	}
	domain, ok := asciiHost(word)
	if !ok {
		return "", "", nil, fmt.Errorf("has %q, which is no domain and no address", word)
	}
	return domain, domain, t.domains, nil
}

// difference says which domains two tables see differently, and how many people.
func (t *table) difference(old *table) string {
	var said []string
	for _, domain := range slices.Sorted(maps.Keys(union(t.domains, old.domains))) {
		if now := t.OfDomain(domain); now != old.OfDomain(domain) {
			said = append(said, domain+": "+now.words())
		}
	}
	people := 0
	for address := range union(t.people, old.people) {
		now, known := t.people[address]
		before, knownBefore := old.people[address]
		if now != before || known != knownBefore {
			people++
		}
	}
	if people > 0 {
		said = append(said, fmt.Sprintf("accounts with a change of their own: %d", people))
	}
	return strings.Join(said, "; ")
}

func union(a, b map[string]Switch) map[string]Switch {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func (s Switch) words() string {
	if s.From.IsZero() {
		return string(s.Side)
	}
	return fmt.Sprintf("%s from %s", s.Side, s.From.Format(time.RFC3339))
}
