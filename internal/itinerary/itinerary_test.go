// SPDX-License-Identifier: Apache-2.0

package itinerary

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
)

var now = time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)

// anyState is one that a move might be in, or might not: what is read may contradict itself.
func anyState(r *rand.Rand) State {
	yes := func() bool { return r.IntN(2) == 0 }
	look := func() Look {
		outcomes := []rehome.Outcome{rehome.OutcomeDone, rehome.OutcomeDone, rehome.OutcomeWaiting, rehome.OutcomeUnreachable, ""}
		return Look{At: moment(r), Outcome: outcomes[r.IntN(len(outcomes))], Sentence: []string{"", "something"}[r.IntN(2)]}
	}
	s := State{Now: now, MakesAccounts: yes(), Mails: yes(), Check: look(), AccountsCheck: look(), RecipientsCheck: look(), Exported: moment(r),
		Pages: yes(), Running: r.IntN(4) == 0, Moving: r.IntN(4)}
	s.HandedOver = moment(r)
	s.Notices = Notices{Able: yes(), Sent: r.IntN(4), Trouble: r.IntN(4) / 3}
	s.Settings = SettingsState{File: "rehome.yaml", There: r.IntN(8) > 0, Written: moment(r)}
	if r.IntN(8) == 0 {
		s.Settings.Missing = []string{"a secret"}
	}
	s.Copies = Copies{Accounts: r.IntN(4), Newest: moment(r)}
	s.Copies.Copied = r.IntN(s.Copies.Accounts + 1)
	s.Copies.Blocked = r.IntN(s.Copies.Accounts - s.Copies.Copied + 1)
	s.Copies.Equal = r.IntN(s.Copies.Accounts + 1)
	s.Copies.Differs = r.IntN(s.Copies.Accounts - s.Copies.Equal + 1)
	s.Logins = LoginState{Work: r.IntN(4), Fail: r.IntN(2)}
	for range r.IntN(3) {
		stops := []WaveStop{StopNone, StopBrake, StopPause, StopPlanned, StopHours}
		s.Waves = append(s.Waves, Wave{Name: string(rune('a' + r.IntN(3))), Stop: stops[r.IntN(len(stops))], Reason: "stands", Until: moment(r)})
	}
	for range r.IntN(4) {
		stages := []Stage{"", "", StageSwitching, StageReturning, StageLive, StageQuiet, StageClosing, StageClosed, StageBack}
		d := Domain{Name: string(rune('a'+r.IntN(3))) + ".test", Planned: look(), Earliest: moment(r), Stage: stages[r.IntN(len(stages))]}
		d.Open = Open{Stage: r.IntN(2), Lower: r.IntN(2), Ask: []string{"", "", "a key"}[r.IntN(3)], Hand: []string{"", "", "a file"}[r.IntN(3)]}
		d.Waits = []string{"", "a key has to be asked for"}[r.IntN(2)]
		d.Until = moment(r)
		d.WaitsFor = []string{"", "the owner of the zone"}[r.IntN(2)]
		s.Domains = append(s.Domains, d)
	}
	s.Secrets = Secrets{Import: r.IntN(2), HandOut: r.IntN(2), Sheet: yes(), Temporary: yes(), Needed: yes(), Master: []string{"", "mover"}[r.IntN(2)]}
	return s
}

func moment(r *rand.Rand) time.Time {
	if r.IntN(3) == 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(r.IntN(96)-48) * time.Hour)
}

func TestOf_hasOneNextThingAndNoStepDoneBeforeItsGround(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20_000) {
		s := anyState(rand.New(rand.NewPCG(seed, 0)))
		i := Of(s)
		places, next, open := map[Name]int{}, 0, 0
		for at, step := range i.Steps {
			places[step.Name] = at
			if step.Progress == Next {
				next++
			}
			if !over(step) {
				open++
			}
			for _, need := range step.Needs {
				before, known := places[need]
				if !known {
					t.Fatalf("seed %d: %s stands before %s, which it needs", seed, step.Name, need)
				}
				if over(step) && !over(i.Steps[before]) {
					t.Fatalf("seed %d: %s is done and %s is not: %+v", seed, step.Name, need, s)
				}
				if !over(i.Steps[before]) && step.Progress != Later && step.Progress != Running && !decides(s, i, step) {
					t.Fatalf("seed %d: %s is %s before %s is done", seed, step.Name, step.Progress, need)
				}
			}
			if step.Progress == NoWord || step.Sentence == "" || !over(step) && step.Progress != Later && step.Command == "" {
				t.Fatalf("seed %d: %+v says too little", seed, step)
			}
			if step.Progress == Waiting && step.For == "" {
				t.Fatalf("seed %d: %+v waits for nobody", seed, step)
			}
		}
		checkNext(t, seed, i, next, open, places)
		if step := i.Steps[places[Copy]]; decides(s, i, step) && (i.Next.Step != Copy || step.Progress != Next) {
			t.Fatalf("seed %d: a brake was pulled, and the next thing is %+v", seed, i.Next)
		}
	}
}

