// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol"
	"rehome/internal/protocol/submission"
)

// Server is the one that takes the messages.
type Server struct {
	Address  string
	Security protocol.Security
	TLS      *tls.Config
	Timeout  time.Duration
	User     string // "" logs in as nobody
	Password rehome.Secret
	Clear    bool // a password may be sent without TLS
}

// quitTime bounds a good-bye: what was sent was answered before.
const quitTime = 5 * time.Second

// Open connects and logs in. The error is a *rehome.Fault, or that of a context that has ended.
func (s Server) Open(ctx context.Context) (Sender, error) {
	client, err := submission.Dial(ctx, submission.Options{
		Address: s.Address, Security: s.Security, TLS: s.TLS, Timeout: s.Timeout, Mask: endpoint.Mask(s.Password),
	})
	if err != nil {
		return nil, s.fault(ctx, err, "connect to", s.Address, "check clients.notify.address and clients.notify.tls, and that this machine may connect")
	}
	if s.User == "" {
		return session{client}, nil
	}
	_, err = client.LogIn(ctx, submission.Credentials{User: s.User, Password: s.Password.Reveal(), Clear: s.Clear})
	if err != nil {
		_ = client.Close() // refused
		return nil, s.fault(ctx, err, "log in as", s.User, "check clients.notify.user and clients.notify.password")
	}
	return session{client}, nil
}

func (s Server) fault(ctx context.Context, err error, op, object, hint string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fault := &rehome.Fault{Class: rehome.ClassTemporary, Op: op, Object: object, Cause: err, Hint: hint}
	var status *submission.StatusError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &status):
		fault.Server = status.Text
		if !status.Temporary() {
			fault.Class = rehome.ClassOperator
		}
	case errors.As(err, &certificate):
		fault.Class = rehome.ClassUntrusted
		fault.Hint = "write the name that the certificate is for into clients.notify.address, or its authority into clients.notify.ca_file"
	}
	return fault
}

type session struct{ client *submission.Client }

// Send implements Sender.
func (s session) Send(ctx context.Context, from, to string, message []byte, note func() error) (string, error) {
	return s.client.SendNoting(ctx, from, to, message, note)
}

// Close implements Sender.
func (s session) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), quitTime)
	defer cancel()
	_ = s.client.Quit(ctx) // the connection is gone either way
}
