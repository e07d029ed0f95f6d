// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"fmt"
	"math"
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
			untagged: []string{`* FLAGS (\Answered \Seen $Junk a{b)`, `* OK [PERMANENTFLAGS (\Answered \Seen \*)] Flags permitted.`, "* 17 EXISTS", "* 0 RECENT",
				"* OK [UNSEEN 3]", "* OK [UIDVALIDITY 1234567890] UIDs valid", "* OK [UIDNEXT 4294967295] Predicted", "* OK [HIGHESTMODSEQ 9223372036854775807] Highest", "* OK [MAILBOXID (F1)] ok"},
			status:     "OK [READ-WRITE] done",
			want:       Selected{Name: "a", Messages: 17, UIDNext: math.MaxUint32, UIDValidity: 1234567890, HighestModSeq: math.MaxInt64, Flags: []string{`\Answered`, `\Seen`, "$Junk", "a{b"}, PermanentFlags: []string{`\Answered`, `\Seen`, `\*`}, MailboxID: "F1"},
			anyKeyword: true,
		},
		{
			name: "examine", capabilities: "QRESYNC", command: `EXAMINE "a" \(CONDSTORE\)`, examine: true,
			untagged: []string{"* 0 EXISTS", "* OK [NOMODSEQ] none", "* OK [PERMANENTFLAGS ()] Read-only mailbox."},
			status:   "OK [READ-ONLY] done",
			want:     Selected{Name: "a", ReadOnly: true, PermanentFlags: []string{}},
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
			untagged: []string{"* OK [UIDNEXT 4294967296] x", "* OK [UIDVALIDITY x] x", "* OK [HIGHESTMODSEQ -1] x", "* OK [UIDNEXT] x", "* 99999999999999999999 EXISTS", "* FLAGS NIL"},
			status:   "OK done",
			want:     Selected{Name: "a", Messages: math.MaxInt64}, anyKeyword: true,
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
				s.silent()
			})
			if err := client.Unselect(within(t)); err != nil {
				t.Error(err)
			}
		})
	}
}
