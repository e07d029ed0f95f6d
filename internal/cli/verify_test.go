// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"testing"
	"time"

	"rehome/internal/verify"
)

// A row is for who needs a look: not for who is equal, nor for who was never compared.
func TestNeedsNoLook(t *testing.T) {
	t.Parallel()
	now := time.Unix(1, 0)
	for _, test := range []struct {
		account verify.Account
		want    bool
	}{
		{verify.Account{Verdict: verify.Equal, Verified: now}, true},
		{verify.Account{Verdict: verify.Equal, Verified: now, CopiedSince: &verify.Since{}}, false},
		{verify.Account{Verdict: verify.Differs, Verified: now}, false},
		{verify.Account{Verdict: verify.Unknown, Verified: now}, false}, // it could not be read
		{verify.Account{Verdict: verify.Unknown}, true},                 // nobody has looked
	} {
		if got := needsNoLook(test.account); got != test.want {
			t.Errorf("%+v: got %t", test.account, got)
		}
	}
}

// What could not be read is not known to differ.
func TestVerdictSentence(t *testing.T) {
	t.Parallel()
	mail := &verify.Mail{Source: verify.Totals{Messages: 1}}
	for want, accounts := range map[string][]verify.Account{
		"the ends are not proved to be equal: of 1 account, 1 could not be read":     {{Verdict: verify.Unknown}},
		"the ends are not equal: of 2 accounts, 1 differs, 1 could not be read":      {{Verdict: verify.Unknown}, {Verdict: verify.Differs}},
		"both ends are equal: 1 account, 1 message":                                  {{Verdict: verify.Equal, Mail: mail}},
		"both ends are equal: 1 account, 2 contacts and calendar objects":            {{Verdict: verify.Equal, Contacts: objects(2)}},
		"both ends are equal: 1 account, 1 message and 1 contact or calendar object": {{Verdict: verify.Equal, Mail: mail, Contacts: objects(1)}},
	} {
		if got := verdictSentence(verify.NewDocument(accounts, nil)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func objects(n int) *verify.Objects {
	o := &verify.Objects{}
	o.Source.Objects = n
	return o
}
