// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"rehome/internal/mailcopy"
)

var validitySaid = regexp.MustCompile(`UIDVALIDITY [0-9]+ ?`)

// statusWithoutUIDValidity leaves UIDVALIDITY out of STATUS; the opening of a mailbox tells it.
func statusWithoutUIDValidity(line string) string {
	if !strings.HasPrefix(line, "* STATUS") {
		return line
	}
	return validitySaid.ReplaceAllString(line, "")
}

// A destination whose STATUS does not tell UIDVALIDITY: a mailbox that was renamed there, by us or by its user, is
// looked for by opening what nobody knows, and nothing of it counts as deleted.
func TestDelta_renamedWhereStatusTellsNoUIDValidity(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rename func(p *pair)
		at     [2]string
	}{
		"at the source":      {func(p *pair) { p.rename(p.src, "INBOX.Old", "INBOX.New") }, [2]string{"INBOX.New", "New"}},
		"at the destination": {func(p *pair) { p.rename(p.dst, "Old", "Mine") }, [2]string{"INBOX.Old", "Mine"}},
		"at both, by a pass that was killed": {func(p *pair) {
			p.rename(p.src, "INBOX.Old", "INBOX.New")
			p.rename(p.dst, "Old", "New")
		}, [2]string{"INBOX.New", "New"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.dstVia = disguise(t, p.dst.IMAP, statusWithoutUIDValidity)
			p.fill(p.src, "INBOX.Old", letters(5, 500, "old")...)
			p.fill(p.src, "INBOX.Other", letters(3, 500, "other")...)
			p.sync()
			test.rename(p)
			p.fill(p.src, test.at[0], letters(2, 500, "late")...)
			r := p.sync()
			wantTally(t, r, mailcopy.Tally{Copied: 2})
			if slices.Contains(codes(r.Findings), "rename_not_followed") {
				t.Errorf("findings %v: the destination has followed", codes(r.Findings))
			}
			p.wantEqual(test.at[0], test.at[1])
			p.quiet(mailcopy.Tally{})
		})
	}
}
