// SPDX-License-Identifier: Apache-2.0

package objects

import "rehome"

// Findings lists every kind of finding that comparing contacts and calendars raises beside differences.
func Findings() []rehome.Declared { return []rehome.Declared{objectsNotVerified, propertiesDiffer} }

var (
	objectsNotVerified = rehome.Declared{
		Code: "pim_not_verified", Topic: rehome.TopicVerifying, Severity: rehome.SeverityError,
		Sentence: "contacts and calendars could not be verified: {why}", NextStep: "{hint}",
		Meaning: "An end could not be read. Mail was verified all the same, but the account does not count as equal.",
	}
	propertiesDiffer = rehome.Declared{
		Code: "collection_properties", Topic: rehome.TopicVerifying, Severity: rehome.SeverityInfo,
		Sentence: "different at the destination: {what}",
		NextStep: "set it at the destination if you want it; what the user chose there stays",
		Meaning:  "A calendar's or address book's name, description, colour, order or time zone differs. Its objects are compared separately.",
	}
)
