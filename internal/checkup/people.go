// SPDX-License-Identifier: Apache-2.0

package checkup

import (
	"fmt"
	"strings"

	"rehome"
	"rehome/internal/atmail8"
	"rehome/internal/people"
)

// Directory says what answers where the source keeps its people.
func Directory(c *List, about people.About) {
	c.OK("database", fmt.Sprintf("%s answers with the tables of profile %s: %s in %s",
		about.Server, about.Profile, count(about.Accounts, "account"), strings.Join(about.Domains, ", ")))
}

// People says how many move. Who stays follows with Staying.
func People(c *List, everybody *people.Everybody) {
	sentence := fmt.Sprintf("%s to move", count(len(everybody.Moving), "account"))
	if n := len(everybody.Organisation.Aliases); n > 0 {
		sentence += fmt.Sprintf(", with %s and %s", count(n, "alias"), count(len(everybody.Organisation.Forwards), "forward"))
	}
	c.OK("people", sentence)
}

// Staying names who stays, and what the directory has found.
func Staying(c *List, everybody *people.Everybody) {
	for _, s := range everybody.Staying {
		c.Warn("people", s.Account+" stays: "+s.Reason, "")
	}
	for _, f := range everybody.Findings {
		if f.Severity != rehome.SeverityInfo {
			c.Warn(subjectOf(f), strings.TrimSpace(f.Account+" "+f.Object)+": "+f.Sentence, f.NextStep)
		}
	}
}

// subjectOf names what a finding of the database is about.
func subjectOf(f rehome.Finding) string {
	if f.Topic == rehome.TopicAliases {
		return "aliases"
	}
	return "people"
}

// Passwords tells how many people keep their password.
func Passwords(c *List, counts atmail8.Counts) {
	if counts.Temporary == 0 {
		c.OK("passwords", "all users keep their current password: all are readable and meet the destination's policy")
		return
	}
	var reasons []string
	for _, r := range []struct {
		reason atmail8.Reason
		text   string
	}{
		{atmail8.ReasonPolicy, "too weak for the destination's policy"}, {atmail8.ReasonHashed, "stored only as a hash"},
		{atmail8.ReasonSealed, "sealed with the server's key"}, {atmail8.ReasonLDAP, "stored in a directory service"}, {atmail8.ReasonNone, "not known"},
	} {
		if n := counts.ByReason[r.reason]; n > 0 {
			reasons = append(reasons, fmt.Sprintf("%d %s", n, r.text))
		}
	}
	c.Warn("passwords", fmt.Sprintf("%d of %d keep their current password; %s a temporary one (%s)",
		counts.Own, counts.Own+counts.Temporary, count(counts.Temporary, "user gets", "users get"), strings.Join(reasons, ", ")),
		`"rehome accounts export" creates and seals them; plan how to hand them out`)
}
