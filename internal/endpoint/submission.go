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
	"rehome/internal/protocol/submission"
)

// SubmissionSettings say where people's programs send at one end.
type SubmissionSettings struct {
	Host  *Host // nil is one of its own, with the defaults
	Login       // that of IMAP; a master user cannot send

	Address  string
	Security protocol.Security
	TLS      *tls.Config
	Timeout  time.Duration
}

// Submission is one end's service for the mail that its users send.
type Submission struct {
	service
	settings SubmissionSettings
}

// NewSubmission returns the service that settings describe; nothing is opened yet.
func NewSubmission(settings SubmissionSettings) *Submission {
	settings.Login = settings.filledIn()
	h := &Submission{service: newService(settings.Host, "submission", settings.Address, "connections", math.MaxInt), settings: settings}
	h.lockout = settings.lockout(h.side, "check the login of the "+string(h.side)+", then run the same command again")
	return h
}

// SubmissionSession is a logged-in connection that counts against the limits until it is closed.
type SubmissionSession struct {
	*submission.Client
	host *Submission
	log  connectionLog
	once sync.Once
}

// Close quits, within a short time, and gives the place back. It may be called twice.
func (s *SubmissionSession) Close() {
	s.once.Do(func() {
		defer s.host.gate.leave()
		s.log.closed(nil)
		// A fresh context: sessions are also closed when the work's own context was cancelled.
		ctx, cancel := context.WithTimeout(context.Background(), logoutTimeout)
		defer cancel()
		_ = s.Quit(ctx) // the connection is gone either way, and what was sent was answered before
	})
}

// Reach connects and returns the mechanisms that the server offers. The error is a *rehome.Fault, or ctx's when that has ended.
func (h *Submission) Reach(ctx context.Context) (mechanisms []string, err error) {
	if err := h.enter(ctx); err != nil {
		return nil, err
	}
	defer h.gate.leave()
	defer h.waits()()
	client, err := h.dial(ctx, nil)
	if err != nil {
		return nil, err
	}
	mechanisms = client.Mechanisms()
	_ = client.Quit(ctx) // only looked at
	return mechanisms, nil
}

func (h *Submission) dial(ctx context.Context, mask func(string) string) (*submission.Client, error) {
	client, err := submission.Dial(ctx, submission.Options{
		Address: h.settings.Address, Security: h.settings.Security, TLS: verified(h.settings.TLS), Timeout: h.settings.Timeout, Mask: mask,
	})
	if err == nil {
		return client, nil
	}
	var status *submission.StatusError
	words := ""
	if errors.As(err, &status) {
		words = status.Text
	}
	return nil, h.connectFault(ctx, err, "submission", h.settings.Address, portNames{string(h.side) + ".submission", "465", "587"}, words)
}

// Open waits for a place, connects and logs in as account. The error is a *rehome.Fault, or ctx's when that has ended.
func (h *Submission) Open(ctx context.Context, account rehome.Account) (*SubmissionSession, error) {
	c, err := h.settings.credentials(h.side, account)
	if err != nil {
		return nil, err
	}
	return openSession(ctx, &h.service, account, func() (*SubmissionSession, error) { return h.logIn(ctx, account, c) })
}

func (h *Submission) logIn(ctx context.Context, account rehome.Account, c credentials) (*SubmissionSession, error) {
	defer h.waits()()
	log, began := h.log.connection(account.Address), time.Now()
	client, err := h.dial(ctx, func(words string) string { return withoutSecrets(words, []rehome.Secret{c.password}) })
	if err != nil {
		return nil, err
	}
	_, err = client.LogIn(ctx, submission.Credentials{User: c.user, Password: c.password.Reveal(),
		Clear: h.settings.Security == protocol.NoTLS}) // which somebody has asked for by name
	if err == nil {
		log.opened(began)
		return &SubmissionSession{Client: client, host: h, log: log}, nil
	}
	_ = client.Close() // refused
	class, words := rehome.ClassTemporary, ""
	var status *submission.StatusError
	if errors.As(err, &status) {
		words = status.Text
		if !status.Temporary() {
			class = rehome.ClassAuth
		}
	}
	return nil, h.logInFault(ctx, err, "submission", c.user, words, class)
}
