// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"testing"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol"
	"rehome/internal/verify"
	"rehome/lab"
	"rehome/lab/cyrus"
)

// A Cyrus says of its mailboxes what a second comparison needs: what has not changed is not read again, also where mailboxes were
// made in one second and share a UIDVALIDITY, and one that was put in another's place is not taken for it.
func TestAgain_cyrus(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	server, err := cyrus.Start(lab.Open(t), cyrus.Options{Accounts: []cyrus.Account{{Address: address, Password: "secret"}}})
	if err != nil {
		t.Fatal(err)
	}
	s := startServers(t, address)
	src, dst := s.logIn(t, rehome.Source, address), s.logIn(t, rehome.Destination, address)
	host := endpoint.NewIMAP(endpoint.Settings{
		Host: endpoint.NewHost(endpoint.HostSettings{Side: rehome.Destination}), Address: server.IMAP, Security: protocol.NoTLS,
	})
	session, err := host.Open(t.Context(), s.account(address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	there := user{t: t, Session: session}
	for _, name := range []string{"Alpha", "Beta"} {
		src.create("INBOX." + name)
		there.create(name)
		letters := []letter{long(name + ".1"), long(name + ".2")}
		src.store("INBOX."+name, letters...)
		there.store(name, letters...)
	}
	dst.Close()
	kept := &shelf{}
	compare := func() verify.Account {
		got, _ := s.verifyAgain(t, address, kept, func(r *request) { r.Destination = host })
		return got
	}
	if got := compare(); got.Verdict != verify.Equal || got.Mail.Remembered != 0 {
		t.Fatalf("first: %s, %v", got.Verdict, got.Mail.Differences)
	}
	src.store("INBOX.Alpha", long("Alpha.3"))
	there.store("Alpha", long("Alpha.3"))
	if got := compare(); got.Verdict != verify.Equal || got.Mail.Remembered != 4 || got.Mail.Source.Messages != 5 {
		t.Errorf("second: %s, %d remembered, %v", got.Verdict, got.Mail.Remembered, got.Mail.Differences)
	}
	// Two mailboxes change places: numbers, sizes, dates and flags of the messages are as they were.
	for _, step := range [][2]string{{"Alpha", "Aside"}, {"Beta", "Alpha"}, {"Aside", "Beta"}} {
		if err := there.Rename(t.Context(), step[0], step[1]); err != nil {
			t.Fatal(err)
		}
	}
	got := compare()
	if got.Mail.Counts[verify.MissingMessage] != 5 || got.Mail.Counts[verify.ExtraMessage] != 5 {
		t.Errorf("swapped: %s, %v", got.Verdict, got.Mail.Counts)
	}
}
