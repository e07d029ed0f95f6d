// SPDX-License-Identifier: Apache-2.0

package imap

import "testing"

func TestStatus(t *testing.T) {
	t.Parallel()
	client := connect(t, "QRESYNC", func(s *script) {
		s.ok(`STATUS "inbox" \(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ\)`,
			"* STATUS other (MESSAGES 99)", "* STATUS INBOX (messages 1 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4 SIZE)")
		s.silent()
	})
	status, err := client.Status(within(t), "inbox")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := renderStatus(status), "messages=1 uidnext=2 uidvalidity=3 modseq=4 size=-1"; got != want || status.Mailbox != "INBOX" {
		t.Errorf("%q: got %s, want %s", status.Mailbox, got, want)
	}
}

func TestStatus_refused(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		s.send(s.expect(`STATUS "a" .*`) + " NO [NONEXISTENT] no such mailbox")
		s.silent()
	})
	if _, err := client.Status(within(t), "a"); errorText(err) != `STATUS "a": NO [NONEXISTENT] no such mailbox` {
		t.Errorf("got %v", err)
	}
}
