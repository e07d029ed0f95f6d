// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"testing"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol"
	"rehome/internal/verify"
	"rehome/lab"
	"rehome/lab/courier"
	"rehome/lab/cyrus"
)

// What a second comparison needs is said by other servers, too: a Cyrus, where mailboxes that were made in one second share a
// UIDVALIDITY, and a Courier, which keeps no MODSEQ. What has not changed is not read again, and a mailbox that was put in another's
// place is not taken for it.
func TestAgain_otherServers(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	for name, start := range map[string]func(*lab.Lab) (imap, prefix string, err error){
		"Cyrus": func(l *lab.Lab) (string, string, error) {
			s, err := cyrus.Start(l, cyrus.Options{Accounts: []cyrus.Account{{Address: address, Password: "secret"}}})
			if err != nil {
				return "", "", err
			}
			return s.IMAP, "", nil
		},
		"Courier": func(l *lab.Lab) (string, string, error) {
			s, err := courier.Start(l, courier.Options{Accounts: []courier.Account{{Address: address, Password: "secret"}}})
			if err != nil {
				return "", "", err
			}
			return s.IMAP, "INBOX.", nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			there, prefix, err := start(lab.Open(t))
			if err != nil {
				t.Fatal(err)
			}
			compareAgainAt(t, address, there, prefix)
		})
	}
}

// compareAgainAt compares with a destination, before and behind a change, and when two mailboxes have changed places.
func compareAgainAt(t *testing.T, address, server, prefix string) {
	t.Helper()
	s := startServers(t, address)
	src := s.logIn(t, rehome.Source, address)
	host := endpoint.NewIMAP(endpoint.Settings{
		Host: endpoint.NewHost(endpoint.HostSettings{Side: rehome.Destination}), Address: server, Security: protocol.NoTLS,
	})
	session, err := host.Open(t.Context(), s.account(address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	there := user{t: t, Session: session}
	write := func(mailbox string, letters ...letter) {
		for _, l := range letters { // not every server takes several at once
			src.store("INBOX."+mailbox, l)
			there.store(prefix+mailbox, l)
		}
	}
	for _, name := range []string{"Alpha", "Beta"} {
		src.create("INBOX." + name)
		there.create(prefix + name)
		write(name, long(name+".1"), long(name+".2"))
	}
	kept := &shelf{}
	compare := func() verify.Account {
		got, _ := s.verifyAgain(t, address, kept, func(r *request) { r.Destination = host })
		return got
	}
	if got := compare(); got.Verdict != verify.Equal || got.Mail.Remembered != 0 {
		t.Fatalf("first: %s, %v", got.Verdict, got.Mail.Differences)
	}
	write("Alpha", long("Alpha.3"))
	if got := compare(); got.Verdict != verify.Equal || got.Mail.Remembered != 4 || got.Mail.Source.Messages != 5 {
		t.Errorf("second: %s, %d remembered, %v", got.Verdict, got.Mail.Remembered, got.Mail.Differences)
	}
	// Sizes, dates and flags of the messages are as they were.
	for _, step := range [][2]string{{"Alpha", "Aside"}, {"Beta", "Alpha"}, {"Aside", "Beta"}} {
		if err := there.Rename(t.Context(), prefix+step[0], prefix+step[1]); err != nil {
			t.Fatal(err)
		}
	}
	got := compare()
	if got.Mail.Counts[verify.MissingMessage] != 5 || got.Mail.Counts[verify.ExtraMessage] != 5 {
		t.Errorf("swapped: %s, %v", got.Verdict, got.Mail.Counts)
	}
}
