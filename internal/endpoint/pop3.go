// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"

	"rehome"
	"rehome/internal/protocol"
	"rehome/internal/protocol/pop3"
)

// POP3 is one end's POP3 service.
type POP3 struct {
	service
	settings ServiceSettings
}

// NewPOP3 returns the service that settings describe; nothing is opened yet.
func NewPOP3(settings ServiceSettings) *POP3 {
	s, settings := besideIMAP("pop3", settings)
	return &POP3{service: s, settings: settings}
}

// POP3Session is a logged-in connection that counts against the limits until it is closed.
type POP3Session struct {
	*pop3.Client
	stay
}

// Close is that of the place, not of the client.
func (s *POP3Session) Close() { s.stay.Close() }

// Reach connects and returns what the server says of itself to everybody. The error is a *rehome.Fault, or
// ctx's when that has ended.
func (h *POP3) Reach(ctx context.Context) (pop3.Capabilities, error) {
	return look(ctx, &h.service, func() (*pop3.Client, error) { return h.dial(ctx, nil) }, (*pop3.Client).Capabilities, (*pop3.Client).Quit)
}

func (h *POP3) dial(ctx context.Context, mask func(string) string) (*pop3.Client, error) {
	client, err := pop3.Dial(ctx, pop3.Options{
		Address: h.settings.Address, Security: h.settings.Security, TLS: verified(h.settings.TLS), Timeout: h.settings.Timeout, Mask: mask,
		Dial: h.host.permitted(nil),
	})
	if err == nil {
		return client, nil
	}
	words, _ := pop3Refusal(err)
	return nil, h.connectFault(ctx, err, "POP3", h.settings.Address, portNames{string(h.side) + ".pop3", "995", "110"}, words)
}

// Open waits for a place, connects and logs in as account. The error is a *rehome.Fault, or ctx's when that has ended.
func (h *POP3) Open(ctx context.Context, account rehome.Account) (*POP3Session, error) {
	c, err := h.settings.credentials(h.side, account)
	if err != nil {
		return nil, err
	}
	if c.become != "" || h.settings.Token != nil {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "log in for POP3 at the " + string(h.side) + " as", Object: c.user,
			Cause: errors.New("POP3 accepts only a password, with or without a master user"),
			Hint:  "set login: user, or login: master with master_style: separator or authzid"}
	}
	return openSession(ctx, &h.service, account, func() (*POP3Session, error) { return h.logIn(ctx, account, c) })
}

func (h *POP3) logIn(ctx context.Context, account rehome.Account, c credentials) (*POP3Session, error) {
	client, log, err := provedIdentity(ctx, &h.service, "POP3", account, c,
		func(mask func(string) string) (*pop3.Client, error) { return h.dial(ctx, mask) },
		func(client *pop3.Client) error {
			_, err := client.LogIn(ctx, pop3.Credentials{User: c.user, Password: c.password.Reveal(), Identity: c.identity,
				Clear: h.settings.Security == protocol.NoTLS}) // which somebody has asked for by name
			return err
		}, pop3Refusal)
	if err != nil {
		return nil, err
	}
	return &POP3Session{client, stay{gate: h.gate, log: log, quit: client.Quit, ended: client.Err}}, nil
}

func pop3Refusal(err error) (words string, class rehome.Class) {
	var status *pop3.StatusError
	if !errors.As(err, &status) {
		return "", rehome.ClassTemporary
	}
	if pop3.IsCode(err, pop3.CodeSysTemp) || pop3.IsCode(err, pop3.CodeInUse) || pop3.IsCode(err, pop3.CodeLoginDelay) {
		return status.Text, rehome.ClassTemporary
	}
	return status.Text, rehome.ClassAuth
}

// Fault makes one of what a client of this service answers later on: a refusal is final, and anything else may pass.
func (h *POP3) Fault(ctx context.Context, err error, op, object string) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	class := rehome.ClassTemporary
	words, _ := pop3Refusal(err)
	var status *pop3.StatusError
	if errors.As(err, &status) && !pop3.IsCode(err, pop3.CodeSysTemp) {
		class = rehome.ClassPermanent
	}
	return &rehome.Fault{Class: class, Op: op, Object: object, Server: words, Cause: err, Hint: "run the same command again"}
}
