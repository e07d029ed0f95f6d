// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"rehome"
	"rehome/internal/alias"
	"rehome/internal/checkup"
	"rehome/internal/conductor"
	"rehome/internal/davcopy"
	"rehome/internal/handover"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
	"rehome/internal/pass"
	"rehome/internal/people"
	"rehome/internal/recipients"
	"rehome/internal/report"
	"rehome/internal/rulecopy"
	"rehome/internal/vault"
	"rehome/internal/verify"
)

// Every answer, as it can end: what a face shows of it, and the exit code, come from here alone.
func TestOutcome_ofEveryAnswer(t *testing.T) {
	t.Parallel()
	doubted := []RuledAccount{{Moved: rulecopy.Moved{Findings: []rehome.Finding{{Blocks: true}}}}}
	for _, test := range []struct {
		what   string
		answer rehome.Answer
		want   rehome.Outcome
	}{
		{"plan", Planned{Accounts: []PlannedAccount{{Account: "anna"}}}, rehome.OutcomeDone},
		{"plan, one account failed", Planned{Accounts: []PlannedAccount{{}, {Error: "no"}, {}}}, rehome.OutcomeRemaining},

		{"rules", Ruled{Accounts: []RuledAccount{{}}}, rehome.OutcomeDone},
		{"plan, nobody is let in", Planned{Accounts: []PlannedAccount{{Error: "no", class: rehome.ClassAuth}}}, rehome.OutcomeUnreachable},
		{"rules, an account failed", Ruled{Accounts: []RuledAccount{{}, {Error: "no"}}, instead: true}, rehome.OutcomeRemaining},
		{"rules, an account is not let in", Ruled{Accounts: []RuledAccount{{}, {Error: "no", class: rehome.ClassAuth}}}, rehome.OutcomeStuck},
		{"rules, nobody is let in", Ruled{Accounts: []RuledAccount{{Error: "no", class: rehome.ClassAuth}}}, rehome.OutcomeUnreachable},
		{"rules, a script refused", Ruled{Accounts: []RuledAccount{{Moved: scripts(rulecopy.Keep, rulecopy.Refused)}}}, rehome.OutcomeStuck},
		{"rules, a script needs a person", Ruled{Accounts: doubted, stored: true}, rehome.OutcomeStuck},
		{"rules, planned, a script needs a person", Ruled{Accounts: doubted}, rehome.OutcomeDone},
		{"rules, a script left", Ruled{Accounts: []RuledAccount{{Moved: scripts(rulecopy.Leave, rulecopy.Put)}}}, rehome.OutcomeDone},
		{"rules, as files because there is no service", Ruled{ByHand: "no service", instead: true}, rehome.OutcomeWaiting},
		{"rules, planned where there is no service", Ruled{ByHand: "no service"}, rehome.OutcomeDone},

		{"verify, equal", verify.Document{Verdict: verify.Equal}, rehome.OutcomeDone},
		{"verify, differs", verify.Document{Verdict: verify.Differs}, rehome.OutcomeDiffers},
		{"verify, unknown", verify.Document{Verdict: verify.Unknown}, rehome.OutcomeDiffers},
		{"verify, nothing", verify.Document{}, rehome.OutcomeDiffers},
		{"verify, nobody is let in", unread(rehome.ClassAuth, rehome.ClassAuth), rehome.OutcomeUnreachable},
		{"verify, one is let in", unread(rehome.ClassAuth, rehome.ClassTemporary), rehome.OutcomeDiffers},
		{"report, nothing verified", reportOf(t, ledger.Account{Address: "anna"}), rehome.OutcomeDiffers},

		{"check", checkup.Report{Advice: []checkup.Advice{{Level: checkup.LevelOK}, {Level: checkup.LevelWarning}}}, rehome.OutcomeDone},
		{"check, an error", checkup.Report{Advice: []checkup.Advice{{Level: checkup.LevelError}, {Level: checkup.LevelOK}}}, rehome.OutcomeUnreachable},

		{"accounts plan", plannedAccess(people.AccessRow{Destination: people.RouteNone, Mail: people.AccessNone}), rehome.OutcomeDone},
		{"accounts plan, mail that nobody can read",
			plannedAccess(people.AccessRow{Destination: people.RouteTemporary, Mail: people.AccessNone}), rehome.OutcomeDiffers},
		{"accounts plan, logged in", plannedAccess(loggedIn(people.LoginWorks, people.LoginNotTried)), rehome.OutcomeDone},
		{"accounts plan, refused at the source", plannedAccess(loggedIn(people.LoginRefused, people.LoginWorks)), rehome.OutcomeDiffers},
		{"accounts plan, refused at the destination", plannedAccess(loggedIn(people.LoginWorks, people.LoginRefused)), rehome.OutcomeDiffers},
		{"accounts check", checkedAccounts(people.StateReady, people.StateReady), rehome.OutcomeDone},
		{"accounts check, one without room", checkedAccounts(people.StateReady, people.StateOverQuota), rehome.OutcomeDiffers},
		{"accounts check, one too many", checkedAccounts(people.StateReady, people.StateExtra), rehome.OutcomeDiffers},
		{"accounts import", Import{}, rehome.OutcomeWaiting},
		{"accounts test-password", PasswordTest{Matches: true}, rehome.OutcomeDone},
		{"accounts test-password, another one", PasswordTest{}, rehome.OutcomeWaiting},
		{"accounts test-password, a form that cannot be checked", PasswordTest{Reason: "unknown"}, rehome.OutcomeWaiting},

		{"aliases export", AliasExport{Plan: alias.Plan{Totals: alias.Totals{Create: 3, LeaveOut: 2}}}, rehome.OutcomeDone},
		{"aliases export, one to ask about", AliasExport{Plan: alias.Plan{Totals: alias.Totals{Ask: 1}}}, rehome.OutcomeWaiting},
		{"aliases export, one to decide", AliasExport{Plan: alias.Plan{Totals: alias.Totals{Decide: 1}}}, rehome.OutcomeWaiting},

		{"census", censusOf(recipients.Totals{Known: 3, Decided: 1}), rehome.OutcomeDone},
		{"census, undecided", censusOf(recipients.Totals{Undecided: 1}), rehome.OutcomeWaiting},
		{"census, by a catch-all", censusOf(recipients.Totals{CatchAll: 1}), rehome.OutcomeWaiting},
		{"recipients check", recipients.Parity{Totals: recipients.ParityTotals{Agrees: 3}}, rehome.OutcomeDone},
		{"recipients check, one missing, others not answered",
			recipients.Parity{Totals: recipients.ParityTotals{Missing: 1, Pending: 1}}, rehome.OutcomeWaiting},
		{"recipients check, one extra", recipients.Parity{Totals: recipients.ParityTotals{Extra: 1}}, rehome.OutcomeWaiting},
		{"recipients check, one open", recipients.Parity{Totals: recipients.ParityTotals{Open: 1}}, rehome.OutcomeWaiting},
		{"recipients check, one not answered", recipients.Parity{Totals: recipients.ParityTotals{Pending: 1}}, rehome.OutcomeRemaining},
		{"recipients check, a host that failed", recipients.Parity{Hosts: []recipients.Asked{{}, {Error: "no"}}}, rehome.OutcomeRemaining},

		{"purge, listed", vault.Purge{Files: []vault.PurgeFile{{}}}, rehome.OutcomeWaiting},
		{"purge, destroyed", vault.Purge{Files: []vault.PurgeFile{{}}, Destroyed: true}, rehome.OutcomeDone},
		{"purge, nothing there", vault.Purge{}, rehome.OutcomeDone},

		{"list", people.List{}, rehome.OutcomeDone},
		{"export", Export{}, rehome.OutcomeDone},
		{"passwords", WrittenPasswords{}, rehome.OutcomeDone},
		{"settings", handover.PersonalSettings{}, rehome.OutcomeDone},
		{"handover", handover.Bundle{}, rehome.OutcomeDone},
		{"status, with an account that is blocked", Status{Accounts: []StatusAccount{{AccountRow: AccountRow{State: ledger.AccountBlocked}}}},
			rehome.OutcomeDone},
	} {
		if got := test.answer.Outcome(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.what, got, test.want)
		}
	}
}

