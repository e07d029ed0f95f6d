// SPDX-License-Identifier: Apache-2.0

package atmail7

import "rehome"

// Findings lists every kind of finding that reading the database raises.
func Findings() []rehome.Declared {
	return []rehome.Declared{
		databaseIncomplete, tablesNotRead, databaseNotLocked, domainMalformed, domainDisabled, domainsEmpty, servicesOff, popOff,
		accountTwice, accountIncomplete, accountLeftOver, quotaUnreadable, nameUnknown, nameRecoded, nameCharsetUnknown, nameRecodedTwice, nameLooksDoubled,
		passwordLooksHashed, passwordLooksPlain, passwordContradicted, passwordLocked, passwordUnsealed, passwordStaysSealed, passwordCut,
		passwordNotASCII, overrideUnused,
		AliasUnparsed, aliasTwice, AliasDomainUnknown, AliasOfInstaller, forwardUnparsed, forwardToSelf, forwardCopyUnknown,
	}
}

// find adds the finding on an account, an object or both.
func (a *assembly) find(d rehome.Declared, account, object string, values rehome.Values) {
	a.findings = append(a.findings, d.On(object, values).Of(account))
}

// What is said of the database as a whole.
var (
	databaseIncomplete = rehome.Declared{
		Code: "database_incomplete", Topic: rehome.TopicAccounts, Severity: rehome.SeverityInfo,
		Sentence: "the database lacks tables or columns that are useful but not required: {what}",
		NextStep: "if they have other names, write a profile file; otherwise nothing",
		Meaning: "rehome reads the database by a profile of one atmail version. Older and newer versions have other tables. Accounts can be " +
			"read without these.",
	}
	tablesNotRead = rehome.Declared{
		Code: "tables_not_read", Topic: rehome.TopicAccounts, Severity: rehome.SeverityInfo,
		Sentence: "{n table} of another version {n|is|are} in the database and {n|is|are} not read by the profile {profile}: {tables}",
		NextStep: "nothing if the server was upgraded; if names or accounts look old, choose another profile",
		Meaning:  "An upgrade of atmail leaves the tables of the old version behind. rehome reads those of the version that it detected.",
	}
	databaseNotLocked = rehome.Declared{
		Code: "database_not_locked", Topic: rehome.TopicAccounts, Severity: rehome.SeverityInfo,
		Sentence: "the database server is too old for read-only sessions; rehome does not write to it in any case",
		NextStep: "to be sure, use a database user that may only SELECT",
		Meaning:  "rehome asks the database server to reject every write of its session, and this one cannot.",
	}
	domainMalformed = rehome.Declared{
		Code: "domain_malformed", Topic: rehome.TopicAccounts, Severity: rehome.SeverityWarning,
		Sentence: "the source lists a domain whose name is not valid; it is left out",
		NextStep: "if mail goes there, correct it in the administration screen",
		Meaning:  "The name cannot be a mail domain, so no address can be in it.",
	}
	domainDisabled = rehome.Declared{
		Code: "domain_disabled", Topic: rehome.TopicAccounts, Severity: rehome.SeverityWarning,
		Sentence: "the domain is disabled at the source; its accounts are read anyway",
		NextStep: "if it is no longer used, leave it out of domains",
		Meaning:  "Nobody can use accounts of a disabled domain, but their mail may still be wanted.",
	}
	domainsEmpty = rehome.Declared{
		Code: "domains_empty", Topic: rehome.TopicAccounts, Severity: rehome.SeverityWarning,
		Sentence: "the source's list of domains is empty, so every domain with an account counts as its own",
		NextStep: "check the domains; to move only some of them, list them in domains",
		Meaning: "atmail lists the domains for which it receives mail. Without this list, rehome cannot tell its accounts from those of other " +
			"servers that the webmail only opens.",
	}
	servicesOff = rehome.Declared{
		Code: "group_service_off", Topic: rehome.TopicAccounts, Severity: rehome.SeverityWarning,
		Sentence: "the group does not allow {services} ({n account} affected): logins fail although the password is correct",
		NextStep: "allow it in the administration screen during the move, or use a master user",
		Meaning: "atmail switches services on and off for a group. Without IMAP, mail cannot be read with the user's own password; without " +
			"CalDAV and CardDAV, the same is true of calendars and contacts.",
	}
	popOff = servicesOff.As(rehome.SeverityInfo) // nothing moves by POP3
)

