// SPDX-License-Identifier: Apache-2.0

// Package endpoint is one end of a move as a place to log in: host, TLS, log-in rule, and how many
// connections it may see at once.
//
// It opens logged-in sessions, keeps them within the limits, and says in an operator's words why
// one cannot be had. It moves nothing. A caller makes one IMAP for each end, asks it for sessions
// with Open or TryOpen, and closes every session it got.
package endpoint

import (
	"context"
	"crypto/tls"
	"log/slog"
	"strings"
	"sync"
	"time"

	"rehome"
	"rehome/internal/protocol/imap"
)

// MasterStyle says how a master user names the account that it opens.
type MasterStyle string

// The styles.
const (
	MasterSeparator MasterStyle = "separator" // user*master, as Dovecot does
	MasterAuthzid   MasterStyle = "authzid"   // a SASL authorization identity (RFC 4616, RFC 5802)
	MasterProxyAuth MasterStyle = "proxyauth" // the command PROXYAUTH behind the log-in, as on Sun and Oracle servers
)

// Settings of one end's IMAP service.
type Settings struct {
	Side        rehome.Side
	Address     string // host:port
	Security    imap.Security
	TLS         *tls.Config
	Timeout     time.Duration // longest time without progress; 0 takes the client's default
	Connections int           // at most so many at once over all accounts; 0 means 8
	PerAccount  int           // at most so many at once for one account; 0 means 8

	Mechanism string // SASL mechanism, one of imap.Mechanisms; "" takes the strongest that fits
	Compress  bool   // compress connections where the server can

	// Token, if set, returns an OAuth 2.0 access token for a log-in name, and takes the place of every
	// password. It is asked again when a token is refused, and may be called by several goroutines.
	Token func(ctx context.Context, login string) (rehome.Secret, error)

	// A master user opens every account. Without one each account's own password is used.
	MasterUser      string
	MasterPassword  rehome.Secret
	MasterSeparator string // "" means "*"
	MasterStyle     MasterStyle
	MasterWorked    bool // the master user has opened accounts in an earlier run

	Dial imap.DialFunc // nil is a plain dialer
	Log  *slog.Logger  // nil discards

	// Slowed is told, from any goroutine, in a sentence when the host asks to go slower, and "" when it
	// is at full speed again. It may be nil.
	Slowed func(sentence string)
}

// IMAP is one end's IMAP service.
type IMAP struct {
	settings Settings
	log      hostLog
	gate     *gate
	patience patience

	lockout *lockout

	mu       sync.Mutex
	accounts map[string]int           // sessions open for each account
	tokens   map[string]rehome.Secret // the last one for each log-in name
	simple   string                   // what worked after something stronger was refused: the next log-in spares itself that
	most     map[string]int           // sessions that the host allows an account, where it has said so
}

// NewIMAP returns the service that settings describe; nothing is opened yet.
func NewIMAP(settings Settings) *IMAP {
	if settings.Connections <= 0 {
		settings.Connections = 8
	}
	if settings.PerAccount <= 0 {
		settings.PerAccount = 8
	}
	if settings.MasterSeparator == "" {
		settings.MasterSeparator = "*"
	}
	gate := newGate(settings.Connections, settings.Connections)
	log := newHostLog(settings.Log, settings.Side, "imap", settings.Address)
	h := &IMAP{
		settings: settings,
		log:      log,
		gate:     gate,
		patience: patience{gate: gate, side: settings.Side, tell: settings.Slowed, log: log.Logger},
		accounts: map[string]int{},
		tokens:   map[string]rehome.Secret{},
		most:     map[string]int{},
	}
	h.lockout = newMasterLockout(settings.Side, settings.MasterUser, settings.MasterWorked, h.refusedHint())
	return h
}

// Settings returns what the service was made with, defaults filled in.
func (h *IMAP) Settings() Settings { return h.settings }

// Session is a logged-in connection that counts against the limits until it is closed.
type Session struct {
	*imap.Client
	Account string
	host    *IMAP
	log     connectionLog
	once    sync.Once
}

// Open waits for a free connection slot and logs in as account. Only the host's limit makes it wait:
// every account gets its first connection, and the limit per account is for TryOpen to keep. The
// error is a *rehome.Fault, or ctx's when that has ended.
func (h *IMAP) Open(ctx context.Context, account rehome.Account) (*Session, error) {
	h.patience.relax()
	if err := h.gate.enter(ctx); err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.accounts[account.Address]++
	h.mu.Unlock()
	return h.open(ctx, account)
}

