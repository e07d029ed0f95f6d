// SPDX-License-Identifier: Apache-2.0

package sieve_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rehome/internal/content/sieve"
	"rehome/lab/sievemodel"
)

// there are the mailboxes of the source.
func there(name string) bool { return slices.Contains(append(sievemodel.Mailboxes(), "INBOX"), name) }

// slashed is where a mailbox goes.
func slashed(name string) string {
	return strings.ReplaceAll(strings.TrimPrefix(name, "INBOX."), ".", "/")
}

// What a script is said to do, what it does, and what it does at the destination are the same.
func TestScripts_wordsMeaningAndMove(t *testing.T) {
	t.Parallel()
	chosen := 0
	for seed := range uint64(100) {
		source := rand.New(rand.NewPCG(seed, 14))
		text := sievemodel.Script(source, seed%4 == 0)
		script, err := sieve.Read(text)
		if err != nil {
			t.Fatalf("%d: %v\n%s", seed, err, text)
		}
		mapped := script.Map(func(m sieve.Mailbox) string { return slashed(m.Name) })
		if len(mapped.Doubts) > 0 {
			t.Fatalf("%d: doubts %v\n%s", seed, mapped.Doubts, text)
		}
		if strings.Contains(mapped.Text, "mailbox_at_destination") {
			chosen++
		}
		for range 5 {
			letter := sievemodel.Letter(source)
			want := run(t, text, letter, there)
			if said := obey(t, script.Describe(), letter, there); said.String() != want.String() {
				t.Fatalf("%d: the words say %s, it does %s\n%s\n%s\n%s", seed, said, want, text, words(script), letter.Fields)
			}
			moved := run(t, mapped.Text, letter, func(name string) bool {
				return slices.ContainsFunc(sievemodel.Mailboxes(), func(old string) bool { return slashed(old) == name })
			})
			for old, flags := range want.Saved {
				if new := slashed(old); new != old {
					delete(want.Saved, old)
					want.Saved[new] = flags
				}
			}
			if moved.String() != want.String() {
				t.Fatalf("%d: moved it does %s, want %s\n%s\n%s", seed, moved, want, text, mapped.Text)
			}
		}
	}
	if chosen < 2 {
		t.Errorf("only %d scripts have names that depend on the way through them", chosen)
	}
}

func run(t *testing.T, script string, letter sievemodel.Message, exists func(string) bool) sievemodel.Result {
	t.Helper()
	result, err := sievemodel.Run(script, letter, exists)
	if err != nil {
		t.Fatalf("%v\n%s", err, script)
	}
	return result
}

func words(script *sieve.Script) string {
	var all []string
	for _, r := range script.Describe() {
		all = append(all, r.Words)
	}
	return strings.Join(all, "\n")
}
