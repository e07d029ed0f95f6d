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