// decides reports whether a step has a brake that was pulled, about which somebody decides before anything else.
func decides(s State, i Itinerary, step Step) bool {
	names, _ := s.waves(StopBrake)
	return len(names) > 0 && step.Name == Copy && over(i.Steps[0]) && !s.crossing()
}

// over reports whether nothing is left to do of a step.
func over(s Step) bool { return s.Progress == Done || s.Progress == Passed }

func checkNext(t *testing.T, seed uint64, i Itinerary, next, open int, places map[Name]int) {
	t.Helper()
	if (i.Next == nil) != (open == 0) || next > 1 {
		t.Fatalf("seed %d: %d steps are open, %d are next: %+v", seed, open, next, i)
	}
	if i.Next == nil {
		return
	}
	step := i.Steps[places[i.Next.Step]]
	if i.Next.Wait != (step.Progress == Waiting || step.Progress == Running) || !i.Next.Wait && step.Progress != Next && step.Progress != Unknown {
		t.Fatalf("seed %d: the next thing is %+v of %+v", seed, i.Next, step)
	}
	if !slices.ContainsFunc(Commands(), func(c string) bool { return strings.HasPrefix(i.Next.Command, c) }) {
		t.Fatalf("seed %d: no such command: %q", seed, i.Next.Command)
	}
}

// What a later pass logs in with is not let go before the move is closed, whatever else a state says.
func TestHold_keepsWhatLaterPassesNeed(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5_000) {
		s := anyState(rand.New(rand.NewPCG(seed, 1)))
		holds := Hold(s)
		if needed := s.Secrets.Needed && s.Secrets.Sheet && !s.NoPassFollows(); needed != (holds.Sheet != "") {
			t.Fatalf("seed %d: got %+v of %+v", seed, holds, s)
		}
		for _, p := range passwords(s) {
			if p.Now && s.Secrets.Needed && !s.NoPassFollows() && strings.HasPrefix(p.What, "let users change") {
				t.Fatalf("seed %d: users may change passwords that passes need: %+v", seed, p)
			}
			if p.Now && p.What == "destroy sealed ones" && holds.Sheet != "" {
				t.Fatalf("seed %d: %+v although %s", seed, p, holds.Sheet)
			}
		}
	}
}

// Who is on the way across is not sent back to what was meant to come before.
func TestOf_onTheWayAcross(t *testing.T) {
	t.Parallel()
	s := State{Now: now, Settings: SettingsState{File: "rehome.yaml", There: true}, Running: true, Domains: []Domain{{Name: "a.test"},
		{Name: "b.test", Stage: StageSwitching, Says: "ns2 has not followed"}}}
	if got := Of(s).Next; got == nil || got.Step != Switch || got.Command != CommandRun || got.Wait {
		t.Errorf("got %+v, want the switch", got)
	}
	s.Domains[0].Stage, s.Domains[1].Stage = StageLive, StageLive
	i := Of(s)
	if i.Next == nil || i.Next.Step != Late || i.Steps[1].Progress != Passed || i.Steps[4].Progress != Passed {
		t.Errorf("got %+v of %+v, want late mail", i.Next, i.Steps)
	}
}

