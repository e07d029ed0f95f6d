// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"slices"

	"rehome"
	"rehome/internal/atmail7"
	"rehome/internal/atmail8"
	"rehome/internal/clientcheck"
	"rehome/internal/cutover"
	"rehome/internal/davcopy"
	"rehome/internal/mailcopy"
	"rehome/internal/mapping"
	"rehome/internal/people"
	"rehome/internal/recipients"
	"rehome/internal/rehearsal"
	"rehome/internal/roster"
	"rehome/internal/rulecopy"
	"rehome/internal/verify"
	verifymail "rehome/internal/verify/mail"
	verifyobjects "rehome/internal/verify/objects"
	verifyrules "rehome/internal/verify/rules"
)

// Findings lists every kind of finding that rehome raises, in the order of a move.
func Findings() []rehome.Declared {
	return slices.Concat(people.Findings(), roster.Findings(), atmail7.Findings(), atmail8.Findings(), recipients.Findings(), mapping.Findings(),
		mailcopy.Findings(), davcopy.Findings(), rulecopy.Findings(), []rehome.Declared{passwordsReplaced, rulesUnreachable, rulesFailed},
		verify.Findings(), verifymail.Findings(), verifyobjects.Findings(), verifyrules.Findings(), rehearsal.Findings(), cutover.Findings(),
		clientcheck.Findings())
}

var (
	passwordsReplaced = rehome.Declared{
		Code: "temporary_passwords_replaced", Topic: rehome.TopicPasswords, Severity: rehome.SeverityWarning,
		Sentence: "the sheet of temporary passwords of an earlier export is gone, so {n new password} {n|was|were} made; those " +
			"handed out before are others",
		NextStep: "put the sheet back from a backup and export again; or import the new file, and hand out the new passwords",
		Meaning: "Every export gives the same temporary passwords as long as their sheet exists. It was destroyed by a purge, or by hand. What " +
			"the destination has, and what users have on paper, is still from the earlier export.",
	}
	rulesUnreachable = rehome.Declared{
		Code: "rules_unreachable", Topic: rehome.TopicRules, Severity: rehome.SeverityError,
		Sentence: "no rules were copied: {why}",
		NextStep: `{hint}; if the destination has no such server, remove destination.sieve from the settings and run "rehome rules export"`,
		Meaning:  "The destination's ManageSieve server cannot be reached. Everything else was copied.",
	}
	rulesFailed = rehome.Declared{
		Code: "rules_failed", Topic: rehome.TopicRules, Severity: rehome.SeverityError,
		Sentence: "the rules were not copied: {why}", NextStep: "{hint}",
		Meaning: "The rules of one account could not be read or stored. Its mail, contacts and calendars are not affected.",
	}
)
