// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

const hushed = "Hush-Hush-42"

// What is told of a command holds its verb and the answer, and neither arguments nor the server's words.
func TestAnswered_tellsVerbsOnly(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []Exchange
	options := Options{Answered: func(e Exchange) { mu.Lock(); defer mu.Unlock(); told = append(told, e) }}
	c := connectWith(t, options, "IMAP4rev1", func(s *script) {
		s.ok(`LOGIN "?anna"? "?` + hushed + `"?`)
		s.ok("CAPABILITY", "* CAPABILITY IMAP4rev1")
		tag := s.expect(`EXAMINE "?` + hushed + `"?`)
		s.sendAs(tag, "% NO no "+hushed)
		s.ok("UID SEARCH .*", "* SEARCH 1 2 3")
		s.hungUp()
	})
	if err := c.Login(within(t), "anna", hushed); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Examine(within(t), hushed); err == nil {
		t.Fatal("the refusal went unnoticed")
	}
	if _, err := c.SearchAll(within(t), 1); err != nil {
		t.Fatal(err)
	}
	var verbs []string
	mu.Lock()
	defer mu.Unlock()
	for _, e := range told {
		verbs = append(verbs, e.Command+" "+e.Answer)
		if e.Sent <= 0 || e.Received <= 0 || e.Took < 0 {
			t.Errorf("%+v: want octets and a time", e)
		}
	}
	if want := []string{"LOGIN OK", "CAPABILITY OK", "EXAMINE NO", "UID SEARCH OK"}; !slices.Equal(verbs, want) {
		t.Errorf("got %q, want %q", verbs, want)
	}
	if shown := fmt.Sprintf("%+v", told); strings.Contains(shown, hushed) {
		t.Errorf("an argument is told: %s", shown)
	}
}

// Whatever a server repeats of a log-in is masked before anybody hears of it: in the answer to any command, and when it
// hangs up.
func TestMask_takesSecretsOutOfTheServersWords(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var refused []string
	options := Options{
		Mask:    func(words string) string { return strings.ReplaceAll(words, hushed, "***") },
		Refused: func(e *StatusError) { mu.Lock(); defer mu.Unlock(); refused = append(refused, e.Text) },
	}
	c := connectWith(t, options, "IMAP4rev1", func(s *script) {
		s.sendAs(s.expect("NOOP"), "% NO you said "+hushed)
		s.expect("NOOP")
		s.send("* BYE go away, " + hushed)
	})
	first, second := c.Noop(within(t)), c.Noop(within(t))
	if first == nil || second == nil {
		t.Fatal("a refusal went unnoticed")
	}
	shown := fmt.Sprintf("%v %#v %v %#v", first, first, second, errors.Unwrap(second))
	mu.Lock()
	defer mu.Unlock()
	if strings.Contains(shown+fmt.Sprint(refused), hushed) {
		t.Errorf("a secret is in %s, %q", shown, refused)
	}
	if !strings.Contains(first.Error(), "you said ***") || !strings.Contains(second.Error(), "go away, ***") || len(refused) != 2 {
		t.Errorf("got %v, %v, %q", first, second, refused)
	}
}
