// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"strings"

	"rehome/internal/protocol/imap"
)

// flagFilter decides which flags of a message go to a destination mailbox.
type flagFilter struct {
	anyKeyword bool
	permanent  map[string]bool // lower case; nil: the server does not say
}

// newFlagFilter goes by PERMANENTFLAGS (RFC 9051, section 7.1). Of a mailbox that is read-only when it is opened they are what can be
// changed just now, which is nothing: that it could not store a flag does not follow, as it may take messages by then.
func newFlagFilter(mailbox imap.Selected) flagFilter {
	f := flagFilter{anyKeyword: mailbox.AnyKeyword()}
	if mailbox.PermanentFlags != nil && !mailbox.ReadOnly {
		f.permanent = map[string]bool{}
		for _, flag := range mailbox.PermanentFlags {
			f.permanent[strings.ToLower(flag)] = true
		}
	}
	return f
}

// split returns the flags that can be sent, and the others. Everything that is sent is valid for the
// wire, because a refused flag would let the message body run as commands (see package imap).
func (f flagFilter) split(flags []string) (sent, dropped []string) {
	for _, flag := range flags {
		if f.takes(flag) {
			sent = append(sent, flag)
		} else {
			dropped = append(dropped, flag)
		}
	}
	return sent, dropped
}

func (f flagFilter) takes(flag string) bool {
	listed := f.permanent == nil || f.permanent[strings.ToLower(flag)]
	if _, system := imap.SystemFlag(flag); system {
		return listed
	}
	return imap.ValidKeyword(flag) && (listed || f.anyKeyword)
}

// withoutKeywords keeps the system flags only.
func withoutKeywords(flags []string) []string {
	var kept []string
	for _, flag := range flags {
		if strings.HasPrefix(flag, `\`) {
			kept = append(kept, flag)
		}
	}
	return kept
}
