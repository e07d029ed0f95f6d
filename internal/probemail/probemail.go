// SPDX-License-Identifier: Apache-2.0

// Package probemail sends a message on each of the ways that people's mail takes once a domain has been switched, and looks where
// it arrives: inward as the rest of the world sends, to the mail hosts that DNS names at this moment, and outward as the account's
// own programs do, by the destination's submission server.
//
//   - A message goes to the account that the settings name for it, and to nobody else.
//   - It is in the ledger before it goes out. A run that is cut off leaves nothing that the next one does not look for first.
//   - A host that refuses is quoted; one that asks to wait is asked again, for a bounded time; of a message that may have been
//     taken no second one is sent.
//   - It is looked for at both ends. One that lands at the source has proved that the switch is not in effect on its way.
//
// A caller fills in Options and calls Send for each way. The package reads no settings.
package probemail

import (
	"context"
	"crypto/rand"
	"net/netip"
	"strings"
	"time"

	"rehome/internal/ledger"
)

// Way is the direction of a message.
type Way string

// The ways.
const (
	Inward  Way = "inward"  // from the world to the account
	Outward Way = "outward" // from the account, by its own submission server, to itself
)

// State says what has become of a message.
type State string

// The states. Only Arrived proves a way.
const (
	Sending  State = "sending"   // written down; whether it went out is not known
	Taken    State = "taken"     // a host has taken it
	Unclear  State = "unclear"   // nobody knows whether it was taken
	Arrived  State = "arrived"   // found at the destination
	Spam     State = "spam"      // found there, but only where spam goes
	AtSource State = "at_source" // found at the source, and not at the destination
	Refused  State = "refused"   // not taken, and will not be
	NoLogin  State = "no_login"  // the submission server has refused the account
	Delayed  State = "delayed"   // every host has asked to come back later, or could not be reached
	Missing  State = "missing"   // taken, and not seen within the time
	Unseen   State = "unseen"    // taken, and nobody could look into the destination
)

// outstanding reports whether a message in this state may still arrive.
func (s State) outstanding() bool {
	return s == Sending || s == Taken || s == Unclear || s == Missing || s == Unseen
}

// Host is a mail host of a domain.
type Host struct {
	Name      string // as the MX record has it
	Addresses []netip.AddrPort
}

// Taker takes messages. A refusal is a *submission.StatusError, and an *submission.UncertainError says that nobody knows.
type Taker interface {
	Send(ctx context.Context, from, to string, message []byte) (reply string, err error)
	Close()
}

// Mailbox is the account at one end.
type Mailbox interface {
	// Find returns the names of the mailboxes that hold the message of a Message-ID, that for spam among them, after a look at
	// the message: content is what it has to hold.
	Find(ctx context.Context, messageID, content string) ([]Place, error)
	// Remove removes it from all of them. It is called at the destination only.
	Remove(ctx context.Context, messageID, content string) error
	Close()
}

// Place is a mailbox in which a message was found.
type Place struct {
	Name string
	Junk bool
}

// Ledger is what is kept of messages; *ledger.ProbeMails is one.
type Ledger interface {
	Intend(ctx context.Context, p ledger.ProbeMail) error
	Save(ctx context.Context, p ledger.ProbeMail) error
	All(ctx context.Context) ([]ledger.ProbeMail, error)
}

var _ Ledger = (*ledger.ProbeMails)(nil)

// Options of Send. All but Sender, Changed and Told are required.
type Options struct {
	// Hosts returns the mail hosts of a domain as DNS names them now, the preferred first (RFC 5321, section 5.1).
	Hosts func(ctx context.Context, domain string) ([]Host, error)
	// Dial connects to one address of a mail host.
	Dial func(ctx context.Context, host Host, address netip.AddrPort) (Taker, error)
	// Submit logs in at the destination's submission server as the account.
	Submit func(ctx context.Context, account string) (Taker, error)
	// Source and Destination open the account at each end.
	Source, Destination func(ctx context.Context, account string) (Mailbox, error)
	Ledger              Ledger

	Sender string        // of messages that come from outside; "" is the null sender, as that of bounces
	Wait   time.Duration // from the beginning: for a host to take the message, and then again for the message to be seen

	Changed func(ctx context.Context, change Change) error // is told of what was sent and removed, after it was; may be nil
	Told    func(sentence string)                          // progress; may be nil
}

// Change is what was done: for the audit.
type Change struct {
	Account, Action, Before, After string
}

// The actions of a Change.
const (
	ActionSent    = "test message sent"
	ActionRemoved = "test message removed"
)

// Message says what is sent.
type Message struct {
	Way     Way
	Domain  string // whose mail hosts are asked
	Account string // that receives it, of this domain
	// Since is when the domain was switched: a message that has arrived since proves its way once and for all, and earlier ones
	// prove nothing.
	Since time.Time
}

