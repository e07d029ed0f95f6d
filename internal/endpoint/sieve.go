// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"time"

	"rehome"
	"rehome/internal/protocol/managesieve"
)

// SieveSettings say where one end's ManageSieve service is.
type SieveSettings struct {
	Address  string
	Security managesieve.Security
	TLS      *tls.Config
	Timeout  time.Duration
}

// Sieve is one end's ManageSieve service. It is opened with the log-in of IMAP.
type Sieve struct {
	settings SieveSettings
	imap     *IMAP
	lockout  *lockout
	log      hostLog
}

// NewSieve returns the service that settings describe; imap says how to log in.
func NewSieve(settings SieveSettings, imap *IMAP) *Sieve {
	side := imap.settings.Side
	hint := "check the log-in of the " + string(side) + ", then run the same command again"
	return &Sieve{settings: settings, imap: imap, log: newHostLog(imap.settings.Log, side, "managesieve", settings.Address),
		lockout: newMasterLockout(side, imap.settings.MasterUser, imap.settings.MasterWorked, hint)}
}

// Reach connects and returns what the server says of itself to everybody. The error is a *rehome.Fault, or
// ctx's when that has ended.
func (h *Sieve) Reach(ctx context.Context) (managesieve.Capabilities, error) {
	client, err := h.dial(ctx, h.log.connection(""))
	if err != nil {
		return managesieve.Capabilities{}, err
	}
	_ = client.Logout(ctx) // only looked at
	return client.Capabilities(), nil
}

// dial connects. Whatever answers and cannot be trusted or understood is no missing service.
func (h *Sieve) dial(ctx context.Context, log connectionLog) (*managesieve.Client, error) {
	client, err := managesieve.Dial(ctx, managesieve.Options{
		Address: h.settings.Address, Security: h.settings.Security, TLS: verified(h.settings.TLS), Timeout: h.settings.Timeout,
		Answered: log.sieve(),
	})
	if err == nil {
		return client, nil
	}
	class := rehome.ClassTemporary
	var status *managesieve.StatusError
	var syntax *managesieve.SyntaxError
	if errors.As(err, &status) || errors.As(err, &syntax) {
		class = rehome.ClassUntrusted
	}
	failure := h.fault(ctx, err, class, "connect for rules to the "+string(h.imap.settings.Side), h.settings.Address,
		"check sieve.address and sieve.tls, and that the service runs; usually it is port 4190")
	var fault *rehome.Fault
	if errors.As(failure, &fault) {
		explainTLS(fault, err)
	}
	return nil, failure
}

// Open connects and logs in as account. The caller closes the client. The error is a *rehome.Fault, or
// ctx's when that has ended.
func (h *Sieve) Open(ctx context.Context, account rehome.Account) (*managesieve.Client, error) {
	side := h.imap.settings.Side
	c, err := h.imap.credentials(account)
	if err != nil {
		return nil, err
	}
	if c.become != "" || h.imap.settings.Token != nil {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "log in for rules at the " + string(side) + " as", Object: c.user,
			Cause: errors.New("ManageSieve takes a password, with or without a master user"), Hint: "set login: user, or login: master with master_style: separator or authzid"}
	}
	if err := h.lockout.admit(ctx, account); err != nil {
		return nil, err
	}
	client, err := h.logIn(ctx, account, c)
	h.lockout.note(account, err)
	return client, err
}

func (h *Sieve) logIn(ctx context.Context, account rehome.Account, c credentials) (*managesieve.Client, error) {
	log, began := h.log.connection(account.Address), time.Now()
	client, err := h.dial(ctx, log)
	if err != nil {
		return nil, err
	}
	if err := client.Authenticate(ctx, c.identity, c.user, c.password.Reveal()); err != nil {
		_ = client.Close() // refused
		class := rehome.ClassTemporary
		if managesieve.IsNo(err, "") {
			class = rehome.ClassAuth
		}
		return nil, h.fault(ctx, h.imap.hide(c, err), class, "log in for rules at the "+string(h.imap.settings.Side)+" as", c.user,
			"check that the log-in of IMAP is also good for ManageSieve")
	}
	log.opened(began)
	return client, nil
}

// Fault makes one of what a client of this service answers later on.
func (h *Sieve) Fault(ctx context.Context, err error, op, object string) error {
	return h.fault(ctx, err, rehome.ClassTemporary, op, object, "run the same command again")
}

func (h *Sieve) fault(ctx context.Context, err error, class rehome.Class, op, object, hint string) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	fault := &rehome.Fault{Class: class, Op: op, Object: object, Cause: err, Hint: hint}
	var status *managesieve.StatusError
	if errors.As(err, &status) && status.Referral == "" {
		fault.Server = status.Text
	}
	return fault
}
