// SPDX-License-Identifier: Apache-2.0

package cutover

import "rehome"

// Findings lists every kind of finding that looking at DNS raises.
func Findings() []rehome.Declared {
	return []rehome.Declared{
		zoneNotFound, zoneNotServed, serverLame, serverSilent, serverWithoutAddress, ipv6NotAsked, serversDisagree, versionsDiffer, delegationDiffers,
		signatureWrong, signatureUnknown, recordBroken, spfTooLong, keyMissing, policyNamesOld, apexTakesMail,
	}
}

// Apart returns what a finding is about that belongs to no record: the servers of the zone, or its signatures.
func Apart(f rehome.Finding) (subject string, ok bool) {
	for _, group := range []struct {
		subject string
		kinds   []rehome.Declared
	}{
		{"servers", []rehome.Declared{zoneNotFound, zoneNotServed, serverLame, serverSilent, serverWithoutAddress, ipv6NotAsked, versionsDiffer,
			delegationDiffers}},
		{"DNSSEC", []rehome.Declared{signatureWrong, signatureUnknown}},
	} {
		for _, kind := range group.kinds {
			if kind.Is(f) {
				return group.subject, true
			}
		}
	}
	return "", false
}

var zoneNotFound = rehome.Declared{
	Code: "dns_zone_not_found", Topic: rehome.TopicDNS, Severity: rehome.SeverityError,
	Sentence: "nothing is known about {domain}: {why}",
	NextStep: "check that this machine may send DNS questions (port 53, UDP and TCP) to the Internet; then that the domain is registered and delegated",
	Meaning: "rehome follows the name from the root servers down and asks no resolver, because a resolver may remember something old. " +
		"The way ended before the domain's own servers. Nothing is known about its records.",
}

var zoneNotServed = rehome.Declared{
	Code: "dns_zone_not_served", Topic: rehome.TopicDNS, Severity: rehome.SeverityError,
	Sentence: "no server of {zone} answers for it",
	NextStep: "ask whoever runs the servers; if other domains are silent too, check that this machine may send DNS questions to the Internet",
	Meaning:  "The parent zone lists servers, and none of them answers with authority. Mail to the domain waits at its senders.",
}

var serverLame = rehome.Declared{
	Code: "dns_server_lame", Topic: rehome.TopicDNS, Severity: rehome.SeverityWarning,
	Sentence: "{server} is listed for {zone}, but does not answer for it: {why} (asked {at})",
	NextStep: "have the server set up for the zone, or its name removed at the registrar",
	Meaning: "Resolvers ask this server too, and lose time or fail. Before a switch every listed server has to hold the zone: otherwise " +
		"nobody knows when the last old answer was given.",
}

var serverSilent = rehome.Declared{
	Code: "dns_server_silent", Topic: rehome.TopicDNS, Severity: rehome.SeverityWarning,
	Sentence: "{server} of {zone} does not answer: {why} (asked {at})",
	NextStep: "run the check again; if it stays silent, have it mended, or its name removed at the registrar",
	Meaning: "It is not known which version of the zone this server has. It may be down, or a firewall may keep this machine from asking. " +
		"If it comes back with an old version, it gives old answers after the switch.",
}

var serverWithoutAddress = rehome.Declared{
	Code: "dns_server_without_address", Topic: rehome.TopicDNS, Severity: rehome.SeverityWarning,
	Sentence: "{server} is listed for {zone} and cannot be found: {why} (asked {at})",
	NextStep: "have the address of the server (glue) entered at the registrar, or its name removed",
	Meaning:  "A server whose name has no address cannot be asked by anybody. The domain depends on its other servers.",
}

var ipv6NotAsked = rehome.Declared{
	Code: "dns_ipv6_not_asked", Topic: rehome.TopicDNS, Severity: rehome.SeverityInfo,
	Sentence: "the servers of {zone} were not reached over IPv6",
	NextStep: "run the check from a machine with IPv6 if you want these addresses checked too",
	Meaning: "All IPv6 addresses of the servers were silent, while IPv4 worked, so this machine probably has no IPv6. Servers nearly always " +
		"say the same at both addresses.",
}

var serversDisagree = rehome.Declared{
	Code: "dns_servers_disagree", Topic: rehome.TopicDNS, Severity: rehome.SeverityError,
	Sentence: "the servers do not agree about {type} of {name}: {what}",
	NextStep: "wait until all have the same version; if it takes longer than an hour, ask who runs the server that lags",
	Meaning: "Which answer a sender gets depends on chance. After a change this is normal for some minutes. If it lasts, a server no longer " +
		"follows, and keeps sending mail to the old host after the switch.",
}

