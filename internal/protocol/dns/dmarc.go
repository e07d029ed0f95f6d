// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"net/url"
	"strings"
)

// DMARC says what receivers do with mail whose From is not proved by SPF or DKIM (RFC 7489 section 6.3).
type DMARC struct {
	Policy    string // "none", "quarantine" or "reject"
	Subdomain string // the policy of names below
	Reports   []string
	Strict    bool   // SPF and DKIM have to be of the very same domain (aspf=s or adkim=s)
	At        string // the domain whose record it is: the domain itself, or one above
	Text      string
}

// ReadDMARC reads the record among the TXT records of _dmarc. Text is "" if there is none.
func ReadDMARC(texts []string) (DMARC, error) {
	text, err := single("DMARC", withTag(texts, "DMARC1"))
	if err != nil || text == "" {
		return DMARC{}, err
	}
	tags, _, err := readTags("DMARC", text)
	if err != nil {
		return DMARC{Text: text}, err
	}
	d := DMARC{Text: text, Policy: strings.ToLower(tags["p"]), Subdomain: strings.ToLower(tags["sp"]),
		Strict: strings.EqualFold(tags["aspf"], "s") || strings.EqualFold(tags["adkim"], "s")}
	if d.Subdomain == "" {
		d.Subdomain = d.Policy
	}
	for address := range strings.SplitSeq(tags["rua"], ",") {
		if address = strings.TrimSpace(address); address != "" {
			d.Reports = append(d.Reports, address)
		}
	}
	for _, policy := range []string{d.Policy, d.Subdomain} {
		switch policy {
		case "none", "quarantine", "reject":
		case "":
			return d, wrong("DMARC", "has no policy (p=)")
		default:
			return d, wrong("DMARC", "has the unknown policy %q", excerpt(policy))
		}
	}
	return d, checkReports("DMARC", d.Reports)
}

// checkReports looks at addresses for reports.
func checkReports(record string, addresses []string) error {
	for _, address := range addresses {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil || u.Scheme != "mailto" && u.Scheme != "https" {
			return wrong(record, "has %q, which is no address for reports: one begins with mailto: or https:", excerpt(address))
		}
	}
	return nil
}

// FindDMARC looks for the record of a domain, and where it has none for that of the domains above: receivers do so too. A top
// level domain has none.
func FindDMARC(ctx context.Context, resolver Resolver, domain string) (DMARC, error) {
	for at := domain; strings.Contains(at, "."); at = parent(at) {
		answer, err := resolver.Resolve(ctx, "_dmarc."+at, TXT)
		if err != nil {
			return DMARC{}, err
		}
		found, err := ReadDMARC(Texts(answer.Records))
		if found.At = at; err != nil || found.Text != "" {
			return found, err
		}
	}
	return DMARC{}, nil
}
