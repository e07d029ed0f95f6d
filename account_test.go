// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"strings"
	"testing"
)

func TestParseAddress_normalises(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"anna@example.org":               "anna@example.org",
		" Anna.Berg@Example.ORG\r\n":     "anna.berg@example.org",
		"o'neil+lists@mail.example.org":  "o'neil+lists@mail.example.org",
		"john.@example.org":              "john.@example.org",
		"root@intranet":                  "root@intranet",
		"x@xn--mller-kva.example":        "x@xn--mller-kva.example",
		"a/b@example.org":                "a/b@example.org",
		"under_score@my_host.example.or": "under_score@my_host.example.or",
	} {
		got, err := ParseAddress(given)
		if err != nil || got != want {
			t.Errorf("ParseAddress(%q) = %q, %v, want %q", given, got, err, want)
		}
	}
}

func TestParseAddress_refuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ given, want string }{
		{"", "is empty"},
		{"  ", "is empty"},
		{"anna", "has no @"},
		{"@example.org", "has nothing before the @"},
		{"a@b@example.org", "has the character '@' before the @"},
		{"anna berg@example.org", "has the character ' ' before the @"},
		{"änna@example.org", "has the character 'ä' before the @"},
		{`"anna"@example.org`, `has the character '"' before the @`},
		{"<anna@example.org>", "has the character '<' before the @"},
		{"anna@", "has no valid domain behind the @"},
		{"anna@example..org", "has no valid domain behind the @"},
		{"anna@-example.org", "has no valid domain behind the @"},
		{"anna@example.org.", "has no valid domain behind the @"},
		{"anna@müller.example", "has no valid domain behind the @"},
		{"anna@*.example", "has no valid domain behind the @"},
		{strings.Repeat("a", 65) + "@example.org", "is too long"},
		{"a@" + strings.Repeat("b.", 130) + "org", "is too long"},
	} {
		got, err := ParseAddress(c.given)
		if err == nil || err.Error() != c.want || got != "" {
			t.Errorf("ParseAddress(%q) = %q, %v, want %q", c.given, got, err, c.want)
		}
	}
}
