// SPDX-License-Identifier: Apache-2.0

package forecast_test

import (
	"slices"
	"strings"
	"testing"

	"rehome/internal/devices"
	"rehome/internal/forecast"
	"rehome/internal/people"
)

func TestOf(t *testing.T) {
	t.Parallel()
	pop := []devices.Device{{Program: devices.Other, Protocols: []string{"pop3"}}}
	phone := []devices.Device{{Program: devices.IPhone, Protocols: []string{"imap"}}}
	inbox := func(messages, kept int64) []forecast.Mailbox {
		return []forecast.Mailbox{{Name: "INBOX", Messages: messages, Octets: messages * 1000, Kept: kept}}
	}
	for name, test := range map[string]struct {
		facts      forecast.Facts
		imap, pop3 int64
		why        string // a part of the reasons and of what is not known
	}{
		"by IMAP":             {forecast.Facts{Mailboxes: inbox(10, 0), Devices: phone}, 10, 0, "new UIDs in INBOX"},
		"kept":                {forecast.Facts{Mailboxes: inbox(10, 10), Devices: phone}, 0, 0, ""},
		"some kept":           {forecast.Facts{Mailboxes: inbox(10, 7), Devices: phone}, 3, 0, "new UIDs"},
		"POP3, identified":    {forecast.Facts{Mailboxes: inbox(10, 10), Identified: 10, Devices: pop}, 0, 0, ""},
		"POP3, nearly":        {forecast.Facts{Mailboxes: inbox(10, 10), Identified: 8, Devices: pop}, 0, 2, "not every message"},
		"POP3, by IMAP":       {forecast.Facts{Mailboxes: inbox(10, 0), Devices: pop}, 10, 10, "identifiers that most servers"},
		"POP3, not looked at": {forecast.Facts{Mailboxes: inbox(10, 10), Devices: pop}, 0, 0, "verify --uids"},
		"nothing copied":      {forecast.Facts{Devices: phone}, 0, 0, "no mail was copied yet"},
		"no logs":             {forecast.Facts{Mailboxes: inbox(10, 10)}, 0, 0, "which programs it has"},
	} {
		a := forecast.Of(test.facts)
		words := strings.Join(append(slices.Clone(a.Reasons), a.Unknown...), "; ")
		if a.IMAP.Messages != test.imap || a.POP3.Messages != test.pop3 || a.IMAP.Octets != test.imap*1000 ||
			(test.why == "") != (words == "") || !strings.Contains(words, test.why) {
			t.Errorf("%s: %+v, want %d by IMAP, %d by POP3, %q", name, a, test.imap, test.pop3, test.why)
		}
	}
}

// Messages of unlike sizes: all of them are as large as the mailbox, some of them as many messages of its mean size.
func TestOf_unlikeSizes(t *testing.T) {
	t.Parallel()
	for kept, want := range map[int64]int64{0: 814, 1: 542, 3: 0} {
		a := forecast.Of(forecast.Facts{Mailboxes: []forecast.Mailbox{{Name: "INBOX", Messages: 3, Octets: 814, Kept: kept}}})
		if a.IMAP.Octets != want || a.IMAP.AtLeast {
			t.Errorf("%d of 3 messages (814 octets) are kept: %+v is downloaded again, want %d octets", kept, a.IMAP, want)
		}
	}
}

// A person is asked where it is not what was planned, and where nothing heals it.
func TestAccount_Undecided(t *testing.T) {
	t.Parallel()
	pop := []devices.Device{{Program: devices.Other, Protocols: []string{"pop3", "imap"}}}
	inbox := func(messages, kept int64) []forecast.Mailbox {
		return []forecast.Mailbox{{Name: "INBOX", Messages: messages, Octets: messages * 1000, Kept: kept}}
	}
	for name, c := range map[string]struct {
		facts    forecast.Facts
		keep     bool
		messages int64
		why      string
	}{
		"by IMAP, as planned":      {forecast.Facts{Mailboxes: inbox(10, 0)}, false, 0, ""},
		"all kept":                 {forecast.Facts{Mailboxes: inbox(10, 10)}, true, 0, ""},
		"not all kept":             {forecast.Facts{Mailboxes: inbox(10, 7)}, true, 3, "3 messages (3.0 kB) again, although UIDs were to be kept"},
		"POP3, by IMAP":            {forecast.Facts{Mailboxes: inbox(10, 0), Devices: pop}, false, 10, "POP3 programs download 10 messages (10 kB) again"},
		"POP3, one not identified": {forecast.Facts{Mailboxes: inbox(10, 10), Devices: pop, Identified: 9}, true, 1, "1 message (1.0 kB) again"},
		"POP3, all identified":     {forecast.Facts{Mailboxes: inbox(10, 10), Devices: pop, Identified: 10}, true, 0, ""},
		"POP3, not looked at":      {forecast.Facts{Mailboxes: inbox(10, 10), Devices: pop}, true, 0, "not known how much"},
		"nothing copied":           {forecast.Facts{Devices: pop}, true, 0, ""},
	} {
		why, again := forecast.Of(c.facts).Undecided(c.keep)
		if again.Messages != c.messages || (why == "") != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s: got %q and %d messages, want %q and %d", name, why, again.Messages, c.why, c.messages)
		}
	}
}

// Of a mailbox whose size the source does not tell, the octets are more than is said.
func TestSumOf(t *testing.T) {
	t.Parallel()
	a := forecast.Of(forecast.Facts{Route: people.RouteTemporary, Mailboxes: []forecast.Mailbox{
		{Name: "A", Messages: 5}, {Name: "B", Messages: 2, Octets: 20},
	}})
	b := forecast.Of(forecast.Facts{Route: people.RouteHash, Mailboxes: []forecast.Mailbox{{Name: "A", Messages: 3, Octets: 3, Kept: 3}}})
	s := forecast.SumOf([]forecast.Account{a, b})
	want := forecast.Sum{Accounts: 2, Asked: 1, MayAsk: 1, Again: 1, Mail: forecast.Again{Messages: 7, Octets: 20, AtLeast: true}, Unknown: 2, Unseen: 2}
	if s != want {
		t.Errorf("got %+v, want %+v", s, want)
	}
}
