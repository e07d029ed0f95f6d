// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"fmt"
	"strings"

	"rehome"
)

// The findings of this package, one function each: its code, what an operator reads, what to do next.

func addressMalformed(address string, reason error) rehome.Finding {
	return rehome.Finding{
		Code: "address_malformed", Severity: rehome.SeverityWarning, Account: address, Object: "UserSession",
		Sentence: "the row is left out because its account is no e-mail address: it " + reason.Error(),
		NextStep: "if a person uses it, name that person in the roster file",
	}
}

func accountTwice(address, table string) rehome.Finding {
	return rehome.Finding{
		Code: "account_twice", Severity: rehome.SeverityWarning, Account: address, Object: table,
		Sentence: "the table has the account more than once, but for letter case; the first row is used",
		NextStep: "look which one the server uses, and remove the other",
	}
}

func calendarUser(address string) rehome.Finding {
	return rehome.Finding{
		Code: "calendar_user_skipped", Severity: rehome.SeverityInfo, Account: address,
		Sentence: "the account is left out because the source marks it as an internal calendar user",
		NextStep: "if it is a person or a room that shall move, name it in the roster file",
	}
}

func externalAccount(address string) rehome.Finding {
	return rehome.Finding{
		Code: "external_account_skipped", Severity: rehome.SeverityInfo, Account: address,
		Sentence: "the account is left out because its domain is not one of the source's: its mail is elsewhere",
		NextStep: "if the domain is the organisation's, add it at the source, or name the account in the roster file",
	}
}

func accountIncomplete(address string, isUser, isSet bool) rehome.Finding {
	var lacks []string
	if !isUser {
		lacks = append(lacks, "Users")
	}
	if !isSet {
		lacks = append(lacks, "UserSettings")
	}
	where := strings.Join(lacks, " and ")
	return rehome.Finding{
		Code: "account_incomplete", Severity: rehome.SeverityWarning, Account: address, Object: where,
		Sentence: "the account has no row in " + where + ", so the source may refuse to load it",
		NextStep: "check that its log-in works at the source; if not, save it once in the administration screen",
	}
}

func userLeftOver(address string) rehome.Finding {
	return rehome.Finding{
		Code: "account_left_over", Severity: rehome.SeverityWarning, Account: address, Object: "UserSession",
		Sentence: "the user has no row in UserSession, so nobody can log in; it is left out",
		NextStep: "if it was deleted at the source, nothing; otherwise save it once in the administration screen",
	}
}

func nameFromAddress(address string) rehome.Finding {
	return rehome.Finding{
		Code: "name_unknown", Severity: rehome.SeverityInfo, Account: address,
		Sentence: "no name is known, the first part of the address stands for it",
		NextStep: "give a name in the roster file",
	}
}

func nameFromCP1252(address string) rehome.Finding {
	return rehome.Finding{
		Code: "name_recoded", Severity: rehome.SeverityInfo, Account: address,
		Sentence: "the name is not stored as UTF-8 and was read as Windows-1252",
		NextStep: "look at the name in the accounts file; a better one goes into the roster file",
	}
}

func nameFromDoubled(address string) rehome.Finding {
	return rehome.Finding{
		Code: "name_recoded_twice", Severity: rehome.SeverityWarning, Account: address,
		Sentence: "the name was encoded as UTF-8 twice, and was decoded twice",
		NextStep: "look at the name in the accounts file; a better one goes into the roster file",
	}
}

func passwordLooksHashed(address string) rehome.Finding {
	return rehome.Finding{
		Code: "password_looks_hashed", Severity: rehome.SeverityWarning, Account: address,
		Sentence: "the source is set to store plain passwords, but this one looks like a hash and is taken for one",
		NextStep: "if it is plain, name the account in plain_looks_hashed",
	}
}

func plainAgainstConfig(accounts int) rehome.Finding {
	return rehome.Finding{
		Code: "password_looks_plain", Severity: rehome.SeverityWarning, Object: "UserSession",
		Sentence: fmt.Sprintf("the source is set to hash passwords, but those of %d accounts look plain and are taken as they are", accounts),
		NextStep: "try one of them at the source: the setting may be newer than the password",
	}
}

func passwordNotASCII(address string) rehome.Finding {
	return rehome.Finding{
		Code: "password_not_ascii", Severity: rehome.SeverityWarning, Account: address,
		Sentence: "the password has characters outside ASCII, which clients and servers encode in different ways",
		NextStep: "try it at both ends; if one refuses it, give a new one in the roster file",
	}
}

