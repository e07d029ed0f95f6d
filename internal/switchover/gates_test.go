// SPDX-License-Identifier: Apache-2.0

package switchover

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/cutover"
	"rehome/internal/forecast"
	"rehome/internal/ledger"
)

var noon = time.Date(2026, 12, 4, 12, 0, 0, 0, time.UTC)

// ready is a domain that nothing holds.
func ready() Facts {
	return Facts{
		Plan:         cutover.Plan{Domain: modelDomain, Who: "the owner"},
		Accounts:     []Account{{Address: "a@" + modelDomain, Passed: noon.Add(-time.Minute)}, {Address: "b@" + modelDomain, Passed: noon}},
		Certificates: []Certificate{{Host: "imap.new.test:993"}}, Records: modelSets(), Failures: map[Gate]error{},
	}
}

// Each thing that is not as it should be holds its own gate, in a sentence that names it, with who can change it and how.
func TestHolds_eachGate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Facts)
		gate   Gate
		says   string
		next   string
	}{
		"nothing":      {func(*Facts) {}, "", "", ""},
		"nobody moves": {func(f *Facts) { f.Accounts = nil }, GateCopied, "no account of the domain moves", "list of accounts"},
		"not begun": {func(f *Facts) { f.Accounts[0].Passed = time.Time{} }, GateCopied,
			"a@example.test is not copied completely: no pass", "rehome sync"},
		"two are blocked": {func(f *Facts) {
			f.Accounts[0].Why, f.Accounts[1].Why, f.Accounts[0].NextStep = "the account is full", "x", "raise its quota"
		}, GateCopied, "2 accounts are not copied completely, for example a@example.test: the account is full", "raise its quota"},
		"long ago": {func(f *Facts) { f.Accounts[1].Passed = noon.Add(-25 * time.Hour) }, GateLag,
			"b@example.test was last looked at more than 1 day ago (2026-12-03 11:00 UTC)", "rehome sync"},
		"differs":  {func(f *Facts) { f.Accounts[0].Unproved = "it was never verified" }, GateProved, "it was never verified", "rehome verify"},
		"no login": {func(f *Facts) { f.Accounts[1].NoLogin = "its login was never tried" }, GateLogins, "b@example.test", "verify --login"},
		"downloads": {func(f *Facts) {
			f.Accounts[1].Undecided, f.Accounts[1].Again = "each of its programs downloads 3 messages again", forecast.Again{Messages: 3}
		}, GateDownloads, "b@example.test has programs that download mail again: each of its programs downloads 3 messages again", "--override downloads"},
		"downloads of two": {func(f *Facts) {
			f.Accounts[0].Undecided, f.Accounts[0].Again = "why", forecast.Again{Messages: 3, Octets: 4000}
			f.Accounts[1].Undecided, f.Accounts[1].Again = "not known", forecast.Again{Messages: 4, Octets: 3000, AtLeast: true}
		}, GateDownloads, "2 accounts have programs that may download mail again, for example a@example.test, 7 messages (more than 7.0 kB) in all: why",
			"clients forecast"},
		"hasty disk": {func(f *Facts) { f.Hasty = true }, GateDurable, "destination.mail_fsync: never", "take mail_fsync=never back"},
		"a refused address": {func(f *Facts) { f.Refused = []string{"info@example.test"} }, GateRecipients,
			"does not take 1 address, for example info@example.test", "recipients check"},
		"no answer":     {func(f *Facts) { f.Unanswered = 3 }, GateRecipients, "not known whether the new mail host takes 3 addresses", "recipients check"},
		"certificate":   {func(f *Facts) { f.Certificates[0].Words = "it is for other.test" }, GateCertificate, "imap.new.test:993", "certificate"},
		"a lame server": {func(f *Facts) { f.Plan.Waits = []string{"ns2 does not answer"} }, GateServers, "ns2 does not answer", "dns check"},
		"blind":         {func(f *Facts) { f.Blind = true }, GateServers, "not known what stands at MX", "dns check"},
		"a high TTL": {func(f *Facts) {
			f.Plan.Conditions = []cutover.Condition{{About: "MX", Sentence: "resolvers may remember MX for 1 hour", Ready: noon.Add(time.Hour)}}
			f.Plan.Steps = []cutover.Step{{Phase: cutover.Before, About: "MX", Who: "the owner of the zone", Sentence: "lower the TTL of MX"}}
		}, GateTTL, "resolvers may remember MX for 1 hour", "lower the TTL of MX"},
		"a low TTL, not for long": {func(f *Facts) {
			f.Plan.Conditions = []cutover.Condition{{About: "MX", Met: true, Sentence: "the TTL of MX is low", Ready: noon.Add(time.Hour)}}
		}, GateTTL, "the TTL of MX is low", "wait until 2026-12-04 13:00 UTC"},
		"SPF": {func(f *Facts) {
			f.Plan.Conditions = []cutover.Condition{{About: "SPF", Sentence: "without the destination"}}
		}, GateRecords,
			"without the destination", "cutover plan"},
		"MTA-STS": {func(f *Facts) {
			f.Plan.Conditions = []cutover.Condition{{About: "MTA-STS", Sentence: "the policy does not name mx1"}}
			f.Plan.Steps = []cutover.Step{{Phase: cutover.Before, About: "MTA-STS", Who: "whoever runs mta-sts.example.test", Sentence: "add the hosts"}}
		}, GatePolicy, "the policy does not name mx1", "add the hosts"},
		"a stranger": {func(f *Facts) { f.Records[0].Before.Data = []string{"10 stranger"} }, GateZone,
			"it was 10 old, and now is 10 stranger", "--override zone"},
		"the key": {func(f *Facts) {
			f.Failures[GateCredentials] = &rehome.Fault{Class: rehome.ClassOperator, Op: "change", Object: "x",
				Cause: errors.New("BADKEY"), Hint: "copy the key"}
		}, GateCredentials, "BADKEY", "copy the key"},
	} {
		facts := ready()
		c.change(&facts)
		holds := Holds(facts, ledger.Cutover{Domain: modelDomain, Records: modelSets()}, Settings{Lag: 24 * time.Hour}, noon)
		if c.gate == "" {
			if len(holds) != 0 {
				t.Errorf("%s: held by %+v", name, holds)
			}
			continue
		}
		if len(holds) != 1 || holds[0].Gate != string(c.gate) || !strings.Contains(holds[0].Sentence, c.says) || holds[0].Who == "" ||
			!strings.Contains(holds[0].NextStep, c.next) {
			t.Errorf("%s: got %+v", name, holds)
		}
	}
}

