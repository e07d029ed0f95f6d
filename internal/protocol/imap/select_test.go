// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestSelect_codes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, capabilities, command string
		examine                     bool
		untagged                    []string
		status                      string
		want                        Selected
		anyKeyword                  bool
	}{
		{
			name: "everything", capabilities: "CONDSTORE", command: `SELECT "a" \(CONDSTORE\)`,
			untagged: []string{`* FLAGS (\Answered \Seen $Junk a{b)`, `* OK [PERMANENTFLAGS (\Answered \Seen \*)] Flags permitted.`, "* 17 EXISTS",
				"* 0 RECENT",
				"* OK [UNSEEN 3]", "* OK [UIDVALIDITY 1234567890] UIDs valid", "* OK [UIDNEXT 4294967295] Predicted",
				"* OK [HIGHESTMODSEQ 9223372036854775807] Highest", "* OK [MAILBOXID (F1)] ok"},
			status: "OK [READ-WRITE] done",
			want: Selected{Name: "a", Messages: CountOf(17), UIDNext: math.MaxUint32, UIDValidity: 1234567890, HighestModSeq: math.MaxInt64,
				Flags: []string{`\Answered`, `\Seen`, "$Junk", "a{b"}, PermanentFlags: []string{`\Answered`, `\Seen`, `\*`}, MailboxID: "F1"},
			anyKeyword: true,
		},
		{
			name: "examine", capabilities: "QRESYNC", command: `EXAMINE "a" \(CONDSTORE\)`, examine: true,
			untagged: []string{"* 0 EXISTS", "* OK [NOMODSEQ] none", "* OK [PERMANENTFLAGS ()] Read-only mailbox."},
			status:   "OK [READ-ONLY] done",
			want:     Selected{Name: "a", Messages: CountOf(0), ReadOnly: true, PermanentFlags: []string{}},
		},
		{
			name: "read-only although selected", command: `SELECT "a"`,
			untagged:   []string{"* OK [PERMANENTFLAGS (x]y \\*)] odd keyword"},
			status:     "OK [READ-ONLY] done",
			want:       Selected{Name: "a", ReadOnly: true, PermanentFlags: []string{"x]y", `\*`}},
			anyKeyword: true,
		},
		{
			name: "nothing said", command: `SELECT "a"`, status: "OK done",
			want: Selected{Name: "a"}, anyKeyword: true,
		},
		{
			name: "nonsense", command: `SELECT "a"`,
			untagged: []string{"* OK [UIDNEXT 4294967296] x", "* OK [UIDVALIDITY x] x", "* OK [HIGHESTMODSEQ -1] x", "* OK [UIDNEXT] x",
				"* 99999999999999999999 EXISTS", "* FLAGS NIL"},
			status: "OK done",
			want:   Selected{Name: "a", Messages: CountOf(math.MaxInt64)}, anyKeyword: true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, test.capabilities, func(s *script) {
				tag := s.expect(test.command)
				s.send(append(test.untagged, tag+" "+test.status)...)
				s.silent()
			})
			open := client.Select
			if test.examine {
				open = client.Examine
			}
			got, err := open(within(t), "a")
			if err != nil {
				t.Fatal(err)
			}
			if a, b := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", test.want); a != b {
				t.Errorf("got  %s\nwant %s", a, b)
			}
			if got.AnyKeyword() != test.anyKeyword {
				t.Errorf("AnyKeyword() = %v, want %v", got.AnyKeyword(), test.anyKeyword)
			}
		})
	}
}

func TestSelect_refused(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		s.send(s.expect(`SELECT "Entw&APw-rfe"`) + " NO [NONEXISTENT] no such mailbox")
		s.ok("NOOP")
	})
	if _, err := client.Select(within(t), "Entwürfe"); !IsCode(err, "NONEXISTENT") {
		t.Errorf("got %v, want NO [NONEXISTENT]", err)
	}
	if err := client.Noop(within(t)); err != nil {
		t.Error(err)
	}
}

// What is asked about the mailbox is sent before the server has said that it is open.
func TestExamineAhead_isPipelined(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		opening := s.expect(`EXAMINE "a"`)
		fetch := s.expect(`UID FETCH 1:9 .*`)
		s.send("* 2 EXISTS", "* OK [UIDVALIDITY 7] valid", opening+" OK [READ-ONLY] done",
			"* 1 FETCH (UID 4 RFC822.SIZE 10)", fetch+" OK done")
		opening, fetch = s.expect(`EXAMINE "gone"`), s.expect(`UID FETCH 1:9 .*`)
		s.send(opening+" NO [NONEXISTENT] no such mailbox", fetch+" BAD nothing is open")
		s.hungUp()
	})
	for _, test := range []struct {
		name, code string
		messages   Count
		uids       []UID
	}{{"a", "", CountOf(2), []UID{4}}, {"gone", "NONEXISTENT", Count{}, nil}} {
		opening, err := client.ExamineAhead(within(t), test.name)
		if err != nil {
			t.Fatal(err)
		}
		var uids []UID
		fetch, err := client.Fetch(within(t), rangeSet(1, 9), FetchItems{Size: true}, FetchHandler{Message: func(m *Message) error {
			uids = append(uids, m.UID)
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		box, err := opening.Wait(within(t))
		if box.Messages != test.messages || (test.code == "") != (err == nil) || err != nil && !IsCode(err, test.code) {
			t.Errorf("%s: got %+v and %v, want %s messages and code %q", test.name, box, err, test.messages, test.code)
		}
		if err := fetch.Wait(within(t)); (test.code == "") != (err == nil) || !slices.Equal(uids, test.uids) {
			t.Errorf("%s: listed %v and %v, want %v", test.name, uids, err, test.uids)
		}
	}
}

func TestUnselect(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, capabilities, command, answer string }{
		{"known", "UNSELECT", "UNSELECT", "OK done"},
		{"part of IMAP4rev2", "IMAP4rev2", "UNSELECT", "OK done"},
		{"unknown", "", `EXAMINE "rehome no such mailbox"`, "NO not found"},
		{"unknown, and such a mailbox", "", `EXAMINE "rehome no such mailbox"`, "OK done"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, test.capabilities, func(s *script) {
				s.send(s.expect(test.command) + " " + test.answer)
				ahead, next := s.expect(test.command), s.expect("NOOP")
				s.send(ahead+" "+test.answer, next+" OK")
				s.silent()
			})
			if err := client.Unselect(within(t)); err != nil {
				t.Error(err)
			}
			if err := errors.Join(client.UnselectAhead(within(t)), client.Noop(within(t))); err != nil {
				t.Errorf("ahead: %v", err)
			}
		})
	}
}

