// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"rehome"
)

func isHangUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

func timedOut(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// unverified is a certificate that the settings do not accept although its chain may be good.
type unverified struct{ cause error }

func (e *unverified) Error() string { return e.cause.Error() }
func (e *unverified) Unwrap() error { return e.cause }

// verified marks what a pin in the settings objects to, to be told from other failures.
func verified(settings *tls.Config) *tls.Config {
	if settings == nil || settings.VerifyConnection == nil {
		return settings
	}
	marked := settings.Clone()
	marked.VerifyConnection = func(state tls.ConnectionState) error {
		if err := settings.VerifyConnection(state); err != nil {
			return &unverified{err}
		}
		return nil
	}
	return marked
}

// explainTLS fills fault for a certificate or a handshake that fails.
func explainTLS(fault *rehome.Fault, err error) bool {
	var (
		pin      *unverified
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		verify   *tls.CertificateVerificationError
		record   tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &pin):
		fault.Hint = "its key is not the pinned one: this is another server, or its key was renewed; ask its administrator, then correct pin"
	case errors.As(err, &unknown):
		fault.Hint = "the certificate is not signed by a trusted CA: name its CA with ca_file; or, " + pinHint(err)
	case errors.As(err, &hostname):
		fault.Hint = "the certificate is for another host name: use that name as the address; or, " + pinHint(err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		fault.Hint = "the certificate has expired or is not valid yet: renew it, or check this machine's clock; or, " + pinHint(err)
	case errors.As(err, &verify):
		fault.Hint = "the certificate cannot be verified: name its CA with ca_file; or, " + pinHint(err)
	case errors.As(err, &record):
		fault.Hint = plainPortHint(record.RecordHeader[:])
	case strings.Contains(err.Error(), "tls: "): // alerts and mismatches, for which crypto/tls has no types
		fault.Hint = "rehome and the server have no TLS version or cipher in common: an old server needs tls_min and ciphers"
	default:
		return false
	}
	fault.Class = rehome.ClassUntrusted
	return true
}

// plainPortHint knows who speaks first without TLS, by the first octets of what was taken for a TLS record.
func plainPortHint(said []byte) string {
	switch text := string(said); {
	case strings.HasPrefix(text, "* "): // the greeting of RFC 9051 section 7.1
		return "this port speaks IMAP without TLS at first: set tls: starttls, or use the port for implicit TLS (993)"
	case strings.HasPrefix(text, "+OK"):
		return "this is a POP3 port: use the port of IMAP (993)"
	case strings.HasPrefix(text, "220"):
		return "this is a port for sending mail: use the port of IMAP (993)"
	case strings.HasPrefix(text, "HTTP"):
		return "this port speaks http without TLS: use the port of IMAP (993), or http:// for contacts and calendars"
	}
	return "the port does not use implicit TLS: try tls: starttls, or the port for implicit TLS (993)"
}

// explainNetwork fills fault for everything below TLS, and for what is no IMAP at all.
func explainNetwork(fault *rehome.Fault, err error) bool {
	var (
		lookup  *net.DNSError
		network net.Error
	)
	switch {
	case errors.As(err, &lookup):
		fault.Hint = "the name cannot be resolved: check its spelling and this machine's DNS"
	case errors.Is(err, syscall.ECONNREFUSED):
		fault.Hint = "nothing listens on this port: check the port, and that the service is running"
	case timedOut(err):
		fault.Cause = errors.New("no answer in time")
		fault.Hint = "the host does not answer: check the port, any firewall in between, and whether the port uses implicit TLS"
	case !errors.As(err, &network):
		fault.Class = rehome.ClassUntrusted
		fault.Hint = "the server at this address does not speak IMAP: check the port"
	default:
		return false
	}
	return true
}
