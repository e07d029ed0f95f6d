// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"cmp"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/ledger"
)

// codeLink marks a row of which an attachment is only a link, to the source itself. It stands among the repairs, as
// something that has to be known of the object as long as it is at the destination.
const codeLink = "attachment_at_source"

// noteLinks notes attachments that the source keeps beside the object: they are copied as the links that they are,
// and are gone when it is switched off. What another server keeps is none of the move.
func (p *parcel) noteLinks(hosts []string) {
	var found []string
	for _, link := range p.object.Links {
		ours := link.Managed || link.Host == "" || slices.ContainsFunc(hosts, func(host string) bool { return strings.EqualFold(host, link.Host) })
		if host := cmp.Or(link.Host, "a path of the source"); ours && !slices.Contains(found, host) {
			found = append(found, host)
		}
	}
	for _, host := range found {
		p.row.Repairs = append(p.row.Repairs, ledger.Repair{Code: codeLink, Sentence: host})
	}
}

// repairsOf returns what was repaired, without what is only noted.
func repairsOf(row ledger.Object) []ledger.Repair {
	return slices.DeleteFunc(slices.Clone(row.Repairs), func(r ledger.Repair) bool { return r.Code == codeLink })
}

func linkFinding(e ledger.Exception, host string) rehome.Finding {
	return rehome.Finding{
		Code: codeLink, Severity: rehome.SeverityWarning, Object: hrefOf(e.Collection, e.Source),
		Sentence: "an attachment was copied as a link, because the file itself lies on the source: " + host,
		NextStep: "open it and attach the file anew at the destination while the source is still running",
	}
}
