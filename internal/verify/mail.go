// SPDX-License-Identifier: Apache-2.0

package verify

import "time"

// Mail is the comparison of an account's mail.
type Mail struct {
	Source      Totals       `json:"source"`
	Destination Totals       `json:"destination"`
	Differences []Difference `json:"differences"` // the first ones, see Counts

	Counts    map[Kind]int `json:"counts,omitempty"`   // of all differences, listed or not
	Unlisted  int          `json:"unlisted,omitempty"` // differences beyond those listed
	Mailboxes []Mailbox    `json:"mailboxes"`
	LeftOut   []LeftOut    `json:"left_out,omitempty"`

	// Remembered counts the source's messages that were not read again, because nothing has happened to them since.
	Remembered int64 `json:"remembered,omitempty"`
}

// Totals of one end, over the mailboxes that were compared and those only found at the destination.
// Octets are RFC822.SIZE as the server says, and at LevelFull those of the messages' normal form,
// which is the same for equal messages; -1 when the server does not say.
type Totals struct {
	Mailboxes int   `json:"mailboxes"`
	Messages  int64 `json:"messages"`
	Octets    int64 `json:"octets"`
}

// Mailbox is one destination mailbox with the source mailboxes that belong into it: one, but for
// merging rules, and none for a mailbox that only the destination has.
type Mailbox struct {
	Source      []string `json:"source"`
	Destination string   `json:"destination"`
	Messages    int64    `json:"messages"` // at the source; at the destination if only it has the mailbox
	Octets      int64    `json:"octets"`
	Differences int      `json:"differences"`

	// The root of a mailbox is the SHA-256 over the SHA-256 digests of its messages in ascending
	// order. Equal roots mean equal messages, in whatever order. Only at LevelFull.
	SourceRoot      string `json:"source_root,omitempty"`
	DestinationRoot string `json:"destination_root,omitempty"`

	// Read is the earliest time at which a message of it was read that has not changed since, so was not read again. Only at
	// LevelFull.
	Read time.Time `json:"read_at,omitzero"`
}

// LeftOut is a source mailbox that nobody wants at the destination, and so was not compared.
type LeftOut struct {
	Mailbox  string `json:"mailbox"`
	Reason   string `json:"reason"`
	Messages int64  `json:"messages"` // as the server says without opening it; -1 when it does not
}

// Total counts all differences, listed or not.
func (m *Mail) Total() int {
	if m == nil {
		return 0
	}
	return len(m.Differences) + m.Unlisted
}

// Add adds up ends, or parts of one.
func (t *Totals) Add(other Totals) {
	t.Mailboxes += other.Mailboxes
	t.AddMail(other.Messages, other.Octets)
}

// AddMail counts messages; once one size is unknown, the sum is.
func (t *Totals) AddMail(messages, octets int64) {
	t.Messages += messages
	if octets < 0 || t.Octets < 0 {
		t.Octets = -1
		return
	}
	t.Octets += octets
}
