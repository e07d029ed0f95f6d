// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"fmt"

	"rehome"
)

// notice is a finding without its object: what an operator reads and what to do next. The sentence
// may have verbs of fmt.
type notice struct {
	code     string
	severity rehome.Severity
	sentence string
	nextStep string
}

// find adds the finding on an account, an object or both.
func (a *assembly) find(n notice, account, object string, args ...any) {
	sentence := n.sentence
	if len(args) > 0 {
		sentence = fmt.Sprintf(sentence, args...)
	}
	a.findings = append(a.findings, rehome.Finding{
		Code: n.code, Severity: n.severity, Account: account, Object: object, Sentence: sentence, NextStep: n.nextStep,
	})
}

// What is said of the database as a whole.
var (
	databaseIncomplete = notice{"database_incomplete", rehome.SeverityInfo,
		"the database lacks what is useful but not needed: %s",
		"if the server has it under another name, write a profile file; otherwise nothing"}
	tablesNotRead = notice{"tables_not_read", rehome.SeverityInfo,
		"%d tables of another version's layout are not read by the profile %s: %s",
		"nothing, if the server was upgraded; if names or accounts are old, choose another profile"}
	databaseNotLocked = notice{"database_not_locked", rehome.SeverityInfo,
		"the database server is too old for read-only sessions; rehome writes nothing all the same",
		"use a database user that may only SELECT"}
	domainMalformed = notice{"domain_malformed", rehome.SeverityWarning,
		"the source lists a domain that is none; it is left out",
		"correct it in the administration screen if mail goes there"}
	domainDisabled = notice{"domain_disabled", rehome.SeverityWarning,
		"the domain is disabled at the source; its accounts are read all the same",
		"leave it out of the domains that move if it is not used any more"}
	servicesOff = notice{"group_service_off", rehome.SeverityWarning,
		"the group does not allow %s (accounts affected: %d): these logins fail although the password is right",
		"allow it in the administration screen while the move lasts, or use a master user"}
)

// What is said of accounts.
var (
	addressMalformed = notice{"address_malformed", rehome.SeverityWarning,
		"the row is left out because its account is no e-mail address: it %v",
		"if a person uses it, name that person in the roster file"}
	accountTwice = notice{"account_twice", rehome.SeverityWarning,
		"the table has the account more than once, but for letter case; the first row is used",
		"look which one the server uses, and remove the other"}
	accountIncomplete = notice{"account_incomplete", rehome.SeverityWarning,
		"the account has no row in this table, so the source may refuse to load it",
		"check that its log-in works at the source; if not, save it once in the administration screen"}
	accountLeftOver = notice{"account_left_over", rehome.SeverityWarning,
		"the user has no row in this table, so nobody can log in; it is left out",
		"if it was deleted at the source, nothing; otherwise save it once in the administration screen"}
	calendarUser = notice{"calendar_user_skipped", rehome.SeverityInfo,
		"the account is left out because the source marks it as an internal calendar user",
		"if it is a person or a room that shall move, name it in the roster file"}
	externalAccount = notice{"external_account_skipped", rehome.SeverityInfo,
		"the account is left out because its domain is not one of the source's: its mail is elsewhere",
		"if the domain is the organisation's, add it at the source, or name the account in the roster file"}
	quotaUnreadable = notice{"quota_unreadable", rehome.SeverityInfo,
		"the quota is not a number of that unit, and counts as unlimited",
		"look it up in the administration screen"}
)

// What is said of names and passwords.
var (
	nameUnknown = notice{"name_unknown", rehome.SeverityInfo,
		"no name is known, the first part of the address stands for it",
		"give a name in the roster file"}
	nameRecoded = notice{"name_recoded", rehome.SeverityInfo,
		"the name is not stored as UTF-8 and was read as Windows-1252",
		"look at the name in the accounts file; a better one goes into the roster file"}
	nameRecodedTwice = notice{"name_recoded_twice", rehome.SeverityWarning,
		"the name was encoded as UTF-8 twice, and was decoded twice",
		"look at the name in the accounts file; a better one goes into the roster file"}
	passwordLooksHashed = notice{"password_looks_hashed", rehome.SeverityWarning,
		"the source is set to store plain passwords, but this one looks like a hash and is taken for one",
		"if it is plain, name the account in plain_looks_hashed"}
	passwordLooksPlain = notice{"password_looks_plain", rehome.SeverityWarning,
		"the source is set to hash passwords, but those of %d accounts look plain and are taken as they are",
		"try one of them at the source: the setting may be newer than the password"}
	passwordUnsealed = notice{"password_unsealed", rehome.SeverityInfo,
		"%d passwords were sealed, and the master key has opened them",
		"try one of them at the source: how the server seals is not documented"}
	passwordStaysSealed = notice{"password_stays_sealed", rehome.SeverityWarning,
		"the password is sealed, and the master key does not open it",
		"compare the key with masterkey in dbconfig.ini of the webmail; otherwise the account gets a temporary password"}
	passwordCut = notice{"password_cut", rehome.SeverityWarning,
		"the hash is shorter than its kind, because the table's column has cut it off: nobody can log in with it",
		"nothing for the move, the account gets a temporary password; its user may have no working one at the source either"}
	passwordNotASCII = notice{"password_not_ascii", rehome.SeverityWarning,
		"the password has characters outside ASCII, which clients and servers encode in different ways",
		"try it at both ends; if one refuses it, give a new one in the roster file"}
	overrideUnused = notice{"override_unused", rehome.SeverityWarning,
		"the setting names an account whose password does not look like a hash, or that does not move",
		"check the spelling, or take it out"}
)

// What is said of aliases and forwards.
var (
	aliasUnparsed = notice{"alias_unparsed", rehome.SeverityWarning,
		"the alias has a form that is not known; it is listed as it is stored",
		"look it up in the administration screen and make its like at the destination by hand"}
	aliasTwice = notice{"alias_twice", rehome.SeverityInfo,
		"the table has the alias with the same target more than once, perhaps but for letter case; it is taken once",
		"nothing"}
	aliasDomainUnknown = notice{"alias_domain_unknown", rehome.SeverityInfo,
		"the alias is in a domain that is not one of the source's",
		"leave it out unless that domain moves too"}
	aliasOfInstaller = notice{"alias_of_installer", rehome.SeverityInfo,
		"the source's installer makes this alias for every domain",
		"leave it out if the destination has its own; mail to postmaster must be read by somebody (RFC 5321 section 4.5.1)"}
	forwardUnparsed = notice{"forward_unparsed", rehome.SeverityWarning,
		"the account forwards to something that is no address",
		"ask its user where mail shall go"}
	forwardToSelf = notice{"forward_to_self", rehome.SeverityInfo,
		"the account forwards to itself, which means nothing and is left out",
		"nothing"}
	forwardCopyUnknown = notice{"forward_copy_unknown", rehome.SeverityInfo,
		"the database does not say whether the %d forwards keep a copy in the account; they are taken over as if they did",
		"ask who does not want a copy"}
)
