// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

func testDovecotRefusals(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	if _, err := client.Select(within(t), "missing"); !IsStatus(err, "NO") {
		t.Errorf("Select: %v, want NO", err)
	}
	opening, err := client.ExamineAhead(within(t), "missing")
	if err != nil {
		t.Fatal(err)
	}
	if err := client.UnselectAhead(within(t)); err != nil { // which this server answers by BAD
		t.Fatal(err)
	}
	if _, err := opening.Wait(within(t)); !IsStatus(err, "NO") {
		t.Errorf("Examine: %v, want NO", err)
	}
	if err := client.Noop(within(t)); err != nil {
		t.Fatalf("after the closing of what is not open: %v", err)
	}
	// The refusal comes while megabytes are still to be written, and the server swallows them.
	body := bytes.Repeat([]byte("Subject: x\r\n"), 500_000)
	for _, capabilities := range []string{"LITERAL+", ""} {
		client.mu.Lock()
		client.caps = newCapabilities([]string{"IMAP4REV1", "MULTIAPPEND", capabilities})
		client.mu.Unlock()
		command, err := client.Append(within(t), "missing")
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := command.Message(within(t), nil, noDate, int64(len(body)), bytes.NewReader(body)); err != nil && !IsCode(err, "TRYCREATE") {
				t.Errorf("%q: Message: %v", capabilities, err)
			}
		}
		if err := command.Finish(); err != nil {
			t.Errorf("%q: Finish: %v", capabilities, err)
		}
		if _, err := command.Wait(within(t)); !IsStatus(err, "NO") || !IsCode(err, "TRYCREATE") {
			t.Errorf("%q: Wait: %v, want NO [TRYCREATE]", capabilities, err)
		}
		if err := client.Noop(within(t)); err != nil {
			t.Fatalf("%q: the connection is out of step: %v", capabilities, err)
		}
	}
}

// Whatever is refused, the message is never run as commands.
func testDovecotHazard(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	if err := client.Create(within(t), "Victim"); err != nil {
		t.Fatal(err)
	}
	body := "Subject: x\r\n" + strings.Repeat("\r\na1 DELETE Victim\r\nr9 DELETE Victim\r\n", 1000)
	long := strings.Repeat("k", 200) // more than Dovecot keeps: refused by NO [CANNOT]
	for _, attempt := range []struct {
		mailbox string
		flags   []string
	}{{"missing", nil}, {"INBOX", []string{long}}, {"bad//name", nil}, {"", nil}, {strings.Repeat("x", 2000), nil}, {DecodeName("\xff"), nil}} {
		if client.Err() != nil {
			client = server.logIn(t, user)
		}
		command, err := client.Append(within(t), attempt.mailbox)
		if err != nil {
			continue
		}
		for range 2 {
			if err = command.Message(within(t), attempt.flags, noDate, int64(len(body)), strings.NewReader(body)); err != nil {
				break
			}
		}
		if err = errors.Join(err, command.Finish()); err == nil {
			_, err = command.Wait(within(t))
		}
		if err == nil {
			t.Errorf("append to %q with %.20q is not refused", attempt.mailbox, attempt.flags)
		}
	}
	if _, err := server.logIn(t, user).Status(within(t), "Victim"); err != nil {
		t.Errorf("the mailbox that the messages name is gone: %v", err)
	}
}

func testDovecotAbort(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	command, err := client.Append(within(t), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	body := bytes.Repeat([]byte("Subject: x\r\n"), 20_000)
	for range 5 {
		if err := command.Message(within(t), nil, noDate, int64(len(body)), bytes.NewReader(body)); err != nil {
			t.Fatal(err)
		}
	}
	command.Abort(errEnough)
	if _, err := command.Wait(within(t)); !errors.Is(err, errEnough) {
		t.Errorf("Wait: %v, want %v", err, errEnough)
	}
	status, err := server.logIn(t, user).Status(within(t), "INBOX")
	if err != nil || !status.Messages.Is(0) || status.UIDNext != 1 {
		t.Errorf("an aborted append left %+v, %v", status, err)
	}
}

func testDovecotQuota(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	body := bytes.Repeat([]byte("Subject: x\r\n"), 1_000_000)
	appendBytes(t, client, "INBOX", body)
	quota, ok, err := client.QuotaOf(within(t), "INBOX")
	if err != nil || !ok || quota.Limit != 20<<20 || quota.Used < int64(len(body))/1024*1024 {
		t.Errorf("QuotaOf: %+v, %v, %v", quota, ok, err)
	}
	command, err := client.Append(within(t), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(command.Message(within(t), nil, noDate, int64(len(body)), bytes.NewReader(body)), command.Finish()); err != nil {
		t.Fatal(err)
	}
	if _, err := command.Wait(within(t)); !IsCode(err, "OVERQUOTA") {
		t.Errorf("got %v, want NO [OVERQUOTA]", err)
	}
	if err := client.Noop(within(t)); err != nil {
		t.Error(err)
	}
}

// What this client accepts as a flag or a date, the server must be able to parse: it may say NO, but
// never BAD.
func testDovecotArguments(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	var commands []*AppendCommand
	send := func(flags []string, date time.Time) {
		command, err := client.Append(within(t), "INBOX")
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Message(within(t), flags, date, 12, strings.NewReader("Subject: x\r\n")); err != nil {
			command.Abort(err)
			t.Fatalf("%q %v: %v", flags, date, err)
		}
		if err := command.Finish(); err != nil {
			t.Fatal(err)
		}
		commands = append(commands, command)
	}
	for c := range 256 {
		if keyword := "k" + string(rune(c)); ValidKeyword(keyword) {
			send([]string{keyword}, noDate)
		}
		if keyword := string(rune(c)); ValidKeyword(keyword) {
			send([]string{keyword}, noDate)
		}
	}
	for _, year := range []int{1, 99, 1000, 1582, 1899, 1900, 1901, 1969, 1970, 1971, 2000, 2026, 2038, 2106, 9999} {
		for _, minutes := range []int{0, 1, -1, 839, -839, 1439, -1439} {
			send(nil, time.Date(year, 12, 31, 23, 59, 59, 0, time.FixedZone("", minutes*60)))
			send(nil, time.Date(year, 1, 1, 0, 0, 0, 0, time.FixedZone("", minutes*60)))
		}
	}
	for _, command := range commands {
		if _, err := command.Wait(within(t)); err != nil && !IsStatus(err, "NO") {
			t.Fatalf("%v", err)
		}
	}
}