// What is said of accounts.
var (
	accountTwice = rehome.Declared{
		Code: "account_twice", Topic: rehome.TopicAccounts, Severity: rehome.SeverityWarning,
		Sentence: "the table has the account more than once, with different letter case; the first row is used",
		NextStep: "find out which one the server uses, and delete the other",
		Meaning:  "Email addresses that differ only in letter case are one account at the destination.",
	}
	accountIncomplete = rehome.Declared{
		Code: "account_incomplete", Topic: rehome.TopicAccounts, Severity: rehome.SeverityWarning,
		Sentence: "the account has no row in this table, so the source may not be able to load it",
		NextStep: "check that its login works at the source; if not, save the account once in the administration screen",
		Meaning:  "atmail keeps an account in several tables. If a row is missing, the webmail may show an error for this user.",
	}
	accountLeftOver = rehome.Declared{
		Code: "account_left_over", Topic: rehome.TopicAccounts, Severity: rehome.SeverityWarning,
		Sentence: "the user has no row in this table, so nobody can log in; the account is left out",
		NextStep: "nothing if it was deleted at the source; otherwise save it once in the administration screen",
		Meaning:  "The rest of a deleted account, or an account that was never completed.",
	}
	quotaUnreadable = rehome.Declared{
		Code: "quota_unreadable", Topic: rehome.TopicAccounts, Severity: rehome.SeverityInfo,
		Sentence: "the quota is not a number, so it is treated as unlimited",
		NextStep: "look it up in the administration screen",
		Meaning:  "The quota is shown in lists only. It does not affect the copy.",
	}
	nameUnknown = rehome.Declared{
		Code: "name_unknown", Topic: rehome.TopicAccounts, Severity: rehome.SeverityInfo,
		Sentence: "no name is known, so the first part of the address is used",
		NextStep: "add a name in the roster",
		Meaning:  "The Account Manager asks for a name, and the database has none.",
	}
	nameRecoded = rehome.Declared{
		Code: "name_recoded", Topic: rehome.TopicAccounts, Severity: rehome.SeverityInfo,
		Sentence: "the name is not stored as UTF-8 and was read as Windows-1252",
		NextStep: "check the name in the accounts file; if it is wrong, set source.database.charset",
		Meaning:  "Old versions of atmail stored names in the encoding of the browser. The setting holds for everything that people wrote.",
	}
	nameCharsetUnknown = rehome.Declared{
		Code: "name_charset_unknown", Topic: rehome.TopicAccounts, Severity: rehome.SeverityWarning,
		Sentence: "the name is not stored as UTF-8, and its letters are not those of Western Europe",
		NextStep: "set source.database.charset, for instance to windows-1251 or koi8-r, and check the name in the accounts file",
		Meaning: "The database does not say in which character set the name is. As Windows-1252 its letters make no sense. Contacts, " +
			"signatures and automatic answers of the same time are in the same character set.",
	}
	nameRecodedTwice = rehome.Declared{
		Code: "name_recoded_twice", Topic: rehome.TopicAccounts, Severity: rehome.SeverityWarning,
		Sentence: "the name was encoded as UTF-8 twice, as all names of its column, so it was decoded twice",
		NextStep: "check the name in the accounts file; to correct it, add it in the roster",
		Meaning:  "A past conversion of the database has encoded all its text again. rehome undoes that where no value says otherwise.",
	}
	nameLooksDoubled = rehome.Declared{
		Code: "name_looks_doubled", Topic: rehome.TopicAccounts, Severity: rehome.SeverityInfo,
		Sentence: "the name looks as if it was encoded as UTF-8 twice, but other names do not; it is used as it is stored",
		NextStep: "check the name in the accounts file; to correct it, add it in the roster",
		Meaning:  "A single name proves nothing: MATÚŠ looks like that too. rehome undoes a second encoding only if the whole column has it.",
	}
)

