// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bytes"
	"strings"
)

// isCyrus tells Cyrus by an extension that nobody else has made. Cyrus 3.6.1 answers a STATUS of
// MAILBOXID and other items with octets of memory that it has given back, line ends and brackets
// among them. SELECT tells the identifier as it is.
func (c Capabilities) isCyrus() bool { return c.Has("ANNOTATE-EXPERIMENT-1") }

// looksLikeCommand reports whether a line of the text, whose lines end in LF, could be one that Cyrus
// runs: a word, a space, and the name of a command.
//
// Cyrus 3.6.1 refuses an APPEND for which it cannot make a file (a full disk, or two sessions that make
// the folder for it at once) before it reads the message, and then takes the octets of a literal that
// it did not ask for (RFC 7888) as the next commands. Such a message has to wait for the "+"; one in
// which no line can do harm need not, which keeps batches fast.
func looksLikeCommand(text []byte) bool {
	for line := range bytes.Lines(text) {
		_, rest, _ := bytes.Cut(line, []byte(" "))
		end := bytes.IndexAny(rest, " \r\n")
		if end < 0 {
			end = len(rest)
		}
		if end <= longestCommand && isCyrusCommand(strings.ToLower(string(rest[:end]))) {
			return true
		}
	}
	return false
}

const longestCommand = 20

// isCyrusCommand knows the commands of imapd 2.2 to 3.10 in lower case; those with an X are many.
func isCyrusCommand(word string) bool {
	switch word {
	case "append", "authenticate", "capability", "check", "close", "compress", "copy", "create", "delete", "deleteacl",
		"done", "dump", "enable", "esearch", "examine", "expunge", "fetch", "genurlauth", "getacl", "getannotation",
		"getjmapaccess", "getmetadata", "getquota", "getquotaroot", "id", "idle", "list", "listrights", "localappend",
		"localcreate", "localdelete", "login", "logout", "lsub", "move", "mupdatepush", "myrights", "namespace", "noop",
		"notify", "partial", "proxyauth", "reconstruct", "rename", "replace", "resetkey", "rlist", "rlsub", "scan",
		"search", "select", "setacl", "setannotation", "setmetadata", "setquota", "setusergroup", "snippets", "sort",
		"starttls", "status", "store", "subscribe", "syncapply", "syncget", "syncrestart", "syncrestore", "thread", "uid",
		"uidbatches", "unauthenticate", "undump", "unselect", "unsetusergroup", "unsubscribe", "urlfetch":
		return true
	}
	return strings.HasPrefix(word, "x")
}
