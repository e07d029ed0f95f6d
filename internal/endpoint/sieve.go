// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"cmp"
	"context"
	"errors"
	"time"

	"rehome"
	"rehome/internal/protocol/managesieve"
)

// Sieve is one end's ManageSieve service.
type Sieve struct {
	service
	settings ServiceSettings
}

// NewSieve returns the service that settings describe; nothing is opened yet.
func NewSieve(settings ServiceSettings) *Sieve {
	s, settings := besideIMAP("managesieve", settings)
	return &Sieve{service: s, settings: settings}
}

// SieveSession is a logged-in connection that counts against the limits until it is closed.
type SieveSession struct {
	*managesieve.Client
	stay
	host *Sieve // whom octets are paid to
}

// Close is that of the place, not of the client.
func (s *SieveSession) Close() { s.stay.Close() }

// GetScript is that of managesieve.Client; what is read is paid for.
func (s *SieveSession) GetScript(ctx context.Context, name string) (string, error) {
	text, err := s.Client.GetScript(ctx, name)
	if err != nil {
		return "", err
	}
	return text, s.host.pay(ctx, len(text))
}

// PutScript is that of managesieve.Client, paid for: a script may have been made of what is in a database.
func (s *SieveSession) PutScript(ctx context.Context, name, text string) error {
	if err := s.host.pay(ctx, len(text)); err != nil {
		return err
	}
	return s.Client.PutScript(ctx, name, text)
}

// Reach connects and returns what the server says of itself to everybody. The error is a *rehome.Fault, or
// ctx's when that has ended.
func (h *Sieve) Reach(ctx context.Context) (managesieve.Capabilities, error) {
	return look(ctx, &h.service, func() (*managesieve.Client, error) { return h.dial(ctx, h.log.connection(""), nil) },
		(*managesieve.Client).Capabilities, (*managesieve.Client).Logout)
}

// heed takes a refusal into account if it is about our speed. TRYLATER is the one code for that (RFC 5804 section 1.3).
func (h *Sieve) heed(status *managesieve.StatusError) {
	if status.Code == "TRYLATER" {
		h.patience.slow(usualPause, cmp.Or(status.Text, status.Code))
	}
}

// dial connects; refused, which may be nil, is told of every refusal. Whatever answers and cannot be trusted or understood is no missing service.
func (h *Sieve) dial(ctx context.Context, log connectionLog, refused func(*managesieve.StatusError)) (*managesieve.Client, error) {
	client, err := managesieve.Dial(ctx, managesieve.Options{
		Address: h.settings.Address, Security: h.settings.Security, TLS: verified(h.settings.TLS), Timeout: h.settings.Timeout,
		Refused: refused, Answered: log.sieve(), Dial: h.host.permitted(nil),
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
	failure := h.fault(ctx, err, class, "connect for rules to the "+string(h.side), h.settings.Address,
		"check sieve.address and sieve.tls, and that the service runs; usually it is port 4190")
	var fault *rehome.Fault
	if errors.As(failure, &fault) {
		explainTLS(fault, err)
	}
	return nil, failure
}

// Open waits for a place, connects and logs in as account. The error is a *rehome.Fault, or ctx's when that has ended.
func (h *Sieve) Open(ctx context.Context, account rehome.Account) (*SieveSession, error) {
	c, err := h.settings.credentials(h.side, account)
	if err != nil {
		return nil, err
	}
	if c.become != "" || h.settings.Token != nil {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "log in for rules at the " + string(h.side) + " as", Object: c.user,
			Cause: errors.New("ManageSieve accepts only a password, with or without a master user"),
			Hint:  "set login: user, or login: master with master_style: separator or authzid"}
	}
	return openSession(ctx, &h.service, account, func() (*SieveSession, error) { return h.logIn(ctx, account, c) })
}

func (h *Sieve) logIn(ctx context.Context, account rehome.Account, c credentials) (*SieveSession, error) {
	defer h.waits()()
	log, began := h.log.connection(account.Address), time.Now()
	client, err := h.dial(ctx, log, func(status *managesieve.StatusError) {
		h.heed(masked(c, status))
	})
	if err != nil {
		return nil, err
	}
	if err := client.Authenticate(ctx, c.identity, c.user, c.password.Reveal()); err != nil {
		_ = client.Close() // refused
		class := rehome.ClassTemporary
		if managesieve.IsNo(err, "") && !managesieve.IsNo(err, "TRYLATER") {
			class = rehome.ClassAuth
		}
		return nil, h.fault(ctx, hidden(c, err), class, "log in for rules at the "+string(h.side)+" as", c.user,
			"check that the IMAP login also works for ManageSieve")
	}
	log.opened(began)
	return &SieveSession{client, stay{gate: h.gate, log: log, quit: client.Logout}, h}, nil
}

// hidden takes the secret out of what went wrong with a log-in: some servers repeat the command that they did not like.
func hidden(c credentials, err error) error {
	var status *managesieve.StatusError
	if errors.As(err, &status) {
		return masked(c, status)
	}
	if clean := withoutSecrets(err.Error(), []rehome.Secret{c.password}); clean != err.Error() {
		return errors.New(clean)
	}
	return err
}

func masked(c credentials, status *managesieve.StatusError) *managesieve.StatusError {
	clean := *status
	clean.Text = withoutSecrets(status.Text, []rehome.Secret{c.password})
	return &clean
}

// Fault makes one of what a client of this service answers later on.
func (h *Sieve) Fault(ctx context.Context, err error, op, object string) error {
	return h.fault(ctx, err, rehome.ClassTemporary, op, object, "run the same command again")
}

func (h *Sieve) fault(ctx context.Context, err error, class rehome.Class, op, object, hint string) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	fault := &rehome.Fault{Class: class, Op: op, Object: object, Side: h.side, Cause: err, Hint: hint}
	var status *managesieve.StatusError
	if errors.As(err, &status) && status.Referral == "" {
		fault.Server = status.Text
	}
	return fault
}
