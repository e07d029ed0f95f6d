// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"strings"
	"testing"
)

// Courier hangs up after ten refusals in a row; a NOOP between them keeps it.
func TestBreathe_neverTenRefusalsInARow(t *testing.T) {
	t.Parallel()
	const appends = 23
	address := serve(t, func(s *script) {
		s.send("* OK [CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS] Courier-IMAP ready. Copyright 1998-2022 Double Precision, Inc.")
		refused := 0
		for seen := 0; seen < appends; {
			line := s.line()
			tag, command, _ := strings.Cut(line, " ")
			if command == "NOOP" {
				s.send(tag + " OK done")
				refused = 0
				continue
			}
			s.octets(1)
			s.match("")
			s.send(tag + " NO no")
			if seen, refused = seen+1, refused+1; refused == 10 {
				s.fail("ten refusals in a row")
			}
		}
		s.silent()
	})
	client := dial(t, Options{Address: address})
	for range appends {
		if _, err := appendAll(within(t), client, "x"); !IsStatus(err, "NO") {
			t.Fatalf("got %v, want NO", err)
		}
	}
}