// What keeps waves from being copied is the thing to do, the brake first, and is not where nothing is left to copy.
func TestOf_waves(t *testing.T) {
	t.Parallel()
	runs := Wave{Name: "runs"}
	braked := Wave{Name: "hard", Stop: StopBrake, Reason: "was stopped by its brake: 3 of 9 log-ins", NextStep: "see who"}
	paused := Wave{Name: "lunch", Stop: StopPause, Reason: "is paused"}
	planned := Wave{Name: "pilot", Stop: StopPlanned, Reason: "is not started"}
	night := Wave{Name: "night", Stop: StopHours, Reason: "waits for its hours", Until: now.Add(9 * time.Hour)}
	evening := Wave{Name: "evening", Stop: StopHours, Reason: "waits for its hours, soon", Until: now.Add(time.Hour)}
	for name, test := range map[string]struct {
		copied         int
		running        bool
		waves          []Wave
		command, words string
	}{
		"the brake, beside others": {5, true, []Wave{runs, braked}, "rehome wave resume hard", "log-ins; see who"},
		"the brake, at the end":    {10, false, []Wave{braked}, "rehome wave resume hard", "wave hard was stopped"},
		"one that runs":            {5, false, []Wave{paused, runs}, "rehome sync", "10 accounts copied; wave runs runs"},
		"nothing but a pause":      {5, false, []Wave{planned, paused}, "rehome wave resume lunch", "wave lunch is paused"},
		"nothing begun":            {0, false, []Wave{planned, {Stop: StopPlanned}}, "rehome wave start pilot", "1 more wave"},
		"not now":                  {5, false, []Wave{night, evening, planned}, "rehome wave status", "wave evening waits"},
		"nothing left":             {10, false, []Wave{paused}, "", "10 accounts"},
	} {
		s := State{Now: now, Running: test.running, Moving: 10, Waves: test.waves, Copies: Copies{Accounts: 10, Copied: test.copied, Newest: now}}
		f := copying(s)
		if f.command != test.command || !strings.Contains(f.sentence, test.words) || (f.progress == Waiting) != (name == "not now") {
			t.Errorf("%s: %+v, wanted %q and %q", name, f, test.command, test.words)
		}
	}
}

// A brake that was pulled is named first, whatever earlier step is open, and not before the settings are there or on the way across.
func TestOf_brakeBeforeEarlierSteps(t *testing.T) {
	t.Parallel()
	s := State{Now: now, Settings: SettingsState{File: "rehome.yaml", There: true}, Moving: 10, Copies: Copies{Accounts: 10, Copied: 3, Newest: now},
		Waves: []Wave{{Name: "runs"}, {Name: "hard", Stop: StopBrake, Reason: "was stopped by its brake: 3 of 9 failed", NextStep: "see who"}}}
	i := Of(s)
	if i.Next == nil || i.Next.Wait || i.Next.Command != "rehome wave resume hard" ||
		i.Next.Sentence != "wave hard was stopped by its brake: 3 of 9 failed; see who" {
		t.Errorf("with accounts that were not checked: %+v", i.Next)
	}
	for _, step := range i.Steps {
		if step.Name == Accounts && step.Progress != Ready || step.Name == Copy && step.Progress != Next || step.Name == Proof && step.Progress != Later {
			t.Errorf("%+v", step)
		}
	}
	s.Waves[1].Stop, s.Waves[1].Reason = StopPause, "is paused"
	if i := Of(s); i.Next == nil || i.Next.Step != Plan {
		t.Errorf("with a pause, which is meant: %+v", i.Next)
	}
	s.Waves[1].Stop = StopBrake
	s.Settings.Missing = []string{"a secret"}
	if i := Of(s); i.Next == nil || i.Next.Step != Settings {
		t.Errorf("without a secret: %+v", i.Next)
	}
	s.Settings.Missing, s.Domains = nil, []Domain{{Name: "a.test", Stage: StageSwitching}}
	if i := Of(s); i.Next == nil || i.Next.Step != Switch {
		t.Errorf("on the way across: %+v", i.Next)
	}
}

// Passwords that move are those of the export, until nothing moves any more; with a master user nobody has to care.
func TestPasswords_atTheSource(t *testing.T) {
	t.Parallel()
	of := func(s State) *Password {
		for _, p := range passwords(s) {
			if p.What == "leave those at the source" {
				return &p
			}
		}
		return nil
	}
	s := State{Now: now, MakesAccounts: true, Secrets: Secrets{Needed: true}, Domains: []Domain{{Name: "a.test"}}}
	if got := of(s); got == nil || got.Now {
		t.Errorf("before the export: %+v", got)
	}
	s.Exported = now
	if got := of(s); got == nil || !got.Now {
		t.Errorf("after the export: %+v", got)
	}
	s.Domains[0].Stage = StageLive
	if got := of(s); got != nil {
		t.Errorf("after the switch: %+v", got)
	}
	s.Domains[0].Stage, s.Secrets.Needed = "", false
	if got := of(s); got != nil {
		t.Errorf("with a master user: %+v", got)
	}
}

