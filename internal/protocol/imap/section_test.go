// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"fmt"
	"testing"
)

func TestLiteral_saysItsSection(t *testing.T) {
	t.Parallel()
	client := connect(t, "OBJECTID", func(s *script) {
		s.ok(`UID FETCH 1:9 \(UID EMAILID BODY.PEEK\[HEADER.FIELDS \(DATE\)\] BODY.PEEK\[\]\)`,
			"* 1 FETCH (UID 1 EMAILID (M6d-_9) BODY[HEADER.FIELDS (date)] \"a\" BODY[] {2}\r\nbc body[1.mime]<0> \"d\" RFC822 \"e\" "+
				"RFC822.HEADER \"f\" BINARY[2] \"g\")",
			`* 2 FETCH (UID 2 EMAILID (a b))`, `* 3 FETCH (UID 3 EMAILID NIL)`, `* 4 FETCH (UID 4 EMAILID ("x y"))`)
		s.silent()
	})
	var got []string
	fetch, err := client.Fetch(within(t), rangeSet(1, 9), FetchItems{EmailID: true, HeaderFields: "DATE", Body: true}, FetchHandler{
		Literal: func(l *Literal) error {
			got = append(got, fmt.Sprintf("%d %q %d", l.UID, l.Section, l.Size))
			return nil
		},
		Message: func(m *Message) error { got = append(got, fmt.Sprintf("%d is %q", m.UID, m.EmailID)); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := fetch.Wait(within(t)); err != nil {
		t.Error(err)
	}
	checkLines(t, got, []string{
		`1 "HEADER.FIELDS (DATE)" 1`, `1 "" 2`, `1 "1.MIME" 1`, `1 "" 1`, `1 "HEADER" 1`, `1 "2" 1`,
		`1 is "M6d-_9"`, `2 is ""`, `3 is ""`, `4 is ""`,
	})
}