// Result is what was found out.
type Result struct {
	Way       Way       `json:"way"`
	Domain    string    `json:"domain"`
	Account   string    `json:"account"`
	MessageID string    `json:"message_id"`
	State     State     `json:"state"`
	Host      string    `json:"host,omitempty"`   // the server that took it, or refused it last
	Server    string    `json:"server,omitempty"` // its own words
	Place     string    `json:"place,omitempty"`  // the mailbox in which it was found
	Sent      time.Time `json:"sent,omitzero"`
	Seconds   int64     `json:"seconds,omitempty"` // from the sending to the finding
	Sentence  string    `json:"sentence"`
	NextStep  string    `json:"next_step,omitempty"`
}

// Passed reports whether the way is proved: the message has arrived where people read their mail.
func (r Result) Passed() bool { return r.State == Arrived }

// queueTime is how long a mail host may hold a message before it gives up (RFC 5321, section 4.5.4.1: four to five days).
const queueTime = 5 * 24 * time.Hour

// betweenMessages is the least time between two messages of one way: whoever waits for a way to be mended may ask every few seconds.
const betweenMessages = time.Minute

// afterRefusal is how long a log-in that was refused is not tried again: servers lock out who keeps trying.
const afterRefusal = 30 * time.Minute

// Send sends a message and waits for it. One of an earlier run that has proved the way is the answer; one that may still arrive is
// looked for first, and while its time is not over no other is sent. The error is the context's or the ledger's; what hosts say is in the result.
func Send(ctx context.Context, message Message, options Options) (Result, error) {
	s := &sending{Options: options, message: message}
	earlier, err := s.earlier(ctx)
	if err != nil {
		return Result{}, err
	}
	switch state := State(earlier.State); {
	case state == Arrived:
		s.result = resultOf(earlier)
		s.result.Sentence = "the message had arrived in " + earlier.Place
		return s.result, nil
	case state == NoLogin && time.Since(earlier.Sent) < afterRefusal:
		s.result = resultOf(earlier)
		s.result.Sentence, s.result.NextStep = noLogin(earlier), noLoginHint
		return s.result, nil
	case state.outstanding():
		if done, err := s.resume(ctx, earlier); done || err != nil {
			return s.result, err
		}
	}
	if err := wait(ctx, time.Until(earlier.Sent.Add(betweenMessages))); err != nil {
		return Result{}, err
	}
	if err := s.begin(ctx); err != nil {
		return Result{}, err
	}
	if err := s.deliver(ctx); err != nil || !s.state().outstanding() {
		return s.result, err
	}
	return s.result, s.look(ctx, time.Now().Add(s.Wait))
}

// sending is one message on its way.
type sending struct {
	Options
	message Message
	row     ledger.ProbeMail
	result  Result
}

func (s *sending) state() State { return State(s.row.State) }

// earlier returns the newest message of the same way; a zero row for none that counts.
func (s *sending) earlier(ctx context.Context) (row ledger.ProbeMail, err error) {
	all, err := s.Ledger.All(ctx)
	for _, p := range all {
		if p.Way == string(s.message.Way) && p.Account == s.message.Account && p.Domain == s.message.Domain &&
			!p.Sent.Before(s.message.Since.Truncate(time.Second)) && time.Since(p.Sent) < queueTime { // the ledger keeps seconds
			row = p
		}
	}
	return row, err
}

// resume looks for a message of an earlier run until its time is over, once at least; done says that it was found.
func (s *sending) resume(ctx context.Context, row ledger.ProbeMail) (done bool, err error) {
	s.row = row
	s.result = resultOf(row)
	if err := s.look(ctx, row.Sent.Add(s.Wait)); err != nil {
		return false, err
	}
	return s.state() != Missing, nil
}

// begin writes a new message down.
func (s *sending) begin(ctx context.Context) error {
	s.row = ledger.ProbeMail{MessageID: newMessageID(s.message.Domain), Domain: s.message.Domain, Way: string(s.message.Way),
		Account: s.message.Account, State: string(Sending)}
	if err := s.Ledger.Intend(ctx, s.row); err != nil {
		return err
	}
	s.row.Sent = time.Now()
	s.result = resultOf(s.row)
	return nil
}

// save notes how things stand.
func (s *sending) save(ctx context.Context, state State, sentence, next string) error {
	s.row.State = string(state)
	r := resultOf(s.row)
	r.Seconds, r.Sentence, r.NextStep = s.result.Seconds, sentence, next
	s.result = r
	return s.Ledger.Save(context.WithoutCancel(ctx), s.row)
}

func resultOf(p ledger.ProbeMail) Result {
	return Result{Way: Way(p.Way), Domain: p.Domain, Account: p.Account, MessageID: p.MessageID, State: State(p.State), Host: p.Host,
		Server: p.Words, Place: p.Place, Sent: p.Sent.UTC().Truncate(time.Second)}
}

func (s *sending) changed(ctx context.Context, action, before, after string) error {
	if s.Changed == nil {
		return nil
	}
	return s.Changed(context.WithoutCancel(ctx), Change{Account: s.message.Account, Action: action, Before: before, After: after})
}

func (s *sending) tell(sentence string) {
	if s.Told != nil {
		s.Told(sentence)
	}
}

func newMessageID(domain string) string {
	return "<rehome-" + strings.ToLower(rand.Text()) + "@" + domain + ">"
}

// wait sleeps, unless the context ends first.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
