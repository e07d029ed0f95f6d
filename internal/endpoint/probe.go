// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net"
	"strings"
	"time"
)

// A probe finds out what speaks at a port, once the right way has failed there: TLS and no TLS mistaken for each other look
// like silence or like noise. It sends no name and no secret, and believes nothing that it is told.

// probeTimeout bounds it: whoever waits for the hint has waited already.
const probeTimeout = 3 * time.Second

// speaksTLS reports whether a port answers a TLS handshake.
func speaksTLS(ctx context.Context, dial dialFunc, address string) bool {
	return probe(ctx, dial, address, func(connection net.Conn) bool {
		// The certificate does not matter: nothing is sent, and the answer only chooses a hint.
		client := tls.Client(connection, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10})
		err := client.Handshake()
		var alert tls.AlertError
		return err == nil || errors.As(err, &alert) || strings.Contains(err.Error(), "remote error: tls")
	})
}

// speaksHTTP reports whether a port answers HTTP without TLS.
func speaksHTTP(ctx context.Context, dial dialFunc, address string) bool {
	return probe(ctx, dial, address, func(connection net.Conn) bool {
		if _, err := connection.Write([]byte("OPTIONS * HTTP/1.0\r\n\r\n")); err != nil {
			return false
		}
		answer := make([]byte, len("HTTP/"))
		n, _ := connection.Read(answer)
		return string(answer[:n]) == "HTTP/"
	})
}

// dialFunc makes a connection as the host's own are made; nil is a plain dialer.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func probe(ctx context.Context, dial dialFunc, address string, look func(net.Conn) bool) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	connection, err := dial(ctx, "tcp", address)
	if err != nil {
		return false
	}
	defer connection.Close()
	deadline, _ := ctx.Deadline()
	return connection.SetDeadline(deadline) == nil && look(connection)
}

// pinHint says how to trust the key of the certificate that was not accepted; "" if there is none in the error.
func pinHint(err error) string {
	certificate := unaccepted(err)
	if certificate == nil {
		return "pin its key with pin"
	}
	sum := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	return `if its administrator confirms this key, set pin: "sha256/` + base64.StdEncoding.EncodeToString(sum[:]) + `"`
}

// unaccepted returns the server's certificate.
func unaccepted(err error) *x509.Certificate {
	var (
		verify   *tls.CertificateVerificationError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &verify) && len(verify.UnverifiedCertificates) > 0:
		return verify.UnverifiedCertificates[0]
	case errors.As(err, &hostname):
		return hostname.Certificate
	case errors.As(err, &unknown):
		return unknown.Cert
	case errors.As(err, &invalid):
		return invalid.Cert
	}
	return nil
}
