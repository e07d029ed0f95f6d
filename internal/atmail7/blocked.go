// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"database/sql"
	"slices"
	"strings"

	"rehome/internal/people"
)

// addBlocked takes a row of SpamDB, atmail 5's list of blocked senders. People typed into it what they liked: what is an
// address, a domain or a pattern of one is blocked, and a row that holds anything else is told as it stands. Nothing is
// guessed, because a pattern that is too wide would sort away what nobody has blocked.
func addBlocked(rules map[string]*people.Rule, v []sql.RawBytes) {
	row := tidy(string(v[1]))
	if row == "" {
		return
	}
	rule := ruleOf(rules, v[0])
	patterns, all := senders(row)
	rule.Block = append(rule.Block, patterns...)
	if !all && !slices.Contains(rule.Unclear, row) {
		rule.Unclear = append(rule.Unclear, row)
	}
}

// senders reads the senders of a row, and reports whether that is all it holds. "Shop <deals@shop.example>" is one sender;
// else commas, semicolons and blanks stand between them.
func senders(row string) (patterns []string, all bool) {
	words := strings.FieldsFunc(row, func(r rune) bool { return r == ',' || r == ';' })
	all = true
	for _, word := range words {
		if open := strings.LastIndexByte(word, '<'); open >= 0 && strings.HasSuffix(strings.TrimSpace(word), ">") {
			word = strings.TrimSuffix(strings.TrimSpace(word[open+1:]), ">")
		}
		for _, part := range strings.Fields(word) {
			pattern, clear := sender(strings.ToLower(strings.TrimPrefix(part, "mailto:")))
			if !clear {
				all = false
				continue
			}
			patterns = append(patterns, pattern)
		}
	}
	return patterns, all && len(patterns) > 0
}

// sender makes the pattern of one address, domain or pattern.
func sender(text string) (string, bool) {
	local, domain, hasAt := strings.Cut(text, "@")
	if !hasAt {
		local, domain = "*", text
	}
	if local == "" {
		local = "*"
	}
	labels := strings.Split(domain, ".")
	valid := !strings.ContainsAny(local+domain, `"'()<>[]\:/|`) && !strings.Contains(domain, "@")
	for _, label := range labels {
		valid = valid && label != ""
	}
	// A bare word is no domain, and a pattern that names nobody ("*@*.*") would block everybody.
	namesPerson := strings.Trim(local, "*?.") != ""
	namesDomain := len(labels) > 1 && strings.Trim(domain, "*?.") != ""
	return local + "@" + domain, valid && (namesPerson || namesDomain)
}
