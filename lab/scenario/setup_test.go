// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/judge"
	"rehome/lab/operator"
	"rehome/lab/proof"
	"rehome/lab/scenario"
)

// binary is rehome, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	os.Exit(operator.Main(m, &binary))
}

// testSetup is a setup with a test around it.
type testSetup struct {
	*scenario.Setup
	t     *testing.T
	watch *watch // if not nil, keeps what the commands say and how they run
}

// set starts both servers with the sample organisation and runs the journey up to the first sync.
func set(t *testing.T, scale float64) *testSetup {
	t.Helper()
	setup, err := scenario.Prepare(t.Context(), lab.Open(t), filepath.Join(t.TempDir(), "move"), binary, corpus.Sample(corpus.Options{Scale: scale}))
	if err != nil {
		t.Fatal(err)
	}
	s := &testSetup{Setup: setup, t: t}
	s.want(0, setup.InitArgs()...)
	if err := setup.Configure(); err != nil {
		t.Fatal(err)
	}
	return s
}

// provision exports the accounts and imports them at the destination.
func (s *testSetup) provision() {
	s.t.Helper()
	s.want(0, "accounts", "export")
	result, err := s.Import()
	if err != nil {
		s.t.Fatal(err)
	}
	if len(result.Rejected) > 0 {
		s.t.Fatalf("the destination rejected rows that rehome wrote: %+v", result.Rejected)
	}
}

// outcome is what a command line printed and how it ended.
type outcome struct {
	out, err string
	code     int
}

func (s *testSetup) operator() operator.Operator {
	d := operator.Operator{Dir: s.Dir, Binary: binary}
	if s.watch != nil {
		d.Started, d.Ended = s.watch.follow, s.watch.heard
	}
	return d
}

func (s *testSetup) run(args ...string) outcome {
	s.t.Helper()
	return outcomeOf(s.operator().Run(s.t, args...))
}

// want runs a command line that must end with code.
func (s *testSetup) want(code int, args ...string) outcome {
	s.t.Helper()
	return outcomeOf(s.operator().Want(s.t, code, args...))
}

func outcomeOf(o operator.Outcome) outcome { return outcome{out: o.Out, err: o.Err, code: o.Code} }

// answer runs a command line with --json and decodes what it prints.
func answer[T any](s *testSetup, code int, args ...string) T {
	s.t.Helper()
	return operator.Answer[T](s.t, s.operator(), code, args...)
}

// synced is the promised part of "sync --json".
type synced operator.Synced

func (s synced) totals() (copied, adopted, unchanged, failed int) {
	for _, a := range s.Accounts {
		copied += a.Mail.Copied
		adopted += a.Mail.Adopted
		unchanged += a.Mail.Unchanged
		failed += a.Mail.Failed
	}
	return copied, adopted, unchanged, failed
}

// verified is the promised part of "verify --json" and "report --json".
type verified operator.Verified

// both asks the verifier and the judge, who must agree.
func (s *testSetup) both() proof.Verdict {
	s.t.Helper()
	accounts, err := s.Accounts()
	if err != nil {
		s.t.Fatal(err)
	}
	return proof.Both(s.t, s.operator(), accounts)
}

// bothOn asks them about one account.
func (s *testSetup) bothOn(address string) proof.Verdict {
	s.t.Helper()
	accounts, err := s.Accounts()
	if err != nil {
		s.t.Fatal(err)
	}
	one := slices.DeleteFunc(accounts, func(a proof.Account) bool { return a.Address != address })
	if len(one) != 1 {
		s.t.Fatalf("%s does not move", address)
	}
	return proof.Both(s.t, s.operator(), one)
}

// wantMoved proves, by the verifier and the judge, that everything is there but what was planted.
func (s *testSetup) wantMoved() {
	s.t.Helper()
	v := s.both()
	if v.Code != 5 {
		s.t.Errorf("verify ended with %d, not 5, as a message is planted that is too large\n%.3000s", v.Code, v.Err)
	}
	s.wantOnlyPlanted(operator.Decode[verified](s.t, v.Outcome))
	lost := len(s.Organisation.Planted)
	for account, found := range v.Judged {
		lost -= len(found.Of(judge.Lost))
		if len(found) > len(found.Of(judge.Lost)) {
			s.t.Errorf("%s: the judge says\n%s", account, found)
		}
	}
	if lost != 0 {
		s.t.Errorf("the judge misses %d messages fewer than were planted", lost)
	}
}

// wantOnlyPlanted proves that the differences are exactly the planted ones.
func (s *testSetup) wantOnlyPlanted(v verified) {
	s.t.Helper()
	planted := map[string]int{}
	for _, p := range s.Organisation.Planted {
		planted[p.Address+" "+p.Mailbox]++
	}
	for _, a := range v.Accounts {
		for _, d := range a.Mail.Differences {
			key := a.Account + " " + d.Mailbox
			if planted[key]--; planted[key] < 0 || d.Kind != "missing_message" {
				s.t.Errorf("nobody planted: %s: %s", a.Account, d.Sentence)
			}
		}
		if a.Verdict == "unknown" {
			s.t.Errorf("%s could not be read", a.Account)
		}
	}
	for key, left := range planted {
		if left > 0 {
			s.t.Errorf("planted at %s, and not found", key)
		}
	}
}
