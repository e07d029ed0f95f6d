// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rehome"
	"rehome/internal/atmail8"
	"rehome/internal/people"
)

// checkPeople looks at who moves; nil means that nobody is known.
func (m *Move) checkPeople(ctx context.Context, c *checkup) *people.Everybody {
	m.checkDatabase(ctx, c)
	p, err := m.people(ctx)
	if err != nil {
		if !said(c, err) {
			c.fail("people", err)
		}
		return nil
	}
	sentence := fmt.Sprintf("%s to move", count(len(p.Moving), "account"))
	if n := len(p.Organisation.Aliases); n > 0 {
		sentence += fmt.Sprintf(", with %s and %s", count(n, "alias"), count(len(p.Organisation.Forwards), "forward"))
	}
	c.ok("people", sentence)
	for _, lone := range p.LoneDomains(m.settings.Domains) {
		c.warn("people", "no account is in "+lone.Domain+", which the settings name under domains", loneHint(lone))
	}
	for _, s := range p.Staying {
		c.warn("people", s.Account+" stays: "+s.Reason, "")
	}
	for _, f := range p.Findings {
		if f.Severity != rehome.SeverityInfo {
			c.warn(subjectOf(f), strings.TrimSpace(f.Account+" "+f.Object)+": "+f.Sentence, f.NextStep)
		}
	}
	if m.makesAccounts() {
		m.checkPasswords(c, p)
	}
	return p
}

// subjectOf names what a finding of the database is about.
func subjectOf(f rehome.Finding) string {
	if strings.HasPrefix(f.Code, "alias") {
		return "aliases"
	}
	return "people"
}

// said reports whether the same trouble was told already.
func said(c *checkup, err error) bool {
	for _, a := range c.advice {
		if a.Sentence == err.Error() {
			return true
		}
	}
	return false
}

// checkDatabase looks at the source's database.
func (m *Move) checkDatabase(ctx context.Context, c *checkup) {
	directory, err := m.directory(ctx)
	if err != nil {
		c.fail("database", err)
		return
	}
	describer, able := directory.(people.Describer)
	if !able {
		return
	}
	about, err := describer.About(ctx)
	if err = errors.Join(err, directory.Close()); err != nil {
		c.fail("database", err)
		return
	}
	c.ok("database", fmt.Sprintf("%s answers with the tables of profile %s: %s in %s",
		about.Server, about.Profile, count(about.Accounts, "account"), strings.Join(about.Domains, ", ")))
}

// checkPasswords tells how many people keep their password.
func (m *Move) checkPasswords(c *checkup, p *people.Everybody) {
	counts := p.Counts
	if counts.Temporary == 0 {
		c.ok("passwords", "everybody keeps the own password: all are readable and good enough for the destination")
		return
	}
	var reasons []string
	for _, r := range []struct {
		reason atmail8.Reason
		text   string
	}{
		{atmail8.ReasonPolicy, "too weak for the destination"}, {atmail8.ReasonHashed, "kept as a hash only"},
		{atmail8.ReasonSealed, "sealed with the server's key"}, {atmail8.ReasonLDAP, "kept in a directory"}, {atmail8.ReasonNone, "not known"},
	} {
		if n := counts.ByReason[r.reason]; n > 0 {
			reasons = append(reasons, fmt.Sprintf("%d %s", n, r.text))
		}
	}
	c.warn("passwords", fmt.Sprintf("%d of %d keep the own password; %s a temporary one (%s)",
		counts.Own, counts.Own+counts.Temporary, count(counts.Temporary, "person gets", "people get"), strings.Join(reasons, ", ")),
		`"rehome accounts export" makes them and seals them; plan how these people receive theirs`)
}

// count renders a number with its noun; the plural has an "s" unless it is given.
func count(n int, singular string, plural ...string) string {
	switch {
	case n == 1:
		return "1 " + singular
	case len(plural) > 0:
		return fmt.Sprintf("%d %s", n, plural[0])
	case strings.HasSuffix(singular, "s"):
		return fmt.Sprintf("%d %ses", n, singular)
	}
	return fmt.Sprintf("%d %ss", n, singular)
}
