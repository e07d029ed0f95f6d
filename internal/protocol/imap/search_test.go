// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"testing"
)

func TestSearchAll(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, capabilities, command string
		first                       UID
		untagged                    []string
		want                        string
	}{
		{"plain", "", `UID SEARCH UID 1:\*`, 1, []string{"* SEARCH 1 2 3 7"}, "1:3,7"},
		{"from the start", "", `UID SEARCH UID 1:\*`, 0, []string{"* SEARCH 1"}, "1"},
		{"nothing found", "", `UID SEARCH UID 1:\*`, 1, []string{"* SEARCH"}, ""},
		{"nothing said", "", `UID SEARCH UID 1:\*`, 1, nil, ""},
		{"in pieces", "", `UID SEARCH UID 1:\*`, 1, []string{"* SEARCH 5 4", "* SEARCH 1 2"}, "1:2,4:5"},
		{"n:* names the last message even when it is below n", "", `UID SEARCH UID 10:\*`, 10, []string{"* SEARCH 7"}, ""},
		{"n:* with messages above", "", `UID SEARCH UID 10:\*`, 10, []string{"* SEARCH 7 10 12"}, "10,12"},
		{"extended", "ESEARCH", `UID SEARCH RETURN \(ALL\) UID 1:\*`, 1, []string{`* ESEARCH (TAG "r1") UID ALL 1:3,7`}, "1:3,7"},
		{"extended, from IMAP4rev2", "IMAP4rev2", `UID SEARCH RETURN \(ALL\) UID 1:\*`, 1, []string{`* ESEARCH (TAG "r1") UID ALL 1:3,7`}, "1:3,7"},
		{"extended, falling order", "ESEARCH", `UID SEARCH RETURN \(ALL\) UID 1:\*`, 1, []string{`* ESEARCH (TAG "r1") UID ALL 9,7,3:1`}, "1:3,7,9"},
		{"extended, nothing found", "ESEARCH", `UID SEARCH RETURN \(ALL\) UID 1:\*`, 1, []string{`* ESEARCH (TAG "r1") UID`}, ""},
		{"extended, other results too", "ESEARCH", `UID SEARCH RETURN \(ALL\) UID 1:\*`, 1,
			[]string{`* ESEARCH (TAG "r1") UID COUNT 2 all 1,4294967295 MODSEQ 9`}, "1,4294967295"},
		{"extended, n:*", "ESEARCH", `UID SEARCH RETURN \(ALL\) UID 4294967295:\*`, 4294967295, []string{`* ESEARCH (TAG "r1") UID ALL 3`}, ""},
		{"extended, answered as plain", "ESEARCH", `UID SEARCH RETURN \(ALL\) UID 1:\*`, 1, []string{"* SEARCH 3"}, "3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, test.capabilities, func(s *script) {
				s.ok(test.command, test.untagged...)
				s.silent()
			})
			got, err := client.SearchAll(within(t), test.first)
			if err != nil || got.String() != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

// What cannot be read must not look like an empty mailbox.
func TestSearchAll_nonsenseIsAnError(t *testing.T) {
	t.Parallel()
	for _, result := range []string{"ALL 1:*", "ALL x", "ALL 0", "ALL 4294967296", "ALL (1 2)", "ALL"} {
		client := connect(t, "ESEARCH", func(s *script) {
			s.ok(`UID SEARCH .*`, `* ESEARCH (TAG "r1") UID `+result)
			s.ok("NOOP")
		})
		var syntax *syntaxError
		if got, err := client.SearchAll(within(t), 1); !errors.As(err, &syntax) || !got.Empty() {
			t.Errorf("%s: got %q, %v, want an error", result, got, err)
		}
		if err := client.Noop(within(t)); err != nil {
			t.Error(err)
		}
	}
}

func TestSearchAll_refused(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		tag := s.expect(`UID SEARCH .*`)
		s.send("* SEARCH 1", tag+" NO [SERVERBUG] sorry")
	})
	if got, err := client.SearchAll(within(t), 1); !IsCode(err, "SERVERBUG") || !got.Empty() {
		t.Errorf("got %q, %v, want NO [SERVERBUG] and nothing", got, err)
	}
}

// A list of a mailbox that is not open is a BAD that was to be expected.
func TestSearchAhead(t *testing.T) {
	t.Parallel()
	client := connect(t, "ESEARCH", func(s *script) {
		opening, search := s.expect(`EXAMINE "a"`), s.expect(`UID SEARCH .*`)
		s.send("* 2 EXISTS", opening+" OK done", `* ESEARCH (TAG "`+search+`") UID ALL 4,9`, search+" OK done")
		opening, search = s.expect(`EXAMINE "gone"`), s.expect(`UID SEARCH .*`)
		s.send(opening+" NO [NONEXISTENT] no such mailbox", search+" BAD nothing is open")
		s.ok("NOOP")
	})
	wantShown(t, client, "a", "4,9")
	wantShown(t, client, "gone", "")
	if err := client.Noop(within(t)); err != nil {
		t.Error(err)
	}
}

func wantShown(t *testing.T, client *Client, name, want string) {
	t.Helper()
	opening, err := client.ExamineAhead(within(t), name)
	if err != nil {
		t.Fatal(err)
	}
	search, err := opening.SearchAhead(within(t))
	if err != nil {
		t.Fatal(err)
	}
	_, opened := opening.Wait(within(t))
	if got, err := search.Wait(within(t)); got.String() != want || (err == nil) != (opened == nil) {
		t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
	}
}

func TestSearchHeader(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		s.ok(`UID SEARCH HEADER "?Message-ID"? "<a\\"b@x>"`, "* SEARCH 7")
		s.silent()
	})
	if got, err := client.SearchHeader(within(t), "Message-ID", `<a"b@x>`); err != nil || got.String() != "7" {
		t.Errorf("got %v, %v", got, err)
	}
}