// TryOpen is Open for an extra connection: when the limits leave no room at once, ok is false.
func (h *IMAP) TryOpen(ctx context.Context, account rehome.Account) (session *Session, ok bool, err error) {
	if !h.reserve(account.Address) {
		return nil, false, nil
	}
	session, err = h.open(ctx, account)
	return session, err == nil, err
}

// reserve takes a slot if both limits have room.
func (h *IMAP) reserve(address string) bool {
	h.patience.relax()
	h.mu.Lock()
	defer h.mu.Unlock()
	most := h.settings.PerAccount
	if said, known := h.most[address]; known {
		most = said
	}
	if h.accounts[address] >= most || !h.gate.tryEnter() {
		return false
	}
	h.accounts[address]++
	return true
}

// heed takes a refusal on a connection of account into account.
func (h *IMAP) heed(address string, status *imap.StatusError) {
	h.patience.heed(status)
	if !perUser(strings.ToLower(status.Text)) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.most[address] = max(1, min(h.settings.PerAccount, h.accounts[address]-1)) // without the one that was refused
}

// free gives a slot back.
func (h *IMAP) free(address string) {
	h.mu.Lock()
	if h.accounts[address]--; h.accounts[address] <= 0 {
		delete(h.accounts, address)
	}
	h.mu.Unlock()
	h.gate.leave()
}

// open dials and logs in with the slot already taken.
func (h *IMAP) open(ctx context.Context, account rehome.Account) (*Session, error) {
	session, err := h.logIn(ctx, account)
	if err != nil {
		h.free(account.Address)
		return nil, err
	}
	return session, nil
}

func (h *IMAP) logIn(ctx context.Context, account rehome.Account) (*Session, error) {
	credentials, err := h.credentials(account)
	if err != nil {
		return nil, err
	}
	if err := h.lockout.admit(ctx, account); err != nil {
		return nil, err
	}
	session, err := h.logInWith(ctx, account, credentials)
	h.lockout.note(account, err)
	return session, err
}

func (h *IMAP) logInWith(ctx context.Context, account rehome.Account, credentials credentials) (*Session, error) {
	log, began := h.log.connection(account.Address), time.Now()
	client, err := h.dial(ctx, imap.Options{
		Refused:  func(status *imap.StatusError) { h.heed(account.Address, status) },
		Mask:     func(words string) string { return h.mask(credentials, words) },
		Answered: log.imap(),
	})
	if err != nil {
		return nil, err
	}
	if err = h.enter(ctx, client, credentials); err != nil {
		_ = client.Close()
		return nil, h.logInFault(account, err)
	}
	log.opened(began)
	return &Session{Client: client, Account: account.Address, host: h, log: log}, nil
}

// Reach proves that the host can be worked with before anything long begins: it answers and, where one
// master user opens every account, lets that user in. A host that is down or a wrong master password is one
// clear error then, and not one for each account. The error is as that of Open.
func (h *IMAP) Reach(ctx context.Context, accounts []rehome.Account) error {
	client, err := h.Dial(ctx)
	if err != nil {
		return err
	}
	if err := client.Close(); err != nil { // without good-bye: nobody has logged in
		return err
	}
	if h.settings.MasterUser == "" {
		return nil
	}
	return h.lockout.prove(accounts, func(account rehome.Account) error {
		session, err := h.Open(ctx, account)
		if err == nil {
			session.Close()
		}
		return err
	})
}

// Dial connects without logging in; the caller closes. It does not count against the limits and is
// meant for looking at a host. The error is as that of Open.
func (h *IMAP) Dial(ctx context.Context) (*imap.Client, error) { return h.dial(ctx, imap.Options{}) }

// dial is Dial with somebody who watches the connection.
func (h *IMAP) dial(ctx context.Context, options imap.Options) (*imap.Client, error) {
	options.Address, options.Security, options.TLS = h.settings.Address, h.settings.Security, verified(h.settings.TLS)
	options.Timeout, options.Dial = h.settings.Timeout, h.settings.Dial
	client, err := imap.Dial(ctx, options)
	if err != nil {
		return nil, h.connectFault(ctx, err)
	}
	return client, nil
}

// Close logs out, within a short time, and gives the slot back. It may be called twice.
func (s *Session) Close() {
	s.once.Do(func() {
		defer s.host.free(s.Account)
		s.log.closed(s.Err())
		if s.Err() != nil {
			_ = s.Client.Close()
			return
		}
		// A fresh context: sessions are also closed when the work's own context was cancelled.
		ctx, cancel := context.WithTimeout(context.Background(), logoutTimeout)
		defer cancel()
		_ = s.Logout(ctx) // the connection is gone either way, and nothing depends on the good-bye
	})
}

const logoutTimeout = 5 * time.Second
