// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"cmp"
	"slices"
	"strings"

	"rehome/internal/ledger"
)

// noteLinks notes attachments that the source keeps beside the object: they are copied as the links that they are,
// and are gone when it is switched off. What another server keeps is none of the move. Such a note stands among the
// repairs, as something that has to be known of the object as long as it is at the destination.
func (p *transfer) noteLinks(hosts []string) {
	var found []string
	for _, link := range p.object.Links {
		ours := link.Managed || link.Host == "" || slices.ContainsFunc(hosts, func(host string) bool { return strings.EqualFold(host, link.Host) })
		if host := cmp.Or(link.Host, "a path of the source"); ours && !slices.Contains(found, host) {
			found = append(found, host)
		}
	}
	for _, host := range found {
		p.row.Repairs = append(p.row.Repairs, ledger.Repair{Code: attachmentAtSource.Code, Sentence: host})
	}
}

// repairsOf returns what was repaired, without what is only noted.
func repairsOf(row ledger.Object) []ledger.Repair {
	return slices.DeleteFunc(slices.Clone(row.Repairs), func(r ledger.Repair) bool { return attachmentAtSource.Has(r.Code) })
}
