// SPDX-License-Identifier: Apache-2.0

// Package recipients finds every address that really receives mail, and asks the new mail host what
// it answers for each.
//
// A Census takes what was seen, from mail logs (ReadLogs) and from the headers of messages
// (InHeader); Census.Report sorts it by what answers for it at the source. Probe asks a mail host by
// RCPT TO and never sends DATA (RFC 5321 section 3.3); Compare holds its answers against what was
// expected.
//
// The package delivers nothing and decides nothing: an address that nobody has on the books is listed
// for a person. Logs and headers are hostile: every line, count and file is bounded.
package recipients

import (
	"regexp"
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

// addressText finds what may be an address. Local parts are those of rehome.ParseAddress without
// "=" at the front and quotes around, which logs put before and around addresses.
var addressText = regexp.MustCompile("[A-Za-z0-9!#$%&*+/?^_`{|}~.'-][A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{0,63}@[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,250}[A-Za-z0-9_])?")

// addressesIn returns the addresses in a piece of text, in their one form.
func addressesIn(text string) []string {
	var all []string
	for _, found := range addressText.FindAllString(text, maxPerField) {
		if address, err := rehome.ParseAddress(strings.Trim(found, "'")); err == nil {
			all = append(all, address)
		}
	}
	return all
}

// maxPerField bounds the addresses of one log line or header field.
const maxPerField = 1000
