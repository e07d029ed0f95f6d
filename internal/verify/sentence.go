// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
)

// Count renders a number of things for a sentence: "1 message", "3,104 messages".
func Count(n int64, thing string) string {
	return humanize.Comma(n) + " " + english.PluralWord(int(n), thing, "")
}

// Words say what was copied since: "3 messages copied or changed since".
func (s Since) Words() string {
	var parts []string
	if s.Messages > 0 {
		parts = append(parts, Count(s.Messages, "message"))
	}
	if s.Objects > 0 {
		parts = append(parts, Count(s.Objects, "contact or calendar object"))
	}
	switch {
	case !s.Known && len(parts) == 0:
		return "a pass has run since, and what it copied was not counted"
	case !s.Known:
		return "at least " + strings.Join(parts, " and ") + " copied or changed since"
	}
	return strings.Join(parts, " and ") + " copied or changed since"
}

// Clause puts a change into words: it follows what is said of the difference.
func (c Change) Clause() string {
	when := c.After.UTC().Format(time.DateTime + " UTC")
	switch c.What {
	case DeletedAtDestination:
		return "it was there on " + when + ", and has been deleted or moved away there since"
	case MovedAtDestination:
		if c.From != "" {
			return "it was in " + strconv.Quote(c.From) + " on " + when + ", and has been moved here since"
		}
		return "it was there on " + when + ", and has been moved to " + strconv.Quote(c.To) + " since"
	case DeletedAtSource:
		return "it was at the source on " + when + ", and has been deleted or moved away there since"
	case ArrivedAtSource:
		return "it arrived at the source after " + when
	}
	return "it arrived at the destination after " + when
}
