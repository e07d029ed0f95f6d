// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rehome/internal/protocol/dns"
)

// hosted is a zone at a provider with an interface of its own.
type hosted struct {
	zone       string
	capability Capability
	api        *api
	provider   provider
}

// provider is what differs between them. Errors of api are turned into sentences by hosted.
type provider interface {
	// check asks for the zone.
	check(ctx context.Context) error
	read(ctx context.Context, key Key) (Set, error)
	// write makes changes in the order in which they are given, with the precondition of the capability.
	write(ctx context.Context, changes []Change) error
}

// Capability implements Writer.
func (h *hosted) Capability() Capability { return h.capability }

// Zone implements Writer.
func (h *hosted) Zone() string { return h.zone }

// Check implements Writer. What providers let a token read it need not let it change; no interface tells without changing.
func (h *hosted) Check(ctx context.Context) error {
	return h.api.fault("look at", h.zone, h.provider.check(ctx))
}

// Read implements Writer.
func (h *hosted) Read(ctx context.Context, keys []Key) ([]Set, error) {
	var sets []Set
	for _, key := range keys {
		set, err := h.provider.read(ctx, key)
		if err != nil {
			return nil, h.api.fault("read", key.String(), err)
		}
		sets = append(sets, set)
	}
	return sets, nil
}

// Write implements Writer.
func (h *hosted) Write(ctx context.Context, changes []Change) error {
	return h.api.fault(opChange, words(changes), h.provider.write(ctx, changes))
}

// relative is a name as most interfaces want it: without the zone, apex for the zone itself.
func relative(name, zone, apex string) string {
	if name == zone {
		return apex
	}
	return strings.TrimSuffix(name, "."+zone)
}

// presented writes the values of a set as a zone file has them.
func presented(s Set) ([]string, error) { return wired(s).Presented() }

// setOf reads a set that an interface gives as a zone file has it.
func setOf(zone string, key Key, ttl int, values []string) (Set, error) {
	data := make([]string, 0, len(values))
	for _, value := range values {
		record, err := dns.ReadPresented(zone, key.Name, key.Type, time.Duration(ttl)*time.Second, value)
		if err != nil {
			return Set{}, fmt.Errorf("what stands there is not understood: %w", err)
		}
		data = append(data, record.Data)
	}
	return NewSet(key, ttl, data...), nil
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
