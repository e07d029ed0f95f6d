// SPDX-License-Identifier: Apache-2.0

// Package cutover says what stands in DNS of each domain that moves, what should stand there, and who can change it. It writes
// nothing to DNS.
//
// A caller states in Wanted what the destination asks for, has a domain looked at with Survey, which asks every authoritative
// server, and turns what was seen into sentences with Judge, which asks nobody. What no server has said, or what servers say
// differently, is not known: it is never taken for "there is no such record".
package cutover

import (
	"time"

	"rehome"
	"rehome/internal/protocol/dns"
)

// State says how a record stands.
type State string

// The states.
const (
	Right   State = "right"   // as it should be, or nothing has to be done about it
	Change  State = "change"  // it works today, and has to be changed for the move
	Warning State = "warning" // somebody should look
	Wrong   State = "wrong"   // it does not work, or will break mail
	Unknown State = "unknown" // no server has said what it is
)

// Record is one line of the check: what there is, what there should be, and who can change it.
type Record struct {
	About    string    `json:"about"` // "MX", "SPF", "DKIM key mail2026"
	Name     string    `json:"name"`
	Type     dns.Type  `json:"type"`
	State    State     `json:"state"`
	Sentence string    `json:"sentence"`
	NextStep string    `json:"next_step,omitempty"`
	Who      string    `json:"who"` // can change it
	Now      []string  `json:"now"`
	Wanted   []string  `json:"wanted,omitempty"`
	TTL      int       `json:"ttl_seconds,omitempty"` // the longest that any server gives
	Seen     time.Time `json:"seen,omitzero"`         // when the last server answered
	Servers  []Said    `json:"servers,omitempty"`     // what each says, where they do not say the same
}

// Said is what one server says, at the time of its answer.
type Said struct {
	Server string    `json:"server"`
	Addr   string    `json:"address,omitempty"`
	At     time.Time `json:"at"`
	Says   []string  `json:"says"`
	Words  string    `json:"words,omitempty"` // why it says nothing that counts
}

// Domain is everything about one domain.
type Domain struct {
	Domain   string           `json:"domain"`
	Zone     string           `json:"zone,omitempty"`
	Parent   string           `json:"parent,omitempty"`
	Provider string           `json:"provider,omitempty"` // who runs its DNS, if the names of the servers tell
	Who      string           `json:"who"`
	Serials  []dns.Serial     `json:"serials"`
	Signed   dns.Trust        `json:"signed,omitzero"`
	Records  []Record         `json:"records"`
	Findings []rehome.Finding `json:"findings"`
	Seen     time.Time        `json:"seen,omitzero"`
}

// Report is a check of all domains.
type Report struct {
	Domains []Domain `json:"domains"`
}

// Outcome implements rehome.Answer. One record that is wrong or not known stops a switch.
func (r Report) Outcome() rehome.Outcome {
	for _, d := range r.Domains {
		if d.Zone == "" {
			return rehome.OutcomeUnreachable
		}
		for _, record := range d.Records {
			if record.State == Wrong || record.State == Unknown {
				return rehome.OutcomeUnreachable
			}
		}
		for _, f := range d.Findings {
			if f.Severity == rehome.SeverityError {
				return rehome.OutcomeUnreachable
			}
		}
	}
	return rehome.OutcomeDone
}
