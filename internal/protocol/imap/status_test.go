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

// A mailbox that is being opened is asked for what the opening does not tell. That a server does not do that costs nothing but the answer.
func TestStatusAhead(t *testing.T) {
	t.Parallel()
	const question = `STATUS "a" \(MESSAGES UIDNEXT UIDVALIDITY SIZE\)`
	client := connect(t, "STATUS=SIZE", func(s *script) {
		opening, status := s.expect(`EXAMINE "a"`), s.expect(question)
		s.send("* 1 EXISTS", opening+" OK done", "* STATUS a (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 SIZE 4)", status+" OK done")
		opening, status = s.expect(`EXAMINE "a"`), s.expect(question)
		s.send("* 1 EXISTS", opening+" OK done", status+" BAD it is open")
		s.ok("NOOP")
	})
	for _, size := range []int64{4, -1} {
		opening, err := client.ExamineAhead(within(t), "a")
		if err != nil {
			t.Fatal(err)
		}
		command, err := opening.StatusAhead(within(t))
		if err != nil {
			t.Fatal(err)
		}
		if box, err := opening.Wait(within(t)); err != nil || !box.Messages.Is(1) {
			t.Errorf("opened with %v, %v", box.Messages, err)
		}
		if status, err := command.Wait(within(t)); status.Size != size || (err == nil) != (size > 0) {
			t.Errorf("got size %d, %v, want %d", status.Size, err, size)
		}
	}
	if err := client.Noop(within(t)); err != nil {
		t.Error(err)
	}
}
