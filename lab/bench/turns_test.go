// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// toyScene has no servers.
type toyScene struct{ players []contender }

func (s *toyScene) load() Load              { return Load{Accounts: 1, Items: 100, Octets: 1e6} }
func (s *toyScene) contenders() []contender { return s.players }
func (s *toyScene) servers() [2][]int       { return [2][]int{} }
func (s *toyScene) counts() (counts, error) { return counts{}, nil }
func (s *toyScene) close() error            { return nil }

// toy notes its turns in a list that it shares with the others.
type toy struct {
	label        string
	turns        *[]string
	start, check func(context.Context) error
}

func (p *toy) name() string { return p.label }

func (p *toy) prepare(context.Context, string) (*trial, error) {
	fine := func(context.Context) error { return nil }
	next := &trial{part: 1, check: fine}
	if p.check != nil {
		next.check = p.check
	}
	next.start = func(ctx context.Context) (usage, error) {
		*p.turns = append(*p.turns, p.label)
		if p.start != nil {
			return usage{}, p.start(ctx)
		}
		return usage{}, nil
	}
	return next, nil
}

func playToys(t *testing.T, options Options, players ...*toy) ([]Contender, string) {
	t.Helper()
	var order []string
	stage := &toyScene{}
	for _, p := range players {
		p.turns = &order
		stage.players = append(stage.players, p)
	}
	options.Log = io.Discard
	table := turns{options: options, stage: stage, dir: t.TempDir(), key: "toy"}
	results, err := table.play(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return results, strings.Join(order, " ")
}

func TestTurns_alternateAndGoOnWithoutTheBroken(t *testing.T) {
	t.Parallel()
	failing := func(context.Context) error { return errors.New("exit status 1") }
	short := func(context.Context) error { return errors.New("99 messages, not 100") }
	results, order := playToys(t, Options{Runs: 3, Patience: time.Minute},
		&toy{label: "a"}, &toy{label: "b", start: failing}, &toy{label: "c", check: short})
	if want := "a b c a b c a"; order != want {
		t.Errorf("got turns %q, want %q", order, want)
	}
	if got := len(results[0].Runs); got != 3 || len(results[0].Failures) > 0 {
		t.Errorf("got %d runs and failures %q, want 3 and none", got, results[0].Failures)
	}
	for i, want := range []string{1: "exit status 1", 2: "void: 99 messages, not 100"} {
		if i > 0 && (len(results[i].Runs) != 0 || len(results[i].Failures) != tries || results[i].Failures[0] != want) {
			t.Errorf("got %d runs and failures %q, want none and twice %q", len(results[i].Runs), results[i].Failures, want)
		}
	}
}

func TestTurns_runTakesTooLong(t *testing.T) {
	t.Parallel()
	stuck := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	results, _ := playToys(t, Options{Runs: 1, Patience: 10 * time.Millisecond}, &toy{label: "a", start: stuck})
	if got, want := strings.Join(results[0].Failures, ""), "it took longer than the limit of 10ms"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTurns_onlyChosenTools(t *testing.T) {
	t.Parallel()
	_, order := playToys(t, Options{Runs: 1, Patience: time.Minute, Tools: []string{"raw", "b"}},
		&toy{label: "raw read"}, &toy{label: "a"}, &toy{label: "b"})
	if want := "raw read b"; order != want {
		t.Errorf("got turns %q, want %q", order, want)
	}
}
