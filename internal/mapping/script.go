// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"slices"
	"strings"

	"rehome/internal/protocol/imap"
)

// ScriptNames says how a server's scripts write mailbox names beyond ASCII. The standard says UTF-8 (RFC 5228
// section 2.1). Cyrus wants modified UTF-7, as IMAP has it, unless its sieve_utf8fileinto is on; a name in
// the other form is one that it does not find, and the message stays in INBOX without a word.
type ScriptNames string

// The forms.
const (
	NamesAuto ScriptNames = "auto" // by what the server says it is
	NamesUTF8 ScriptNames = "utf8"
	NamesUTF7 ScriptNames = "utf7"
)

// For returns the form of the server of that implementation (RFC 5804 section 1.7).
func (n ScriptNames) For(implementation string) ScriptNames {
	if n != NamesAuto && n != "" {
		return n
	}
	if strings.HasPrefix(implementation, "Cyrus ") {
		return NamesUTF7
	}
	return NamesUTF8
}

// Encode writes a name as the server's scripts do.
func (n ScriptNames) Encode(name string) string {
	if n == NamesUTF7 {
		return imap.EncodeName(name)
	}
	return name
}

// Decode reads a name that such a script writes.
func (n ScriptNames) Decode(text string) string {
	if n == NamesUTF7 {
		return imap.DecodeName(text)
	}
	return text
}

// Named finds where a mailbox went that a rule names. Tables and old scripts name one with or without "INBOX." in front, some
// in other capitals or without the blanks around it: that counts where no mailbox has the very name.
func (p Plan) Named(name string) (string, bool) {
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold, sameButBlanks} {
		for _, wanted := range []string{name, "INBOX." + name, "INBOX/" + name} {
			if i := slices.IndexFunc(p.Pairs, func(p Pair) bool { return same(p.Source, wanted) }); i >= 0 {
				return p.Pairs[i].Destination, true
			}
		}
	}
	return "", false
}

// Holding returns the destination's mailbox for what the source keeps in the mailbox of a special use; "" for none.
func (p Plan) Holding(use string) string {
	i := slices.IndexFunc(p.Pairs, func(pair Pair) bool { return pair.Use == use })
	if i < 0 {
		return ""
	}
	return p.Pairs[i].Destination
}

func sameButBlanks(a, b string) bool {
	return strings.EqualFold(strings.ReplaceAll(a, " ", ""), strings.ReplaceAll(b, " ", ""))
}

// NewEnd translates what a server has said about its mailboxes.
func NewEnd(namespaces imap.Namespaces, entries []imap.ListEntry) End {
	end := End{Guess: namespaces.Guessed}
	if len(namespaces.Personal) > 0 {
		end.Prefix, end.Delimiter = namespaces.Personal[0].Prefix, namespaces.Personal[0].Delimiter
	}
	for _, foreign := range slices.Concat(namespaces.Others, namespaces.Shared) {
		if foreign.Prefix != "" {
			end.Others = append(end.Others, foreign.Prefix)
		}
	}
	for _, e := range entries {
		end.Mailboxes = append(end.Mailboxes, Mailbox{Name: e.Name, Delimiter: e.Delimiter, Attributes: e.Attributes, Subscribed: e.Subscribed})
	}
	return end
}