// A move is told from its first evening to its last day.
func TestOf_theWholeMove(t *testing.T) {
	t.Parallel()
	s := State{Now: now, MakesAccounts: true, Mails: true}
	look := Look{At: now.Add(-time.Hour), Outcome: rehome.OutcomeDone}
	for _, stage := range []struct {
		change func()
		next   Name
		says   string
	}{
		{func() {}, Settings, "rehome init DOMAIN"},
		{func() { s.Settings = SettingsState{File: "rehome.yaml", There: true} }, Check, "rehome check"},
		{func() { s.Check = look }, Plan, "rehome cutover plan"},
		{func() {
			planned := Look{At: now.Add(-time.Hour), Outcome: rehome.OutcomeWaiting}
			s.Domains = []Domain{{Name: "example.com", Planned: planned, Open: Open{Stage: 2, Lower: 1, Ask: "ask for the key"}, Earliest: now.Add(time.Hour)}}
		}, Accounts, "rehome accounts export"},
		{func() { s.Exported = now.Add(-time.Hour) }, Accounts, "rehome accounts check"},
		{func() { s.AccountsCheck = look }, Copy, "rehome sync"},
		{func() { s.Running, s.Moving, s.Copies.Accounts = true, 3, 3 }, Recipients, "rehome recipients check"},
		{func() { s.RecipientsCheck = look }, Logins, "rehome verify --login"},
		{func() { s.Logins.Work = 3 }, People, "rehome accounts settings --sheets"},
		{func() { s.Notices.Able = true }, People, "rehome clients notify"},
		{func() { s.Notices.Sent = 2 }, People, "2 of 3 users have been sent a page by mail"},
		{func() { s.Notices.Trouble = 1 }, People, "the message to 1 user was refused"},
		{func() { s.Notices, s.Pages = Notices{}, true }, DNS, "ask for the key; it takes days, so ask now"},
		{func() { s.HandedOver = now }, DNS, "publish 2 records of example.com that must be there before the switch rehome dns stage --write"},
		{func() { s.Domains[0].Open.Stage = 0 }, DNS, "lower the TTL of 1 record of example.com, so that the switch takes minutes and not a day"},
		{func() { s.Domains[0].Open.Lower = 0 }, Copy, "a sync is at work"},
		{func() { s.Domains[0].Open.Ask = "" }, Copy, "a sync is at work: 0 of 3 accounts"},
		{func() { s.Running, s.Copies.Copied, s.Copies.Newest = false, 3, now }, Proof, "rehome verify"},
		{func() { s.Copies.Equal = 3 }, DNS, "until 2026-03-06 19:00 UTC"},
		{func() { s.Domains[0].Earliest = now }, Switch, "switch example.com"},
		{func() { s.Domains[0].Stage, s.Domains[0].Says = StageSwitching, "ns2 has not followed" }, Switch, "ns2 has not followed"},
		{func() { s.Domains[0].Until = now.Add(time.Hour) }, Switch, "ns2 has not followed"},
		{func() { s.Domains[0].Stage, s.Domains[0].Says = StageLive, "3 mails in the last hour" }, Late, "3 mails in the last hour"},
		{func() { s.Domains[0].Stage = StageQuiet }, Close, "can be taken back until then"},
		{func() { s.Domains[0].Until = now }, Close, "rehome close --yes"},
		{func() { s.Domains[0].Stage, s.Domains[0].Until = StageClosing, now.Add(time.Hour) }, Close, "the old senders and keys of example.com stay"},
	} {
		stage.change()
		got := Of(s).Next
		if got == nil || got.Step != stage.next || !strings.Contains(got.Sentence+" "+got.Command, stage.says) {
			t.Errorf("got %+v, want %s: %s", got, stage.next, stage.says)
		}
	}
	s.Domains[0].Stage = StageClosed
	if got := Of(s).Next; got != nil {
		t.Errorf("got %+v, want nothing after the end", got)
	}
}

// The check is kept by whole seconds: one in the second in which the settings were written has seen them.
func TestCheck_settingsOfTheSameSecond(t *testing.T) {
	t.Parallel()
	for written, changed := range map[time.Time]bool{
		now.Add(700 * time.Millisecond): false,
		now.Add(-time.Hour):             false,
		now.Add(time.Second):            true,
	} {
		s := State{Now: now.Add(time.Hour), Check: Look{At: now, Outcome: rehome.OutcomeDone}, Settings: SettingsState{There: true, Written: written}}
		if f := check(s); f.progress != Done || strings.Contains(f.sentence, "have changed since") != changed {
			t.Errorf("settings written at %s: %q", written, f.sentence)
		}
	}
}
