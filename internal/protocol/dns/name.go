// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"strings"

	wire "github.com/miekg/dns"
)

// canonical is the form that names have in this package: lower case (RFC 4343), no dot at the end.
func canonical(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// absolute is the form that they have on the wire.
func absolute(name string) string { return wire.Fqdn(name) }

// ValidName reports whether name can be asked for: its length, and the length of each label (RFC 1035 section 2.3.4).
func ValidName(name string) bool {
	labels, ok := wire.IsDomainName(name)
	return ok && name != "" && labels <= maxLabels
}

// within reports whether name is zone or below it.
func within(name, zone string) bool {
	return zone == "" || name == zone || strings.HasSuffix(name, "."+zone)
}

// below reports whether name is below zone.
func below(name, zone string) bool { return name != zone && within(name, zone) }

// parent is the name without its first label, "" for that of a top level domain.
func parent(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	return rest
}

// ancestors are the names from the one right below zone down to name itself.
func ancestors(name, zone string) []string {
	var all []string
	for below(name, zone) {
		all = append([]string{name}, all...)
		name = parent(name)
	}
	return all
}
