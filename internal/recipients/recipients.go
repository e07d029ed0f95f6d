// SPDX-License-Identifier: Apache-2.0

// Package recipients finds every address that really receives mail, and asks the new mail host what
// it answers for each.
//
// TakeCensus counts what was seen in mail logs (package maillog) and in the headers of messages (ReadHeaders), and
// sorts it by what answers for it at the source; its sheet is where a person writes decisions. Probe asks a
// mail host by RCPT TO and never sends DATA (RFC 5321 section 3.3); Check asks all of them, keeps their
// answers, and holds them against what was expected.
//
// The package delivers nothing and decides nothing: an address that nobody has on the books is listed
// for a person, and that nothing was seen is never taken for nobody. Headers are hostile: every field and count is bounded.
package recipients

import (
	"time"

	"rehome/internal/maillog"
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
	Address  string    // or, from a log that has no domains, a name
	When     time.Time // zero if it is not known
	Evidence Evidence
	Stage    maillog.Stage // of a log; what different stages tell of may be one message
}
