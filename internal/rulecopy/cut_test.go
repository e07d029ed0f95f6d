// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"rehome/internal/ledger"
	"rehome/internal/protocol/managesieve"
)

// server is a destination in memory, with a person's own scripts. Its connection is cut at the n-th
// command, before it has done it or before it has answered.
type server struct {
	scriptStore
	active string
	wrote  int
	cutAt  int // 0: never
	late   bool
}

var errCut = errors.New("connection cut")

func (s *server) do(change func()) error {
	s.cutAt--
	if s.cutAt == 0 && !s.late {
		return errCut
	}
	change()
	if s.cutAt == 0 {
		return errCut
	}
	return nil
}

func (s *server) ListScripts(context.Context) (all []managesieve.Script, err error) {
	err = s.do(func() {
		for name := range s.scriptStore {
			all = append(all, managesieve.Script{Name: name, Active: name == s.active})
		}
	})
	return all, err
}

func (s *server) GetScript(_ context.Context, name string) (text string, err error) {
	return s.scriptStore[name], s.do(func() {})
}

func (s *server) CheckScript(context.Context, string) error { return s.do(func() {}) }

func (s *server) PutScript(_ context.Context, name, text string) error {
	return s.do(func() { s.scriptStore[name], s.wrote = text, s.wrote+1 })
}

func (s *server) SetActive(_ context.Context, name string) error {
	return s.do(func() { s.active, s.wrote = name, s.wrote+1 })
}

// memory is a ledger that is never lost.
type memory map[string]ledger.Rule

func (m memory) Of(context.Context, string) (map[string]ledger.Rule, error) {
	return maps.Clone(m), nil
}

func (m memory) Save(_ context.Context, _ string, r ledger.Rule) error {
	m[r.Name] = r
	return nil
}

// A connection that is cut at any command leaves what the next pass completes: the same scripts, once each,
// the same one switched on, and a person's own untouched. A pass behind that writes nothing.
func TestSync_cutAnywhere(t *testing.T) {
	t.Parallel()
	const cuts = 20 // more than a pass has commands
	for _, own := range []string{"", "own"} {
		for cut := 1; cut <= cuts; cut++ {
			for _, late := range []bool{false, true} {
				name := fmt.Sprintf("own %q, cut at %d, late %v", own, cut, late)
				to := &server{scriptStore: scriptStore{}, cutAt: cut, late: late}
				if own != "" {
					to.scriptStore[own], to.active = "stop;", own
				}
				account := Account{Address: anna, Target: to, Source: scriptStore{"main": "vacation \"x\";\r\n", "more": "keep;\r\n"}}
				engine := New(Options{Ledger: memory{}, SwitchOn: true})
				_, first := engine.Sync(t.Context(), account)
				if broke := errors.Is(first, errCut); broke != (to.cutAt <= 0) {
					t.Errorf("%s: %v", name, first)
				}
				to.cutAt = 0
				if _, err := engine.Sync(t.Context(), account); err != nil {
					t.Errorf("%s, second pass: %v", name, err)
				}
				wrote, want := to.wrote, "main"
				if own != "" {
					want = own
				}
				if len(to.scriptStore) != 2+len(own)/3 || to.active != want || to.scriptStore["main"] != "vacation \"x\";\r\n" || own != "" &&
					to.scriptStore[own] != "stop;" {
					t.Errorf("%s: got %v, active %q, want %q", name, to.scriptStore, to.active, want)
				}
				if _, err := engine.Sync(t.Context(), account); err != nil || to.wrote != wrote {
					t.Errorf("%s: a third pass writes %d times, %v", name, to.wrote-wrote, err)
				}
			}
		}
	}
}
