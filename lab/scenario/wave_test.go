// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"strings"
)

// waves is the promised part of "wave status --json".
type waves struct {
	Waves []struct {
		Name, State, Reason string
		Accounts, Copied    int
		Through             []struct{ Code string } `json:"not_through"`
	}
}

// wantWaves proves of an account that is complete, and of one whose messages are refused, both in waves, that each is copied only while its
// wave runs, and that the brake of the other one's is pulled by the comparison.
func (s *testSetup) wantWaves(good, hard string) {
	s.t.Helper()
	says := func(o outcome, parts ...string) {
		s.t.Helper()
		for _, part := range parts {
			if !strings.Contains(o.out+o.err, part) {
				s.t.Errorf("%q is missing in\n%s%s", part, o.out, o.err)
			}
		}
	}
	says(s.want(0, "wave", "create", "pilot", "--account", good, "--apart"), "1 account is in wave pilot", "rehome wave start pilot")
	says(s.want(0, "wave", "create", "hard", "--account", hard, "--apart", "--after", "pilot"), "1 account is in wave hard")
	says(s.run("sync", "--account", good), "wave pilot is not started", "rehome wave start pilot")
	says(s.want(6, "wave", "start", "hard"), "wave pilot has to be through before it", "wave hard was not started")
	says(s.want(6, "wave", "start", "pilot"), "both get the mail of team@example.com, and only the first is in it", "wave pilot was not started")
	says(s.want(0, "wave", "start", "pilot", "--confirm"), "nothing to do")
	says(s.want(0, "wave", "pause", "pilot", "--reason", "the staff is at lunch"), "wave pilot is paused since", "the staff is at lunch")
	says(s.run("wave", "start", "pilot"), "it is paused: the staff is at lunch", "rehome wave resume pilot")
	says(s.want(0, "sync"), "wave pilot is paused: the staff is at lunch: 1 account left alone", "wave hard is not started: 1 account left alone")
	s.want(0, "wave", "resume", "pilot")
	s.want(0, "sync", "--account", good)

	s.want(6, "wave", "start", "hard") // the one before is through by now
	s.want(5, "verify", "--account", hard)
	says(s.want(0, "wave", "status", "hard"), "1 of 1 accounts that were compared in the last 15 minutes are not equal",
		`then run "rehome wave resume hard"`)
	says(s.run("sync", "--account", hard), "wave hard was stopped by its brake")
	says(s.want(0, "status"), "wave hard was stopped by its brake: ", `then run "rehome wave resume hard"`, "wave that runs: pilot")
	says(s.want(0, "next"), "wave hard was stopped by its brake")
	status := answer[waves](s, 0, "wave", "status")
	if len(status.Waves) != 2 || status.Waves[0].State != "braked" || status.Waves[1].Copied != 1 || len(status.Waves[0].Through) == 0 ||
		len(status.Waves[1].Through) > 0 {
		s.t.Errorf("%+v", status.Waves)
	}
	says(s.want(0, "audit", "show"), "wave turned")
	for _, name := range []string{"pilot", "hard"} {
		s.want(0, "wave", "remove", name)
	}
}