func scripts(deeds ...rulecopy.Deed) (o rulecopy.Moved) {
	for _, deed := range deeds {
		o.Scripts = append(o.Scripts, rulecopy.Action{Do: deed})
	}
	return o
}

// unread are accounts that could not be compared.
func unread(classes ...rehome.Class) verify.Document {
	var accounts []verify.Account
	for _, class := range classes {
		accounts = append(accounts, verify.Unreadable("anna", verify.LevelFull, time.Now(), &rehome.Fault{Class: class}))
	}
	return verify.NewDocument(accounts, nil)
}

func reportOf(t *testing.T, accounts ...ledger.Account) *report.Report {
	t.Helper()
	made, err := report.New(report.Input{Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func plannedAccess(row people.AccessRow) people.AccessPlan {
	return people.AccessPlan{Accounts: []people.AccessRow{{Destination: people.RouteTemporary, Mail: people.AccessMaster}, row}}
}

func loggedIn(source, destination people.LoginResult) people.AccessRow {
	return people.AccessRow{Destination: people.RouteTemporary, Mail: people.AccessMaster, SourceLogin: &people.Login{Result: source},
		DestinationLogin: &people.Login{Result: destination}}
}

func checkedAccounts(states ...people.DestinationState) people.AccountsChecked {
	checked := people.AccountsChecked{Counts: map[people.DestinationState]int{}}
	for _, state := range states {
		checked.Accounts = append(checked.Accounts, people.CheckedAccount{State: state})
		checked.Counts[state]++
	}
	return checked
}

func censusOf(totals recipients.Totals) recipients.Census {
	return recipients.Census{Report: recipients.Report{Totals: totals}}
}

// What is left of a pass decides how it has ended: a question to somebody before what repeating would bring, and that
// before what somebody has to mend.
func TestOutcome_ofAPass(t *testing.T) {
	t.Parallel()
	mail := func(c mailcopy.Census) conductor.Ended { return counted(rehome.KindMail, mailcopy.Counts{Census: c}) }
	held := counted(rehome.KindMail, mailcopy.Counts{Tally: mailcopy.Tally{Held: 3}})
	objects := func(tally davcopy.Tally) conductor.Ended {
		return counted(rehome.KindPIM, davcopy.Counts{rehome.KindCalendars: tally})
	}
	rules := func(deeds ...rulecopy.Deed) conductor.Ended {
		return counted(rehome.KindRules, rulecopy.Counts{Moved: scripts(deeds...)})
	}
	failed := func(class rehome.Class) conductor.Ended {
		return conductor.Ended{Err: fmt.Errorf("copy: %w", &rehome.Fault{Class: class, Op: "open"})}
	}
	for _, test := range []struct {
		what     string
		outcomes []conductor.Ended
		want     rehome.Outcome
	}{
		{"nobody", nil, rehome.OutcomeDone},
		{"all is there", []conductor.Ended{
			mail(mailcopy.Census{There: 5}), objects(davcopy.Tally{Objects: 2, Copied: 2}), rules(rulecopy.Put),
		}, rehome.OutcomeDone},
		{"users have deleted some", []conductor.Ended{mail(mailcopy.Census{There: 5, Deserted: 2})}, rehome.OutcomeDone},
		{"mail is left", []conductor.Ended{mail(mailcopy.Census{There: 5, Left: 1})}, rehome.OutcomeRemaining},
		{"mail that nobody shows", []conductor.Ended{mail(mailcopy.Census{Unknown: 1})}, rehome.OutcomeRemaining},
		{"a mailbox that nobody counts", []conductor.Ended{mail(mailcopy.Census{Uncounted: 1})}, rehome.OutcomeRemaining},
		{"mail that is refused", []conductor.Ended{mail(mailcopy.Census{There: 5, Failed: 1})}, rehome.OutcomeStuck},
		{"a mailbox that cannot be opened", []conductor.Ended{mail(mailcopy.Census{Barred: 1})}, rehome.OutcomeStuck},
		{"refused mail, and some left", []conductor.Ended{mail(mailcopy.Census{Failed: 1}), mail(mailcopy.Census{Left: 1})}, rehome.OutcomeRemaining},
		{"a loss to be confirmed", []conductor.Ended{held}, rehome.OutcomeWaiting},
		{"a loss to be confirmed, and mail left", []conductor.Ended{mail(mailcopy.Census{Waiting: 3, Left: 2})}, rehome.OutcomeWaiting},
		{"most of a calendar has vanished", []conductor.Ended{objects(davcopy.Tally{Doubted: 40})}, rehome.OutcomeWaiting},
		{"an event that may be taken later", []conductor.Ended{objects(davcopy.Tally{Objects: 1, Remaining: 1})}, rehome.OutcomeRemaining},
		{"an event that is refused for good", []conductor.Ended{objects(davcopy.Tally{Objects: 1, Quarantined: 1, Lasting: 1})}, rehome.OutcomeStuck},
		{"a script that is refused", []conductor.Ended{rules(rulecopy.Refused)}, rehome.OutcomeStuck},
		{"a server that was busy", []conductor.Ended{failed(rehome.ClassTemporary)}, rehome.OutcomeRemaining},
		{"one of the log-ins was refused", []conductor.Ended{mail(mailcopy.Census{There: 5}), failed(rehome.ClassAuth)}, rehome.OutcomeStuck},
		{"all log-ins were refused", []conductor.Ended{failed(rehome.ClassAuth), failed(rehome.ClassAuth)}, rehome.OutcomeUnreachable},
		{"all were refused their contacts", []conductor.Ended{
			{Err: failed(rehome.ClassAuth).Err, Looked: true},
		}, rehome.OutcomeStuck},
		{"a mistake of this program", []conductor.Ended{failed(rehome.ClassBug)}, rehome.OutcomeRemaining},
	} {
		synced := Synced{}
		for _, o := range test.outcomes {
			synced.Accounts = append(synced.Accounts, syncedAccount(o))
		}
		if got := synced.Outcome(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.what, got, test.want)
		}
		synced.Interrupted = true
		if got := synced.Outcome(); got != rehome.OutcomeInterrupted {
			t.Errorf("%s, interrupted: got %s", test.what, got)
		}
	}
	if got := (Synced{Findings: []rehome.Finding{{}}}).Outcome(); got != rehome.OutcomeRemaining {
		t.Errorf("rules that could not be begun: got %s", got)
	}
}

func counted(kind rehome.Kind, counts pass.Counts) conductor.Ended {
	return conductor.Ended{Counts: map[rehome.Kind]pass.Counts{kind: counts}}
}

func TestProblems_countsErrors(t *testing.T) {
	t.Parallel()
	finding := func(s rehome.Severity) rehome.Finding { return rehome.Finding{Severity: s} }
	synced := Synced{
		Findings: []rehome.Finding{finding(rehome.SeverityError)},
		Accounts: []SyncedAccount{{Error: "no"}, {}, {Findings: []rehome.Finding{finding(rehome.SeverityError), finding(rehome.SeverityWarning)}}},
	}
	if got := synced.Problems(); got != 3 {
		t.Errorf("got %d problems, want 3", got)
	}
	cancelled := syncedAccount(conductor.Ended{Err: errors.Join(context.Canceled, nil)})
	if cancelled.Error != "" {
		t.Errorf("an account that was interrupted has the error %q", cancelled.Error)
	}
}

// The keys that scripts rely on.
func TestPlanned_keepsItsKey(t *testing.T) {
	t.Parallel()
	for want, answer := range map[string]any{`{"accounts":[]}`: Planned{Accounts: []PlannedAccount{}}, `{"file":"x"}`: WrittenPasswords{File: "x"}} {
		if got, err := json.Marshal(answer); err != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
}
