// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"crypto/tls"
	"math"
	"net"
	"strings"
	"sync"
	"time"

	"rehome"
	"rehome/internal/protocol"
	"rehome/internal/protocol/imap"
)

// Settings of one end's IMAP service.
type Settings struct {
	Host *Host // nil is one of its own, with the defaults
	Login

	Address    string // host:port
	Security   protocol.Security
	TLS        *tls.Config
	Timeout    time.Duration // longest time without progress; 0 takes the client's default
	PerAccount int           // connections at once for one account; 0 means 8

	Mechanism string // SASL mechanism, one of imap.Mechanisms; "" takes the strongest that fits
	Compress  bool   // compress connections where the server can

	Dial imap.DialFunc                        // nil is a plain dialer
	Pace func(local net.Addr, command string) // see imap.Options; may be nil
}

// IMAP is one end's IMAP service.
type IMAP struct {
	service
	settings Settings
	line     line

	mu       sync.Mutex
	accounts map[string]int           // sessions open for each account
	tokens   map[string]rehome.Secret // the last one for each log-in name
	simple   string                   // what worked after something stronger was refused: the next log-in spares itself that
	most     map[string]int           // sessions that the host allows an account, where it has said so
}

// NewIMAP returns the service that settings describe; nothing is opened yet.
func NewIMAP(settings Settings) *IMAP {
	if settings.PerAccount <= 0 {
		settings.PerAccount = 8
	}
	settings.Login = settings.filledIn()
	service := newService(settings.Host, "imap", settings.Address, "connections", math.MaxInt)
	settings.Host = service.host
	h := &IMAP{
		service: service, settings: settings,
		accounts: map[string]int{}, tokens: map[string]rehome.Secret{}, most: map[string]int{},
	}
	h.lockout = settings.lockout(h.side, h.refusedHint())
	return h
}

// Settings returns what the service was made with, defaults filled in.
func (h *IMAP) Settings() Settings { return h.settings }

// Session is a connection, logged in but for a visit, that counts against the limits until it is closed.
type Session struct {
	*imap.Client
	Account string // "" for one that is not logged in
	host    *IMAP
	visit   bool
	log     connectionLog
	ended   func() // counts its time as over
	once    sync.Once
}

// Open waits for a free connection slot and logs in as account. Only the host's limit makes it wait:
// every account gets its first connection, and the limit per account is for TryReserve to keep. The
// error is a *rehome.Fault, or ctx's when that has ended.
func (h *IMAP) Open(ctx context.Context, account rehome.Account) (*Session, error) {
	place, err := h.Reserve(ctx, account)
	if err != nil {
		return nil, err
	}
	return place.Open(ctx)
}

// Place is a connection slot of an account's, taken before there is a connection. It is given back by Free, by an Open that
// fails, or by the session that Open returns; one of these has to be called, and once.
type Place struct {
	host    *IMAP
	account rehome.Account
}

// Reserve is the first half of Open, which waits; the second takes the time of a log-in. Who needs both ends reserves
// the source's place and then the destination's, and opens both at the same time.
func (h *IMAP) Reserve(ctx context.Context, account rehome.Account) (*Place, error) {
	h.patience.relax()
	if err := h.gate.enter(ctx); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.accounts[account.Address]++
	return &Place{h, account}, nil
}

// Open logs in. The error is as that of IMAP.Open.
func (p *Place) Open(ctx context.Context) (*Session, error) { return p.host.open(ctx, p.account) }

// Free gives the place back unused.
func (p *Place) Free() { p.host.free(p.account.Address) }

// TryReserve is Reserve for an extra connection: when the limits leave no room at once, it returns nil.
func (h *IMAP) TryReserve(account rehome.Account) *Place {
	h.patience.relax()
	address := account.Address
	h.mu.Lock()
	defer h.mu.Unlock()
	most := h.settings.PerAccount
	if said, known := h.most[address]; known {
		most = said
	}
	if h.accounts[address] >= most || !h.gate.tryEnter() {
		return nil
	}
	h.accounts[address]++
	return &Place{h, account}
}

