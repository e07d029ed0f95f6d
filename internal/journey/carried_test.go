// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"testing"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/mailcopy"
	"rehome/internal/verify"
)

func accepting(kinds ...string) verify.Account {
	var a verify.Account
	for _, kind := range kinds {
		a.Accepted = append(a.Accepted, verify.Accepted{Open: verify.Open{What: kind}})
	}
	return a
}

// Only what is refused for good, and was accepted as such, one by one, holds nothing.
func TestSettled_butForWhatSomebodyHasAccepted(t *testing.T) {
	t.Parallel()
	missing, quarantined := string(verify.MissingMessage), string(pim.StateQuarantined)
	account := func(census mailcopy.Census) SyncedAccount {
		return SyncedAccount{Account: "a", Mail: newSyncedMail(mailcopy.Tally{}, 0, census)}
	}
	refused := func(uid uint32) SyncedAccount {
		a := account(mailcopy.Census{There: 9, Failed: 1})
		a.Findings = []rehome.Finding{{Account: "a", Severity: rehome.SeverityError, Topic: rehome.TopicMessages,
			Object: rehome.MessageObject("INBOX", uid)}}
		return a
	}
	of := accepting(missing)
	of.Accepted[0].Account, of.Accepted[0].Place, of.Accepted[0].UID = "a", "INBOX", 7
	failing := account(mailcopy.Census{There: 9, Failed: 1})
	failing.Error, failing.class = "x", rehome.ClassPermanent
	for name, c := range map[string]struct {
		account SyncedAccount
		verdict verify.Account
		want    bool
	}{
		"all of it is there":         {account(mailcopy.Census{There: 9}), verify.Account{}, true},
		"one is refused":             {account(mailcopy.Census{There: 9, Failed: 1}), verify.Account{}, false},
		"one is refused, accepted":   {account(mailcopy.Census{There: 9, Failed: 1}), accepting(missing), true},
		"that very one is accepted":  {refused(7), of, true},
		"another one in its stead":   {refused(8), of, false},
		"another one since":          {account(mailcopy.Census{There: 9, Failed: 2}), accepting(missing), false},
		"something else is accepted": {account(mailcopy.Census{There: 9, Failed: 1}), accepting(quarantined, string(verify.FlagsDiffer)), false},
		"one is still to be copied":  {account(mailcopy.Census{There: 9, Failed: 1, Left: 1}), accepting(missing), false},
		"a mailbox cannot be opened": {account(mailcopy.Census{There: 9, Stuck: 1, Barred: 1}), accepting(missing), false},
		"the pass has failed":        {failing, accepting(missing), false},
	} {
		if got := c.account.settled(c.verdict); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
		synced := Synced{Accounts: []SyncedAccount{c.account}}
		synced.setApart(map[string]verify.Account{"a": c.verdict})
		apart, failed := synced.AcceptedAsMissing(), c.account.Mail.Failed
		if (synced.Outcome() == rehome.OutcomeDone) != c.want || (apart == 1) != (c.want && failed == 1) || synced.Total().Failed != failed {
			t.Errorf("%s: the pass ends with %s, and %d are accepted", name, synced.Outcome(), apart)
		}
		carried := carriedBy(Synced{Accounts: []SyncedAccount{c.account}}, map[string]verify.Account{"a": c.verdict})
		if (len(carried.Left) == 0) != c.want {
			t.Errorf("%s: left %+v", name, carried.Left)
		}
	}
}
