// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rehome"
	"rehome/internal/content/pim"
)

var friday = time.Date(2026, 11, 27, 22, 0, 0, 0, time.UTC)

// accepted are the acceptances of all that is open.
func acceptedAll(a Account) []Acceptance {
	times := map[string]int{}
	var all []Acceptance
	for _, o := range a.Open() {
		times[o.ID]++
	}
	for id, n := range times {
		all = append(all, Acceptance{ID: id, Times: n, By: "Ada", Reason: "agreed with its user", At: friday})
	}
	return all
}

func differing() Account {
	return Account{
		Account: "anna@example.test", Verdict: Differs,
		Mail: &Mail{
			Differences: []Difference{
				{Kind: MissingMessage, Mailbox: "INBOX", Object: "<1@example.test>", Source: "uid 1, 9 octets"},
				{Kind: FlagsDiffer, Mailbox: "INBOX", Object: "<2@example.test>", Source: `\Seen`, Destination: ""},
			},
			Counts: map[Kind]int{MissingMessage: 1, FlagsDiffer: 1},
		},
		Calendars: &Objects{
			States:      map[pim.State]int{pim.StateIdentical: 4, pim.StateChanged: 1},
			Differences: []Object{{State: pim.StateChanged, Collection: "/cal/", Object: "a.ics", SourceDigest: "1", DestinationDigest: "2"}},
		},
	}
}

func TestAccept_allOfThemMakeItEqual(t *testing.T) {
	t.Parallel()
	account := differing()
	before, _ := json.Marshal(account)
	all := acceptedAll(account)
	if len(all) != 3 {
		t.Fatalf("%d are open, want 3: %+v", len(all), account.Open())
	}
	got := account.Accept(all)
	if got.Verdict != Equal || len(got.Accepted) != 3 || len(got.Open()) != 0 || got.Mail.Counts[FlagsDiffer] != 0 || got.Calendars.Total() != 0 {
		t.Errorf("got %+v", got)
	}
	if o := got.Accepted[0]; o.By != "Ada" || o.Reason == "" || !o.At.Equal(friday) || o.Place != "INBOX" {
		t.Errorf("got %+v", o)
	}
	if after, _ := json.Marshal(account); string(after) != string(before) {
		t.Errorf("the answer itself was changed: %s", after)
	}
	if document := NewDocument([]Account{got}, nil); document.Outcome() != rehome.OutcomeDone {
		t.Errorf("outcome %s", document.Outcome())
	}
}

// An acceptance is for one difference as it is: nothing else becomes equal by it.
func TestAccept_onlyWhatWasSeen(t *testing.T) {
	t.Parallel()
	all := acceptedAll(differing())
	for name, change := range map[string]func(*Account){
		"another message":               func(a *Account) { a.Mail.Differences[0].Source = "uid 7, 9 octets" },
		"the flag is another":           func(a *Account) { a.Mail.Differences[1].Destination = `\Flagged` },
		"the event was edited again":    func(a *Account) { a.Calendars.Differences[0].DestinationDigest = "3" },
		"one more of the same":          func(a *Account) { a.Mail.Differences = append(a.Mail.Differences, a.Mail.Differences[0]) },
		"one that is not listed":        func(a *Account) { a.Mail.Unlisted = 1 },
		"one more event, not listed":    func(a *Account) { a.Calendars.States[pim.StateMissing] = 1 },
		"the same in another's account": func(a *Account) { a.Account = "bert@example.test" },
		"an end that could not be read": func(a *Account) { a.Verdict = Unknown },
		"nothing of it is a difference": func(a *Account) { a.Verdict, a.Mail, a.Calendars = Unknown, nil, nil },
	} {
		account := differing()
		change(&account)
		if got := account.Accept(all); got.Verdict == Equal {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := differing().Accept(nil); got.Verdict != Differs || len(got.Accepted) != 0 {
		t.Errorf("nothing was accepted: %+v", got)
	}
}

// Whatever part is accepted, open and accepted ones are together what there was, and the account is equal only when none is open.
func TestAccept_nothingGetsLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		account := Account{Account: "anna@example.test", Verdict: Differs, Mail: &Mail{Counts: map[Kind]int{}}}
		for range rapid.IntRange(1, 8).Draw(t, "differences") {
			d := Difference{Kind: rapid.SampledFrom(Kinds()).Draw(t, "kind"), Mailbox: rapid.SampledFrom([]string{"INBOX", "Sent"}).Draw(t, "mailbox")}
			account.Mail.Differences = append(account.Mail.Differences, d)
			account.Mail.Counts[d.Kind]++
		}
		all := acceptedAll(account)
		for i := range all {
			all[i].Times = rapid.IntRange(0, all[i].Times).Draw(t, "times")
		}
		got := account.Accept(all)
		if len(got.Open())+len(got.Accepted) != len(account.Open()) || (got.Verdict == Equal) != (len(got.Open()) == 0) {
			t.Fatalf("%d open and %d accepted of %d: %s", len(got.Open()), len(got.Accepted), len(account.Open()), got.Verdict)
		}
		counted := 0
		for _, n := range got.Mail.Counts {
			counted += n
		}
		if counted != len(got.Open()) {
			t.Fatalf("%d are counted, %d open", counted, len(got.Open()))
		}
	})
}

// Why a message or an object stays behind is told until somebody has accepted it; what is told of others stays.
func TestUnexcused_onlyOfWhatWasAccepted(t *testing.T) {
	t.Parallel()
	accepted := []Accepted{
		{Open: Open{Account: "a@x.example", Place: "INBOX", Object: "<1@x>", UID: 7}},
		{Open: Open{Account: "a@x.example", Place: "/dav/work", Object: "1.ics"}},
	}
	gone := []rehome.Finding{
		{Account: "a@x.example", Code: "message_refused", Object: rehome.MessageObject("INBOX", 7)},
		{Account: "a@x.example", Code: "object_refused", Object: "/dav/work/1.ics"},
	}
	stay := []rehome.Finding{
		{Account: "b@x.example", Code: "message_refused", Object: rehome.MessageObject("INBOX", 7)},
		{Account: "a@x.example", Code: "message_refused", Object: rehome.MessageObject("INBOX", 77)},
		{Account: "a@x.example", Code: "message_refused", Object: rehome.MessageObject("INBOX.INBOX", 7)},
		{Account: "a@x.example", Code: "object_refused", Object: "/dav/work/11.ics"},
		{Account: "a@x.example", Code: "quota"},
		{Code: "not_verified"},
	}
	d := NewDocument([]Account{{Account: "a@x.example", Accepted: accepted}}, slices.Concat(gone, stay))
	if !slices.Equal(d.Findings, stay) {
		t.Errorf("left are %+v", d.Findings)
	}
}
