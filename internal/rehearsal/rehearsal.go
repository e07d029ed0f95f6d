// SPDX-License-Identifier: Apache-2.0

// Package rehearsal does at the destination what the programs of users will do on the first day: it logs in with the password
// that each account has there, once by each protocol, and sends one message from the account to itself, which it finds again
// and removes. It reads no settings and does not know the source.
//
//   - A host counts refused log-ins over all accounts and protocols, and so does this package, over all runs: it stops before
//     a host would lock this machine out (budget.go).
//   - A password that was refused is not offered again, by no protocol, until it is another one (decide.go).
//   - An attempt is in the ledger before the password goes out, a message before it is sent, and both until it is known how they
//     ended. A run that is cut off leaves nothing that the next one does not look at.
//   - A result says no more than the server did (judge.go). What it did not say clearly is unknown.
//   - What is removed was looked at: it is the message that was sent, by Message-ID and content (probe.go).
//
// A caller makes a Door for each service and calls Run.
package rehearsal

import (
	"context"
	"log/slog"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// Protocol names a service.
type Protocol string

// The protocols, in the order in which an account is tried.
const (
	IMAP       Protocol = "imap"
	POP3       Protocol = "pop3"
	Sieve      Protocol = "managesieve"
	Submission Protocol = "submission"
	DAV        Protocol = "dav"
)

// Door is a service of the destination.
type Door struct {
	Protocol Protocol
	Host     string // host and port, or URL
	// Open logs in once. Its error is a *rehome.Fault around that of the protocol's client.
	Open func(ctx context.Context, account rehome.Account) (Entered, error)
}

// Entered is a session that is logged in. That of IMAP is a Mail, that of submission a Sender, that of ManageSieve a Scripts.
type Entered interface{ Close() }

// Sender sends.
type Sender interface {
	Send(ctx context.Context, from, to string, message []byte) (reply string, err error)
}

// Scripts has the rules of an account.
type Scripts interface {
	// ActiveScript returns the text of the script that runs at delivery, "" if none does.
	ActiveScript(ctx context.Context) (string, error)
}

// Mail finds and removes messages.
type Mail interface {
	// Places lists the mailboxes that can be opened, INBOX and that for spam first.
	Places(ctx context.Context) ([]Place, error)
	// Find returns the UIDs of the messages in a place that are those of a Message-ID, after a look at each: content is what one
	// of them has to hold.
	Find(ctx context.Context, place Place, messageID, content string) ([]uint32, error)
	// Remove removes these from the place, and nothing else. An error means that some may still be there.
	Remove(ctx context.Context, place Place, uids []uint32) error
}

// Place is a mailbox.
type Place struct {
	Name string
	Junk bool
}

// rank orders places: INBOX, spam, all others.
func (p Place) rank() int {
	switch {
	case p.Name == "INBOX":
		return 0
	case p.Junk:
		return 1
	}
	return 2
}

// Logins is what the ledger keeps of attempts.
type Logins interface {
	Begin(ctx context.Context, attempt ledger.Login) (id int64, err error)
	End(ctx context.Context, id int64, attempt ledger.Login) error
	Last(ctx context.Context) ([]ledger.Login, error)
	Failures(ctx context.Context, since time.Time) ([]time.Time, error)
}

// Probes is what the ledger keeps of messages.
type Probes interface {
	Intend(ctx context.Context, p ledger.Probe) error
	Save(ctx context.Context, p ledger.Probe) error
	All(ctx context.Context) ([]ledger.Probe, error)
}

var (
	_ Logins = (*ledger.Logins)(nil)
	_ Probes = (*ledger.Probes)(nil)
)

// Candidate is an account to try.
type Candidate struct {
	rehome.Account        // with the password of the destination; without one it is not tried
	Password       string // what password that is: "own", "temporary", "given", or "" for none
	Print          string // of name and password, see vault.Printer
	Forwards       bool   // its mail is known to go on to somebody else
}

// Limits keep a run below what a host bears.
type Limits struct {
	Pause    time.Duration // between two log-ins
	Refusals int           // so many within Window, and the host is left alone
	Window   time.Duration
	Wait     time.Duration // for a message to arrive
}

// Options of Run.
type Options struct {
	Doors  []Door // of which IMAP is one
	Logins Logins
	Probes Probes
	Limits Limits

	Again        bool // tries again what was accepted
	RetryRefused bool // offers again, once, what was refused
	NoProbe      bool // sends nothing
	// Differ reports whether two prints are of different credentials for certain.
	Differ func(a, b string) bool
	// Changed is told of what was changed at the destination, after it was. It may be nil.
	Changed func(ctx context.Context, change Change) error
	// Begins is told of each account that is tried. It may be nil.
	Begins func(account string)
	Log    *slog.Logger // nil discards
}

// Change is what was done to an account.
type Change struct {
	Account, Action, Before, After string
}

// The actions of a Change.
const (
	ActionSent    = "probe message sent"
	ActionRemoved = "probe message removed"
)

// run is one.
type run struct {
	Options
	log      *slog.Logger
	history  history
	probes   map[string][]ledger.Probe // by account, oldest first
	doors    map[Protocol]*doorState
	tried    bool // somebody
	runBegan time.Time
	stopped  *stopped // why nobody else is
	missing  int      // probes in a row that did not arrive
}

// doorState is what a run has seen of a service.
type doorState struct {
	Door
	reached bool   // it has answered
	failed  int    // times in a row that it could not be reached
	closed  string // why it is not tried any more
	hint    string
}

// Run tries the candidates one after the other. What a server says is no error; the error is the context's or the ledger's. With
// the context's, the document has what was tried until then.
func Run(ctx context.Context, candidates []Candidate, options Options) (Document, error) {
	r := &run{Options: options, log: rehome.Logger(options.Log), doors: map[Protocol]*doorState{}, probes: map[string][]ledger.Probe{},
		runBegan: time.Now().Truncate(time.Second)}
	for _, d := range options.Doors {
		r.doors[d.Protocol] = &doorState{Door: d}
	}
	last, err := options.Logins.Last(ctx)
	if err != nil {
		return Document{}, err
	}
	r.history = newHistory(last, options.Differ)
	all, err := options.Probes.All(ctx)
	if err != nil {
		return Document{}, err
	}
	for _, p := range all {
		r.probes[p.Address] = append(r.probes[p.Address], p)
	}
	var accounts []Account
	for _, c := range candidates {
		account, err := r.account(ctx, c)
		accounts = append(accounts, account)
		if err != nil {
			return r.document(accounts), err
		}
	}
	return r.document(accounts), nil
}

// document puts the answer together.
func (r *run) document(accounts []Account) Document {
	d := Document{Accounts: accounts, Findings: []rehome.Finding{}}
	if accounts == nil {
		d.Accounts = []Account{}
	}
	if r.stopped != nil {
		d.Stopped, d.NextStep = r.stopped.why, r.stopped.hint
	}
	for _, a := range accounts {
		d.Findings = append(d.Findings, a.Findings()...)
	}
	return d
}
