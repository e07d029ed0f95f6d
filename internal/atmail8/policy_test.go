// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rehome"
)

func TestViolations_ofTheDefaultPolicy(t *testing.T) {
	t.Parallel()
	const (
		noLower  = "has 0 lower-case letters (a-z), needs 1"
		noUpper  = "has 0 upper-case letters (A-Z), needs 1"
		noDigit  = "has 0 digits, needs 1"
		noSymbol = "has 0 characters that are neither letter nor digit, needs 1"
	)
	for password, want := range map[string][]string{
		"Tulpen&Rosen-47":      nil,
		"Abcdef1!":             nil,
		"aaaaA1!x":             nil,
		"":                     {"is empty"},
		"Abcde1!":              {"has 7 characters, needs 8"},
		"noa7":                 {"has 4 characters, needs 8", noUpper, noSymbol},
		"Connemara-Pony":       {noDigit},
		"ABCDEFG1!":            {noLower},
		"0123456789abcdef":     {noUpper, noSymbol},
		"aXaXaXaXa1!":          {"has one character 5 times, at most 4 are allowed"},
		"Äpfelund1ö":           {noUpper, noSymbol}, // letters outside ASCII count for the length only
		"Abcdef1 ":             {noSymbol, "begins or ends with a space, which an import may drop"},
		"Abcd\nef1!":           {"has a line break or another control character"},
		"Abcdef1!\xff\xfe":     {"is not valid UTF-8"},
		strings.Repeat("é", 8): {noLower, noUpper, noDigit, noSymbol, "has one character 8 times, at most 4 are allowed"},
	} {
		if diff := cmp.Diff(want, DefaultPolicy().Violations(password)); diff != "" {
			t.Errorf("%q: -want +got\n%s", password, diff)
		}
	}
	if got := (Policy{}).Violations("x"); got != nil {
		t.Errorf("got %q of a policy that asks nothing", got)
	}
}

func TestViolations_neverShowThePassword(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.StringN(4, 12, -1).Draw(t, "password")
		policy := Policy{MinLength: 30, MinLower: 30, MinUpper: 30, MinDigit: 30, MinSymbol: 30, MaxSame: 1}
		for _, clause := range policy.Violations(password) {
			if strings.Contains(clause, password) {
				t.Fatalf("%q shows the password", clause)
			}
		}
	})
}

func anyPolicy(t *rapid.T) Policy {
	least := rapid.IntRange(0, 6)
	return Policy{
		MinLength: rapid.IntRange(0, 40).Draw(t, "length"), MinLower: least.Draw(t, "lower"), MinUpper: least.Draw(t, "upper"),
		MinDigit: least.Draw(t, "digit"), MinSymbol: least.Draw(t, "symbol"), MaxSame: rapid.IntRange(0, 4).Draw(t, "same"),
	}
}

func TestTemporaryPassword_passesEveryPolicy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		policy := anyPolicy(t)
		secret, err := TemporaryPassword(policy)
		if err != nil {
			t.Fatal(err)
		}
		password := secret.Reveal()
		if broken := policy.Violations(password); broken != nil {
			t.Fatalf("%q", broken)
		}
		if strings.ContainsAny(password, "0O1lI,;\"'\\ ") || strings.ContainsFunc(password, unicode.IsSpace) {
			t.Fatal("has characters that people misread or files treat specially")
		}
		if got, want := len(password), max(16, policy.MinLength); got < want || got > max(64, want+9) {
			t.Fatalf("got %d characters, want %d or not many more", got, want)
		}
		if !unicode.IsLetter(rune(password[0])) {
			t.Fatal("does not begin with a letter")
		}
		if broken := DefaultPolicy().Violations(password); policy.MaxSame > 0 && broken != nil {
			t.Fatalf("breaks the default policy too: %q", broken)
		}
	})
}

func TestTemporaryPassword_neverTheSame(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	used := map[rune]bool{}
	for range 2000 {
		secret, err := TemporaryPassword(DefaultPolicy())
		if err != nil {
			t.Fatal(err)
		}
		seen[secret.Reveal()] = true
		for _, c := range secret.Reveal() {
			used[c] = true
		}
	}
	if len(seen) != 2000 {
		t.Errorf("got %d different passwords of 2000", len(seen))
	}
	if got, want := len(used), 2*len(consonants)+len(vowels)+len(digits)+1; got != want {
		t.Errorf("got %d different characters, want all %d", got, want)
	}
}

// It is read off paper: words that can be said, a number, and nothing else.
func TestTemporaryPassword_canBeReadAndTyped(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[BDFGHKMNPRSTV](?:[aeiou][bdfghkmnprstv]){2}(?:-(?:[bdfghkmnprstv][aeiou]){2}[bdfghkmnprstv]){2}-[2-9]{4}$`)
	for range 200 {
		secret, err := TemporaryPassword(DefaultPolicy())
		if err != nil || !form.MatchString(secret.Reveal()) {
			t.Fatalf("got %q, %v", secret.Reveal(), err)
		}
	}
	for _, policy := range []Policy{{MinLength: 40}, {MinUpper: 3, MinSymbol: 3, MinDigit: 6}, {MaxSame: 3}, {}} {
		secret, err := TemporaryPassword(policy)
		if err != nil || strings.Count(secret.Reveal(), "-") < 3 {
			t.Errorf("%+v: got %q, %v, want words", policy, secret.Reveal(), err)
		}
	}
	if secret, err := TemporaryPassword(Policy{MaxSame: 1}); err != nil || strings.Count(secret.Reveal(), "-") > 1 {
		t.Errorf("no character twice: got %q, %v, want single characters", secret.Reveal(), err)
	}
}

func TestTemporaryPassword_impossiblePolicy(t *testing.T) {
	t.Parallel()
	for _, policy := range []Policy{
		{MinDigit: 20, MaxSame: 2},
		{MinLength: 500, MaxSame: 4},
	} {
		secret, err := TemporaryPassword(policy)
		if rehome.ClassOf(err) != rehome.ClassOperator || rehome.HintOf(err) == "" || !secret.Empty() {
			t.Errorf("%+v: got %v", policy, err)
		}
	}
}

func FuzzViolations(f *testing.F) {
	f.Add("Abcdef1!")
	f.Add("\xff ")
	f.Fuzz(func(t *testing.T, password string) {
		broken := DefaultPolicy().Violations(password)
		ascii := strings.IndexFunc(password, func(c rune) bool { return c < '!' || c > '~' }) < 0
		if broken == nil && (len(password) < 8 || ascii && !strings.ContainsAny(password, "0123456789")) {
			t.Errorf("%q passes", password)
		}
	})
}
