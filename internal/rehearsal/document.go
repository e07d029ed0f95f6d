// SPDX-License-Identifier: Apache-2.0

package rehearsal

import (
	"slices"
	"time"

	"rehome"
)

// Result is how an attempt ended, as far as the server has said it. Scripts read it.
type Result string

// The results.
const (
	Accepted     Result = "accepted"
	Refused      Result = "refused"       // name or password; servers do not tell which
	Expired      Result = "expired"       // or it has to be changed first
	SecondFactor Result = "second_factor" // or a password of its own for programs
	Forbidden    Result = "forbidden"     // the account may not use this service, or is disabled
	Temporary    Result = "temporary"     // the server says that it may be otherwise later
	NotOffered   Result = "not_offered"   // the service offers no log-in that fits
	Unreachable  Result = "unreachable"   // no connection, or none that can be trusted
	LockedOut    Result = "locked_out"    // the host refuses this machine, or too many attempts
	Unclear      Result = "unknown"       // the server did not say it clearly
	Interrupted  Result = "interrupted"   // nobody knows whether the password was looked at
	NotTried     Result = "not_tried"
)

// refusesPassword reports whether the server will not let this password in, so that it is not offered again.
func (r Result) refusesPassword() bool {
	return slices.Contains([]Result{Refused, Expired, SecondFactor, Forbidden, Unclear}, r)
}

// Document is the answer for all accounts.
type Document struct {
	Accounts []Account        `json:"accounts"`
	Findings []rehome.Finding `json:"findings"`
	Stopped  string           `json:"stopped,omitempty"` // why the host was left alone before everybody was tried
	NextStep string           `json:"next_step,omitempty"`
}

// Account is the answer for one account.
type Account struct {
	Account  string `json:"account"`
	Password string `json:"password,omitempty"` // own, temporary or given; "" if none is known
	Logins   []Try  `json:"logins"`
	Probe    *Probe `json:"probe,omitempty"` // nil where the settings name no server to send to
}

// Try is the last attempt by one protocol.
type Try struct {
	Protocol Protocol  `json:"protocol"`
	Host     string    `json:"host"`
	Result   Result    `json:"result"`
	Sentence string    `json:"sentence,omitempty"`
	NextStep string    `json:"next_step,omitempty"`
	Tried    time.Time `json:"tried_at,omitzero"`
	Kept     bool      `json:"kept,omitempty"` // it was tried by an earlier run
}

// ProbeState says what became of a message.
type ProbeState string

// The states. The ledger keeps them.
const (
	ProbeSending ProbeState = "sending" // nobody knows whether it was taken
	ProbeSent    ProbeState = "sent"    // it was taken, and not found yet
	ProbeFound   ProbeState = "found"   // it arrived, and may still be there
	ProbeRemoved ProbeState = "removed" // it arrived, and is gone
	ProbeRefused ProbeState = "refused" // it was not taken
	ProbeLost    ProbeState = "lost"    // it did not arrive, and will not any more
	ProbeSkipped ProbeState = "skipped" // none was sent
)

// outstanding reports whether a message may still be there, or still arrive.
func (s ProbeState) outstanding() bool { return s == ProbeSending || s == ProbeSent || s == ProbeFound }

// Probe is the last message that was sent to an account.
type Probe struct {
	State    ProbeState `json:"state"`
	Place    string     `json:"mailbox,omitempty"` // where it was found
	Junk     bool       `json:"junk,omitempty"`
	Sentence string     `json:"sentence,omitempty"`
	NextStep string     `json:"next_step,omitempty"`
	Sent     time.Time  `json:"sent_at,omitzero"`
	Kept     bool       `json:"kept,omitempty"` // an earlier run has sent and removed it
}

// Works reports whether all that was asked for has worked.
func (a Account) Works() bool {
	for _, t := range a.Logins {
		if t.Result != Accepted {
			return false
		}
	}
	return len(a.Logins) > 0 && (a.Probe == nil || a.Probe.State == ProbeRemoved || a.Probe.State == ProbeSkipped)
}

// Outcome implements rehome.Answer: done if everybody gets in everywhere and every message came back; an end was not reached if
// nobody got in anywhere.
func (d Document) Outcome() rehome.Outcome {
	in := false
	works := d.Stopped == ""
	for _, a := range d.Accounts {
		works = works && a.Works()
		in = in || slices.ContainsFunc(a.Logins, func(t Try) bool { return t.Result == Accepted })
	}
	switch {
	case works:
		return rehome.OutcomeDone
	case !in:
		return rehome.OutcomeUnreachable
	}
	return rehome.OutcomeDiffers
}
