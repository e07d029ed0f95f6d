// SPDX-License-Identifier: Apache-2.0

// Package notify sends each person one message, once.
//
// Nobody knows of a message whose end was sent and not answered whether a server has taken it; so the ledger is told twice of each,
// before it is begun with and before its end goes out (ledger.Notices). What a run that was cut off leaves in the first state is sent by
// the next one; what it leaves in the second is named, and sent again only at somebody's word. So nobody gets a message twice
// without that word, and nobody is left out without being named.
//
//   - Nothing is sent that was not shown before: the preview keeps a digest of each message, and another one is not sent.
//   - One message has one recipient, and one run sends at a time.
//   - What a server says of a recipient is kept in its own words.
//
// The steps of a caller: Preview; then Settle with what somebody knows, and Run. Messages that come back later are read by
// ReadBounces.
package notify

import (
	"context"
	"time"

	"rehome/internal/content/letter"
	"rehome/internal/ledger"
)

// Person is somebody with the message that is theirs.
type Person struct {
	Address string
	Kind    string                        // "before" or "after" the switch: one message of each
	Make    func() (letter.Letter, error) // each time the same; not all of them have to be in memory
}

// Ledger is what is kept of messages.
type Ledger interface {
	Preview(ctx context.Context, notices []ledger.Notice) error
	Move(ctx context.Context, was ledger.NoticeState, n ledger.Notice) error
	All(ctx context.Context) ([]ledger.Notice, error)
}

var _ Ledger = (*ledger.Notices)(nil)

// Sender is a connection to the server that takes messages. The error of Send is a *submission.StatusError if the server has refused
// the message, a *submission.UncertainError if nobody knows, and another one if the server cannot have taken it. note is called before
// the server can take it.
type Sender interface {
	Send(ctx context.Context, from, to string, message []byte, note func() error) (reply string, err error)
	Close()
}

// Options say how messages are sent.
type Options struct {
	Ledger    Ledger
	Envelope  letter.Envelope
	Open      func(ctx context.Context) (Sender, error) // its error ends the run
	PerMinute int

	Refused bool // send again to those whose message was refused, or came back
	Again   bool // send again to those who have the message

	Begins  func(address string)                             // nil tells nobody
	Changed func(ctx context.Context, n ledger.Notice) error // a message was taken, or may have been; nil notes nothing
	Now     func() time.Time
}
