// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"context"
	"errors"
	"slices"

	"rehome"
)

// ByHand is a zone that a person writes to, with a form in a browser. Apply says what stands as wanted and what is still to be
// done, as often as it is called; the cards of a cutover.Plan tell the person what to enter.
type ByHand struct {
	zone  string
	asker Asker
}

// NewByHand returns a writer that looks at the authoritative servers.
func NewByHand(zone string, asker Asker) *ByHand { return &ByHand{zone, asker} }

// Capability implements Writer.
func (h *ByHand) Capability() Capability {
	return Describe(Options{Kind: Hand})
}

// Zone implements Writer.
func (h *ByHand) Zone() string { return h.zone }

// Check implements Writer: nothing can be tried.
func (h *ByHand) Check(context.Context) error { return nil }

// Read implements Writer: it asks all authoritative servers. While they differ, a set has everything that any of them has, so
// that a change counts as made when the last one follows. A server that is silent follows later, or says something else: then
// nothing is known.
func (h *ByHand) Read(ctx context.Context, keys []Key) ([]Set, error) {
	var sets []Set
	for _, key := range keys {
		look, err := h.asker.Look(ctx, key.Name, key.Type)
		if err != nil {
			return nil, h.fault(key, err)
		}
		set := NewSet(key, 0)
		for _, r := range reached(look) {
			if !r.Outcome.Says() {
				return nil, h.fault(key, errors.New(r.Server+" "+r.Words))
			}
			own := ownSet(r, key)
			set = NewSet(key, max(set.TTL, own.TTL), slices.Concat(set.Values, own.Values)...)
		}
		sets = append(sets, set)
	}
	return sets, nil
}

func (h *ByHand) fault(key Key, err error) error {
	return &rehome.Fault{Class: rehome.ClassTemporary, Op: "read", Object: key.String(), Cause: err,
		Hint: `run "rehome dns check" to see every server; one that does not answer has to follow or to leave the delegation`}
}

// Write implements Writer. Nothing calls it, as Capability says that a person writes.
func (h *ByHand) Write(context.Context, []Change) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: opChange, Object: h.zone, Cause: errors.New("a person changes this zone"),
		Hint: `run "rehome cutover plan --as cards" to see what to enter`}
}
