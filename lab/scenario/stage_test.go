// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/desk"
	"rehome/lab/judge"
	"rehome/lab/proof"
	"rehome/lab/scenario"
)

// binary is rehome, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	os.Exit(desk.Main(m, &binary))
}

// theatre is a stage with a test around it.
type theatre struct {
	*scenario.Stage
	t     *testing.T
	watch *watch // if not nil, keeps what the commands say and how they run
}

// set starts both servers with the sample organisation and runs the journey up to the first sync.
func set(t *testing.T, scale float64) *theatre {
	t.Helper()
	stage, err := scenario.Set(t.Context(), lab.Open(t), filepath.Join(t.TempDir(), "move"), binary, corpus.Sample(corpus.Options{Scale: scale}))
	if err != nil {
		t.Fatal(err)
	}
	th := &theatre{Stage: stage, t: t}
	th.want(0, stage.InitArgs()...)
	if err := stage.Configure(); err != nil {
		t.Fatal(err)
	}
	return th
}

// provision exports the accounts and imports them at the destination.
func (th *theatre) provision() {
	th.t.Helper()
	th.want(0, "accounts", "export")
	result, err := th.Import()
	if err != nil {
		th.t.Fatal(err)
	}
	if len(result.Rejected) > 0 {
		th.t.Fatalf("the destination rejected rows that rehome wrote: %+v", result.Rejected)
	}
}

// outcome is what a command line printed and how it ended.
type outcome struct {
	out, err string
	code     int
}

func (th *theatre) desk() desk.Desk {
	d := desk.Desk{Dir: th.Dir, Binary: binary}
	if th.watch != nil {
		d.Started, d.Ended = th.watch.follow, th.watch.heard
	}
	return d
}

func (th *theatre) run(args ...string) outcome {
	th.t.Helper()
	return outcomeOf(th.desk().Run(th.t, args...))
}

// want runs a command line that must end with code.
func (th *theatre) want(code int, args ...string) outcome {
	th.t.Helper()
	return outcomeOf(th.desk().Want(th.t, code, args...))
}

func outcomeOf(o desk.Outcome) outcome { return outcome{out: o.Out, err: o.Err, code: o.Code} }

// answer runs a command line with --json and decodes what it prints.
func answer[T any](th *theatre, code int, args ...string) T {
	th.t.Helper()
	return desk.Answer[T](th.t, th.desk(), code, args...)
}

// synced is the promised part of "sync --json".
type synced desk.Synced

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
type verified desk.Verified

// both asks the verifier and the judge, who must agree.
func (th *theatre) both() proof.Verdict {
	th.t.Helper()
	accounts, err := th.Accounts()
	if err != nil {
		th.t.Fatal(err)
	}
	return proof.Both(th.t, th.desk(), accounts)
}

// bothOn asks them about one account.
func (th *theatre) bothOn(address string) proof.Verdict {
	th.t.Helper()
	accounts, err := th.Accounts()
	if err != nil {
		th.t.Fatal(err)
	}
	one := slices.DeleteFunc(accounts, func(a proof.Account) bool { return a.Address != address })
	if len(one) != 1 {
		th.t.Fatalf("%s does not move", address)
	}
	return proof.Both(th.t, th.desk(), one)
}

// wantMoved proves, by the verifier and the judge, that everything is there but what was planted.
func (th *theatre) wantMoved() {
	th.t.Helper()
	v := th.both()
	if v.Code != 5 {
		th.t.Errorf("verify ended with %d, not 5, as a message is planted that is too large\n%.3000s", v.Code, v.Err)
	}
	th.wantOnlyPlanted(desk.Decode[verified](th.t, v.Outcome))
	lost := len(th.Organisation.Planted)
	for account, found := range v.Judged {
		lost -= len(found.Of(judge.Lost))
		if len(found) > len(found.Of(judge.Lost)) {
			th.t.Errorf("%s: the judge says\n%s", account, found)
		}
	}
	if lost != 0 {
		th.t.Errorf("the judge misses %d messages fewer than were planted", lost)
	}
}

// wantOnlyPlanted proves that the differences are exactly the planted ones.
func (th *theatre) wantOnlyPlanted(v verified) {
	th.t.Helper()
	planted := map[string]int{}
	for _, p := range th.Organisation.Planted {
		planted[p.Address+" "+p.Mailbox]++
	}
	for _, a := range v.Accounts {
		for _, d := range a.Mail.Differences {
			key := a.Account + " " + d.Mailbox
			if planted[key]--; planted[key] < 0 || d.Kind != "missing_message" {
				th.t.Errorf("nobody planted: %s: %s", a.Account, d.Sentence)
			}
		}
		if a.Verdict == "unknown" {
			th.t.Errorf("%s could not be read", a.Account)
		}
	}
	for key, left := range planted {
		if left > 0 {
			th.t.Errorf("planted at %s, and not found", key)
		}
	}
}
