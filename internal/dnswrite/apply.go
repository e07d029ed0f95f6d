// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/protocol/dns"
)

// Result says what became of changes. Each is in one of the lists, or the error of Apply says why it is in none.
type Result struct {
	Written []Change `json:"written"` // as written: merged sets with all that is in them
	Already []Change `json:"already"` // were made before anything was written; New is what stands there
	Pending []Change `json:"pending"` // wait for a person's hand, see Capability.ByHand
}

// Apply makes changes to a zone: those that are not made yet, provided that each set is what its change begins with. It may be
// repeated, with the same changes, after any error and any crash.
//
// The error is a *rehome.Fault. If it wraps a *ChangedError, somebody else has changed a set, and nothing was written. With any
// error, what was written nevertheless is in the result.
func Apply(ctx context.Context, w Writer, changes []Change) (Result, error) {
	result := Result{Written: []Change{}, Already: []Change{}, Pending: []Change{}}
	if err := allowed(w, changes); err != nil {
		return result, err
	}
	byHand := w.Capability().ByHand
	for round := 1; ; round++ {
		found, err := read(ctx, w, changes)
		if err != nil {
			return result, err
		}
		d := decide(changes, found, w.Zone(), byHand)
		if len(d.differ) > 0 {
			return result, changed(w, d.differ)
		}
		if byHand || len(d.write) == 0 {
			result.Already, result.Pending = append(result.Already, d.already...), append(result.Pending, d.write...)
			return result, nil
		}
		if err := alone(ctx, w, d.write); err != nil {
			return result, err
		}
		failed := w.Write(ctx, inOrder(d.write))
		// Somebody has added a text at a name that many share, say: what is there now may be merged as well.
		if errors.Is(failed, ErrUnmet) && round < maxRounds {
			continue
		}
		result.Already = append(result.Already, d.already...)
		err = confirm(context.WithoutCancel(ctx), w, d.write, failed, &result)
		return result, err
	}
}

// maxRounds bounds how often what stands there is read again because the precondition did not hold.
const maxRounds = 3

// inOrder puts removals first: nothing stands beside a CNAME (RFC 1034 section 3.6.2).
func inOrder(changes []Change) []Change {
	rank := func(c Change) int { return min(len(c.New.Values), 1) }
	return slices.SortedStableFunc(slices.Values(changes), func(a, b Change) int { return rank(a) - rank(b) })
}

// alone refuses what would put an alias beside other records, or these beside an alias (RFC 1034 section 3.6.2). Servers leave the
// one out and do the rest (RFC 2136 section 3.4.2.2): the old address would be gone, and the alias not there.
func alone(ctx context.Context, w Writer, changes []Change) error {
	about := map[Key]bool{}
	for _, c := range changes {
		about[c.New.Key] = true
	}
	for _, c := range changes {
		if len(c.New.Values) == 0 {
			continue
		}
		var others []Key
		for _, kind := range besides(c.New.Type) {
			if key := (Key{c.New.Name, kind}); !about[key] {
				others = append(others, key)
			}
		}
		found, err := w.Read(ctx, others)
		if err != nil {
			return err
		}
		for _, other := range found {
			if len(other.Values) > 0 {
				return &rehome.Fault{Class: rehome.ClassOperator, Op: opChange, Object: c.New.Key.String(),
					Cause: fmt.Errorf("%s stands there (%s), and nothing may stand beside an alias", other.Key, strings.Join(other.Values, ", ")),
					Hint:  "remove it first if nobody needs it; nothing was written"}
			}
		}
	}
	return nil
}

// besides are the types that must not stand beside one: all that people put there beside an alias, and an alias beside all others.
func besides(kind dns.Type) []dns.Type {
	if kind == dns.CNAME {
		return []dns.Type{dns.A, dns.AAAA, dns.TXT, dns.MX, dns.SRV, dns.CAA}
	}
	return []dns.Type{dns.CNAME}
}