// What is not known of the zone cannot be answered for: an attempt that is told to go on all the same would write nothing and call
// the domain switched.
func TestAfter_nobodyAnswersForWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Facts){
		"blind":          func(f *Facts) { f.Blind, f.Records = true, nil },
		"blind, and why": func(f *Facts) { f.Blind, f.Records, f.Plan.Waits = true, nil, []string{"MX is not known"} },
		"no answer":      func(f *Facts) { f.Records, f.Failures = nil, map[Gate]error{GateServers: errors.New("x")} },
	} {
		facts := ready()
		change(&facts)
		c := ledger.Cutover{Domain: modelDomain, State: ledger.CutoverReady, Passed: noon}
		for _, gate := range Gates() {
			c.Overrides = append(c.Overrides, ledger.CutoverOverride{Gate: string(gate), Why: "w", Person: "p"})
		}
		step := After(c, Action{Do: DoAsk}, Outcome{Facts: facts}, Settings{Lag: time.Hour, Look: time.Minute}, noon)
		if step.Cutover.State != ledger.CutoverReady || len(step.Cutover.Held) == 0 || step.Wait == 0 {
			t.Errorf("%s: %+v", name, step)
		}
		if slices.ContainsFunc(step.Lines, func(l ledger.AuditLine) bool { return l.Action == actionPassed }) {
			t.Errorf("%s: the log says that a gate was passed: %+v", name, step.Lines)
		}
	}
}

