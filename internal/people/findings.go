// SPDX-License-Identifier: Apache-2.0

package people

import "rehome"

// Findings lists the kinds of finding that every directory may raise, because what is said of a person follows from them.
func Findings() []rehome.Declared {
	return []rehome.Declared{CalendarUserSkipped, ExternalAccountSkipped}
}

var (
	// CalendarUserSkipped says that an account is an internal one of the calendar server.
	CalendarUserSkipped = rehome.Declared{
		Code: "calendar_user_skipped", Topic: rehome.TopicAccounts, Severity: rehome.SeverityInfo,
		Sentence: "the account is left out, because the source marks it as an internal calendar user",
		NextStep: "if it is a person or a room that should move, name it in the roster",
		Meaning:  "Calendar servers create accounts for their own use. They hold no mail and nobody logs in to them.",
	}
	// ExternalAccountSkipped says that the mail of an account is elsewhere.
	ExternalAccountSkipped = rehome.Declared{
		Code: "external_account_skipped", Topic: rehome.TopicAccounts, Severity: rehome.SeverityInfo,
		Sentence: "the account is left out, because its domain is not one of the source's domains",
		NextStep: "if the domain belongs to the organisation, add it at the source, or name the account in the roster",
		Meaning:  "The webmail can open mailboxes on other servers. Such an account's mail is not on the source.",
	}
)
