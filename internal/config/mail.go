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
	Exclude     []string          `yaml:"exclude" example:"['^INBOX[.]Public']"`
	Skip        []string          `yaml:"skip" enum:"trash,junk,drafts,sent,archive" example:"[trash, junk]"`
	Rename      map[string]string `yaml:"rename" example:"{INBOX.Clients: Archive/Clients}"`
	RenameRegex []string          `yaml:"rename_regex" example:"['^INBOX[.]Old[.](.+)$ => INBOX.Archive.$1']"`
	Deletions   rehome.Deletions  `yaml:"deletions" enum:"keep,mirror"`
	Order       rehome.Order      `yaml:"order" enum:"strict,relaxed"`
	FoldsCase   bool              `yaml:"folds_case"`
	Refused     string            `yaml:"refused" example:"\".\""`
	MaxName     int               `yaml:"max_name"`
	SpecialUse  bool              `yaml:"special_use"`
	Settle      time.Duration     `yaml:"settle"`
	Escrow      string            `yaml:"escrow" kind:"path"`
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