// What is said of passwords.
var (
	passwordLooksHashed = rehome.Declared{
		Code: "password_looks_hashed", Topic: rehome.TopicPasswords, Severity: rehome.SeverityWarning,
		Sentence: "the password looks like a hash, which the source is not known to store in this form; it is treated as a hash",
		NextStep: "if it is a plain password, name the account in plain_looks_hashed",
		Meaning: "A hash cannot be imported as a password. If rehome took a hash for a password, the user could not log in, so it gives the " +
			"account a temporary password when in doubt.",
	}
	passwordLooksPlain = rehome.Declared{
		Code: "password_looks_plain", Topic: rehome.TopicPasswords, Severity: rehome.SeverityWarning,
		Sentence: "the source hashes passwords, but this one looks plain and is used as it is",
		NextStep: "try it at the source: the setting may be newer than the password",
		Meaning: "atmail hashes a password when it is next changed. Passwords from before the setting stay plain. If it is a hash of a kind " +
			"that rehome does not know, the user cannot log in at the destination.",
	}
	passwordContradicted = rehome.Declared{
		Code: "password_contradicted", Topic: rehome.TopicPasswords, Severity: rehome.SeverityWarning,
		Sentence: "the source stores two different passwords for the account; neither is used, and the account gets a temporary one",
		NextStep: "if the one in the column Password is right and plain, name the account in plain_looks_hashed",
		Meaning: "atmail 5 writes an MD5 digest beside each password. Here it belongs to another password, so that the first one is old or " +
			"is no password but a hash of an unknown kind.",
	}
	passwordLocked = rehome.Declared{
		Code: "password_locked", Topic: rehome.TopicPasswords, Severity: rehome.SeverityWarning,
		Sentence: "the stored password begins with ! or *, as of an account that is locked; the account gets a temporary password",
		NextStep: "ask whether this account should move; if it is a plain password, name the account in plain_looks_hashed",
		Meaning:  "Administrators lock an account by a sign before the hash. With a temporary password, its user could log in again.",
	}
	passwordUnsealed = rehome.Declared{
		Code: "password_unsealed", Topic: rehome.TopicPasswords, Severity: rehome.SeverityInfo,
		Sentence: "{n password} {n|was|were} encrypted, and the master key opened {n|it|them}",
		NextStep: "try one of them at the source: how the server encrypts them is not documented",
		Meaning:  "These users keep their password.",
	}
	passwordStaysSealed = rehome.Declared{
		Code: "password_stays_sealed", Topic: rehome.TopicPasswords, Severity: rehome.SeverityWarning,
		Sentence: "the password is encrypted, and the master key does not open it",
		NextStep: "compare the key with masterkey in the webmail's dbconfig.ini; otherwise the account gets a temporary password",
		Meaning:  "The key is missing or wrong, or the password was encrypted with an older key.",
	}
	passwordCut = rehome.Declared{
		Code: "password_cut", Topic: rehome.TopicPasswords, Severity: rehome.SeverityWarning,
		Sentence: "the hash is shorter than its type requires, because the table's column is too narrow: nobody can log in with it",
		NextStep: "nothing for the move: the account gets a temporary password; tell the user, who may not be able to log in at the source either",
		Meaning:  "The database cut off the hash when it was stored.",
	}
	passwordNotASCII = rehome.Declared{
		Code: "password_not_ascii", Topic: rehome.TopicPasswords, Severity: rehome.SeverityWarning,
		Sentence: "the password has characters outside ASCII, which clients and servers encode in different ways",
		NextStep: "try it at both ends; if one refuses it, set a new one in the roster",
		Meaning:  "An umlaut or accent in a password can be sent as different bytes by different clients.",
	}
	overrideUnused = rehome.Declared{
		Code: "override_unused", Topic: rehome.TopicPasswords, Severity: rehome.SeverityWarning,
		Sentence: "the setting names an account that does not move, or whose password does not look like a hash",
		NextStep: "check the spelling, or remove it from the setting",
		Meaning:  "An entry of `plain_looks_hashed` has no effect.",
	}
)

// What is said of aliases and forwards.
var (
	// AliasUnparsed, AliasDomainUnknown and AliasOfInstaller are said by the plan of aliases as well, line by line.
	AliasUnparsed = rehome.Declared{
		Code: "alias_unparsed", Topic: rehome.TopicAliases, Severity: rehome.SeverityWarning,
		Sentence: "rehome does not know the form of this alias and lists it as it is stored",
		NextStep: "look it up in the administration screen and create the equivalent at the destination by hand",
		Meaning:  "The alias is neither an address, a domain nor a catch-all.",
	}
	aliasTwice = rehome.Declared{
		Code: "alias_twice", Topic: rehome.TopicAliases, Severity: rehome.SeverityInfo,
		Sentence: "the table has this alias with the same target more than once; it is used once",
		NextStep: "nothing",
		Meaning:  "The entries are the same, apart from letter case.",
	}
	AliasDomainUnknown = rehome.Declared{
		Code: "alias_domain_unknown", Topic: rehome.TopicAliases, Severity: rehome.SeverityInfo,
		Sentence: "the alias is in a domain that is not one of the source's domains",
		NextStep: "leave it out, unless that domain moves too",
		Meaning:  "The source does not receive mail for this domain, so the alias has no effect there.",
	}
	AliasOfInstaller = rehome.Declared{
		Code: "alias_of_installer", Topic: rehome.TopicAliases, Severity: rehome.SeverityInfo,
		Sentence: "the source's installer creates this alias for every domain",
		NextStep: "leave it out if the destination has its own; somebody must read mail to postmaster (RFC 5321, section 4.5.1)",
		Meaning:  "Nobody in the organisation created it.",
	}
	forwardUnparsed = rehome.Declared{
		Code: "forward_unparsed", Topic: rehome.TopicAliases, Severity: rehome.SeverityWarning,
		Sentence: "the account forwards to something that is not an address",
		NextStep: "ask the user where mail should go",
		Meaning:  "The forward does not work at the source, and cannot be created at the destination.",
	}
	forwardToSelf = rehome.Declared{
		Code: "forward_to_self", Topic: rehome.TopicAliases, Severity: rehome.SeverityInfo,
		Sentence: "the account forwards to itself; the forward is left out",
		NextStep: "nothing",
		Meaning:  "Such a forward has no effect.",
	}
	forwardCopyUnknown = rehome.Declared{
		Code: "forward_copy_unknown", Topic: rehome.TopicAliases, Severity: rehome.SeverityInfo,
		Sentence: "the database does not say whether {n forward} {n|keeps|keep} a copy in the account; rehome keeps one",
		NextStep: "ask which users do not want a copy, and list them in aliases.without_copy",
		Meaning:  "atmail 7 does not record this in its database. Keeping a copy loses nothing.",
	}
)
