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

func TestStatus_limitAndIdentifier(t *testing.T) {
	t.Parallel()
	client := connect(t, "APPENDLIMIT OBJECTID", func(s *script) {
		s.ok(`STATUS "a" \(MESSAGES UIDNEXT UIDVALIDITY APPENDLIMIT MAILBOXID\)`, `* STATUS a (MAILBOXID (F2212ea87-6097) APPENDLIMIT 1000 MESSAGES 2)`)
		s.ok(`STATUS "a" .*`, `* STATUS a (MAILBOXID x APPENDLIMIT NIL (MESSAGES) 3)`)
		s.silent()
	})
	for _, want := range []Status{{Mailbox: "a", Messages: CountOf(2), Size: -1, AppendLimit: 1000, MailboxID: "F2212ea87-6097"},
		{Mailbox: "a", Size: -1, AppendLimit: -1}} {
		if got, err := client.Status(within(t), "a"); got != want || err != nil {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
}

func TestStatus_cyrusIsNotAskedForIdentifiers(t *testing.T) {
	t.Parallel()
	client := connect(t, "OBJECTID ANNOTATE-EXPERIMENT-1", func(s *script) {
		s.ok(`STATUS "INBOX" \(MESSAGES UIDNEXT UIDVALIDITY\)`, "* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)")
	})
	if status, err := client.Status(within(t), "INBOX"); err != nil || status.MailboxID != "" || status.UIDValidity != 3 {
		t.Errorf("%+v %v", status, err)
	}
}
