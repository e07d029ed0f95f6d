// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"math"
	"sync"
	"time"

	"rehome"
	"rehome/internal/protocol"
	"rehome/internal/protocol/pop3"
)

// POP3Settings say where one end's POP3 service is.
type POP3Settings struct {
	Host  *Host // nil is one of its own, with the defaults
	Login       // that of IMAP

	Address  string
	Security protocol.Security
	TLS      *tls.Config
	Timeout  time.Duration
}

// POP3 is one end's POP3 service.
type POP3 struct {
	service
	settings POP3Settings
}

// NewPOP3 returns the service that settings describe; nothing is opened yet.
func NewPOP3(settings POP3Settings) *POP3 {
	settings.Login = settings.filledIn()
	h := &POP3{service: newService(settings.Host, "pop3", settings.Address, "connections", math.MaxInt), settings: settings}
	h.lockout = settings.lockout(h.side, "check the login of the "+string(h.side)+", then run the same command again")
	return h
}

// POP3Session is a logged-in connection that counts against the limits until it is closed.
type POP3Session struct {
	*pop3.Client
	host *POP3
	log  connectionLog
	once sync.Once
}

// Close quits, within a short time, and gives the place back. It may be called twice.
func (s *POP3Session) Close() {
	s.once.Do(func() {
		defer s.host.gate.leave()
		s.log.closed(s.Err())
		// A fresh context: sessions are also closed when the work's own context was cancelled.
		ctx, cancel := context.WithTimeout(context.Background(), logoutTimeout)
		defer cancel()
		_ = s.Quit(ctx) // the connection is gone either way, and nothing was changed
	})
}

// Reach connects and returns what the server says of itself to everybody. The error is a *rehome.Fault, or
// ctx's when that has ended.
func (h *POP3) Reach(ctx context.Context) (pop3.Capabilities, error) {
	if err := h.enter(ctx); err != nil {
		return pop3.Capabilities{}, err
	}
	defer h.gate.leave()
	defer h.waits()()
	client, err := h.dial(ctx, nil)
	if err != nil {
		return pop3.Capabilities{}, err
	}
	_ = client.Quit(ctx) // only looked at
	return client.Capabilities(), nil
}

func (h *POP3) dial(ctx context.Context, mask func(string) string) (*pop3.Client, error) {
	client, err := pop3.Dial(ctx, pop3.Options{
		Address: h.settings.Address, Security: h.settings.Security, TLS: verified(h.settings.TLS), Timeout: h.settings.Timeout, Mask: mask,
	})
	if err == nil {
		return client, nil
	}
	var status *pop3.StatusError
	words := ""
	if errors.As(err, &status) {
		words = status.Text
	}
	return nil, h.connectFault(ctx, err, "POP3", h.settings.Address, portNames{string(h.side) + ".pop3", "995", "110"}, words)
}

// Open waits for a place, connects and logs in as account. The error is a *rehome.Fault, or ctx's when that has ended.
func (h *POP3) Open(ctx context.Context, account rehome.Account) (*POP3Session, error) {
	c, err := h.settings.credentials(h.side, account)
	if err != nil {
		return nil, err
	}
	return openSession(ctx, &h.service, account, func() (*POP3Session, error) { return h.logIn(ctx, account, c) })
}

func (h *POP3) logIn(ctx context.Context, account rehome.Account, c credentials) (*POP3Session, error) {
	defer h.waits()()
	log, began := h.log.connection(account.Address), time.Now()
	client, err := h.dial(ctx, func(words string) string { return withoutSecrets(words, []rehome.Secret{c.password}) })
	if err != nil {
		return nil, err
	}
	_, err = client.LogIn(ctx, pop3.Credentials{User: c.user, Password: c.password.Reveal(), Identity: c.identity,
		Clear: h.settings.Security == protocol.NoTLS}) // which somebody has asked for by name
	if err == nil {
		log.opened(began)
		return &POP3Session{Client: client, host: h, log: log}, nil
	}
	_ = client.Close() // refused
	class, words := rehome.ClassTemporary, ""
	var status *pop3.StatusError
	if errors.As(err, &status) {
		words = status.Text
		if !pop3.IsCode(err, pop3.CodeSysTemp) && !pop3.IsCode(err, pop3.CodeInUse) && !pop3.IsCode(err, pop3.CodeLoginDelay) {
			class = rehome.ClassAuth
		}
	}
	return nil, h.logInFault(ctx, err, "POP3", c.user, words, class)
}
