// SPDX-License-Identifier: Apache-2.0

package rehome

import "strconv"

// Severity ranks findings for an operator.
type Severity string

// The severities, worst first.
const (
	SeverityError   Severity = "error"   // something did not move, or would be lost
	SeverityWarning Severity = "warning" // moved, but somebody should look
	SeverityInfo    Severity = "info"    // worth knowing
)

// Finding is a fact that an operator must see. Code is stable and machine-readable
// ("message_refused"); Sentence and NextStep are for people. Neither holds a subject line,
// an address other than the account's own, or content. A finding is made by its declaration.
type Finding struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	Account  string   `json:"account,omitempty"`
	Object   string   `json:"object,omitempty"` // mailbox, message, collection, host, file
	Sentence string   `json:"sentence"`
	NextStep string   `json:"next_step,omitempty"`

	// Known while the process runs that has made the finding; neither stored nor shown.
	Topic  Topic `json:"-"`
	Blocks bool  `json:"-"` // its account is not done until somebody has seen to it
}

// MessageObject is how a finding calls a message: by its mailbox and its UID, both at the source.
func MessageObject(mailbox string, uid uint32) string {
	return mailbox + " uid " + strconv.FormatUint(uint64(uid), 10)
}
