// SPDX-License-Identifier: Apache-2.0

package clientcheck

import "rehome"

// AboutServer reports whether a finding is about a server, and not about what a client finds.
func AboutServer(f rehome.Finding) bool { return serverUnusable.Is(f) }

// Findings lists every kind of finding that a look from outside raises.
func Findings() []rehome.Declared {
	return []rehome.Declared{findsNothing, findsOtherSide, findsOtherServers, findsTrouble, findsUnknown, findsFile, findsDomains, findsSlowly,
		asksFirst, notDescribed, serverUnusable}
}

const howToPublish = `publish what "rehome clients documents" writes, or let "rehome clients serve" answer; and add the records of ` +
	"records.zone to DNS"

var (
	findsNothing = rehome.Declared{
		Code: "client_finds_nothing", Topic: rehome.TopicDevices, Severity: rehome.SeverityError,
		Sentence: "{client} finds no settings for {account}: {why}",
		NextStep: howToPublish,
		Meaning: "The program looks at all places that it knows and finds nothing that it takes. Users have to type in every server by hand. The " +
			"places and their answers are in passed of the JSON answer.",
	}
	findsOtherSide = rehome.Declared{
		Code: "client_finds_other_side", Topic: rehome.TopicDevices, Severity: rehome.SeverityError,
		Sentence: "{client} gives {account} {got} instead of {wanted}, from {document}",
		NextStep: "{step}",
		Meaning: "The program finds a document, and sets the device up with the servers of the other side: a user who has moved would get the " +
			"old servers, or the other way round. What a user should get follows from clients.switched.",
	}
	findsOtherServers = rehome.Declared{
		Code: "client_finds_other_servers", Topic: rehome.TopicDevices, Severity: rehome.SeverityError,
		Sentence: "{client} finds other settings for {account} than those of either side, at {document}: {what}",
		NextStep: "{step}",
		Meaning: "A document says something that is true of neither side. It may be left over from an earlier provider, or host names in clients.hosts " +
			"are missing.",
	}
	findsTrouble = rehome.Declared{
		Code: "client_takes_wrongly", Topic: rehome.TopicDevices, Severity: rehome.SeverityError,
		Sentence: "{client} finds the right servers for {account} at {document}, but {what}",
		NextStep: "{step}",
		Meaning:  "The document names the right servers, and says something beside that keeps the program from working with them.",
	}
	findsUnknown = rehome.Declared{
		Code: "client_not_known", Topic: rehome.TopicDevices, Severity: rehome.SeverityError,
		Sentence: "it is not known what {client} finds for {account}: {where}: {why}",
		NextStep: "run the check again; if that place never answers, have it mended",
		Meaning: "A place where the program looks did not answer this machine, so it is not known what it tells the program. It may answer " +
			"others.",
	}
	findsFile = rehome.Declared{
		Code: "client_needs_file", Topic: rehome.TopicDevices, Severity: rehome.SeverityWarning,
		Sentence: "{client} for {account} is not on the web: {why}",
		NextStep: `hand out the files (.mobileconfig) that "rehome clients documents" writes, or let "rehome clients serve" answer`,
		Meaning:  "Apple's devices look for nothing by themselves. They need a profile, as a file or as a link.",
	}
	findsDomains = rehome.Declared{
		Code: "client_cannot_tell", Topic: rehome.TopicDevices, Severity: rehome.SeverityWarning,
		Sentence: "{client} does not say who asks, so {account} gets {got}, those of the domain, instead of {wanted}",
		NextStep: `give this user the files of "rehome clients documents" (for Thunderbird on Android: the QR code), or tell them to set it up ` +
			"after the switch",
		Meaning: "Some programs ask for the settings of a domain and not of an address. A user who moves at another time than the domain gets the " +
			"wrong servers from them.",
	}
	findsSlowly = rehome.Declared{
		Code: "client_waits", Topic: rehome.TopicDevices, Severity: rehome.SeverityWarning,
		Sentence: "{client} finds the right settings for {account}, but asks {where} before, which did not answer: {why}",
		NextStep: "let that place answer or refuse the connection: a device that gets a document there uses that one",
		Meaning: "A place that the program asks earlier did not answer this machine. The program waits for it; and if it has a document for others, " +
			"they get that one.",
	}
	asksFirst = rehome.Declared{
		Code: "client_certificate_prompt", Topic: rehome.TopicDevices, Severity: rehome.SeverityWarning,
		Sentence: "{client} finds the right settings for {account}, but may ask about the certificate of {where} before: {why}",
		NextStep: "get a certificate for that name, or let nothing listen on port 443 there",
		Meaning: "Outlook asks the web server of the domain itself first. If that has a certificate for other names only, Outlook shows a warning " +
			"that frightens users.",
	}
	notDescribed = rehome.Declared{
		Code: "client_not_described", Topic: rehome.TopicDevices, Severity: rehome.SeverityError,
		Sentence: "what {client} finds for {account} cannot be compared: the settings do not name all that a device needs of {wanted}",
		NextStep: `run "rehome clients documents": it says what is missing`,
		Meaning:  "Without servers for incoming and outgoing mail in the settings nobody can say which document would be right.",
	}
	serverUnusable = rehome.Declared{
		Code: "client_server_unusable", Topic: rehome.TopicDevices, Severity: rehome.SeverityError,
		Sentence: "{what}", NextStep: "{step} ({who})",
		Meaning: "A server that devices are told, or will be told, does not answer from outside in the way that they need: at this name and port, with a " +
			"certificate for that name from an authority that devices know, and with a log-in. It is a warning if none of the accounts that were " +
			"looked at needs it now.",
	}
)
