// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"os"
	"slices"
	"syscall"
	"testing"

	"rehome/internal/protocol/imap"
	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
	"rehome/lab/imappair"
	"rehome/lab/operator"
)

// archive is how many messages the one mailbox of these tests has: work for three writers.
const archive = 3000

// archived prepares the move of one large mailbox through a proxy before the destination.
func archived(t *testing.T, layout, mail string) (move, *faultproxy.Proxy) {
	t.Helper()
	l := lab.Open(t)
	src := startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX.", Extra: "mail_fsync = never\n"}, person)
	dst := startDovecot(t, l, dovecot.Options{Name: "dst", Layout: layout, Separator: "/"}, person)
	src.logIn(t, person).fill("INBOX", letters(archive, 1500, "archive")...)
	proxy := faultproxy.Open(t, dst.plain)
	m := move{t: t, Operator: newOperator(t), src: src, dst: dst, people: []imappair.Person{person}}
	err := imappair.Prepare(l, m.Dir, imappair.Options{
		Source: src.plain, Destination: proxy.Addr(), Plain: true, People: m.people, More: "mail: {" + mail + "}\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	return m, proxy
}

// Several connections write into one mailbox, and are killed again and again: in the end each message is there once.
func TestOrder_relaxedAndKilled(t *testing.T) {
	t.Parallel()
	for _, layout := range []string{dovecot.Sdbox, dovecot.Maildir} {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			m, proxy := archived(t, layout, "order: relaxed, settle: 12s")
			for range fromEnvironment(t, soakVariable, 3) {
				proxy.Set(faultproxy.ToServer, slowLine)
				before := proxy.Counts()
				m.endAfter(proxy, before.Bytes[faultproxy.ToServer]+700_000, farewell{signals: []os.Signal{syscall.SIGKILL}, code: -1})
				if n := proxy.Counts().Connections - before.Connections; n < 3 {
					t.Errorf("%d connections to the destination, want several, and one that looks whether it answers", n)
				}
			}
			proxy.Set(faultproxy.ToServer, faultproxy.Fault{})
			last := operator.Answer[operator.Synced](t, m.Operator, 0, "sync")
			if _, _, failed := copied(last); failed > 0 || last.Accounts[0].Mail.Deserted > 0 {
				t.Errorf("the last run: %+v", last.Accounts[0].Mail)
			}
			m.wantEqual(archive)
		})
	}
}

// With strict, which is the default, messages keep the order of their UIDs, through one connection; the plan says what relaxed does.
func TestOrder_strictKeepsIt(t *testing.T) {
	t.Parallel()
	m, proxy := archived(t, dovecot.Sdbox, "order: strict")
	m.Want(t, 0, "sync")
	if n := proxy.Counts().Connections; n != 2 {
		t.Errorf("%d connections to the destination, want one, and one that looks whether it answers", n)
	}
	m.wantEqual(archive)
	u := m.dst.logIn(t, person)
	if _, err := u.Examine(t.Context(), "INBOX"); err != nil {
		t.Fatal(err)
	}
	var dates []int64
	all := imap.UIDSet{}
	all.AddRange(1, archive)
	fetch, err := u.Fetch(t.Context(), all, imap.FetchItems{InternalDate: true}, imap.FetchHandler{Message: func(m *imap.Message) error {
		dates = append(dates, m.InternalDate.Unix())
		return nil
	}})
	if err == nil {
		err = fetch.Wait(t.Context())
	}
	if err != nil || len(dates) != archive || !slices.IsSorted(dates) {
		t.Errorf("%d messages, sorted %v, error %v", len(dates), slices.IsSorted(dates), err)
	}
}