// A domain is live when nothing has come late for long enough since no resolver should give the old records any more.
func TestAfter_liveWhenQuiet(t *testing.T) {
	t.Parallel()
	settings := Settings{Quiet: 2 * time.Hour, Every: 5 * time.Minute}
	c := ledger.Cutover{Domain: modelDomain, State: ledger.CutoverLate, Switched: noon, Quiet: noon,
		Records: []ledger.CutoverRecord{{Name: modelDomain, State: ledger.RecordSeen, Seen: noon, Before: ledger.RecordSet{TTL: time.Hour}}}}
	at := func(c ledger.Cutover, after time.Duration, carried Carried, err error) Step {
		return After(c, Action{Do: DoLate}, Outcome{Carried: carried, Err: err}, settings, noon.Add(after))
	}
	if step := at(c, 3*time.Hour-1, Carried{}, nil); step.Cutover.State != ledger.CutoverLate || step.Wait != settings.Every {
		t.Errorf("live before it was quiet: %+v", step)
	}
	if step := at(c, 3*time.Hour, Carried{}, nil); step.Cutover.State != ledger.CutoverLive {
		t.Errorf("not live: %+v", step)
	}
	if step := at(c, 3*time.Hour, Carried{Messages: 1}, nil); step.Cutover.State != ledger.CutoverLate || step.Cutover.Late != 1 {
		t.Errorf("live although a message came: %+v", step)
	}
	if step := at(c, 3*time.Hour, Carried{Left: []Left{{Account: "a", Sentence: "full"}}}, nil); step.Cutover.State != ledger.CutoverLate ||
		!strings.Contains(step.Cutover.Held[0].Sentence, "for a: full") {
		t.Errorf("live although something was left: %+v", step)
	}
	if step := at(c, 3*time.Hour, Carried{}, errors.New("down")); step.Cutover.State != ledger.CutoverLate {
		t.Errorf("live although nobody looked: %+v", step)
	}
}

