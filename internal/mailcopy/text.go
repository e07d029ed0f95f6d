// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"sort"
	"strings"

	"github.com/dustin/go-humanize"
)

// octetText renders a size for people.
func octetText(octets int64) string { return humanize.IBytes(uint64(max(octets, 0))) }

// joinNames renders a set of names in alphabetical order.
func joinNames(set map[string]bool) string {
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

func withBlank(s string) string {
	if s == "" {
		return ""
	}
	return s + " "
}

// safeName turns an address or mailbox name into a file name: letters, digits and a few signs stay,
// the rest becomes "_". Names that collide are told apart by UIDVALIDITY and UID.
func safeName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("@-_", r):
			return r
		}
		return '_'
	}, name)
}
