// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"

	"rehome/internal/rehearsal"
)

// Whoever reads that every login works also reads which services were not tried, and whether a message was sent.
func TestWriteLogins_saysWhatWasNotTried(t *testing.T) {
	t.Parallel()
	tried := func(probe *rehearsal.Probe, protocols ...rehearsal.Protocol) rehearsal.Document {
		a := rehearsal.Account{Account: "anna@example.com", Probe: probe}
		for _, p := range protocols {
			a.Logins = append(a.Logins, rehearsal.Try{Protocol: p, Result: rehearsal.Accepted})
		}
		return rehearsal.Document{Accounts: []rehearsal.Account{a}}
	}
	all := []rehearsal.Protocol{rehearsal.IMAP, rehearsal.POP3, rehearsal.Sieve, rehearsal.Submission, rehearsal.DAV}
	for _, test := range []struct {
		document rehearsal.Document
		want     string
	}{
		{tried(nil, rehearsal.IMAP, rehearsal.DAV), "not tried, because they are not in the settings under destination: pop3, sieve, submission\n" +
			"every login works: 1 account; no test message was sent\n"},
		{tried(&rehearsal.Probe{State: rehearsal.ProbeSkipped}, all[1:]...), "every login works: 1 account; no test message was sent\n"},
		{tried(&rehearsal.Probe{State: rehearsal.ProbeRemoved}, all[:4]...), "not tried, because it is not in the settings under destination: dav\n" +
			"every login works: 1 account; 1 test message arrived and was removed\n"},
		{rehearsal.Document{Accounts: append(tried(&rehearsal.Probe{State: rehearsal.ProbeRemoved}, all...).Accounts,
			tried(&rehearsal.Probe{State: rehearsal.ProbeSkipped, Sentence: "none was sent, because the account's mail is forwarded"}, all...).Accounts...)},
			"every login works: 2 accounts; 1 test message arrived and was removed; for 1 account none was sent, because the account's mail is forwarded\n"},
	} {
		var out strings.Builder
		f := &frame{}
		if err := f.writeLogins(&out, test.document); err != nil {
			t.Fatal(err)
		}
		if out.String() != test.want {
			t.Errorf("got\n%swant\n%s", out.String(), test.want)
		}
	}
}
