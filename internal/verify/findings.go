// SPDX-License-Identifier: Apache-2.0

package verify

import "rehome"

// Findings lists the kinds of finding about a verification as a whole; each room has its own besides.
func Findings() []rehome.Declared { return []rehome.Declared{notVerified} }

var notVerified = rehome.Declared{
	Code: "not_verified", Topic: rehome.TopicVerifying, Severity: rehome.SeverityError,
	Sentence: "the account could not be verified: {why}", NextStep: "{hint}",
	Meaning: "An end of the account could not be read, so nothing is known about it. An account that is not verified is never counted as equal.",
}
