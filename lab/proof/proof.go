// SPDX-License-Identifier: Apache-2.0

// Package proof asks rehome's verifier and the lab's judge the same question. That they disagree is a
// failure, whoever of the two is right.
//
// A scenario says once who its accounts are at both ends and what belongs where ([Account]), and then
// calls [Both] wherever it would have run "rehome verify". What the two agree on is the scenario's to judge.
package proof

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rehome/lab/judge"
	"rehome/lab/operator"
)

// Account is one account of a move, as the judge is to look at it.
type Account struct {
	Address string // as rehome calls it

	// Source and Destination are its ends; without an address the mail is not looked at.
	Source, Destination judge.Login
	Mail                judge.MailTerms

	// SourceDAV and DestinationDAV likewise, for contacts and calendars.
	SourceDAV, DestinationDAV judge.DAVLogin
	Objects                   judge.ObjectTerms
	// SourceScripts and DestinationScripts likewise, for rules.
	SourceScripts, DestinationScripts judge.Login
	Scripts                           judge.ScriptTerms
	// Repaired says that an object, by its name at the source, may be repaired on the way: then it may differ.
	Repaired func(name string) bool
}

// Known is a disagreement that is understood: a line about the account that holds the text is none.
type Known struct {
	Account, Text string
	Reason        string // why it is right
}

// Verdict is what the two found.
type Verdict struct {
	operator.Outcome                              // of "verify --level full --json"
	Judged           map[string]judge.Differences // by account
}

// Both runs the verifier, at its full level, and the judge on these accounts, and fails the test where they
// disagree.
func Both(t testing.TB, d operator.Operator, accounts []Account, known ...Known) Verdict {
	t.Helper()
	args := []string{"verify", "--level", "full", "--json"}
	for _, a := range accounts {
		args = append(args, "--account", a.Address)
	}
	v := Verdict{Outcome: d.Run(t, args...)}
	var err error
	if v.Judged, err = Judge(t.Context(), accounts); err != nil {
		t.Fatal(err)
	}
	disagreements, err := Disagreements([]byte(v.Out), accounts, v.Judged)
	if err != nil {
		t.Fatalf("verify ended with %d: %v\n%.3000s%.3000s", v.Code, err, v.Out, v.Err)
	}
	for _, line := range disagreements {
		if !slices.ContainsFunc(known, line.is) {
			t.Errorf("the verifier and the judge disagree about %s: %s", line.account, line.text)
		}
	}
	return v
}

// Judge reads both ends of each account and compares them.
func Judge(ctx context.Context, accounts []Account) (map[string]judge.Differences, error) {
	judged := map[string]judge.Differences{}
	for _, a := range accounts {
		found, err := a.judge(ctx)
		if err != nil {
			return nil, fmt.Errorf("the judge cannot judge %s: %w", a.Address, err)
		}
		judged[a.Address] = found
	}
	return judged, nil
}

func (a Account) judge(ctx context.Context) (found judge.Differences, err error) {
	if a.Source.Address != "" {
		src, srcErr := judge.ReadMail(ctx, a.Source)
		dst, dstErr := judge.ReadMail(ctx, a.Destination)
		if err := errors.Join(srcErr, dstErr); err != nil {
			return nil, err
		}
		found = judge.CompareMail(src, dst, a.Mail)
	}
	if a.SourceDAV.URL != "" {
		src, srcErr := judge.ReadObjects(ctx, a.SourceDAV)
		dst, dstErr := judge.ReadObjects(ctx, a.DestinationDAV)
		if err := errors.Join(srcErr, dstErr); err != nil {
			return nil, err
		}
		found = append(found, judge.CompareObjects(src, dst, a.Objects)...)
	}
	if a.SourceScripts.Address != "" {
		src, srcErr := judge.ReadScripts(ctx, a.SourceScripts)
		dst, dstErr := judge.ReadScripts(ctx, a.DestinationScripts)
		if err := errors.Join(srcErr, dstErr); err != nil {
			return nil, err
		}
		found = append(found, judge.CompareScripts(src, dst, a.Scripts)...)
	}
	return found, nil
}

// Disagreement is one thing on which the two are not of one mind.
type Disagreement struct{ account, text string }

// String renders it for people.
func (d Disagreement) String() string { return d.account + ": " + d.text }

func (d Disagreement) is(k Known) bool {
	return d.account == k.Account && strings.Contains(d.text, k.Text)
}

// verified is what the verifier says of one account, as far as the judge looks at it too.
type verified struct {
	Account, Verdict string
	Mail             *struct {
		Differences []difference
		Unlisted    int
	}
	Contacts, Calendars *struct {
		Differences, Repaired []object
		Unlisted              int
	}
	Rules *struct{ Differences []rule }
}

type difference struct{ Kind, Mailbox, Sentence string }

type object struct{ Verdict, Collection, Object, Sentence string }

// Disagreements compares what "verify --json" or "report --json" printed with what the judge found.
func Disagreements(printed []byte, accounts []Account, judged map[string]judge.Differences) ([]Disagreement, error) {
	var document struct{ Accounts []verified }
	if err := json.Unmarshal(printed, &document); err != nil {
		return nil, err
	}
	var all []Disagreement
	for _, a := range accounts {
		at := slices.IndexFunc(document.Accounts, func(v verified) bool { return v.Account == a.Address })
		if at < 0 {
			all = append(all, Disagreement{a.Address, "the verifier does not speak of it"})
			continue
		}
		for _, text := range disagree(a, document.Accounts[at], judged[a.Address]) {
			all = append(all, Disagreement{a.Address, text})
		}
	}
	return all, nil
}

func disagree(a Account, v verified, judged judge.Differences) (lines []string) {
	if v.Verdict == "unknown" {
		return []string{"the verifier could not read it, the judge could"}
	}
	if a.Source.Address != "" {
		lines = append(lines, disagreeOnMail(a, v, judged)...)
	}
	if a.SourceDAV.URL != "" {
		lines = append(lines, disagreeOnObjects(a, v, judged)...)
	}
	if a.SourceScripts.Address != "" {
		lines = append(lines, disagreeOnRules(v, judged)...)
	}
	if equal := v.Verdict == "equal"; equal && slices.ContainsFunc(judged, func(d judge.Difference) bool { return !a.foreseen(d) }) {
		lines = append(lines, fmt.Sprintf("the verifier says equal, the judge\n%s", judged))
	}
	return lines
}

// foreseen says that the difference is a repair that the test knows of.
func (a Account) foreseen(d judge.Difference) bool {
	switch d.Kind {
	case judge.ObjectChanged, judge.ObjectLost, judge.OccurrencesDiffer:
		return a.Repaired != nil && a.Repaired(d.Name)
	}
	return false
}