// Gates are not asked all the time while a TTL runs out, and not long after it has.
func TestAskAgain(t *testing.T) {
	t.Parallel()
	until := func(d time.Duration) ledger.CutoverHold { return ledger.CutoverHold{Until: noon.Add(d)} }
	for name, c := range map[string]struct {
		holds []ledger.CutoverHold
		want  time.Duration
	}{
		"a person":    {[]ledger.CutoverHold{until(time.Hour), {}}, time.Minute},
		"in an hour":  {[]ledger.CutoverHold{until(time.Second), until(time.Hour)}, 10 * time.Minute},
		"in a moment": {[]ledger.CutoverHold{until(5 * time.Minute), until(time.Minute)}, 5 * time.Minute},
		"over":        {[]ledger.CutoverHold{until(-time.Hour)}, time.Minute},
	} {
		if got := askAgain(c.holds, Settings{Look: 15 * time.Second}, noon); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// A set may only be exchanged if it was seen to be one of the two that are known: not every server compares before it writes.
func TestMayWrite(t *testing.T) {
	t.Parallel()
	set := modelSets()[0]
	byHand := set
	byHand.ByHand = true
	said := func(data ...string) Sight {
		var s Sight
		for _, d := range data {
			if d == "" {
				s.Servers = append(s.Servers, Said{Words: "silent"})
			} else {
				s.Servers = append(s.Servers, Said{Data: []string{d}})
			}
		}
		return s
	}
	for name, c := range map[string]struct {
		set            ledger.CutoverRecord
		sight          Sight
		write, restore bool
	}{
		"as it was": {set, said("10 old", "10 old"), true, true}, "one is silent": {set, said("10 old", ""), true, true},
		"as it is to be": {set, said("10 new"), false, true}, "on its way": {set, said("10 new", "10 old"), false, true},
		"a stranger": {set, said("10 old", "10 stranger"), false, false}, "nobody answers": {set, said(""), false, false},
		"no server": {set, said(), false, false}, "by hand": {byHand, said("10 old"), false, false},
	} {
		if got := mayWrite(Action{Do: DoWrite}, c.set, c.sight); got != c.write {
			t.Errorf("%s: write %v", name, got)
		}
		if got := mayWrite(Action{Do: DoRestore}, c.set, c.sight); got != c.restore {
			t.Errorf("%s: restore %v", name, got)
		}
	}
}

// What was noted stays noted when somebody changes a record: it holds the domain until somebody says that the change is right. That
// word counts once.
func TestAfter_theSnapshotStays(t *testing.T) {
	t.Parallel()
	c := ledger.Cutover{Domain: modelDomain, State: ledger.CutoverGates}
	ask := func(facts Facts) Step {
		step := After(c, Action{Do: DoAsk}, Outcome{Facts: facts}, Settings{Lag: time.Hour, Look: time.Minute}, noon)
		c = step.Cutover
		return step
	}
	first := ready()
	first.Accounts[0].NoLogin = "not tried"
	ask(first)
	changed := ready()
	changed.Records[0].Before.Data = []string{"10 stranger"}
	changed.Accounts[0].NoLogin = "not tried"
	if step := ask(changed); len(step.Cutover.Held) != 2 || !slices.Equal(c.Records[0].Before.Data, []string{"10 old"}) {
		t.Errorf("the change was taken over: %+v", c)
	}
	var err error
	if c, _, err = Override(c, GateZone, "it was me", "ada", noon); err != nil {
		t.Fatal(err)
	}
	step := ask(changed)
	if len(c.Held) != 1 || len(c.Overrides) != 0 || !slices.Equal(c.Records[0].Before.Data, []string{"10 stranger"}) ||
		!slices.ContainsFunc(step.Lines, func(l ledger.AuditLine) bool {
			return l.Action == actionPassed && strings.Contains(l.After, "it was me (ada)")
		}) ||
		!slices.ContainsFunc(step.Lines, func(l ledger.AuditLine) bool { return l.Action == actionNoted && l.Before == "10 stranger" }) {
		t.Errorf("the word was not followed: %+v", step)
	}
	changed.Records[0].Before.Data = []string{"10 another"}
	if ask(changed); len(c.Held) != 2 {
		t.Errorf("the word counts twice: %+v", c)
	}
}

// A domain is back only when a pass has found nothing more to carry.
func TestAfter_backWhenNothingIsLeft(t *testing.T) {
	t.Parallel()
	c := ledger.Cutover{Domain: modelDomain, State: ledger.CutoverReturning,
		Records: []ledger.CutoverRecord{{State: ledger.RecordSeenBack, Seen: noon, After: ledger.RecordSet{TTL: time.Minute}}}}
	for _, step := range []struct {
		after time.Duration
		n     int64
		want  ledger.CutoverState
	}{{time.Second, 0, ledger.CutoverReturning}, {time.Minute, 2, ledger.CutoverReturning}, {time.Minute, 0, ledger.CutoverRolledBack}} {
		got := After(c, Action{Do: DoReturn}, Outcome{Carried: Carried{Messages: step.n}}, Settings{}, noon.Add(step.after))
		if got.Cutover.State != step.want || got.Cutover.Returned != step.n {
			t.Errorf("%+v: got %+v", step, got)
		}
	}
}

func TestBack_whereItGoes(t *testing.T) {
	t.Parallel()
	written, planned := []ledger.CutoverRecord{{State: ledger.RecordSeen}}, []ledger.CutoverRecord{{State: ledger.RecordPlanned}}
	for name, c := range map[string]struct {
		from ledger.Cutover
		want ledger.CutoverState
	}{
		"nothing written":   {ledger.Cutover{State: ledger.CutoverGates, Records: planned}, ledger.CutoverRolledBack},
		"something written": {ledger.Cutover{State: ledger.CutoverSwitching, Records: written}, ledger.CutoverRestoring},
		"there was nothing": {ledger.Cutover{State: ledger.CutoverLive, Switched: noon}, ledger.CutoverReturning},
		"on its way back":   {ledger.Cutover{State: ledger.CutoverReturning, Records: written}, ledger.CutoverReturning},
		"rolled back":       {ledger.Cutover{State: ledger.CutoverRolledBack}, ""},
		"closed":            {ledger.Cutover{State: ledger.CutoverClosed}, ""},
		"nobody has begun":  {ledger.Cutover{}, ""},
	} {
		got, lines, err := Back(c.from, "p", noon)
		if c.want == "" {
			if rehome.HintOf(err) == "" {
				t.Errorf("%s: got %v, want an error with a hint", name, err)
			}
			continue
		}
		if err != nil || got.State != c.want || (len(lines) > 0) != (c.from.State != c.want) {
			t.Errorf("%s: got %v %v %v", name, got.State, lines, err)
		}
	}
}

// After a kill, the server that is written to may have the new set while all others lag: that is no stranger's doing.
func TestAfter_writtenBefore(t *testing.T) {
	t.Parallel()
	for _, action := range []Do{DoWrite, DoRestore} {
		set := modelSets()[0]
		set.State, set.ByHand = ledger.RecordWriting, false
		state, now, want := ledger.CutoverSwitching, set.After.Data, ledger.RecordWritten
		if action == DoRestore {
			set.State, state, now, want = ledger.RecordRestoring, ledger.CutoverRestoring, set.Before.Data, ledger.RecordRestored
		}
		c := ledger.Cutover{Domain: modelDomain, State: state, Records: []ledger.CutoverRecord{set}}
		step := After(c, Action{Do: action}, Outcome{Err: &ChangedError{set.Name, now}}, Settings{}, noon)
		if step.Cutover.Records[0].State != want || len(step.Cutover.Held) > 0 {
			t.Errorf("%s: %+v", action, step.Cutover)
		}
	}
}
