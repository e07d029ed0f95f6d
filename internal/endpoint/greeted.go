// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"time"

	"rehome"
)

// portNames are what the hints about ports and TLS say of a service.
type portNames struct {
	section, implicit, starttls string // "destination.pop3", "995", "110"
}

// connectFault explains why a service that greets, such as POP3, cannot be reached or trusted; words are the server's own if it
// was the server who said no.
func (s *service) connectFault(ctx context.Context, err error, what, address string, names portNames, words string) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	fault := &rehome.Fault{Class: rehome.ClassTemporary, Op: "connect for " + what + " to the " + string(s.side), Object: address, Cause: err,
		Server: words, Hint: "check " + names.section + ".address and " + names.section + ".tls, and that this machine may connect"}
	var record tls.RecordHeaderError
	switch {
	case words != "":
		fault.Hint = "the server rejects this machine: ask its administrator about limits and allow-lists"
	case errors.As(err, &record):
		fault.Class = rehome.ClassUntrusted
		fault.Hint = "the port does not begin with TLS: set " + names.section + ".tls: starttls, or use port " + names.implicit
	case explainTLS(fault, err):
	case isHangUp(err), timedOut(err):
		fault.Hint = "check that the port and tls belong together: " + names.implicit + " begins with TLS, " + names.starttls + " does not"
	case explainNetwork(fault, err):
		if fault.Class == rehome.ClassUntrusted {
			fault.Hint = "the port speaks another protocol: usually " + what + " is at port " + names.implicit + " or " + names.starttls
		}
	}
	return fault
}

// logInFault makes one of what went wrong with a log-in; words are the server's own, "" if the connection broke.
func (s *service) logInFault(ctx context.Context, err error, what, user, words string, class rehome.Class) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return &rehome.Fault{Class: class, Op: "log in for " + what + " at the " + string(s.side) + " as", Object: user, Server: words, Cause: err,
		Hint: "check that the IMAP login also works for " + what}
}

// provedIdentity dials with a mask for the server's words and proves who account is. refusal takes the server's words out of
// an error, "" if the connection broke, and says of what class they are.
func provedIdentity[C io.Closer](ctx context.Context, s *service, what string, account rehome.Account, c credentials,
	dial func(mask func(string) string) (C, error), prove func(C) error, refusal func(error) (words string, class rehome.Class),
) (client C, log connectionLog, err error) {
	defer s.waits()()
	log, began := s.log.connection(account.Address), time.Now()
	client, err = dial(func(words string) string { return withoutSecrets(words, []rehome.Secret{c.password}) })
	if err != nil {
		return client, log, err
	}
	if err = prove(client); err != nil {
		_ = client.Close() // refused
		words, class := refusal(err)
		return client, log, s.logInFault(ctx, err, what, c.user, words, class)
	}
	log.opened(began)
	return client, log, nil
}
