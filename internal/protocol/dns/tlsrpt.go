// SPDX-License-Identifier: Apache-2.0

package dns

import "strings"

// ReadTLSRPT returns where senders report trouble with TLS, from the TXT records of _smtp._tls (RFC 8460 section 3). There is no
// record if it returns nothing and no error.
func ReadTLSRPT(texts []string) ([]string, error) {
	text, err := single("TLS-RPT", withTag(texts, "TLSRPTv1"))
	if err != nil || text == "" {
		return nil, err
	}
	tags, _, err := readTags("TLS-RPT", text)
	if err != nil {
		return nil, err
	}
	var addresses []string
	for address := range strings.SplitSeq(tags["rua"], ",") {
		if address = strings.TrimSpace(address); address != "" {
			addresses = append(addresses, address)
		}
	}
	if len(addresses) == 0 {
		return nil, wrong("TLS-RPT", "has no address for reports (rua=)")
	}
	return addresses, checkReports("TLS-RPT", addresses)
}
