// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"slices"
	"time"

	"rehome"
)

// State is what is known of somebody's message.
type State string

// The states.
const (
	Ready        State = "ready"         // was shown, and is not sent
	NotPreviewed State = "not_previewed" // nobody was shown it
	Changed      State = "changed"       // it is not what was shown
	Sent         State = "sent"
	Deferred     State = "deferred" // refused for now
	Refused      State = "refused"
	Bounced      State = "bounced" // taken, and sent back
	Unknown      State = "unknown" // may have been taken
	NotTried     State = "not_tried"
)

// Result is what is known of one person's message, and what to do.
type Result struct {
	Account   string    `json:"account"`
	Kind      string    `json:"kind"`
	Language  string    `json:"language"`
	Subject   string    `json:"subject"`
	State     State     `json:"state"`
	Now       bool      `json:"now"` // sent or tried in this run
	MessageID string    `json:"message_id,omitempty"`
	Words     string    `json:"words,omitempty"` // the server's own
	Who       string    `json:"who,omitempty"`   // can mend it
	NextStep  string    `json:"next_step,omitempty"`
	At        time.Time `json:"at,omitzero"`
}

// Document is what is known of everybody's.
type Document struct {
	Results []Result `json:"results"`
	Folder  string   `json:"folder,omitempty"`  // where the messages are to be looked at
	Written int      `json:"written"`           // of them
	Sending bool     `json:"sending"`           // the run was to send
	Stopped string   `json:"stopped,omitempty"` // why it ended before its time
	Bounces *Bounces `json:"bounces,omitempty"`

	failure error
}

// Count returns how many messages are in a state.
func (d Document) Count(state State) (n int) {
	for _, r := range d.Results {
		if r.State == state {
			n++
		}
	}
	return n
}

// Hint returns the next step of a run that was stopped.
func (d Document) Hint() string { return rehome.HintOf(d.failure) }

// Outcome implements rehome.Answer. Done means that everybody has the message, or, of a preview, that all were shown.
func (d Document) Outcome() rehome.Outcome {
	tried := slices.ContainsFunc(d.Results, func(r Result) bool { return r.Now })
	if d.failure != nil && (!tried || rehome.ClassOf(d.failure) != rehome.ClassTemporary) {
		return rehome.OutcomeOf(d.failure)
	}
	if d.Count(Unknown)+d.Count(Refused)+d.Count(Bounced) > 0 {
		return rehome.OutcomeWaiting
	}
	if d.Sending && d.Count(NotPreviewed)+d.Count(Changed) > 0 {
		return rehome.OutcomeWaiting
	}
	if d.Count(Deferred)+d.Count(NotTried) > 0 && d.Sending {
		return rehome.OutcomeRemaining
	}
	return rehome.OutcomeDone
}
