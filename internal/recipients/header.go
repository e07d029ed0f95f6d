// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"strings"
	"time"

	"rehome/internal/maillog"
)

// HeaderFields are the fields that InHeader reads, for a FETCH of nothing else.
var HeaderFields = []string{"Delivered-To", "Envelope-To", "X-Envelope-To", "X-Original-To", "To", "Cc"}

// InHeader returns the addresses that a message's header says it went to. when is the message's
// date of arrival.
func InHeader(header []byte, when time.Time) []Sighting {
	unfolded := strings.NewReplacer("\r\n ", " ", "\r\n\t", " ", "\n ", " ", "\n\t", " ").Replace(string(header)) // RFC 5322 section 2.2.3
	found := map[string]Evidence{}
	for line := range strings.Lines(unfolded) {
		name, value, _ := strings.Cut(line, ":")
		var evidence Evidence
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "delivered-to", "envelope-to", "x-envelope-to", "x-original-to":
			evidence = InEnvelope
		case "to", "cc":
			evidence = InTo
		default:
			continue
		}
		for _, address := range maillog.AddressesIn(value) {
			if found[address] != InEnvelope {
				found[address] = evidence
			}
		}
	}
	var all []Sighting
	for address, evidence := range found {
		all = append(all, Sighting{Address: address, When: when, Evidence: evidence})
	}
	return all
}
