// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// renderEntries shows a listing, one line for each mailbox.
func renderEntries(entries []ListEntry) []string {
	var lines []string
	for _, e := range entries {
		line := fmt.Sprintf("%q %q %s", e.Name, e.Delimiter, strings.Join(e.Attributes, " "))
		if e.Subscribed {
			line += " subscribed"
		}
		if e.Status != nil {
			line += " " + renderStatus(*e.Status)
		}
		lines = append(lines, line)
	}
	return lines
}

func renderStatus(s Status) string {
	return fmt.Sprintf("messages=%s uidnext=%d uidvalidity=%d modseq=%d size=%d", s.Messages, s.UIDNext, s.UIDValidity, s.HighestModSeq, s.Size)
}

func checkLines(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestList_extended(t *testing.T) {
	t.Parallel()
	client := connect(t, "LIST-EXTENDED SPECIAL-USE LIST-STATUS CONDSTORE STATUS=SIZE", func(s *script) {
		s.ok(`LIST "" "\*" RETURN \(SUBSCRIBED CHILDREN SPECIAL-USE STATUS \(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ SIZE\)\)`,
			`* LIST (\HasChildren \Subscribed) "/" inbox`,
			`* LIST (\HasNoChildren \Sent) "/" "Gesendet &- Entw&APw-rfe"`,
			`* STATUS InBox (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 5 HIGHESTMODSEQ 6 SIZE 7)`,
			`* LIST (\Noselect) "/" {5}`+"\r\na \"b\\",
			`* LIST (\NonExistent \subscribed) "/" gone ("CHILDINFO" ("SUBSCRIBED"))`,
			`* STATUS "Gesendet &- Entw&APw-rfe" (SIZE 1 FOO 9 MESSAGES 4294967296 UIDNEXT 4294967296 UIDVALIDITY x HIGHESTMODSEQ 9223372036854775807)`,
			`* LIST () NIL a&b`,
			`* LIST () "/" NIL`,
			`* LIST () "/" INBOX`, // once more
			`* LIST (\Noselect) "/" twice`,
			`* LIST (\HasNoChildren) "/" twice`,
			`* LIST () "/"`,
			`* LIST () "/" ""`,
			`* LIST`,
			`* STATUS nowhere (MESSAGES 1)`,
			`* STATUS`,
		)
		s.silent()
	})
	entries, err := client.List(within(t))
	if err != nil {
		t.Fatal(err)
	}
	checkLines(t, renderEntries(entries), []string{
		`"INBOX" "/" \HasChildren \Subscribed subscribed messages=3 uidnext=4 uidvalidity=5 modseq=6 size=7`,
		`"Gesendet & Entwürfe" "/" \HasNoChildren \Sent messages=4294967296 uidnext=0 uidvalidity=0 modseq=9223372036854775807 size=1`,
		`"a \"b\\" "/" \Noselect`,
		`"gone" "/" \NonExistent \subscribed subscribed`,
		fmt.Sprintf("%q %q ", DecodeName("a&b"), ""),
		`"NIL" "/" `,
		`"twice" "/" \HasNoChildren`,
	})
	for i, want := range []bool{true, true, false, false, true, true, true} {
		if got := entries[i].Selectable(); got != want {
			t.Errorf("%q: Selectable() = %v, want %v", entries[i].Name, got, want)
		}
	}
	if !entries[1].HasAttribute(`\SENT`) || entries[1].HasAttribute(`\Trash`) {
		t.Errorf("attributes %q", entries[1].Attributes)
	}
}

func TestList_plainServer(t *testing.T) {
	t.Parallel()
	for _, capabilities := range []string{"", "LIST-STATUS"} { // the second makes no sense without LIST-EXTENDED
		client := connect(t, capabilities, func(s *script) {
			s.ok(`LIST "" "\*"`, `* LIST (\HasNoChildren) "." INBOX`, `* LIST (\Noselect) "." Archive`, `* LIST () "." Archive.2020`, `* LIST () "." locked`)
			s.ok(`LSUB "" "\*"`, `* LSUB () "." Inbox`, `* LSUB () "." "no longer there"`, `* LSUB (\Noselect) "." Archive`)
			var tags []string
			for _, name := range []string{"INBOX", `Archive\.2020`, "locked"} { // all of them before the first answer
				tags = append(tags, s.expect(`STATUS "`+name+`" \(MESSAGES UIDNEXT UIDVALIDITY\)`))
			}
			s.send("* STATUS other (MESSAGES 99)",
				"* STATUS inbox (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)", tags[0]+" OK done",
				"* STATUS \"Archive.2020\" (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 6)", tags[1]+" OK done",
				tags[2]+" NO [NOPERM] not yours")
			s.silent()
		})
		entries, err := client.List(within(t))
		if err != nil {
			t.Fatal(err)
		}
		checkLines(t, renderEntries(entries), []string{
			`"INBOX" "." \HasNoChildren subscribed messages=1 uidnext=2 uidvalidity=3 modseq=0 size=-1`,
			`"Archive" "." \Noselect subscribed`,
			`"Archive.2020" "."  messages=4 uidnext=5 uidvalidity=6 modseq=0 size=-1`,
			`"locked" "." `,
		})
	}
}

// A listing that could not be completed must not look like one of an account without messages.
func TestList_lostConnection(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		play func(*script)
	}{
		{"in LIST", func(s *script) { s.expect(`LIST .*`); s.send(`* LIST () "." INBOX`) }},
		{"in LSUB", func(s *script) { s.ok(`LIST .*`, `* LIST () "." INBOX`); s.expect(`LSUB .*`) }},
		{"in STATUS", func(s *script) {
			s.ok(`LIST .*`, `* LIST () "." a`, `* LIST () "." b`)
			s.ok(`LSUB .*`)
			first := s.expect(`STATUS "a" .*`)
			s.expect(`STATUS "b" .*`)
			s.send("* STATUS a (MESSAGES 1)", first+" OK done")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "", test.play)
			var lost *ConnectionError
			if entries, err := client.List(within(t)); !errors.As(err, &lost) || entries != nil {
				t.Errorf("got %d entries, %v, want a ConnectionError", len(entries), err)
			}
		})
	}
}

func TestList_refused(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		s.send(s.expect(`LIST .*`) + " NO [SERVERBUG] sorry")
		s.ok(`LIST .*`)
		s.send(s.expect(`LSUB .*`) + " NO [SERVERBUG] sorry")
		s.ok(`LIST .*`, `* LIST () "." a`)
		s.ok(`LSUB .*`)
		s.send(s.expect(`STATUS .*`) + " BAD what")
		s.silent()
	})
	for range 2 {
		if _, err := client.List(within(t)); !IsCode(err, "SERVERBUG") {
			t.Errorf("got %v, want NO [SERVERBUG]", err)
		}
	}
	if _, err := client.List(within(t)); !IsStatus(err, "BAD") {
		t.Errorf("got %v, want BAD", err)
	}
}

func TestList_endless(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		tag := s.expect("LIST .*")
		s.raw(strings.Repeat("* LIST () \"/\" x\r\n", maxListing+1))
		s.send(tag + " OK done")
		s.ok("NOOP")
		s.silent()
	})
	var tooMany *TooManyError
	if _, err := client.List(within(t)); !errors.As(err, &tooMany) {
		t.Errorf("got %v, want %T", err, tooMany)
	}
	if err := client.Noop(within(t)); err != nil {
		t.Errorf("the connection is gone: %v", err)
	}
}
