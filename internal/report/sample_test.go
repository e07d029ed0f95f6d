// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

var evening = time.Date(2026, 11, 23, 18, 4, 0, 0, time.UTC)

const someRoot = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// hostile is a mailbox name that an attacker could choose.
const hostile = "</bdi><script>alert(1)</script>\u202egpj.exe\x00"

// organisation makes accounts that are all equal; a test then adds differences.
func organisation(names ...string) Input {
	in := Input{
		Organisation: "Example Ltd", Source: "mail.example.com", Destination: "imap.us-east.atmailcloud.com",
		Generated: evening.Add(time.Hour), Version: "1.0.0",
	}
	for i, name := range names {
		a := ledger.Account{
			Address: name + "@example.com", State: ledger.AccountPreStaged, Pass: rehome.Pass("delta"), Mailboxes: 3, Messages: int64(200 + 37*i),
			Octets: int64(4_000_000 + 1_234_567*i), Copied: int64(200 + 37*i), Started: evening.Add(-2 * time.Hour), Finished: evening.Add(-time.Hour),
		}
		in.Accounts = append(in.Accounts, a)
		totals := verify.Totals{Mailboxes: 3, Messages: a.Messages, Octets: a.Octets}
		in.verify(verify.Account{
			Account: a.Address, Verdict: verify.Equal, Level: verify.LevelFull, Verified: evening.Add(time.Duration(i) * time.Minute),
			Mail: &verify.Mail{
				Source: totals, Destination: totals, Differences: []verify.Difference{}, Remembered: 100,
				Mailboxes: []verify.Mailbox{
					{Source: []string{"INBOX"}, Destination: "INBOX", Messages: a.Messages - 30, Octets: a.Octets - 3000, SourceRoot: someRoot,
						DestinationRoot: someRoot, Read: evening.Add(-24 * time.Hour)},
					{Source: []string{"INBOX.Sent Items"}, Destination: "Sent", Messages: 30, Octets: 3000, SourceRoot: someRoot, DestinationRoot: someRoot},
					{Source: []string{"INBOX.Projekte & Pläne.2019"}, Destination: "Projekte & Pläne/2019", SourceRoot: someRoot, DestinationRoot: someRoot},
				},
			},
		})
	}
	return in
}

// verify replaces the result of an account.
func (in *Input) verify(a verify.Account) {
	result, err := json.Marshal(a)
	if err != nil {
		panic(err) // plain structs
	}
	in.forget(a.Account)
	in.Verifications = append(in.Verifications, ledger.Verification{
		Address: a.Account, Level: string(a.Level), Verdict: string(a.Verdict), Result: result, Time: a.Verified,
	})
}

func (in *Input) forget(address string) {
	for i, v := range in.Verifications {
		if v.Address == address {
			in.Verifications = append(in.Verifications[:i], in.Verifications[i+1:]...)
			return
		}
	}
}

// result returns the result of an account, for a test to change and pass to verify.
func (in *Input) result(t testing.TB, address string) verify.Account {
	t.Helper()
	for _, v := range in.Verifications {
		if v.Address == address {
			var a verify.Account
			if err := json.Unmarshal(v.Result, &a); err != nil {
				t.Fatal(err)
			}
			return a
		}
	}
	t.Fatalf("%s is not verified", address)
	return verify.Account{}
}

// differ gives an account differences.
func (in *Input) differ(t testing.TB, address string, differences ...verify.Difference) {
	t.Helper()
	a := in.result(t, address)
	a.Verdict, a.Mail.Differences, a.Mail.Counts = verify.Differs, differences, map[verify.Kind]int{}
	for _, d := range differences {
		a.Mail.Counts[d.Kind]++
	}
	a.Mail.Mailboxes[0].Differences = len(differences)
	a.Mail.Mailboxes[0].DestinationRoot = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
	in.verify(a)
}

// troubled is an organisation with every kind of problem.
func troubled(t testing.TB) Input {
	in := organisation("anna", "ben", "chiara", "dmitri", "eve", "fatma", "george", "hanna", "ines", "jo", "kim")
	in.differ(t, "ben@example.com",
		verify.Difference{Kind: verify.MissingMessage, Mailbox: "Archive", Object: "<c0ffee@example.com>",
			Sentence: `message <c0ffee@example.com> of "Archive" (uid 4711, 22,020,096 octets, 2016-09-01 07:30:00 UTC at the source) is not at the destination`},
		verify.Difference{Kind: verify.FlagsDiffer, Mailbox: "INBOX", Object: "<17@example.com>",
			Sentence: `message <17@example.com> of "INBOX" (uid 17, 2,140 octets, 2021-05-01 09:12:44 UTC at the source) has the flags \Flagged \Seen at the source and \Seen at the destination`},
	)
	a := in.result(t, "chiara@example.com")
	a.Mail.LeftOut = []verify.LeftOut{{Mailbox: hostile, Reason: "excluded by rule", Messages: 12}}
	a.Mail.Mailboxes = append(a.Mail.Mailboxes, verify.Mailbox{Source: []string{"INBOX.A", "INBOX.B"}, Destination: hostile, Messages: 2, Octets: -1})
	in.verify(a)
	var many []verify.Difference
	for n := range 40 {
		many = append(many, verify.Difference{Kind: verify.ExtraMessage, Mailbox: "INBOX", Object: fmt.Sprintf("<%d@example.org>", n),
			Sentence: fmt.Sprintf(`message <%d@example.org> of "INBOX" (uid %d, 3,001 octets, 2026-11-23 17:00:00 UTC at the destination) is only at the destination`, n, 900+n)})
	}
	in.differ(t, "dmitri@example.com", many...)
	in.verify(verify.Unreadable("eve@example.com", verify.LevelFull, evening, &rehome.Fault{
		Class: rehome.ClassAuth, Op: "log in at the destination as", Object: "eve@example.com", Server: "Authentication failed.",
		Hint: "check that the account was imported with the password of accounts.csv, and that it needs no second factor or app password",
	}))
	in.forget("fatma@example.com")
	in.Accounts[5].State, in.Accounts[5].Reason, in.Accounts[5].NextStep = ledger.AccountBlocked, "the account is over quota at the destination", "raise its quota there and run sync again"
	in.Accounts[6].Finished = evening.Add(30 * time.Minute) // george
	in.Accounts[1].Failed = 1
	in.Findings = []rehome.Finding{
		{Code: "message_refused", Severity: rehome.SeverityError, Account: "ben@example.com", Object: "Archive",
			Sentence: "the destination accepts no message larger than 20 MiB; message <c0ffee@example.com> of \"Archive\" has 22,020,096 octets",
			NextStep: "raise the limit at the destination and run sync again, or give the original to its owner: it is in the escrow folder"},
		{Code: "mailbox_renamed", Severity: rehome.SeverityWarning, Account: "kim@example.com", Object: "INBOX.a/b",
			Sentence: `"INBOX.a/b" becomes "a／b": the name contains characters that the destination refuses`, NextStep: "to choose another " +
				"name, set one under mail.rename"},
		{Code: "mailbox_merged", Severity: rehome.SeverityInfo, Account: "kim@example.com", Object: "INBOX.Sent",
			Sentence: `"INBOX.Sent" is copied into "Sent", together with another mailbox`},
	}
	return in
}
