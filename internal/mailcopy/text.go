// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"regexp"
	"sort"
	"strings"

	"github.com/dustin/go-humanize"
)

// octetText renders a size for people.
func octetText(octets int64) string { return humanize.IBytes(uint64(max(octets, 0))) }

// sizeText is the size in brackets, or nothing when it is not known.
func sizeText(octets int64) string {
	if octets == 0 {
		return ""
	}
	return "(" + octetText(octets) + ") "
}

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

// timing is what Dovecot puts behind its answers to APPEND, SELECT and others: "(0.001 + 0.000 secs)".
var timing = regexp.MustCompile(`\s*\([0-9.]+( \+ [0-9.]+)+ secs\)\.?$`)

// withoutTiming keeps the part of a server's words that says something.
func withoutTiming(words string) string { return timing.ReplaceAllString(words, "") }
