// SPDX-License-Identifier: Apache-2.0

package people

import "rehome"

// Findings lists the kinds of finding that every directory may raise, because what is said of a person follows from them.
func Findings() []rehome.Declared {
	return []rehome.Declared{AddressUnfit, CalendarUserSkipped, ExternalAccountSkipped}
}

var (
	// AddressUnfit says that an account has an address that the destination cannot have. None is made up for it.
	AddressUnfit = rehome.Declared{
		Code: "address_malformed", Topic: rehome.TopicAccounts, Severity: rehome.SeverityWarning,
		Sentence: "the account is left out, because its name is not an email address that the destination can have: it {why}",
		NextStep: "if a person uses it, name that person in the roster: the new address as EmailAddress, the present one as SourceUser",
		Meaning: "The destination can only create accounts with addresses of ASCII characters. rehome makes no address up: two people could " +
			"get the same one, and mail for the old one would be lost without a word. With a row in the roster, the account moves to the new " +
			"address; make the old one an alias if the destination can have it.",
	}
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
