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
	"rehome/internal/protocol/imap"
)

// connectFault explains why a host cannot be reached or trusted.
func (h *IMAP) connectFault(ctx context.Context, err error) error {
	fault := &rehome.Fault{
		Class: rehome.ClassTemporary, Op: "connect to the " + string(h.settings.Side), Object: h.settings.Address, Cause: err,
		Hint: "check that the host is up and that this machine may reach it",
	}
	var status *imap.StatusError
	switch {
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return ctx.Err() // we were asked to stop: nothing is wrong with the host
	case errors.As(err, &status):
		fault.Server, fault.Class = status.Text, classOf(status)
		fault.Hint = "the host answers and turns this machine away: ask its administrator about limits and allow-lists"
	case explainTLS(fault, err):
	case explainNetwork(fault, err):
	}
	return fault
}

// explainTLS fills fault for a certificate or a handshake that fails.
func explainTLS(fault *rehome.Fault, err error) bool {
	var (
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		record   tls.RecordHeaderError
		alert    tls.AlertError
		verify   *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &unknown):
		fault.Hint = "its certificate comes from nobody this machine trusts: name its authority with ca_file, or pin its key with pin"
	case errors.As(err, &hostname):
		fault.Hint = "its certificate is for another name: use that name as the address, or pin its key with pin"
	case errors.As(err, &invalid):
		fault.Hint = "its certificate is not valid now: renew it, or pin its key with pin"
	case errors.As(err, &record):
		fault.Hint = "the port does not speak TLS at once: try tls: starttls, or the port for implicit TLS (993)"
	case errors.As(err, &alert), strings.Contains(err.Error(), "protocol version"):
		fault.Hint = "both sides share no TLS version or cipher: an old server needs tls_min and ciphers"
	case errors.As(err, &verify):
		fault.Hint = "its certificate cannot be verified: name its authority with ca_file, or pin its key with pin"
	default:
		return false
	}
	fault.Class = rehome.ClassUntrusted
	return true
}

// explainNetwork fills fault for everything below TLS.
func explainNetwork(fault *rehome.Fault, err error) bool {
	var lookup *net.DNSError
	switch {
	case errors.As(err, &lookup):
		fault.Hint = "the name cannot be resolved: check its spelling and this machine's DNS"
	case errors.Is(err, syscall.ECONNREFUSED):
		fault.Hint = "nothing listens on that port: check the port, and that the service runs"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		fault.Cause = errors.New("no answer in time")
		fault.Hint = "the host is silent: check the port, a firewall in between, and whether the port wants TLS from the first byte"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		fault.Hint = "the host hung up before it greeted: check that the port speaks IMAP, and its limits and allow-lists"
	default:
		return false
	}
	return true
}

// logInFault explains a refused or interrupted log-in.
func (h *IMAP) logInFault(account rehome.Account, err error) error {
	login := account.SourceLogin()
	if h.settings.Side == rehome.Destination {
		login = account.DestinationLogin()
	}
	fault := Fault(err, "log in at the "+string(h.settings.Side)+" as", login)
	var f *rehome.Fault
	if !errors.As(fault, &f) {
		return fault
	}
	if f.Class == rehome.ClassPermanent {
		f.Class = rehome.ClassAuth // whatever words a server chooses for "no" to a log-in
	}
	if f.Class == rehome.ClassAuth {
		f.Hint = h.refusedHint()
	}
	return f
}

func (h *IMAP) refusedHint() string {
	switch {
	case h.settings.MasterUser != "":
		return "check the master user's password and rights, and that the account exists and may use IMAP at the " + string(h.settings.Side)
	case h.settings.Side == rehome.Destination:
		return "check that the account was imported with the password of accounts.csv, and that it needs no second factor or app password"
	}
	return "check the password in the roster, and that the account is enabled and may use IMAP"
}

// Fault turns what an IMAP command returned into a *rehome.Fault that says what was attempted on
// which object. A cancelled context, and what is a fault already, come back as they are.
func Fault(err error, op, object string) error {
	var (
		status   *imap.StatusError
		argument *imap.ArgumentError
		known    *rehome.Fault
	)
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.As(err, &known):
		return err
	case errors.As(err, &status):
		return &rehome.Fault{Class: classOf(status), Op: op, Object: object, Server: status.Text, Cause: err, Hint: hintOf(status)}
	case errors.As(err, &argument):
		return &rehome.Fault{Class: rehome.ClassPermanent, Op: op, Object: object, Cause: err}
	}
	return &rehome.Fault{Class: rehome.ClassTemporary, Op: op, Object: object, Cause: err, Hint: "the connection broke: run the same command again, it goes on where it stopped"}
}

// classOf reads the response code (RFC 5530, RFC 9208); some servers only have words.
func classOf(status *imap.StatusError) rehome.Class {
	switch status.Code {
	case "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED", "CONTACTADMIN":
		return rehome.ClassAuth
	case "OVERQUOTA":
		return rehome.ClassQuota
	case "THROTTLED", "LIMIT":
		return rehome.ClassThrottled
	case "UNAVAILABLE", "INUSE", "SERVERBUG":
		return rehome.ClassTemporary
	}
	text := strings.ToLower(status.Text)
	switch {
	case strings.Contains(text, "quota exceeded"), strings.Contains(text, "over quota"):
		return rehome.ClassQuota
	case strings.Contains(text, "throttled"), strings.Contains(text, "backoff time"), strings.Contains(text, "maximum number of connections"):
		return rehome.ClassThrottled
	case status.Kind == "BYE":
		return rehome.ClassTemporary
	}
	return rehome.ClassPermanent
}

func hintOf(status *imap.StatusError) string {
	switch classOf(status) {
	case rehome.ClassQuota:
		return "raise the account's quota at the destination, then run the same command again"
	case rehome.ClassThrottled:
		return "lower the connection limits in the configuration, or ask the host to raise its own"
	case rehome.ClassTemporary:
		return "the server has a passing trouble: run the same command again"
	}
	return ""
}
