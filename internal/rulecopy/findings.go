// SPDX-License-Identifier: Apache-2.0

package rulecopy

import "rehome"

// Findings lists every kind of finding that copying rules raises.
func Findings() []rehome.Declared {
	return []rehome.Declared{
		rulesNotActivated, rulesChangedThere, rulesWait, rulesNotPossible, rulesRefused, rulesNoRoom, rulesNamesKept, rulesCopyUnknown,
		rulesDatabaseUnused, rulesNotUnderstood, scriptMailboxUnknown, ruleMailboxUnknown,
		rulesNeedPerson, scriptMailboxID, scriptAnnotation, scriptUnwritable, scriptUnknownCommand, scriptComputedInclude,
		includeGlobal, includeMissing, includeForeign,
		includeOff, blockedUnclear,
	}
}

var (
	rulesNotActivated = rehome.Declared{
		Code: "rules_not_activated", Topic: rehome.TopicRules, Severity: rehome.SeverityWarning, Again: rehome.AgainReplacing,
		Sentence: "another script is active at the destination, so this one is stored but not activated",
		NextStep: "ask the user, then activate it there, or run the command again with --replace-rules",
		Meaning: "Only one script can be active. Somebody has set up rules at the destination already, and rehome does not switch them off " +
			"unless you ask for it.",
	}
	rulesChangedThere = rehome.Declared{
		Code: "rules_changed_there", Topic: rehome.TopicRules, Severity: rehome.SeverityInfo, Again: rehome.AgainReplacing,
		Sentence: "somebody has changed or deleted the script at the destination; rehome leaves it as it is",
		NextStep: "nothing; to restore the source's script, run the command again with --replace-rules",
		Meaning:  "After rehome stored the script, its user edited it at the destination. rehome respects that.",
	}
	rulesWait = rehome.Declared{
		Code: "rules_wait", Topic: rehome.TopicRules, Severity: rehome.SeverityInfo,
		Sentence: "the script replies or forwards, so it stays inactive: nobody should get replies twice while both servers run",
		NextStep: `after the switch, run "rehome sync --only rules --switch-on-rules"`,
		Meaning: "While both servers run, an active vacation reply or forward on both would act twice. rehome stores such scripts and " +
			"activates them only when you say that the switch is done.",
	}
	rulesNotPossible = rehome.Declared{
		Code: "rules_not_possible", Topic: rehome.TopicRules, Severity: rehome.SeverityWarning,
		Sentence: "the destination {what}",
		NextStep: "ask its administrator for the extension, or tell the user what no longer happens automatically",
		Meaning: "The destination lacks a Sieve extension (RFC 5228) that the rules need. Rules that need it are left out, or the server " +
			"refuses the script as a whole.",
	}
	rulesRefused = rehome.Declared{
		Code: "rules_refused", Topic: rehome.TopicRules, Severity: rehome.SeverityError, Again: rehome.AgainEachPass,
		Sentence: "the destination refuses the script: {why}",
		NextStep: "correct the script at the source, or write it again in the destination's settings",
		Meaning:  "The destination checked the script before storing it and rejected it, with the words shown.",
	}
	rulesNoRoom = rulesRefused.Saying(rulesRefused.Sentence,
		"delete scripts there that nobody uses, or ask its administrator for more room, then run the same command again")
	rulesNamesKept = rehome.Declared{
		Code: "rules_names_kept", Topic: rehome.TopicRules, Severity: rehome.SeverityWarning,
		Sentence: "rehome could not look up the destination's mailboxes, so the rules use the source's mailbox names: {why}",
		NextStep: "export them again when both ends can be opened, or correct the names by hand",
		Meaning:  "Rules that sort mail name mailboxes, and names can differ at the destination.",
	}
	rulesCopyUnknown = rehome.Declared{
		Code: "rules_copy_unknown", Topic: rehome.TopicRules, Severity: rehome.SeverityInfo,
		Sentence: "the database does not say whether the account keeps a copy of forwarded mail; the rules keep one",
		NextStep: "ask the user; if no copy should stay, list the account in aliases.without_copy before the rules are stored",
		Meaning:  "atmail 7 does not record this in its database. Keeping a copy loses nothing.",
	}
	rulesDatabaseUnused = rehome.Declared{
		Code: "rules_database_unused", Topic: rehome.TopicRules, Severity: rehome.SeverityWarning,
		Sentence: "the account has scripts at the source, so its forward, vacation text, blocked senders and sort rules from the " +
			"database are not used",
		NextStep: "check whether the scripts do the same; set up at the destination what they lack",
		Meaning:  "The scripts are what the source server runs. What the database holds besides may be old.",
	}
	rulesNotUnderstood = rehome.Declared{
		Code: "rules_not_understood", Topic: rehome.TopicRules, Severity: rehome.SeverityWarning, Blocks: true,
		Sentence: "rehome cannot read the script ({why}), so it is copied unchanged and stays off",
		NextStep: "correct the script at the source and run the same command again, or check its mailbox names at the destination and " +
			"activate it there",
		Meaning: "The script uses a language element that rehome does not know, so mailbox names in it were not adapted. rehome stores it, " +
			"and never activates it by itself.",
	}
	scriptMailboxUnknown = rehome.Declared{
		Code: "rules_mailbox_unknown", Topic: rehome.TopicRules, Severity: rehome.SeverityWarning,
		Sentence: "the script names a mailbox that is not copied",
		NextStep: "create the mailbox at the destination and change the rule there, or tell the user that these messages stay in INBOX",
		Meaning:  "A rule files mail into a mailbox that does not exist, or that is left out.",
	}
	ruleMailboxUnknown = scriptMailboxUnknown.Saying(
		`the rule files into the mailbox "{mailbox}", which is not copied`, scriptMailboxUnknown.NextStep)

	rulesNeedPerson = rehome.Declared{
		Code: "rules_need_person", Topic: rehome.TopicRules, Severity: rehome.SeverityWarning, Blocks: true,
		Sentence: "the script makes the name of a mailbox while it runs ({what}), so rehome cannot give it the destination's name; " +
			"the script stays off",
		NextStep: "write the mailbox's name out at the source and run the same command again, or correct the script at the destination and " +
			"activate it there",
		Meaning: "What the script does depends on something that is known only at the old server, or only while it runs. At the destination " +
			"it could put messages elsewhere or do nothing. rehome stores the script, and never activates it by itself. Until somebody has " +
			"corrected, activated or deleted it, the account does not count as done, if the script is the active one at the source.",
	}
	scriptMailboxID = rulesNeedPerson.Saying(
		"the script names a mailbox by its number at the source ({what}), which the destination does not have; the script stays off",
		rulesNeedPerson.NextStep)
	scriptAnnotation = rulesNeedPerson.Saying(
		"the script asks for annotations of mailboxes or of the server ({what}), which rehome does not copy; the script stays off",
		"remove the test at the source and run the same command again, or set the annotation at the destination and activate the script there")
	scriptUnwritable = rulesNeedPerson.Saying(
		"the mailbox's name contains ${, which the script would replace ({what}); the script stays off", rulesNeedPerson.NextStep)
	scriptUnknownCommand = rulesNeedPerson.Saying(
		"the script has a command or test that rehome does not know ({what}), and it seems to name a mailbox; the script stays off",
		"correct the mailbox's name in the script at the destination and activate it there")
	scriptComputedInclude = rulesNeedPerson.Saying(
		"the script makes the name of the script that it calls while it runs ({what}); the script stays off",
		"write the name out at the source and run the same command again, or correct the script at the destination and activate it there")
	includeGlobal = rulesNeedPerson.Saying(
		`the script calls "{name}", a global script of the source server, which rehome cannot copy; the script stays off`,
		"ask the administrator of the source for the global script, put what it does into the account's own script, and run the same command again")
	includeMissing = rulesNeedPerson.Saying(
		`the script calls "{name}", which does not exist at the source; the script stays off`,
		"correct the script at the source and run the same command again, or delete it there if nobody needs it")
	includeForeign = rulesNeedPerson.Saying(
		`the script calls "{name}", but the destination has another script of that name; the script stays off`,
		"rename one of the two scripts, then run the same command again, or run it with --replace-rules")
	includeOff = rulesNeedPerson.Saying(
		`the script calls "{name}", which needs a person or was rejected; both stay off`,
		`look at the finding about "{name}" first, then run the same command again`)
	blockedUnclear = rehome.Declared{
		Code: "rules_sender_unclear", Topic: rehome.TopicRules, Severity: rehome.SeverityWarning,
		Sentence: "the entry in the old server's list of blocked senders is no address or domain, so it is not blocked at the destination",
		NextStep: "ask the user which sender is meant, then block it in the destination's webmail",
		Meaning: "atmail 5 keeps blocked senders in its table SpamDB. rehome blocks addresses, domains and patterns; it does not guess " +
			"what anything else means.",
	}
)
