// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"testing"
	"time"
)

func TestNewestAhead(t *testing.T) {
	t.Parallel()
	date := time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, test := range []struct {
		name    string
		opening []string // "%" stands for the tag
		answers []string
		want    Newest
		ends    bool // the connection does
	}{
		{
			name: "as it should be", opening: []string{"* 2 EXISTS", "% OK [READ-ONLY] done"},
			answers: []string{`* 2 FETCH (UID 9 INTERNALDATE "04-Mar-2021 05:06:07 +0000" RFC822.SIZE 10)`, "% OK done"},
			want:    Newest{UID: 9, InternalDate: date, Size: 10},
		},
		{
			name: "in two answers, one of them twice", opening: []string{"* 2 EXISTS", "% OK done"},
			answers: []string{
				"* 2 FETCH (UID 9 RFC822.SIZE 10)", `* 2 FETCH (UID 9 INTERNALDATE "04-Mar-2021 05:06:07 +0000")`,
				"* 2 FETCH (UID 9 RFC822.SIZE 10)", "% OK done",
			},
			want: Newest{UID: 9, InternalDate: date, Size: 10},
		},
		{
			name: "with flags of another message", opening: []string{"* 2 EXISTS", "% OK done"},
			answers: []string{`* 1 FETCH (UID 3 FLAGS (\Seen))`, `* 2 FETCH (UID 9 RFC822.SIZE 10)`, "% OK done"},
			want:    Newest{UID: 9, Size: 10},
		},
		{
			name: "two that are the newest", opening: []string{"* 2 EXISTS", "% OK done"},
			answers: []string{"* 1 FETCH (UID 3 RFC822.SIZE 10)", "* 2 FETCH (UID 9 RFC822.SIZE 10)", "% OK done"},
		},
		{name: "nothing shown", opening: []string{"* 2 EXISTS", "% OK done"}, answers: []string{"% OK done"}},
		{name: "refused", opening: []string{"* 2 EXISTS", "% OK done"}, answers: []string{"% NO not now"}},
		{name: "not open", opening: []string{"% NO [NONEXISTENT] no such mailbox"}, answers: []string{"% BAD nothing is open"}},
		{name: "empty", opening: []string{"* 0 EXISTS", "% OK done"}, answers: []string{"% BAD no such message"}},
		{name: "not understood", opening: []string{"* 2 EXISTS", "% OK done"}, answers: []string{"% BAD what"}, ends: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "", func(s *script) {
				opening := s.expect(`EXAMINE "a"`)
				newest := s.expect(`UID FETCH \* \(UID INTERNALDATE RFC822.SIZE\)`)
				s.sendAs(opening, test.opening...)
				s.sendAs(newest, test.answers...)
				if test.ends {
					s.hungUp()
					return
				}
				s.send(s.expect("NOOP") + " OK")
				s.silent()
			})
			opening, err := client.ExamineAhead(within(t), "a")
			if err != nil {
				t.Fatal(err)
			}
			command, err := opening.NewestAhead(within(t))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = opening.Wait(within(t)) // a refusal is one of the cases
			got, err := command.Wait(within(t))
			if !got.InternalDate.Equal(test.want.InternalDate) || got.UID != test.want.UID || got.Size != test.want.Size || (err != nil) != test.ends {
				t.Errorf("got %+v and %v, want %+v and an error %v", got, err, test.want, test.ends)
			}
			if err := client.Noop(within(t)); (err != nil) != test.ends {
				t.Errorf("afterwards: %v, want the connection to end %v", err, test.ends)
			}
		})
	}
}
