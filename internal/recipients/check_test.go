// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"rehome"
	"rehome/lab"
	"rehome/lab/postfix"
)

var threeWants = []Want{
	{Address: "anna@a.test", Expect: Accept, Why: "account"}, {Address: "bob@a.test", Expect: Accept, Why: "account"},
	{Address: "old@a.test", Expect: Refuse, Why: "decided"},
}

// What was accepted is not asked again; what was refused is, for somebody may have made it since.
func TestCheck_goesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	_, probe := start(t, lab.Open(t), postfix.Options{Domains: []string{"a.test"}, Accounts: []string{"anna@a.test"}})
	host := probe.Host.String()
	file := filepath.Join(t.TempDir(), "answers.json")
	earlier := answers{Hosts: map[string]replies{
		host:       {"bob@a.test": {Address: "bob@a.test", Answer: Accepted}, "anna@a.test": {Address: "anna@a.test", Answer: Refused}},
		"other:25": {"anna@a.test": {Address: "anna@a.test", Answer: Accepted}},
	}}
	if err := earlier.save(file); err != nil {
		t.Fatal(err)
	}
	for _, run := range []struct {
		again   bool
		missing int // bob, if he was asked
	}{{false, 0}, {false, 0}, {true, 1}, {false, 1}} {
		parity, err := Check(t.Context(), probe, []Host{probe.Host}, threeWants, file, run.again)
		if err != nil || parity.Totals.Missing != run.missing || parity.Totals.Agrees != 3-run.missing {
			t.Errorf("%+v: got %+v, %v", run, parity.Totals, err)
		}
		kept, err := readAnswers(file, []Host{probe.Host}, false)
		if err != nil || len(kept.Hosts) != 1 || len(kept.Hosts[host]) != len(threeWants) {
			t.Errorf("%+v: kept %+v, %v, want those of this host, without the unlikely address", run, kept, err)
		}
	}
}

func TestCheck_oneHostThatIsAwayIsNoErrorUnlessAllAre(t *testing.T) {
	t.Parallel()
	_, probe := start(t, lab.Open(t), postfix.Options{Domains: []string{"a.test"}, Accounts: []string{"anna@a.test"}})
	probe.Timeout = time.Second
	away := Host{Name: "away.test:25", Address: "127.0.0.1:1"}
	file := filepath.Join(t.TempDir(), "answers.json")
	parity, err := Check(t.Context(), probe, []Host{away, probe.Host}, threeWants, file, false)
	if err != nil || len(parity.Hosts) != 2 || parity.Hosts[0].Error == "" || parity.Hosts[1].Error != "" {
		t.Errorf("got %+v, %v, want the one that is away named", parity.Hosts, err)
	}
	if _, err := Check(t.Context(), probe, []Host{away}, threeWants, file, false); rehome.ClassOf(err) != rehome.ClassTemporary {
		t.Errorf("all are away: got %v", err)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Check(t.Context(), probe, []Host{probe.Host}, threeWants, file, false); rehome.HintOf(err) == "" {
		t.Errorf("answers that cannot be read: got %v, want a hint", err)
	}
}
