// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"

	"github.com/dustin/go-humanize"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/verify"
)

// collectionRow is one address book or calendar of an account.
type collectionRow struct {
	Name, Kind                                   string
	Objects, Equal, Repaired, Quarantined, Other string
	Read                                         string // when it was last read in full
}

func collectionRows(kind string, p *verify.Objects) []collectionRow {
	if p == nil {
		return nil
	}
	var rows []collectionRow
	for _, c := range p.Collections {
		equal := c.States[pim.StateIdentical] + c.States[pim.StateEqual] + c.States[pim.StateCosmetic]
		repaired := c.States[pim.StateRepaired]
		quarantined := c.States[pim.StateQuarantined]
		other := c.States[pim.StateChanged] + c.States[pim.StateMissing]
		rows = append(rows, collectionRow{
			Name: clean(cmp.Or(c.Name, c.Source)), Kind: kind, Objects: humanize.Comma(int64(c.Objects)),
			Equal: figure(equal), Repaired: figure(repaired), Quarantined: figure(quarantined), Other: figure(other),
			Read: timeText(c.Read),
		})
	}
	return rows
}

// figure renders a count, and 0 as an empty cell so that the others stand out.
func figure(n int) string {
	if n == 0 {
		return ""
	}
	return humanize.Comma(int64(n))
}

// repairs lists the repaired objects of an account, up to linesOfAccount.
func repairs(a verify.Account) []string {
	var all []string
	for _, p := range []*verify.Objects{a.Contacts, a.Calendars} {
		if p == nil {
			continue
		}
		for _, o := range p.Repaired {
			if len(all) < linesOfAccount {
				all = append(all, clean(o.Object+": "+o.Sentence))
			}
		}
	}
	return all
}

func objectsNote(s summary) string {
	n := 0
	for _, p := range []verify.ObjectSummary{s.contacts, s.calendars} {
		n += p.Verdicts[pim.StateRepaired]
	}
	if n == 0 {
		return humanize.Comma(int64(s.contacts.Destination+s.calendars.Destination)) + " at the destination"
	}
	return humanize.Comma(int64(n)) + " repaired"
}

// objectDifferences makes one topic of each verdict that counts as a difference.
func (r *Report) objectDifferences() []topic {
	var all []topic
	for _, kind := range []struct {
		verdict  pim.State
		severity rehome.Severity
		title    string
	}{
		{pim.StateMissing, rehome.SeverityError, "Contacts or events are missing at the destination"},
		{pim.StateChanged, rehome.SeverityError, "Contacts or events have different content at the destination"},
		{pim.StateQuarantined, rehome.SeverityError, "Contacts or events are quarantined"},
		{pim.StateExtra, rehome.SeverityWarning, "Contacts or events exist only at the destination"},
	} {
		c := topic{Tone: string(kind.severity), Title: kind.title, NextStep: verify.NextStep(kind.verdict)}
		total := 0
		for _, a := range r.accounts {
			total += c.addObjects(a, kind.verdict)
		}
		if total > 0 {
			all = append(all, c.closed(total))
		}
	}
	return all
}

// addObjects adds an account's objects of a verdict and returns how many there are.
func (c *topic) addObjects(a account, verdict pim.State) (total int) {
	g := topicGroup{Account: a.Address}
	for _, p := range []*verify.Objects{a.result.Contacts, a.result.Calendars} {
		if p == nil {
			continue
		}
		total += p.States[verdict]
		of := slices.DeleteFunc(slices.Clone(p.Differences), func(o verify.Object) bool { return o.State != verdict })
		for _, o := range of[:min(len(of), linesOfAccount-len(g.Lines))] {
			line := o.Collection + o.Object + ": " + o.Sentence
			if o.Escrow != "" {
				line += "; kept in " + o.Escrow
			}
			g.Lines = append(g.Lines, line)
		}
	}
	if left := total - len(g.Lines); left > 0 {
		g.More = humanize.Comma(int64(left)) + ` more; "rehome report --json" lists up to 1,000 for each account`
	}
	if total > 0 {
		c.Groups = append(c.Groups, g)
	}
	return total
}
