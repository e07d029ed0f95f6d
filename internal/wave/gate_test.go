// SPDX-License-Identifier: Apache-2.0

package wave

import (
	"slices"
	"strings"
	"testing"
)

func codes(closed []Closed) string {
	var all []string
	for _, c := range closed {
		all = append(all, c.Code)
	}
	return strings.Join(all, " ")
}

func TestEnter(t *testing.T) {
	t.Parallel()
	good := Entry{Name: "staff", Members: 200, Tried: 200}
	for want, change := range map[string]func(*Entry){
		"":        func(*Entry) {},
		"empty":   func(e *Entry) { e.Members = 0 },
		"staying": func(e *Entry) { e.Staying = []string{"a@x", "b@x", "c@x", "d@x"} },
		"torn":    func(e *Entry) { e.Torn = []Link{{"a@x", "b@x", "share a calendar"}} },
		"after": func(e *Entry) {
			e.After, e.Before = "pilot", []Closed{{Code: "not_copied", Reason: "1 account is not complete"}}
		},
		"log_ins": func(e *Entry) { e.Refused = 2 },
		"staying torn log_ins": func(e *Entry) {
			e.Staying, e.Torn, e.Refused = []string{"a@x"}, []Link{{"a@x", "b@x", "share"}, {"c@x", "d@x", "share"}}, 9
		},
	} {
		e := good
		change(&e)
		if got := codes(Enter(e)); got != want {
			t.Errorf("closed by %q, want %q", got, want)
		}
	}
	for name, change := range map[string]func(*Entry){
		"few were refused": func(e *Entry) { e.Refused = 1 }, "nobody was tried": func(e *Entry) { e.Tried = 0 },
		"the one before is through": func(e *Entry) { e.After = "pilot" },
	} {
		e := good
		change(&e)
		if closed := Enter(e); len(closed) > 0 {
			t.Errorf("%s: %+v", name, closed)
		}
	}
	if closed := Enter(Entry{Name: "staff", Members: 1, After: "pilot", Missing: true}); codes(closed) != "after" {
		t.Errorf("after one that is missing: %+v", closed)
	}
	e := Enter(Entry{Members: 9, Staying: []string{"a@x", "b@x", "c@x", "d@x"}})
	if !strings.Contains(e[0].Reason, "4 accounts in it do not move: a@x, b@x, c@x and 1 more") {
		t.Errorf("%q", e[0].Reason)
	}
}

func TestLeave(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]Exit{
		"":                        {"staff", "running", 50, 50, 50, 0},
		"planned":                 {"staff", "planned", 50, 50, 50, 0},
		"braked":                  {"staff", "braked", 50, 50, 50, 0},
		"not_copied":              {"staff", "running", 50, 49, 50, 0},
		"not_compared":            {"staff", "paused", 50, 50, 49, 0},
		"differs":                 {"staff", "running", 50, 50, 49, 1},
		"not_copied not_compared": {"staff", "running", 50, 0, 0, 0},
	} {
		closed := Leave(e)
		if codes(closed) != want {
			t.Errorf("%+v: closed by %q, want %q", e, codes(closed), want)
		}
		if slices.ContainsFunc(closed, func(c Closed) bool { return c.Reason == "" || c.NextStep == "" }) {
			t.Errorf("%+v: %+v says too little", e, closed)
		}
	}
}
