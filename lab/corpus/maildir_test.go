// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/dovecot"
)

func TestWriteMaildir_dovecotShowsWhatWasPlanted(t *testing.T) {
	t.Parallel()
	server, err := dovecot.Start(lab.Open(t), dovecot.Options{Prefix: "INBOX.", Extra: ListEscape})
	if err != nil {
		t.Fatal(err)
	}
	org := Sample(Options{Scale: 0.02})
	var accounts []dovecot.Account
	uid, gid := server.Owner()
	for _, p := range org.People {
		accounts = append(accounts, dovecot.Account{Address: p.Address, Password: "x"})
		if err := makeHome(server, p, uid, gid); err != nil {
			t.Fatal(err)
		}
		if err := WriteMaildir(t.Context(), server.MailRoot(p.Address), uid, gid, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := server.AddAccounts(t.Context(), accounts...); err != nil {
		t.Fatal(err)
	}
	for _, p := range org.People {
		if len(p.Mailboxes) > 0 {
			checkMail(t, logIn(t, server.IMAP, p.Address, "x"), p)
		}
	}
	for _, p := range org.People[:4] {
		inbox, _ := p.Mailbox()
		var want []string
		for _, msg := range inbox.Messages {
			want = append(want, inbox.UIDL(msg))
		}
		if got := uidls(t, server.POP3, p.Address, "x"); !slices.Equal(got, want) {
			t.Errorf("%s: POP3 shows %q, want %q", p.Address, got, want)
		}
	}
	again := WriteMaildir(t.Context(), server.MailRoot(org.People[0].Address), uid, gid, org.People[0])
	if again == nil || !strings.Contains(again.Error(), "opened by a server") {
		t.Errorf("writing into an opened mailbox: got %v", again)
	}
}

// makeHome makes the folder above the Maildir, which Dovecot makes at the first log-in otherwise.
func makeHome(server *dovecot.Server, p Person, uid, gid int) error {
	return maildir{uid: uid, gid: gid}.makeDir(filepath.Dir(server.MailRoot(p.Address)))
}