func overrideUnused(address string) rehome.Finding {
	return rehome.Finding{
		Code: "override_unused", Severity: rehome.SeverityWarning, Account: address, Object: "plain_looks_hashed",
		Sentence: "the setting names an account whose password does not look like a hash, or that does not move",
		NextStep: "check the spelling, or take it out",
	}
}

func quotaUnreadable(address string) rehome.Finding {
	return rehome.Finding{
		Code: "quota_unreadable", Severity: rehome.SeverityInfo, Account: address, Object: "quota",
		Sentence: "the quota is not a number of that unit, and counts as unlimited",
		NextStep: "look it up in the administration screen",
	}
}

func domainMalformed(name string) rehome.Finding {
	return rehome.Finding{
		Code: "domain_malformed", Severity: rehome.SeverityWarning, Object: name,
		Sentence: "the source lists a domain that is none; it is left out",
		NextStep: "correct it in the administration screen if mail goes there",
	}
}

func domainDisabled(name string) rehome.Finding {
	return rehome.Finding{
		Code: "domain_disabled", Severity: rehome.SeverityWarning, Object: name,
		Sentence: "the domain is disabled at the source; its accounts are read all the same",
		NextStep: "leave it out of the domains that move if it is not used any more",
	}
}

func servicesOff(g group, members int) rehome.Finding {
	severity := rehome.SeverityWarning
	if g.off() == "POP3" {
		severity = rehome.SeverityInfo // nothing moves by POP3
	}
	return rehome.Finding{
		Code: "group_service_off", Severity: severity, Object: "group " + g.name,
		Sentence: fmt.Sprintf("the group does not allow %s to its %d accounts: their log-ins there fail though the password is right", g.off(), members),
		NextStep: "allow it in the administration screen while the move lasts, or use a master user",
	}
}

func aliasUnparsed(name string) rehome.Finding {
	return rehome.Finding{
		Code: "alias_unparsed", Severity: rehome.SeverityWarning, Object: name,
		Sentence: "the alias has a form that is not known; it is listed as it is stored",
		NextStep: "look it up in the administration screen and make its like at the destination by hand",
	}
}

func aliasElsewhere(name string) rehome.Finding {
	return rehome.Finding{
		Code: "alias_domain_unknown", Severity: rehome.SeverityInfo, Object: name,
		Sentence: "the alias is in a domain that is not one of the source's",
		NextStep: "leave it out unless that domain moves too",
	}
}

func aliasOfInstaller(name string) rehome.Finding {
	return rehome.Finding{
		Code: "alias_of_installer", Severity: rehome.SeverityInfo, Object: name,
		Sentence: "the source's installer makes this alias for every domain",
		NextStep: "leave it out if the destination has its own; mail to postmaster must be read by somebody (RFC 5321 section 4.5.1)",
	}
}

func forwardUnparsed(address string) rehome.Finding {
	return rehome.Finding{
		Code: "forward_unparsed", Severity: rehome.SeverityWarning, Account: address, Object: "forward",
		Sentence: "the account forwards to something that is no address",
		NextStep: "ask its user where mail shall go",
	}
}

func forwardToSelf(address string) rehome.Finding {
	return rehome.Finding{
		Code: "forward_to_self", Severity: rehome.SeverityInfo, Account: address, Object: "forward",
		Sentence: "the account forwards to itself, which means nothing and is left out",
	}
}

func forwardCopyUnknown(forwards int) rehome.Finding {
	return rehome.Finding{
		Code: "forward_copy_unknown", Severity: rehome.SeverityInfo, Object: "forwards",
		Sentence: fmt.Sprintf("the database does not say whether the %d forwards keep a copy in the account; they are taken over as if they did", forwards),
		NextStep: "ask who does not want a copy",
	}
}

func tablesNotRead(profile string, tables []string) rehome.Finding {
	shown := tables[:min(len(tables), 5)]
	return rehome.Finding{
		Code: "tables_not_read", Severity: rehome.SeverityInfo, Object: "database",
		Sentence: fmt.Sprintf("%d tables of another version's layout are not read by the profile %s: %s", len(tables), profile, strings.Join(shown, ", ")),
		NextStep: "nothing, if the server was upgraded; if names or accounts are old, choose another profile",
	}
}

func serverTooOld() rehome.Finding {
	return rehome.Finding{
		Code: "database_not_locked", Severity: rehome.SeverityInfo, Object: "database",
		Sentence: "the database server is too old for read-only sessions; rehome writes nothing all the same",
		NextStep: "use a database user that may only SELECT",
	}
}
