// SPDX-License-Identifier: Apache-2.0

package config

import (
	"regexp"
	"strings"
	"time"
)

// Deletions says what happens at the destination when something has vanished at the source.
type Deletions string

// The policies.
const (
	DeletionsKeep   Deletions = "keep"
	DeletionsMirror Deletions = "mirror"
)

// Mail shapes the copying of mail.
type Mail struct {
	Exclude     []string          `yaml:"exclude" example:"['^INBOX[.]Public']" doc:"Mailboxes that stay behind: regular expressions (RE2) that are searched in the full names that the source gives its mailboxes."`
	Skip        []string          `yaml:"skip" enum:"trash,junk,drafts,sent,archive" example:"[trash, junk]" doc:"Mailboxes that stay behind by their use: trash, junk, drafts, sent, archive. Empty: everything moves."`
	Rename      map[string]string `yaml:"rename" example:"{INBOX.Clients: Archive/Clients}" doc:"Mailboxes that get another name: the full name at the source, then the full name at the destination. Mailboxes below follow. Two may go to one."`
	RenameRegex []string          `yaml:"rename_regex" example:"['^INBOX[.]Old[.](.+)$ => INBOX.Archive.$1']" doc:"Rules that rewrite the full name at the source, in this order, each what the one before left: a regular expression (RE2), =>, and what replaces each match; $1 is its first group. What comes out is a name in the source's form, and mapped like any other. mail.rename wins over them."`
	Deletions   Deletions         `yaml:"deletions" enum:"keep,mirror" doc:"What happens at the destination when something has vanished at the source since it was copied: keep leaves everything there; mirror removes what rehome has put there and nobody has changed since."`
	FoldsCase   bool              `yaml:"folds_case" doc:"The destination takes names that differ only in case for one mailbox: give them different ones."`
	Refused     string            `yaml:"refused" example:"\".\"" doc:"Characters that the destination refuses in a mailbox name beside its separator; they are replaced by full-width twins. A Maildir store behind the separator / refuses the dot."`
	MaxName     int               `yaml:"max_name" doc:"Octets that the destination allows for a whole mailbox name, in the form it has on the wire; longer ones are cut and marked. A Maildir store of Dovecot allows 254. 0: no limit but that of 255 for one level."`
	SpecialUse  bool              `yaml:"special_use" doc:"Bring the source's sent, drafts, trash and spam into the mailboxes that the destination has for them, whatever both call them."`
	Settle      time.Duration     `yaml:"settle" doc:"How long a mailbox waits after a connection broke or rehome was killed, until messages that were on their way and have not arrived count as lost and are sent again. Everything else goes on meanwhile. It must be longer than the destination ever stands still: with less, messages can arrive twice."`
	Escrow      string            `yaml:"escrow" kind:"path" doc:"Folder for the originals of messages that the destination refuses. It is made with mode 0700."`
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
