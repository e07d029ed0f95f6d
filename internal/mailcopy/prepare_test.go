// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"strings"
	"testing"

	"rehome/internal/endpoint"
	"rehome/internal/mapping"
)

// Each mailbox is subscribed right behind its own CREATE, whatever becomes of the others; those that exist come last.
func TestStepsOf_subscriptionBehindCreation(t *testing.T) {
	t.Parallel()
	s := &slice{barred: map[string]bool{"barred": true}, dst: &endpoint.Session{}}
	pairs := func(names string) (all []mapping.Pair) {
		for name := range strings.FieldsSeq(names) {
			all = append(all, mapping.Pair{Source: name, Destination: name})
		}
		return all
	}
	nothing := func(mapping.Pair, error) error { return nil }
	var got []string
	for _, step := range s.stepsOf(pairs("a b barred c"), pairs("there c barred a"), nothing, nothing) {
		verb := "subscribe "
		if step.makes {
			verb = "create "
		}
		got = append(got, verb+step.pair.Destination)
	}
	if want := "create a, subscribe a, create b, create barred, create c, subscribe c, subscribe there"; strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", strings.Join(got, ", "), want)
	}
}

// counter is an observer that counts.
type counter struct {
	silent
	made, of []int
}

func (c *counter) Made(_ string, made, of int) { c.made, c.of = append(c.made, made), append(c.of, of) }

func TestTellMade_fromNothingToAll(t *testing.T) {
	t.Parallel()
	c := &counter{}
	s := &slice{engine: New(Options{Observer: c})}
	s.tellMade(0)
	if len(c.made) != 0 {
		t.Error("it tells of nothing")
	}
	made := s.tellMade(2)
	made()
	made()
	if len(c.made) != 3 || c.made[0] != 0 || c.made[2] != 2 || c.of[2] != 2 {
		t.Errorf("got %v of %v", c.made, c.of)
	}
}
