// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"regexp"
	"strings"
)

// Dovecot's lines: "lmtp(user)<pid><session>: msgid=...: saved mail to INBOX" and "pop3-login: Login: user=<...>, ...",
// in files of its own with "Info: " between them. Version 2.4 says "Logged in"; before 2.1 lmtp put its number before the
// user. A script of Sieve says what it did in words of its own.
var (
	dovecotStore = regexp.MustCompile(`^(?:lda|lmtp|deliver|dovecot-lda|local)\((?:\d+, ?)?([^()\s]+)\)(?:<[^<>]*>)*: (.*)$`)
	dovecotSaved = regexp.MustCompile(`(?:^|: )(?:saved mail to|stored mail into mailbox|left message in mailbox) `)
	dovecotSent  = regexp.MustCompile(`(?:^|: )forwarded to <`)
	dovecotLogin = regexp.MustCompile(`^([a-z0-9]+)-login: (?:Info: |Warning: )?` +
		`(?:([A-Z]?[\w ]*): user=<([^<>]*)>|proxy\(([^,()]+)[^()]*\): [Ss]tarted proxying)?`)
	dovecotPOP = regexp.MustCompile(`^pop3\(([^()\s]+)\)(?:<[^<>]*>)*: (?:Info: )?` +
		`(?:Disconnected: |Connection closed:? )?(?:Logged out|.*\btop=\d+/\d+, retr=)`)
	dovecotOther = regexp.MustCompile(`^[a-z0-9-]+(?:\([^()]*\))?(?:<[^<>]*>)*: (?:Info|Debug|Warning|Error|Fatal|Panic): `)
	level        = regexp.MustCompile(`^(?:Info|Debug|Warning|Error|Fatal): `)
)

func isDovecotPart(name string) bool {
	switch name {
	case "lda", "lmtp", "deliver", "dovecot-lda", "pop3-login", "imap-login", "managesieve-login", "submission-login":
		return true
	}
	return false
}

// isDovecot knows the names of Dovecot's programs, with which a line begins.
func isDovecot(text string) bool {
	name := text
	if end := strings.IndexAny(text, "(:< "); end >= 0 {
		name = text[:end]
	}
	switch name {
	case "imap", "pop3", "lmtp", "lda", "deliver", "dovecot-lda", "local", "managesieve", "submission", "auth", "auth-worker", "master", "config",
		"anvil", "log", "stats", "indexer", "indexer-worker", "doveadm", "replicator", "imap-hibernate", "ssl-params", "imap-urlauth", "dict":
		return true
	}
	return strings.HasSuffix(name, "-login")
}

// dovecot knows what stands in a file of Dovecot's own behind the time. There every line has a level.
func dovecot(text string) (event Event, is bool) {
	text = text[len(level.FindString(text)):] // Dovecot 1 put it first
	if !isDovecot(text) {
		return Event{}, false
	}
	if m := dovecotStore.FindStringSubmatch(text); m != nil {
		switch {
		case dovecotSaved.MatchString(m[2]):
			return delivered(Stored, namesIn([]string{m[1]})), true
		case dovecotSent.MatchString(m[2]):
			return delivered(Passed, namesIn([]string{m[1]})), true // beside the delivery, or in its place
		}
		return nothing(), true
	}
	if m := dovecotLogin.FindStringSubmatch(text); m != nil {
		user := m[3] + m[4]
		if m[1] == "pop3" && user != "" && (m[4] != "" || m[2] == "Login" || m[2] == "Logged in") {
			return popLogin(user), true
		}
		return Event{Kind: OtherLogin}, true
	}
	if m := dovecotPOP.FindStringSubmatch(text); m != nil {
		event = popLogin(m[1])
		event.Ended = true
		return event, true
	}
	return nothing(), dovecotOther.MatchString(text)
}

// ofDovecot knows what a line says that has Dovecot's tag in syslog, or that of one of its programs.
func ofDovecot(text string) Event {
	if event, is := dovecot(text); is {
		return event
	}
	return nothing()
}
