// SPDX-License-Identifier: Apache-2.0

// Package recipients finds every address that really receives mail, and asks the new mail host what
// it answers for each.
//
// TakeCensus counts what was seen in mail logs (ReadLogs) and in the headers of messages (ReadHeaders), and
// sorts it by what answers for it at the source; its sheet is where a person writes decisions. Probe asks a
// mail host by RCPT TO and never sends DATA (RFC 5321 section 3.3); Check asks all of them, keeps their
// answers, and holds them against what was expected.
//
// The package delivers nothing and decides nothing: an address that nobody has on the books is listed
// for a person. Logs and headers are hostile: every line, count and file is bounded.
package recipients

import (
	"strings"
	"time"

	"rehome"
)

// Evidence says where an address was seen.
type Evidence string

// Where an address may be seen. What servers have written weighs more than what senders have.
const (
	InLog      Evidence = "log"       // a delivery in a mail log
	InEnvelope Evidence = "delivered" // Delivered-To and its kin, written at delivery
	InTo       Evidence = "to"        // To or Cc, written by the sender
)

// Sighting is one address that received one message.
type Sighting struct {
	Address  string
	When     time.Time // zero if it is not known
	Evidence Evidence
}

// maxPerField bounds the addresses of one log line or header field.
const maxPerField = 1000

// addressesIn returns the addresses in a piece of text, in their one form. It looks around each "@",
// no further than an address may reach (RFC 5321 section 4.5.3.1), so that a hostile line costs no
// more than its length.
func addressesIn(text string) []string {
	var all []string
	for at := 0; at < len(text) && len(all) < maxPerField; at++ {
		if text[at] != '@' {
			continue
		}
		start := at
		end := at + 1
		for start > 0 && at-start < 65 && isLocal(text[start-1]) {
			start--
		}
		for end < len(text) && end-at < 255 && isDomain(text[end]) {
			end++
		}
		// Quotes stand around addresses, and an "=" before them, in logs and in VERP.
		local := strings.TrimLeft(text[start:at], "'=")
		domain := strings.TrimRight(text[at+1:end], ".-")
		if address, err := rehome.ParseAddress(local + "@" + domain); err == nil {
			all = append(all, address)
		}
	}
	return all
}

func isLocal(c byte) bool { return isDomain(c) || strings.IndexByte("!#$%&'*+/=?^`{|}~", c) >= 0 }

func isDomain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_'
}
