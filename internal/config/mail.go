// SPDX-License-Identifier: Apache-2.0

package config

import (
	"regexp"
	"strings"
	"time"

	"rehome"
)

// Mail shapes the copying of mail.
type Mail struct {
	Exclude     []string          `yaml:"exclude" example:"['^INBOX[.]Public']" doc:"Mailboxes to leave out: regular expressions (RE2) that match any part of a mailbox's full name at the source."`
	Skip        []string          `yaml:"skip" enum:"trash,junk,drafts,sent,archive" example:"[trash, junk]" doc:"Special-use mailboxes to leave out: trash, junk, drafts, sent, archive. Empty: everything moves."`
	Rename      map[string]string `yaml:"rename" example:"{INBOX.Clients: Archive/Clients}" doc:"Mailboxes to rename: the full name at the source, then the full name at the destination. Child mailboxes follow. Two may go to one."`
	RenameRegex []string          `yaml:"rename_regex" example:"['^INBOX[.]Old[.](.+)$ => INBOX.Archive.$1']" doc:"Rules that rewrite the full name at the source, applied in this order to the result of the previous rule: a regular expression (RE2), =>, and the replacement for each match; $1 is the first group. The result is a name in the source's form and is mapped like any other. mail.rename takes precedence."`
	Deletions   rehome.Deletions  `yaml:"deletions" enum:"keep,mirror" doc:"What to do with copies whose originals are gone from the source: keep leaves them at the destination; mirror removes those that rehome has written and nobody has changed since."`
	FoldsCase   bool              `yaml:"folds_case" doc:"The destination treats names that differ only in case as one mailbox: give them different names."`
	Refused     string            `yaml:"refused" example:"\".\"" doc:"Characters that the destination refuses in a mailbox name, besides its separator; their full-width forms replace them. A Maildir store with the separator / refuses the dot."`
	MaxName     int               `yaml:"max_name" doc:"Maximum number of octets in a full mailbox name, in its form on the wire; longer names are cut and marked. A Maildir store of Dovecot allows 254. 0: only the limit of 255 for one level."`
	SpecialUse  bool              `yaml:"special_use" doc:"Copy the source's sent, drafts, trash and spam into the destination's mailboxes for them, even if their names differ."`
	Settle      time.Duration     `yaml:"settle" doc:"How long a mailbox waits after a connection broke or rehome was killed, before messages that were in progress and have not arrived are sent again. Everything else continues. It must be longer than the destination's longest stall; otherwise messages can arrive twice."`
	Escrow      string            `yaml:"escrow" kind:"path" doc:"Folder for the originals of messages that the destination rejects, created with mode 0700."`
}

// Exclusions returns the compiled patterns of Exclude; Parse has proved that they compile.
func (m Mail) Exclusions() []*regexp.Regexp {
	var compiled []*regexp.Regexp
	for _, text := range m.Exclude {
		compiled = append(compiled, regexp.MustCompile(text))
	}
	return compiled
}

// Replacement is one rule of RenameRegex.
type Replacement struct {
	Match *regexp.Regexp
	With  string
}

// Replacements returns the compiled rules of RenameRegex; Parse has proved that they compile.
func (m Mail) Replacements() []Replacement {
	var compiled []Replacement
	for _, text := range m.RenameRegex {
		match, with, _ := cutRule(text)
		compiled = append(compiled, Replacement{Match: regexp.MustCompile(match), With: with})
	}
	return compiled
}

// cutRule splits a rule of RenameRegex at its arrow; blanks around the arrow do not count.
func cutRule(text string) (match, with string, found bool) {
	match, with, found = strings.Cut(text, "=>")
	return strings.TrimSpace(match), strings.TrimSpace(with), found
}
