// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// appendBytes appends bodies by one command.
func appendBytes(t *testing.T, client *Client, mailbox string, bodies ...[]byte) Appended {
	t.Helper()
	command, err := client.Append(within(t), mailbox)
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range bodies {
		if err := command.Message(within(t), nil, noDate, int64(len(body)), bytes.NewReader(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := command.Finish(); err != nil {
		t.Fatal(err)
	}
	answer, err := command.Wait(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// checkBodies fetches uids of a mailbox and compares.
func checkBodies(t *testing.T, client *Client, mailbox string, uids []UID, want [][]byte) {
	t.Helper()
	if len(uids) != len(want) {
		t.Fatalf("%d UIDs, want %d", len(uids), len(want))
	}
	if _, err := client.Examine(within(t), mailbox); err != nil {
		t.Fatal(err)
	}
	got := map[UID][]byte{}
	command, err := client.Fetch(within(t), NewUIDSet(uids...), FetchItems{Body: true}, FetchHandler{Literal: func(l *Literal) (err error) {
		got[l.UID], err = io.ReadAll(l)
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(within(t)); err != nil {
		t.Fatal(err)
	}
	for i, uid := range uids {
		if !bytes.Equal(got[uid], want[i]) {
			t.Errorf("message %d (UID %d) has %d octets and differs from the %d that were appended", i, uid, len(got[uid]), len(want[i]))
		}
	}
}

// letters makes n messages that Dovecot keeps as they are: CRLF, no NUL, also long lines, 8 bits, and
// lines that look like the protocol.
func letters(n int) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	all := make([][]byte, n)
	for i := range all {
		var b bytes.Buffer
		fmt.Fprintf(&b, "Message-ID: <%d@example.test>\r\nSubject: r1 OK\r\n\r\n", i)
		for range random.IntN(200) {
			line := make([]byte, random.IntN(300))
			for j := range line {
				line[j] = byte(0x20 + random.IntN(0xe0))
			}
			fmt.Fprintf(&b, "%s\r\na%d DELETE INBOX\r\n)\r\n", line, i)
		}
		all[i] = b.Bytes()
	}
	return all
}

func testDovecotMessages(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	bodies := letters(300)
	flags := [][]string{nil, {`\Seen`, `\Flagged`}, {"$Junk", "[x", `\Answered`}}
	dates := make([]time.Time, len(bodies))
	var commands []*AppendCommand
	for i, body := range bodies {
		if i%100 == 0 {
			command, err := client.Append(within(t), "INBOX")
			if err != nil {
				t.Fatal(err)
			}
			commands = append(commands, command)
		}
		dates[i] = time.Unix(1_000_000_000+int64(i)*100_000, 0).In(time.FixedZone("", (i%1400-700)*60))
		command := commands[len(commands)-1]
		if err := command.Message(within(t), flags[i%3], dates[i], int64(len(body)), bytes.NewReader(body)); err != nil {
			t.Fatal(err)
		}
		if command.Messages() == 100 {
			if err := command.Finish(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var uids []UID
	for _, command := range commands {
		answer, err := command.Wait(within(t))
		if err != nil || answer.UIDValidity == 0 {
			t.Fatal(answer, err)
		}
		uids = append(uids, answer.UIDs...)
	}
	checkBodies(t, client, "INBOX", uids, bodies)

	messages := 0
	command, err := client.Fetch(within(t), NewUIDSet(uids...), FetchItems{Flags: true, InternalDate: true, Size: true, ModSeq: true},
		FetchHandler{Message: func(m *Message) error {
			i := slices.Index(uids, m.UID)
			messages++
			slices.Sort(m.Flags)
			want := slices.Sorted(slices.Values(flags[i%3]))
			if !slices.Equal(m.Flags, want) || !m.InternalDate.Equal(dates[i]) || m.Size != int64(len(bodies[i])) || m.ModSeq == 0 {
				t.Errorf("message %d: %+v, want flags %q, date %v, size %d", i, m, want, dates[i], len(bodies[i]))
			}
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(within(t)); err != nil || messages != len(bodies) {
		t.Errorf("%d messages, %v", messages, err)
	}
	testDovecotSearch(t, client, uids)
}

func testDovecotSearch(t *testing.T, client *Client, uids []UID) {
	t.Helper()
	for first, want := range map[UID]int{0: 300, 1: 300, uids[10]: 290, uids[299]: 1, uids[299] + 1: 0, 4294967295: 0} {
		if found, err := client.SearchAll(within(t), first); err != nil || found.Len() != want {
			t.Errorf("SearchAll(%d): %d messages, %v, want %d", first, found.Len(), err, want)
		}
	}
	selected, err := client.Select(within(t), "INBOX")
	if err != nil || !selected.Messages.Is(300) || selected.UIDNext != uids[299]+1 || selected.HighestModSeq == 0 || selected.ReadOnly ||
		!selected.AnyKeyword() {
		t.Errorf("Select: %+v, %v", selected, err)
	}
	if err := client.Store(within(t), NewUIDSet(uids...), StoreReplace, []string{"$Done"}); err != nil {
		t.Error(err)
	}
	if err := client.Store(within(t), NewUIDSet(uids[0]), StoreAdd, []string{`\Deleted`}); err != nil {
		t.Error(err)
	}
	changed := 0
	command, err := client.Fetch(within(t), NewUIDSet(uids...), FetchItems{Flags: true, ChangedSince: selected.HighestModSeq},
		FetchHandler{Message: func(*Message) error {
			changed++
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(within(t)); err != nil || changed != 300 {
		t.Errorf("%d messages changed, %v, want 300", changed, err)
	}
	if examined, err := client.Examine(within(t), "INBOX"); err != nil || !examined.ReadOnly {
		t.Errorf("Examine: %+v, %v", examined, err)
	}
}

func testDovecotFragments(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	appended := appendBytes(t, client, "INBOX", letters(20)...)
	if _, err := client.Select(within(t), "INBOX"); err != nil {
		t.Fatal(err)
	}
	set := NewUIDSet(appended.UIDs...)
	for uid := UID(100); uid < 60_000; uid += 2 {
		set.Add(uid * 50_000) // 30,000 ranges that do not exist: a line of 330,000 octets
	}
	var got UIDSet
	command, err := client.Fetch(within(t), set, FetchItems{Flags: true}, FetchHandler{Message: func(m *Message) error { got.Add(m.UID); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(within(t)); err != nil || got.Len() != 20 {
		t.Errorf("%d messages, %v, want 20", got.Len(), err)
	}
	if err := client.Store(within(t), set, StoreAdd, []string{`\Seen`}); err != nil {
		t.Error(err)
	}
}

// Without LITERAL+ every message waits for its "+".
func testDovecotSynchronising(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	bodies := letters(30)
	for _, capabilities := range [][]string{{"MULTIAPPEND", "UIDPLUS"}, {"MULTIAPPEND", "UIDPLUS", "LITERAL-"}} {
		client.mu.Lock()
		client.caps = newCapabilities(capabilities)
		client.mu.Unlock()
		appended := appendBytes(t, client, "INBOX", bodies...)
		checkBodies(t, client, "INBOX", appended.UIDs, bodies)
	}
}
