// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"fmt"
	"maps"
	"slices"

	"rehome"
	"rehome/internal/ledger"
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
func fateFindings(row ledger.Mailbox, atSource bool, policy Deletions) []rehome.Finding {
	var findings []rehome.Finding
	tell := func(code, nextStep, sentence string, args ...any) {
		findings = append(findings, rehome.Finding{
			Code: code, Severity: rehome.SeverityInfo, Object: row.Anchor.Destination, Sentence: fmt.Sprintf(sentence, args...), NextStep: nextStep,
		})
	}
	kept := row.Kept()
	adopted, changed := intersection(kept, row.Adopted), intersection(kept, row.Changed).Minus(row.Adopted)
	switch {
	case kept.Empty():
	case policy != DeletionsMirror && !atSource:
		tell("mailbox_deleted", "", "this mailbox was deleted at the source; it stays with %s", plural(kept.Len()))
	case policy != DeletionsMirror:
		tell("vanished_kept", "", "%s vanished at the source and %s (mail.deletions: keep)", plural(kept.Len()), stayStays(kept.Len()))
	default:
		if !adopted.Empty() {
			tell("vanished_not_ours", "", "%s vanished at the source and %s: not written by rehome, but found at the destination",
				plural(adopted.Len()), stayStays(adopted.Len()))
		}
		if !changed.Empty() {
			tell("vanished_changed", "", "%s vanished at the source and %s: changed at the destination since, or not proved to be what rehome wrote",
				plural(changed.Len()), stayStays(changed.Len()))
		}
	}
	if missing := row.Missing(); !missing.Empty() {
		tell("deleted_at_destination", "if that was a mistake, run sync with --copy-again for this account",
			"%s deleted or moved away at the destination; they are not copied again", plural(missing.Len()))
	}
	return findings
}

// plural counts messages in the past tense.
func plural(n int) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", n)
}
