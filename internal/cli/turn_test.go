// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/ledger"
)

func TestWriteTurns(t *testing.T) {
	t.Parallel()
	since, due := time.Unix(1000, 0), time.Unix(2000, 0)
	at, from := due.Local().Format(time.DateTime), since.Local().Format(time.DateTime)
	account := func(name string, state ledger.AccountState, turn *journey.StatusTurn) journey.StatusAccount {
		return journey.StatusAccount{AccountRow: journey.AccountRow{Account: name, State: state}, Turn: turn}
	}
	tried := journey.StatusTurn{
		State: ledger.TurnWaiting, Step: rehome.KindMail, Due: due, Failures: 2, FailingSince: since, Reason: "too many connections",
	}
	arriving := journey.StatusTurn{State: ledger.TurnWaiting, Step: rehome.KindMail, Due: due, Reason: "3 interrupted messages may still arrive"}
	failed := account("dora@x.test", ledger.AccountBlocked, &journey.StatusTurn{State: ledger.TurnFailed, Failures: 6, FailingSince: since})
	failed.Reason, failed.NextStep = "the password is wrong", "set it"
	accounts := []journey.StatusAccount{
		account("anna@x.test", ledger.AccountPreStaging, &tried), account("bert@x.test", ledger.AccountPreStaging, &arriving),
		account("carl@x.test", ledger.AccountPreStaged, nil), failed,
		account("emil@x.test", ledger.AccountPlanned, &journey.StatusTurn{State: ledger.TurnQueued}),
	}
	for want, status := range map[string]journey.Status{
		"anna@x.test will be tried again at " + at + ", after 2 failures since " + from + ": too many connections\n" +
			"bert@x.test waits until " + at + ": 3 interrupted messages may still arrive\n" +
			"dora@x.test is blocked, after 6 failures since " + from + ": the password is wrong\n  -> set it\n": {Running: true, Accounts: accounts},
		"anna@x.test has had 2 failures since " + from + ": too many connections\n" +
			"dora@x.test is blocked, after 6 failures since " + from + ": the password is wrong\n  -> set it\n" +
			"3 accounts are not complete, and no sync is running; \"rehome sync\" continues\n": {Accounts: accounts},
		"1 account is not complete, and no sync is running; \"rehome sync\" continues\n": {Accounts: accounts[4:]},
		"1 account is not complete; no worker has one at the moment, but those that are there go on by themselves (\"rehome worker status\")\n": {
			GoesOn: true, Accounts: accounts[4:]},
		"": {Accounts: accounts[2:3]},
	} {
		var got strings.Builder
		writeTurns(&got, shownOf(status, false))
		if got.String() != want {
			t.Errorf("got\n%s\nwant\n%s", got.String(), want)
		}
	}
}
