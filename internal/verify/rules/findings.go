// SPDX-License-Identifier: Apache-2.0

package rules

import "rehome"

// Findings lists every kind of finding that comparing rules raises beside differences.
func Findings() []rehome.Declared {
	return []rehome.Declared{rulesNotVerified, rulesOff, filterLeftOut}
}

var (
	rulesNotVerified = rehome.Declared{
		Code: "rules_not_verified", Topic: rehome.TopicVerifying, Severity: rehome.SeverityError,
		Sentence: "the rules could not be verified: {why}", NextStep: "{hint}",
		Meaning: "An end's scripts, or its list of mailboxes, could not be read. Everything else was verified all the same, but the account " +
			"does not count as equal.",
	}
	rulesOff = rehome.Declared{
		Code: "rules_off_until_switch", Topic: rehome.TopicVerifying, Severity: rehome.SeverityInfo,
		Sentence: "the script is at the destination as it is wanted; it replies or forwards, so it stays off until the switch",
		NextStep: `after the switch, run "rehome sync --only rules --switch-on-rules"`,
		Meaning: "While both servers run, each would reply and forward. So a script that does either may be off at the destination and counts " +
			"as equal. Verification does not know whether the domain has moved.",
	}
	filterLeftOut = rehome.Declared{
		Code: "filter_left_out", Topic: rehome.TopicVerifying, Severity: rehome.SeverityInfo,
		Sentence: "a filter of the source's database sorts into this mailbox, which is not part of the move; the rest of the rules was compared",
		NextStep: "tell the user that these messages stay in INBOX, or include the mailbox in the move",
		Meaning: "The mailbox does not exist at the source, or the settings leave it out. Then a filter that sorts into it has no place at the " +
			"destination.",
	}
)
