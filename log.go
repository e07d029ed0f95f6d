// SPDX-License-Identifier: Apache-2.0

package rehome

import "log/slog"

// The attributes of log lines. A line has a constant message, and everything that varies is an attribute of one of these
// names, so that lines of different packages can be searched for and counted together.
//
// Addresses, names of mailboxes and collections, UIDs, hrefs and the words of servers are logged; passwords, tokens and the
// content of what moves never are, at no level. What went wrong is logged by whoever deals with it, and not by whoever
// returns it. Level info tells the course of an account in a dozen lines, level debug that of a mailbox: each batch, and
// each command without its arguments. Lines that ask for attention are answers and findings, not log lines.
const (
	LogOperation = "operation" // a command line without its arguments: "rehome sync"
	LogPass      = "pass"
	LogAccount   = "account"
	LogAccounts  = "accounts" // a number, like all in the plural
	LogKind      = "kind"
	LogKinds     = "kinds"
	LogWorkers   = "workers"
	LogState     = "state"
	LogVerdict   = "verdict"
	LogLevel     = "level"

	LogSide       = "side"
	LogHost       = "host"
	LogDomain     = "domain"
	LogClient     = "client"  // the name that a mail program gives itself
	LogPeer       = "peer"    // an IP address; only where somebody wants them logged
	LogSubject    = "subject" // what an issuer calls a person, and nobody else, for good
	LogProtocol   = "protocol"
	LogConnection = "connection" // the number of one at its side; a line about it has it from its beginning to its end
	LogCommand    = "command"    // a verb without arguments
	LogAnswer     = "answer"     // OK, NO, a status
	LogSent       = "sent"       // octets
	LogReceived   = "received"   // octets

	LogMailbox     = "mailbox"     // of the source
	LogCollection  = "collection"  // of the source
	LogDestination = "destination" // the mailbox or collection there
	LogScript      = "script"
	LogFirst       = "first_uid" // of a batch, at the source
	LogLast        = "last_uid"
	LogAction      = "action"
	LogCode        = "code" // of a finding
	LogSeverity    = "severity"
	LogObject      = "object"

	LogCounts    = "counts" // a group of the numbers of one kind
	LogMailboxes = "mailboxes"
	LogMessages  = "messages"
	LogObjects   = "objects"
	LogScripts   = "scripts"
	LogOctets    = "octets"
	LogWanted    = "wanted" // to be copied
	LogThere     = "there"  // at the destination
	LogCopied    = "copied"
	LogUpdated   = "updated"
	LogAdopted   = "adopted" // found at the destination and taken over
	LogUnchanged = "unchanged"
	LogFlagged   = "flags_changed"
	LogRemoved   = "removed"
	LogFailed    = "failed"
	LogHeld      = "held"
	LogRemaining = "remaining"

	LogAttempt = "attempt"
	LogPause   = "pause"
	LogTook    = "took"
	LogLimit   = "limit" // connections that a host gets at the moment
	LogMost    = "most"  // connections that it gets at full speed
	LogExit    = "exit_code"
	LogWhy     = "why"   // a sentence
	LogError   = "error" // with the server's own words
	LogHint    = "hint"
)

// Logger returns l, or one that discards everything where l is nil.
func Logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}
