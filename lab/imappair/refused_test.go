// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"strings"
	"testing"

	"rehome/internal/protocol/imap"
	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/imappair"
	"rehome/lab/operator"
	"rehome/lab/proof"
)

// wantAccepted has a person accept the only difference: nobody has to act any more, and the counts tell what is missing.
func (m move) wantAccepted(t *testing.T) {
	t.Helper()
	found := operator.Answer[struct{ Open []struct{ ID string } }](t, m.Operator, 5, "findings", "list")
	if len(found.Open) != 1 {
		t.Fatalf("open are %+v, want one difference", found.Open)
	}
	m.Want(t, 0, "findings", "accept", found.Open[0].ID, "--by", "Ada", "--reason", "its owner has a copy")
	if o := m.Want(t, 0, "sync"); !strings.Contains(o.Out, "left out 1 item accepted as missing") {
		t.Errorf("sync says\n%s", o.Out)
	}
	o := m.Run(t, "sync", "--json")
	if c := wantAdded(t, o); o.Code != 0 || c.There != 39 || c.Failed != 1 || !strings.Contains(o.Out, `"accepted": true`) {
		t.Errorf("sync ended with %d, %+v, want 0, 39 there and 1 failed\n%.2000s", o.Code, c, o.Out)
	}
	m.Want(t, 0, "verify")
	m.Want(t, 0, "findings", "withdraw", found.Open[0].ID)
	m.Want(t, 6, "sync")
}

// One message is not taken, by dsync or by IMAP. It has a name, the verifier and the judge miss it and nothing else, and all
// others have their UIDs.
func TestUIDs_aRefusedMessage(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	src := startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX."}, person)
	dst, address, secret := startDsync(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Mdbox, Separator: "/", MaxMessageSize: 20_000}, person)
	u := src.logIn(t, person)
	mails := letters(40, 500, "inbox")
	mails[17].text += strings.Repeat("a line of text\r\n", 2000)
	u.fill("INBOX", mails...)
	m := move{t: t, Operator: newOperator(t), src: src, dst: dst, people: []imappair.Person{person}}
	u.must(imappair.Prepare(l, m.Dir, imappair.Options{Source: src.tls, Destination: dst.tls, People: m.people, Dsync: dsyncAt(address, secret)}))
	o := m.Run(t, "sync", "--json")
	if c := wantAdded(t, o); o.Code != 6 || c.There != 39 || c.Failed != 1 || !strings.Contains(o.Out, "message_too_large") {
		t.Errorf("sync ended with %d, %+v, want 6, 39 there and 1 failed\n%.2000s", o.Code, c, o.Out)
	}
	both := proof.Both(t, m.Operator, m.accounts())
	if v := operator.Decode[operator.Verified](t, both.Outcome); v.Verdict == "equal" || len(both.Judged[person.Address]) != 1 {
		t.Errorf("verdict %s, and the judge says\n%s", v.Verdict, both.Judged[person.Address])
	}
	m.wantAccepted(t)
	_, err := u.Select(t.Context(), "INBOX")
	u.must(err)
	u.expunge(imap.NewUIDSet(18))
	m.wantNumbers(person, []string{"INBOX"})
	operator.Answer[operator.Synced](t, m.Operator, 0, "sync")
	m.wantEqual(39)
	operator.Answer[operator.Verified](t, m.Operator, 0, "verify", "--uids")
}
