// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"slices"
	"strings"

	"rehome/internal/protocol/dns"
)

// decision is what has to be done about changes, given what stands there.
type decision struct {
	write   []Change // as they are to be written: Old is what stands there
	already []Change // made, whoever did it; New is what stands there
	differ  []Difference
}

// decide compares what stands in the zone, in the order of changes, with both sides of each change.
func decide(changes []Change, found []Set, zone string, byHand bool) decision {
	var d decision
	for i, c := range changes {
		now := found[i]
		switch write, ok := merge(c, now, zone); {
		case stands(c, now, zone, byHand):
			d.already = append(d.already, Change{Old: c.Old, New: now})
		case ok:
			d.write = append(d.write, write)
		case byHand && underWay(c, now, zone):
			d.write = append(d.write, c)
		default:
			d.differ = append(d.differ, Difference{Key: c.Old.Key, Expected: c.Old, Wanted: c.New, Found: now})
		}
	}
	return d
}

// stands reports whether a change has been made. A person's form may offer no free choice of the TTL: then only a change that is
// about the TTL asks for it.
func stands(c Change, now Set, zone string, byHand bool) bool {
	removed, added := difference(c.Old.Values, c.New.Values), difference(c.New.Values, c.Old.Values)
	values := now.sameValues(c.New)
	if shared(c.New.Key, zone) {
		values = len(difference(added, now.Values)) == 0 && len(common(removed, now.Values)) == 0
		if len(c.New.Values) > 0 && len(now.Values) == 0 {
			values = false
		}
	}
	switch {
	case !values:
		return false
	case now.TTL == c.New.TTL, len(now.Values) == 0:
		return true
	case shared(c.New.Key, zone) && len(c.New.Values) == 0: // what others have put there keeps its TTL
		return true
	case !byHand:
		return false
	case len(removed)+len(added) > 0:
		return true
	}
	return c.New.TTL < c.Old.TTL && now.TTL <= c.New.TTL || c.New.TTL > c.Old.TTL && now.TTL >= c.New.TTL
}

// merge returns the change as it is to be written. It is not ok if what stands there is not what the change begins with.
//
// Texts at a name that many share are no set that belongs together: proofs of ownership come and go there by other people's
// hands. Of those only what the change removes has to be there, only that is removed, and all others stay.
func merge(c Change, now Set, zone string) (Change, bool) {
	if !shared(c.Old.Key, zone) {
		return Change{Old: now, New: c.New}, now.Equal(c.Old) || halfway(c, now)
	}
	removed, added := difference(c.Old.Values, c.New.Values), difference(c.New.Values, c.Old.Values)
	half := len(common(removed, now.Values)) == 0 && len(difference(added, now.Values)) == 0 && len(removed)+len(added) > 0
	if !half && (len(difference(removed, now.Values)) > 0 || len(common(added, now.Values)) > 0) {
		return c, false
	}
	if len(now.Values) > 0 && len(c.Old.Values) > 0 && now.TTL != c.Old.TTL || len(now.Values) == 0 && len(c.Old.Values) > 0 {
		return c, false
	}
	kept := difference(difference(now.Values, removed), added)
	if len(kept)+len(added) == 0 && len(c.New.Values) > 0 { // all that was to stay has gone
		return c, false
	}
	for _, text := range added { // another record of the same kind would make both void (RFC 7208 section 4.5)
		if kind := versionOf(text); kind != "" && slices.ContainsFunc(kept, func(other string) bool { return versionOf(other) == kind }) {
			return c, false
		}
	}
	ttl := c.New.TTL
	if len(c.New.Values) == 0 {
		ttl = now.TTL
	}
	return Change{Old: now, New: NewSet(now.Key, ttl, slices.Concat(kept, added)...)}, true
}

// halfway is what an interface leaves behind that changes values and TTL one after another, if it is interrupted in between: the
// new values are there, with the old TTL.
func halfway(c Change, now Set) bool {
	return now.sameValues(c.New) && now.TTL == c.Old.TTL && len(now.Values) > 0
}

// shared tells names whose texts many put there. A label that begins with "_" belongs to one use (RFC 8552).
func shared(key Key, zone string) bool {
	if key.Type != dns.TXT {
		return false
	}
	return key.Name == zone || !strings.HasPrefix(key.Name, "_") && !strings.Contains(key.Name, "._")
}

// versionOf is what a text says that it is: "v=spf1", "v=dkim1"; "" if it does not say it.
func versionOf(text string) string {
	version, _, _ := strings.Cut(strings.ToLower(text), " ")
	version, _, _ = strings.Cut(version, ";")
	if !strings.HasPrefix(version, "v=") {
		return ""
	}
	return version
}

// underWay reports whether a person may be in the midst of a change, or servers in the midst of following: what is there belongs
// to one of its sides. Beside it, at a name that many share, only a second text of the kind that is changed does not.
func underWay(c Change, now Set, zone string) bool {
	others := difference(now.Values, slices.Concat(c.Old.Values, c.New.Values))
	if !shared(c.Old.Key, zone) {
		return len(others) == 0
	}
	return !slices.ContainsFunc(difference(c.New.Values, c.Old.Values), func(text string) bool {
		return versionOf(text) != "" && slices.ContainsFunc(others, func(other string) bool { return versionOf(other) == versionOf(text) })
	})
}

// difference is what is in a and not in b.
func difference(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func common(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}
