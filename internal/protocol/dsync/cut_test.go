// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

// Cut anywhere, then said again at once, until nothing is asked for any more: all of it is there once, with its UIDs.
func TestDovecot_cutAnywhere(t *testing.T) {
	t.Parallel()
	server := startDovecot(t, dovecot.Options{Layout: dovecot.Sdbox})
	proxy, err := faultproxy.New(server.DoveadmTCP)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	inbox := folder{name: []string{"INBOX"}, guid: guidOf(1), validity: 99, next: 2000}
	for uid := uint32(2); uid < 600; uid += 2 {
		inbox.letters = append(inbox.letters, letter{uid: uid, received: received,
			text: fmt.Sprintf("Subject: %d\r\n\r\n%s\r\n", uid, strings.Repeat("0123456789abcde\r\n", 20))})
	}
	for cut := int64(300); cut < 200_000; cut = cut*7/4 + 99 {
		proxy.Plan(func(int) *faultproxy.Faults {
			return &faultproxy.Faults{ToServer: faultproxy.Fault{CutAfter: cut, End: faultproxy.End(cut % 2)}}
		})
		stream, err := DialDoveadm(t.Context(), DoveadmOptions{Address: proxy.Addr(), Password: server.DoveadmPassword, User: anna})
		if err != nil {
			continue
		}
		if _, err := bring(t.Context(), stream, Options{Timeout: 20 * time.Second, Lock: 10 * time.Second}, inbox); err == nil {
			t.Logf("cut %d: all was said before", cut)
		}
	}
	if _, err := bring(t.Context(), byTCP(t, server, server.DoveadmTCP), Options{}, inbox); err != nil {
		t.Fatal(err)
	}
	mustBring(t, server, 0, inbox)
	c := talk(t, server)
	c.wants("SELECT INBOX", "299 EXISTS", "UIDVALIDITY 99", "UIDNEXT 2000")
	wanted := "SEARCH"
	for _, l := range inbox.letters {
		wanted += fmt.Sprintf(" %d", l.uid)
	}
	c.wants("UID SEARCH ALL", wanted+"\r\n")
	for _, l := range inbox.letters {
		c.wants(fmt.Sprintf("UID FETCH %d (BODY.PEEK[])", l.uid), l.text)
	}
}

// A message that this protocol cannot carry is not stored, and neither is half of one.
func TestDovecot_bodyThatFails(t *testing.T) {
	t.Parallel()
	server := startDovecot(t, dovecot.Options{Layout: dovecot.Maildir})
	inbox := folder{name: []string{"INBOX"}, guid: guidOf(1), validity: 99, next: 10, letters: numbered(3, 5)}
	inbox.letters[1].text = "Subject: x\r\n\r\nlone\r"
	_, err := bring(t.Context(), byTCP(t, server, server.DoveadmTCP), Options{}, inbox)
	if err == nil || !strings.Contains(err.Error(), ErrLoneCR.Error()) {
		t.Errorf("got %v, want %v", err, ErrLoneCR)
	}
	inbox.letters[1].text = "Subject: x\r\n\r\nwhole\r\n"
	if _, err := bring(t.Context(), byTCP(t, server, server.DoveadmTCP), Options{}, inbox); err != nil {
		t.Fatal(err)
	}
	c := talk(t, server)
	c.wants("SELECT INBOX", "2 EXISTS")
	c.wants("UID FETCH 5 (BODY.PEEK[])", "whole\r\n)")
}

// One conversation at a time: a second one waits for the first, which may be of a side that is long gone, and gives up.
func TestDovecot_lock(t *testing.T) {
	t.Parallel()
	server := startDovecot(t, dovecot.Options{Layout: dovecot.Maildir})
	first, err := Begin(t.Context(), byTCP(t, server, server.DoveadmTCP), Options{Lock: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if _, _, err := first.Tree(t.Context()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err = bring(t.Context(), byTCP(t, server, server.DoveadmTCP), Options{Lock: time.Second}, estate()...)
	t.Logf("%v in %s", err, time.Since(began))
	if err == nil {
		t.Error("two conversations at once")
	}
	first.Close()
	if _, err = bring(t.Context(), byTCP(t, server, server.DoveadmTCP), Options{Lock: time.Minute}, estate()...); err != nil {
		t.Error(err)
	}
}
