// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Memory is what earlier surveys have shown of conditions, by their keys: a look shows what is so, and not since when, nor what
// resolvers may still remember. The value with no entries remembers nothing.
type Memory map[string]Held

// Held is what is remembered of one condition.
type Held struct {
	Since time.Time     `json:"since,omitzero"`   // when it was first seen to be met; zero while it is not
	Hold  time.Duration `json:"hold_nanoseconds"` // the longest that it was seen to need while it was not met
	Unmet bool          `json:"unmet"`            // it was seen not to be met
	Seen  time.Time     `json:"seen,omitzero"`    // when it was last looked at
	Was   string        `json:"was,omitempty"`    // what the record said while it was not met
}

// was is what a record said when its condition was last seen not to be met.
func (m Memory) was(key string) string { return m[key].Was }

func (m Memory) note(key, was string) {
	held := m[key]
	held.Was = was
	m[key] = held
}

// Earliest is the first moment at which the conditions of a domain let it switch, as they were last seen; of those that were not
// met, as if they were met now. It is zero if there are none. What an earlier look has seen and the last one has not, such as a
// record that is gone, does not count.
func (m Memory) Earliest(domain string, now time.Time) time.Time {
	var last, earliest time.Time
	for key, held := range m {
		if strings.HasPrefix(key, domain+" ") && held.Seen.After(last) {
			last = held.Seen
		}
	}
	for key, held := range m {
		if !strings.HasPrefix(key, domain+" ") || held.Seen.Before(last) {
			continue
		}
		ready := now.Add(held.Hold)
		if !held.Since.IsZero() {
			ready = held.Since.Add(held.Hold)
		}
		if ready.After(earliest) {
			earliest = ready
		}
	}
	return earliest
}

// assumedTTL is what a TTL may have been that nobody has seen before it was lowered. Hardly anybody uses more.
const assumedTTL = 24 * time.Hour

// What bounds the file of it.
const (
	maxMemory = 100_000
	maxWas    = 4096
)

// ReadMemory reads what MarshalJSON has written; no octets are an empty memory.
func ReadMemory(octets []byte) (Memory, error) {
	memory := Memory{}
	if len(octets) == 0 {
		return memory, nil
	}
	if err := json.Unmarshal(octets, &memory); err != nil {
		return nil, err
	}
	if len(memory) > maxMemory {
		return nil, fmt.Errorf("has more than %d entries", maxMemory)
	}
	for key, held := range memory {
		if len(held.Was) > maxWas || held.Hold < 0 || held.Hold > 100*365*24*time.Hour {
			return nil, fmt.Errorf("has an impossible entry for %q", key)
		}
	}
	return memory, nil
}

// update completes a condition with what is remembered, and remembers what was seen now. A condition that was met when it was
// first looked at may have become so a moment before: it then has to hold for the assumed time.
func (m Memory) update(c Condition, assumed time.Duration, now time.Time) Condition {
	held, known := m[c.key]
	switch {
	case !c.Met:
		held = Held{Hold: max(held.Hold, c.Hold), Unmet: true}
		c.Hold, c.Ready = held.Hold, now.Add(held.Hold)
		c.Sentence += "; ready " + period(c.Hold) + " after it is done"
	default:
		if !known || held.Since.IsZero() || held.Since.After(now) {
			held.Since = now
		}
		if !held.Unmet {
			held.Hold = max(held.Hold, assumed)
		}
		c.Since, c.Hold = held.Since, held.Hold
		c.Ready = held.Since.Add(held.Hold)
		if c.Ready.After(now) {
			c.Sentence += ", seen so since " + c.Since.UTC().Format("2006-01-02 15:04 UTC") + "; what was there before may be remembered for "
			c.Sentence += period(c.Hold)
			if !held.Unmet {
				c.Sentence += " (assumed, as rehome has not seen it)"
			}
		}
	}
	held.Seen = now
	m[c.key] = held
	return c
}