// confirm reads what a write has led to: the answer may be lost, and a server may say yes and do nothing.
func confirm(ctx context.Context, w Writer, written []Change, failed error, result *Result) error {
	var d decision
	for _, long := range settling() {
		if err := pause(ctx, long); err != nil {
			return err
		}
		after, err := read(ctx, w, written)
		if err != nil {
			return errors.Join(failed, err)
		}
		if d = decide(written, after, w.Zone(), false); failed != nil || len(d.write) == 0 {
			break
		}
	}
	result.Written = append(result.Written, d.already...)
	switch {
	case len(d.differ) > 0:
		return changed(w, d.differ)
	case len(d.write) == 0:
		return nil
	case errors.Is(failed, ErrUnmet):
		return &rehome.Fault{Class: rehome.ClassPermanent, Op: "change", Object: words(d.write), Cause: failed,
			Hint: w.Capability().Title + " shows other records than it compares with; ask who runs it, and run this again"}
	case failed != nil:
		return failed
	}
	return &rehome.Fault{Class: rehome.ClassPermanent, Op: "change", Object: words(d.write),
		Cause: errors.New(w.Capability().Title + " said that it is done, and still has what was there before"),
		Hint:  "look whether other records stand at the same name, and change these by hand"}
}

// settling are the pauses before each look at what was written: a server that hands updates on to its primary shows them a moment
// later.
func settling() []time.Duration {
	return []time.Duration{0, 100 * time.Millisecond, 400 * time.Millisecond}
}

func read(ctx context.Context, w Writer, changes []Change) ([]Set, error) {
	keys := make([]Key, len(changes))
	for i, c := range changes {
		keys[i] = c.Old.Key
	}
	found, err := w.Read(ctx, keys)
	if err == nil && len(found) != len(keys) {
		err = fmt.Errorf("asked for %d sets, got %d", len(keys), len(found))
	}
	return found, err
}

func changed(w Writer, differ []Difference) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "change", Object: w.Zone(), Cause: &ChangedError{Zone: w.Zone(), Differences: differ},
		Hint: `find out who changed it and why, then run "rehome cutover plan" again: it starts from what is there now`}
}

func words(changes []Change) string {
	var all []string
	for _, c := range changes {
		all = append(all, c.Old.Key.String())
	}
	return strings.Join(all, ", ")
}

// maxChanges bounds one Apply: a domain's switch has a dozen.
const maxChanges = 100

// allowed refuses what nobody should write, before anything is asked.
func allowed(w Writer, changes []Change) error {
	refuse := func(object, why, hint string) error {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "change", Object: object, Cause: errors.New(why), Hint: hint}
	}
	if len(changes) > maxChanges {
		return refuse(w.Zone(), fmt.Sprintf("%d changes at once are more than %d", len(changes), maxChanges), "change fewer domains at once")
	}
	capability := w.Capability()
	least := max(capability.MinTTL, 1)
	seen := map[Key]bool{}
	for _, c := range changes {
		key := c.New.Key
		object := key.String()
		switch {
		case key != c.Old.Key || seen[key]:
			return refuse(object, "the change is not about one set, or there are two of it", "this is a mistake of rehome; please report it")
		case slices.Contains([]dns.Type{dns.SOA, dns.NS, dns.DS, dns.DNSKEY}, key.Type):
			return refuse(object, "rehome never changes who serves or signs a zone", "change it by hand, and not within two weeks of the switch")
		case key.Name != w.Zone() && !strings.HasSuffix(key.Name, "."+w.Zone()):
			return refuse(object, "the name is not in the zone "+w.Zone(), "give the zone that has this name its own entry in dns.providers")
		case capability.NoSRV && key.Type == dns.SRV && len(c.New.Values) > 0:
			return refuse(object, capability.Title+" cannot write SRV records", "write this record by hand in the provider's form")
		case len(c.New.Values) > 0 && c.New.TTL < least:
			return refuse(object, fmt.Sprintf("a TTL of %d seconds is too small: %s takes %d at least", c.New.TTL, capability.Title, least),
				"set cutover.ttl to what the provider takes")
		}
		seen[key] = true
	}
	return nil
}
