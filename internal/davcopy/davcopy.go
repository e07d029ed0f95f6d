// SPDX-License-Identifier: Apache-2.0

// Package davcopy copies the contacts and calendars of accounts to a CardDAV and CalDAV server
// (RFC 6352, RFC 4791), exactly once, byte for byte where the destination lets it.
//
// It decides from three views what is to do: what the source lists, what the destination lists, and
// what the ledger knows. It does not schedule or report; it never writes to the source, and it
// never overwrites what somebody has edited at the destination.
//
// A caller makes one Engine and calls RunSlice for an account until it says that there is no more.
// Every slice is short, opens its own sessions, and leaves the ledger in a state from which any other
// process can go on.
package davcopy

// Invariants
//
//   - An intent with the name that the object will have is in the ledger before its PUT goes out. The
//     PUT demands that nothing of that name is there, or that it is what we wrote.
//   - The bytes are the source's. What is repaired is listed with the object.
//   - An object that the destination refuses never stops its collection; its bytes are kept.
//   - No object with attendees goes to a server that schedules before a canary has proved that the
//     server stays silent: by the very object that was written for that, as it was read back.
//   - What is written to test a server has a mark of its own, and is removed whenever it is met again.

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/endpoint"
	"rehome/internal/pass"
	"rehome/internal/protocol/dav"
)

// Reader is what a pass reads of one account; *endpoint.DAVSession is one, and so is what reads the
// source's database. Its errors are those of package dav, or faults.
type Reader interface {
	Home(kind dav.Kind) *dav.Home                                             // nil when there is none of that kind
	Collections(ctx context.Context, kind dav.Kind) ([]dav.Collection, error) // of both kinds at the same time
	Changes(ctx context.Context, c *dav.Collection, since dav.Mark, each func(dav.Item) error) (dav.Listing, error)
	Read(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error
	Close()
}

// Observer is told how the work goes. Its methods are called from many goroutines and must be quick.
type Observer interface {
	// Done counts objects that were read and written, or given up.
	Done(account string, objects int, octets int64)
}

type silent struct{}

func (silent) Done(string, int, int64) {}

// Options of an Engine. Source, Destination, Ledger and EscrowDir are required.
type Options struct {
	Source      func(ctx context.Context, account rehome.Account) (Reader, error)
	Destination func(ctx context.Context, account rehome.Account) (*endpoint.DAVSession, error)
	Ledger      Ledger
	EscrowDir   string // where originals of refused objects are kept
	Connections int    // objects of one account written at once; 0 means 4
	Kinds       []rehome.Kind
	InTurn      bool             // one kind after the other, also where the source is read by several at once
	Deletions   rehome.Deletions // "" means rehome.DeletionsKeep
	// ConfirmDeletions says that somebody has looked: that most of a collection vanished is meant.
	ConfirmDeletions bool
	CopyAgain        bool // copy again what the destination has lost, also what its users have deleted there

	// ScheduleAgent puts SCHEDULE-AGENT=CLIENT on the attendees (RFC 6638 section 7.1) where the
	// destination does not stay silent otherwise.
	ScheduleAgent bool
	// Repairs are those that are made where the destination insists; nil means pim.SafeNeeds.
	Repairs pim.Needs
	// SourceHosts are names of the source's own machines: what lies there as an attachment stays behind.
	SourceHosts []string
	Observer    Observer     // may be nil
	Log         *slog.Logger // nil discards
	// Word draws 26 of the letters a to z and the digits 2 to 7, never the same twice: the mark of a test object. nil
	// means one that nobody can guess.
	Word func() string
}

// Engine copies contacts and calendars. It is safe for concurrent use by different accounts.
type Engine struct {
	options Options
	log     *slog.Logger

	mu       sync.Mutex             // held while a canary is tried: who needs its result waits for it
	canaries map[route]canaryResult // what they have shown so far

	stamina stamina

	naming  sync.Mutex
	renames map[string]bool // by key of a collection: whether it gives new objects names of its own
}

// New returns an Engine with the defaults filled in.
func New(options Options) *Engine {
	if options.Connections <= 0 {
		options.Connections = 4
	}
	if options.Kinds == nil {
		options.Kinds = []rehome.Kind{rehome.KindContacts, rehome.KindCalendars}
	}
	if options.Deletions == "" {
		options.Deletions = rehome.DeletionsKeep
	}
	if options.Repairs == nil {
		options.Repairs = pim.SafeNeeds()
	}
	if options.Observer == nil {
		options.Observer = silent{}
	}
	if options.Word == nil {
		options.Word = func() string { return strings.ToLower(rand.Text()) }
	}
	return &Engine{options: options, log: rehome.Logger(options.Log), canaries: map[route]canaryResult{}, renames: map[string]bool{}}
}

// Kind implements pass.Step.
func (e *Engine) Kind() rehome.Kind { return rehome.KindPIM }

// RunSlice implements pass.Step; the Counts of its Result are Counts of this package.
func (e *Engine) RunSlice(ctx context.Context, account rehome.Account, started time.Time, budget pass.Budget) (pass.Result, error) {
	s := newSlice(e, account, started, budget)
	defer s.close()
	err := s.do(ctx)
	if foundErr := s.findStanding(context.WithoutCancel(ctx)); err == nil {
		err = foundErr
	}
	return s.result(), err
}

// kindOf is the wire's word for a kind.
func kindOf(kind rehome.Kind) dav.Kind {
	if kind == rehome.KindContacts {
		return dav.AddressBooks
	}
	return dav.Calendars
}

// faultOf names the object in whatever went wrong with it.
func faultOf(err error, op, object string) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return endpoint.Fault(err, op, fmt.Sprintf("%q", object))
}
