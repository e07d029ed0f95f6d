// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
)

// phase remembers how far the connection of a request came. net/http may call it from other
// goroutines and for a connection that it does not use in the end.
type phase struct {
	mu        sync.Mutex
	connected bool
	handshake error
}

func (p *phase) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.handshake = err
		},
		GotConn: func(httptrace.GotConnInfo) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.connected = true
		},
	})
}

// connectionError tells apart why there is no answer. A context that the caller has ended comes
// back as it is.
func connectionError(caller, watched context.Context, r request, p *phase, err error) error {
	if caller.Err() != nil {
		return caller.Err()
	}
	if cause := context.Cause(watched); cause != nil {
		err = cause
	}
	return &ConnectionError{Method: r.method, URL: display(r.url), Trouble: p.trouble(err), Err: err}
}

func (p *phase) trouble(err error) Trouble {
	p.mu.Lock()
	defer p.mu.Unlock()
	var timeout net.Error
	isTimeout := errors.As(err, &timeout) && timeout.Timeout()
	switch {
	case errors.Is(err, errStalled):
		return Stalled
	case p.connected:
		return Broken
	case isUntrusted(err):
		return Untrusted
	case errors.Is(err, http.ErrSchemeMismatch):
		return NoTLS
	case p.handshake != nil && isTimeout:
		return Stalled
	case p.handshake != nil:
		return NoTLS
	}
	return Unreachable
}

// isUntrusted reports whether the handshake worked and the certificate did not please.
func isUntrusted(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		host         x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}

// markPinned lets an error of the caller's own check, such as a pin, be known as one of trust.
func markPinned(config *tls.Config) {
	check := config.VerifyConnection
	if check == nil {
		return
	}
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if err := check(state); err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
		}
		return nil
	}
}

func (a *answer) formatError(why, text string) error {
	return &FormatError{Method: a.method, URL: a.url, Why: why, Text: text}
}

// cutShort is an answer that ends properly as HTTP but not as a document: a script that died.
func (a *answer) cutShort(err error) error {
	return &ConnectionError{Method: a.method, URL: a.url, Trouble: Broken, Err: unexpectedEnd(orEOF(err))}
}

func orEOF(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return io.EOF
}

// readError passes on what the body said, which names the request already, and names it in others.
func (a *answer) readError(err error) error {
	var connection *ConnectionError
	if errors.As(err, &connection) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return a.formatError("the answer cannot be read: "+err.Error(), "")
}
