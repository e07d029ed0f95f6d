// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"strings"

	"rehome/internal/protocol/imap"
)

// Names says how a server's scripts write mailbox names beyond ASCII. The standard says UTF-8 (RFC 5228
// section 2.1). Cyrus wants modified UTF-7, as IMAP has it, unless its sieve_utf8fileinto is on; a name in
// the other form is one that it does not find, and the message stays in INBOX without a word.
type Names string

// The forms.
const (
	NamesAuto Names = "auto" // by what the server says it is
	NamesUTF8 Names = "utf8"
	NamesUTF7 Names = "utf7"
)

// For returns the form of the server of that implementation (RFC 5804 section 1.7).
func (n Names) For(implementation string) Names {
	if n != NamesAuto && n != "" {
		return n
	}
	if strings.HasPrefix(implementation, "Cyrus ") {
		return NamesUTF7
	}
	return NamesUTF8
}

func (n Names) encode(name string) string {
	if n == NamesUTF7 {
		return imap.EncodeName(name)
	}
	return name
}

func (n Names) decode(text string) string {
	if n == NamesUTF7 {
		return imap.DecodeName(text)
	}
	return text
}