var versionsDiffer = rehome.Declared{
	Code: "dns_versions_differ", Topic: rehome.TopicDNS, Severity: rehome.SeverityInfo,
	Sentence: "the servers of {zone} have different versions of it: {versions}",
	NextStep: "if a record was changed lately, run the check again in some minutes; if the numbers never agree, the provider counts so on purpose",
	Meaning: "The serial number of a zone grows with each change. A server with a smaller number has not followed yet, although it may say the " +
		"same of the records that rehome asks for. With some providers each server counts by itself.",
}

var delegationDiffers = rehome.Declared{
	Code: "dns_delegation_differs", Topic: rehome.TopicDNS, Severity: rehome.SeverityWarning,
	Sentence: "the parent of {zone} lists other servers than the zone itself: {parent} instead of {own}",
	NextStep: "make both lists equal, at the registrar or in the zone; do not change them within two weeks of the switch",
	Meaning: "Resolvers use the one list or the other. If a server of only one of the lists has an old version of the zone, some senders " +
		"see old records.",
}

var signatureWrong = rehome.Declared{
	Code: "dns_signature_wrong", Topic: rehome.TopicDNS, Severity: rehome.SeverityError,
	Sentence: "the signatures of {domain} are not valid: {why}",
	NextStep: "have the zone signed again, or the DS record at the registrar corrected; until then, change nothing else",
	Meaning: "The domain is signed with DNSSEC, and the signatures do not prove its records. Resolvers that check them, such as those of large " +
		"mail providers, answer as if the domain did not exist.",
}

var signatureUnknown = rehome.Declared{
	Code: "dns_signature_unknown", Topic: rehome.TopicDNS, Severity: rehome.SeverityInfo,
	Sentence: "it is not known whether the signatures of {domain} are valid: {why}",
	NextStep: "run the check again",
	Meaning:  "A server on the way from the root to the domain did not show its keys, so that the chain of signatures ends there.",
}

var recordBroken = rehome.Declared{
	Code: "dns_record_broken", Topic: rehome.TopicDNS, Severity: rehome.SeverityError,
	Sentence: "the {record} record at {name} does not work: {why}",
	NextStep: "correct the record; \"rehome dns check\" shows what it should be",
	Meaning: "Receivers or senders cannot use the record as it stands. It may have been broken for a long time; a move is when mail suddenly " +
		"depends on it.",
}

var spfTooLong = rehome.Declared{
	Code: "dns_spf_too_long", Topic: rehome.TopicDNS, Severity: rehome.SeverityWarning,
	Sentence: "with the destination's servers, SPF of {name} needs {n lookup}, and receivers stop after {limit}",
	NextStep: "remove senders that are no longer needed, or replace a name by the addresses behind it; ask the destination for a smaller include",
	Meaning: "Receivers resolve at most ten names of an SPF record, with all that it includes (RFC 7208). With more they treat all mail of the " +
		"domain as failed.",
}

var keyMissing = rehome.Declared{
	Code: "dns_key_missing", Topic: rehome.TopicDNS, Severity: rehome.SeverityWarning,
	Sentence: "the destination's DKIM key {name} is not published",
	NextStep: "ask the destination for the key, publish it days before the switch, and have the destination confirm it",
	Meaning: "Without the key, mail from the destination carries no valid signature of the domain. Large receivers then reject it or file it as " +
		"spam. Vendors often create the key only on request.",
}

var policyNamesOld = rehome.Declared{
	Code: "dns_policy_names_old", Topic: rehome.TopicDNS, Severity: rehome.SeverityWarning,
	Sentence: "the MTA-STS policy of {domain} is enforced and does not name {hosts}; senders may go by it for {age}",
	NextStep: "add the new hosts to the policy, then publish a new id, and switch no earlier than {age} later",
	Meaning: "A sender that has stored the policy delivers only to the hosts in it. Many do not look for a new one before max_age is over. After " +
		"a switch their mail would wait, and later be returned.",
}

var apexTakesMail = rehome.Declared{
	Code: "dns_apex_takes_mail", Topic: rehome.TopicDNS, Severity: rehome.SeverityWarning,
	Sentence: "{addresses}, the address of {domain} itself, takes connections for mail",
	NextStep: "close port 25 there, or make sure that it refuses mail for the domain with a temporary error (4xx)",
	Meaning: "A sender that cannot read the MX record tries the address of the domain itself. If a web server there takes the mail or rejects it, " +
		"it is lost or returned.",
}