// What comes until a mailbox is open is of the one before, even if the next command asks for a message of that UID.
func TestFetchAhead_takesWhatIsOfItsMailbox(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		opening, fetch := s.expect(`EXAMINE "a"`), s.expect(`UID FETCH 1:9 .*`)
		s.send("* 1 FETCH (UID 4 RFC822.SIZE 40)", "* 2 EXISTS", opening+" OK done", "* 1 FETCH (UID 5 RFC822.SIZE 50)", fetch+" OK done")
		s.silent()
	})
	uids, _, fetched := fetchAhead(t, client, FetchItems{Size: true})
	if fetched != nil || !slices.Equal(uids, []UID{5}) {
		t.Errorf("got %v and %v, want 5", uids, fetched)
	}
}

// A BAD that was to be expected does not end the connection.
func TestFetchAhead_excuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		opening []string
		items   FetchItems
		ends    bool
	}{
		{"refused", []string{"% NO no such mailbox"}, FetchItems{Size: true}, false},
		{"empty", []string{"* 0 EXISTS", "% OK done"}, FetchItems{Size: true}, false},
		{"without MODSEQ", []string{"* 2 EXISTS", "* OK [NOMODSEQ] none", "% OK done"}, FetchItems{ModSeq: true}, false},
		{"with MODSEQ", []string{"* 2 EXISTS", "* OK [HIGHESTMODSEQ 7] seven", "% OK done"}, FetchItems{ModSeq: true}, true},
		{"not asked for MODSEQ", []string{"* 2 EXISTS", "% OK done"}, FetchItems{Size: true}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "", func(s *script) {
				opening, fetch := s.expect(`EXAMINE "a"`), s.expect(`UID FETCH 1:9 .*`)
				s.sendAs(opening, test.opening...)
				s.send(fetch + " BAD what")
				if test.ends {
					s.hungUp()
					return
				}
				s.ok("NOOP")
			})
			_, _, fetched := fetchAhead(t, client, test.items)
			if !IsStatus(fetched, "BAD") {
				t.Errorf("got %v, want BAD", fetched)
			}
			if err := client.Noop(within(t)); (err != nil) != test.ends {
				t.Errorf("afterwards: %v, want the connection to end %v", err, test.ends)
			}
		})
	}
}

// fetchAhead opens "a" and fetches 1:9 behind it.
func fetchAhead(t *testing.T, client *Client, items FetchItems) (uids []UID, opened, fetched error) {
	t.Helper()
	opening, err := client.ExamineAhead(within(t), "a")
	if err != nil {
		t.Fatal(err)
	}
	fetch, err := opening.FetchAhead(within(t), rangeSet(1, 9), items, FetchHandler{Message: func(m *Message) error {
		uids = append(uids, m.UID)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, opened = opening.Wait(within(t))
	fetched = fetch.Wait(within(t))
	return uids, opened, fetched
}

// What closes a mailbox whose opening is refused earns its BAD, and any other closing does not.
func TestUnselectAhead_nothingIsOpen(t *testing.T) {
	t.Parallel()
	for _, refused := range []bool{true, false} {
		client := connect(t, "UNSELECT", func(s *script) {
			opening, closing := s.expect(`EXAMINE "a"`), s.expect("UNSELECT")
			if refused {
				s.send(opening+" NO not now", closing+" BAD No mailbox selected.")
				s.ok(`EXAMINE "b"`)
			} else {
				s.send(opening+" OK done", closing+" BAD No mailbox selected.")
			}
			s.hungUp()
		})
		opening, err := client.ExamineAhead(within(t), "a")
		if err != nil {
			t.Fatal(err)
		}
		if err := client.UnselectAhead(within(t)); err != nil {
			t.Fatal(err)
		}
		if _, err := opening.Wait(within(t)); refused != IsStatus(err, "NO") {
			t.Errorf("got %v, refused %t", err, refused)
		}
		if _, err := client.Examine(within(t), "b"); refused != (err == nil) {
			t.Errorf("the next opening: %v; the one before was refused: %t", err, refused)
		}
	}
}
