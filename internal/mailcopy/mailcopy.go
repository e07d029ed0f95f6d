// SPDX-License-Identifier: Apache-2.0

// Package mailcopy copies the mail of accounts from one IMAP server to another, exactly once.
//
// It decides from three views what is to do: what the source lists, what the destination lists, and
// what the ledger knows. It does not schedule or report; it never writes to the source.
//
// A caller makes one Engine and calls RunSlice for an account until it says that there is no more.
// Every slice is short, opens its own sessions, and leaves the ledger in a state from which any
// other process can go on.
package mailcopy

// Invariants
//
//   - An intent is in the ledger before the first octet of its batch goes out; it becomes a receipt
//     only by the destination's own answer, or an adoption by what the destination shows.
//   - An intent is void only when nothing of it can still arrive: when the destination has refused it, when
//     nothing of it was sent, or when it was looked for and not found some time after its last sign of life.
//   - Nothing is sent to a mailbox that holds unknown messages or open intents before those have been
//     compared with what is about to be sent.
//   - Bytes are not changed. Flags and dates are checked before they are sent.
//   - A message that the destination refuses never stops its mailbox.
//   - Only what the ledger says we have written is ever removed, never what its user has changed, and
//     nothing before all of the account is copied. A removal is in the ledger before the first mark.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/pass"
)

// Host opens sessions at one end; *endpoint.IMAP is one.
type Host interface {
	Reserve(ctx context.Context, account rehome.Account) (*endpoint.Place, error)
	TryReserve(account rehome.Account) *endpoint.Place // nil when there is no room for one more
}

// Observer is told how the work goes. Its methods are called from many goroutines and must be quick.
type Observer interface {
	// Looked comes once a slice knows what the source holds; octets is -1 when the server does not say.
	Looked(account string, messages, octets int64)
	// Made tells how many of the mailboxes that the destination lacks are made by now, again and again, from 0 up to all.
	Made(account string, mailboxes, of int)
	// Present counts messages that need no copy, each once in a slice.
	Present(account string, messages int64)
	// Copied counts messages that the destination has confirmed.
	Copied(account string, messages int, octets int64)
}

// silent is the observer of callers that do not watch.
type silent struct{}

func (silent) Looked(string, int64, int64) {}
func (silent) Made(string, int, int)       {}
func (silent) Present(string, int64)       {}
func (silent) Copied(string, int, int64)   {}

// Options of an Engine. Source, Destination, Ledger and EscrowDir are required.
type Options struct {
	Source, Destination Host
	Importer            Importer // brings messages with their UIDs where that can be; nil for IMAP only
	Maildrop            Maildrop // with Importer: tells the identifiers of POP3; nil where nobody reads the source by POP3
	Ledger              Ledger
	Rules               mapping.Rules
	EscrowDir           string // where originals of refused messages are kept
	Deletions           rehome.Deletions
	ConfirmDeletions    bool // somebody has looked: large losses at either end are meant
	ConfirmSource       bool // somebody has looked: the source\'s account is the right one, whatever it holds
	CopyAgain           bool // copy again what the destination has lost, also what its users have deleted there
	Connections         int  // mailboxes of one account at work at once, at most; 0 means 8

	// Relaxed lets several connections write into a mailbox that lacks Part messages at least: the UIDs of what they bring do not rise
	// in the source's order. Each further Part messages are worth one more of them. 0 means 1,000.
	Relaxed bool
	Part    int

	Observer Observer     // may be nil
	Log      *slog.Logger // nil discards

	// Settle is how long after the last sign of life an interrupted batch that the destination does not show is
	// believed lost; 0 means DefaultSettle. Shorter than a destination's longest pause is a risk of doubles.
	Settle time.Duration

	// Worth is how much work, as estimated, is worth one more connection; 0 means what logging in costs on the line.
	Worth time.Duration

	// Pace, if given, is called by each of several goroutines that begin alike, with what tells them apart. Where each call takes
	// a time of its own, as in a simulation, they begin in the same order each time.
	Pace func(what string)

	BatchMessages int   // messages of one batch; 0 means 100
	BatchOctets   int64 // octets of one batch; 0 means 16 MiB
}

// Engine copies mail. It is safe for concurrent use by different accounts.
type Engine struct {
	options Options
	log     *slog.Logger

	mu       sync.Mutex
	memories map[string]*memory // by account
}

// New returns an Engine with the defaults filled in.
func New(options Options) *Engine {
	if options.Connections <= 0 {
		options.Connections = 8
	}
	if options.BatchMessages <= 0 {
		options.BatchMessages = 100
	}
	if options.BatchOctets <= 0 {
		options.BatchOctets = 16 << 20
	}
	if options.Part <= 0 {
		options.Part = 1000
	}
	if options.Settle <= 0 {
		options.Settle = DefaultSettle
	}
	if options.Pace == nil {
		options.Pace = func(string) {}
	}
	if options.Observer == nil {
		options.Observer = silent{}
	}
	return &Engine{options: options, log: rehome.Logger(options.Log), memories: map[string]*memory{}}
}

// Kind implements pass.Step.
func (e *Engine) Kind() rehome.Kind { return rehome.KindMail }

// RunSlice implements pass.Step; the Counts of its Result are Counts of this package.
func (e *Engine) RunSlice(ctx context.Context, account rehome.Account, started time.Time, budget pass.Budget) (pass.Result, error) {
	run := newSlice(e, account, started, budget)
	defer run.close()
	err := run.do(ctx)
	return run.result(), err
}

// faultOf names the mailbox in whatever went wrong with it. What is no server's answer and no
// broken connection is our own mistake and stays as it is.
func faultOf(err error, op, mailbox string) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return endpoint.Fault(err, op, fmt.Sprintf("%q", mailbox))
}