// heed takes a refusal on a connection of account into account.
func (h *IMAP) heed(address string, status *imap.StatusError) {
	if pause, slower := asksForPatience(status); slower {
		h.patience.slow(pause, status.Text)
	}
	if !perUser(strings.ToLower(status.Text)) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.most[address] = max(1, min(h.settings.PerAccount, h.accounts[address]-1)) // without the one that was refused
	h.log.Info("host allows the account no more connections", rehome.LogAccount, address, rehome.LogLimit, h.most[address], rehome.LogMost,
		h.settings.PerAccount, rehome.LogError, status.Text)
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

func (h *IMAP) logIn(ctx context.Context, account rehome.Account) (session *Session, err error) {
	credentials, err := h.settings.credentials(h.side, account)
	if err != nil {
		return nil, err
	}
	err = h.attempt(ctx, account, func() (err error) {
		session, err = h.logInWith(ctx, account, credentials)
		return err
	})
	return session, err
}

func (h *IMAP) logInWith(ctx context.Context, account rehome.Account, credentials credentials) (*Session, error) {
	defer h.waits()()
	log, began := h.log.connection(account.Address), time.Now()
	client, err := h.dial(ctx, imap.Options{
		Refused:  func(status *imap.StatusError) { h.heed(account.Address, status) },
		Mask:     func(words string) string { return h.mask(credentials, words) },
		Answered: h.line.observe(log.imap()),
	})
	if err != nil {
		return nil, err
	}
	if err = h.enter(ctx, client, credentials); err != nil {
		_ = client.Close()
		return nil, h.logInFault(account, err)
	}
	log.opened(began)
	ended := h.meter.begin(func() Load {
		awaited, turns := client.Awaited()
		return h.meter.awaited(time.Since(began), awaited, turns)
	})
	return &Session{Client: client, Account: account.Address, host: h, log: log, ended: ended}, nil
}

// Reach proves that the host can be worked with before anything long begins: it answers and, where one
// master user opens every account, lets that user in. A host that is down or a wrong master password is one
// clear error then, and not one for each account. The error is as that of Open.
func (h *IMAP) Reach(ctx context.Context, accounts []rehome.Account) error {
	visit, err := h.Visit(ctx)
	if err != nil {
		return err
	}
	visit.Close()
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

// Visit connects without logging in, to look at the host. It waits for a place as Open does, and its errors are
// as those of Open.
func (h *IMAP) Visit(ctx context.Context) (*Session, error) {
	if err := h.gate.enter(ctx); err != nil {
		return nil, err
	}
	over := h.waits()
	client, err := h.dial(ctx, imap.Options{})
	over()
	if err != nil {
		h.gate.leave()
		return nil, err
	}
	return &Session{Client: client, host: h, visit: true}, nil
}

// dial connects, with somebody who watches the connection.
func (h *IMAP) dial(ctx context.Context, options imap.Options) (*imap.Client, error) {
	options.Address, options.Security, options.TLS = h.settings.Address, h.settings.Security, verified(h.settings.TLS)
	options.Timeout = h.settings.Timeout
	options.Dial = imap.DialFunc(h.meter.dialing(h.host.permitted(h.settings.Dial)))
	options.Pace = h.settings.Pace
	client, err := imap.Dial(ctx, options)
	if err != nil {
		return nil, h.connectFault(ctx, err)
	}
	return client, nil
}

// Aside returns what stands for the session while another mailbox is open in it, see imap.Client.Aside. It holds no slot.
func (s *Session) Aside(held imap.Count) *Session {
	return &Session{Client: s.Client.Aside(held), Account: s.Account, host: s.host}
}

// Close logs out, within a short time, and gives the slot back. It may be called twice.
func (s *Session) Close() {
	s.once.Do(func() {
		if s.visit { // without good-bye: nobody has logged in
			_ = s.Client.Close()
			s.host.gate.leave()
			return
		}
		defer s.host.free(s.Account)
		s.ended()
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
