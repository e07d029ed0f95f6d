// SPDX-License-Identifier: Apache-2.0

package config

import "regexp"

// Mail shapes the copying of mail.
type Mail struct {
	Exclude    []string          `yaml:"exclude" example:"['^INBOX[.]Public']" doc:"Mailboxes that stay behind: regular expressions (RE2) that are searched in the full names that the source gives its mailboxes."`
	Skip       []string          `yaml:"skip" enum:"trash,junk,drafts,sent,archive" example:"[trash, junk]" doc:"Mailboxes that stay behind by their use: trash, junk, drafts, sent, archive. Empty: everything moves."`
	Rename     map[string]string `yaml:"rename" example:"{INBOX.Clients: Archive/Clients}" doc:"Mailboxes that get another name: the full name at the source, then the full name at the destination. Mailboxes below follow. Two may go to one."`
	FoldsCase  bool              `yaml:"folds_case" doc:"The destination takes names that differ only in case for one mailbox: give them different ones."`
	Refused    string            `yaml:"refused" example:"\".\"" doc:"Characters that the destination refuses in a mailbox name beside its separator; they are replaced by full-width twins. A Maildir store behind the separator / refuses the dot."`
	SpecialUse bool              `yaml:"special_use" doc:"Bring the source's sent, drafts, trash and spam into the mailboxes that the destination has for them, whatever both call them."`
	Escrow     string            `yaml:"escrow" kind:"path" doc:"Folder for the originals of messages that the destination refuses. It is made with mode 0700."`
}

// Exclusions returns the compiled patterns of Exclude; Parse has proved that they compile.
func (m Mail) Exclusions() []*regexp.Regexp {
	var compiled []*regexp.Regexp
	for _, text := range m.Exclude {
		compiled = append(compiled, regexp.MustCompile(text))
	}
	return compiled
}
