// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"maps"
	"slices"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// reportFate tells, from the ledger alone, where both ends differ on purpose, so that it is told in
// every pass and not only in the one that has noticed it.
func (s *slice) reportFate() {
	for _, name := range slices.Sorted(maps.Keys(s.view.rows)) {
		row := s.view.rows[name]
		_, atSource := s.view.src[name]
		s.count(func(t *Tally) {
			t.Kept += row.Kept().Len()
			t.Deserted += row.Missing().Len()
		})
		s.find(fateFindings(row, atSource, s.engine.options.Deletions)...)
	}
}

// fateFindings says what of a mailbox is only at one end, and why.
func fateFindings(row ledger.Mailbox, atSource bool, policy rehome.Deletions) []rehome.Finding {
	var findings []rehome.Finding
	tell := func(d rehome.Declared, messages imap.UIDSet) {
		findings = append(findings, d.On(row.Anchor.Destination, rehome.Values{"n": messages.Len()}))
	}
	kept := row.Kept()
	adopted := intersection(kept, row.Adopted)
	changed := intersection(kept, row.Changed).Minus(row.Adopted)
	switch {
	case kept.Empty():
	case policy != rehome.DeletionsMirror && !atSource:
		tell(mailboxDeleted, kept)
	case policy != rehome.DeletionsMirror:
		tell(vanishedKept, kept)
	default:
		if !adopted.Empty() {
			tell(vanishedNotOurs, adopted)
		}
		if !changed.Empty() {
			tell(vanishedChanged, changed)
		}
	}
	if missing := row.Missing(); !missing.Empty() {
		tell(deletedAtDestination, missing)
	}
	return findings
}
