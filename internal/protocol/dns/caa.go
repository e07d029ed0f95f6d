// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"slices"
	"strings"
)

// Issuers says which authorities may issue certificates for a name (RFC 8659).
type Issuers struct {
	At         string   // the name whose records count; "" if there are none up to the top: anybody may issue
	Names      []string // of the authorities, in lower case; none means that nobody may issue
	Restricted bool     // an issue record is there
	Critical   []string // properties that an authority has to understand, and which are none of the known ones
}

// ReadCAA reads the records of one name (section 4).
func ReadCAA(records []Record) Issuers {
	var i Issuers
	for _, r := range records {
		if r.Type != CAA {
			continue
		}
		switch tag := r.field(1); tag {
		case "issue":
			i.Restricted = true
			name, _, _ := strings.Cut(r.field(2), ";")
			if name = strings.ToLower(strings.TrimSpace(name)); name != "" && !slices.Contains(i.Names, name) {
				i.Names = append(i.Names, name)
			}
		case "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone":
		default:
			if r.integer(0)&128 != 0 {
				i.Critical = append(i.Critical, excerpt(tag))
			}
		}
	}
	slices.Sort(i.Names)
	return i
}

// FindCAA looks for the records that count for a name: its own, or those of the closest name above that has some (section 3).
func FindCAA(ctx context.Context, resolver Resolver, name string) (Issuers, error) {
	for at := canonical(name); at != ""; at = parent(at) {
		answer, err := resolver.Resolve(ctx, at, CAA)
		if err != nil {
			return Issuers{}, err
		}
		if len(answer.Records) > 0 {
			found := ReadCAA(answer.Records)
			found.At = at
			return found, nil
		}
	}
	return Issuers{}, nil
}
