// SPDX-License-Identifier: Apache-2.0

// Package protocol holds what the clients below it share: the words for how a connection is secured, and the handshake.
package protocol

import (
	"context"
	"crypto/tls"
	"net"
)

// Security says when TLS begins on a connection. There is no silent fallback from one way to another.
type Security string

// The three ways.
const (
	ImplicitTLS Security = "implicit" // from the first octet, which RFC 8314 asks for
	StartTLS    Security = "starttls" // by command, before the login (RFC 9051, section 6.2.1; RFC 5804, section 2.2)
	NoTLS       Security = "none"     // clear text
)

// Secure makes a client's end of TLS of a connection to an address, host:port, with the settings that Settings returns. The
// connection is not closed when the handshake fails.
func Secure(ctx context.Context, conn net.Conn, address string, settings *tls.Config) (*tls.Conn, error) {
	config, err := Settings(address, settings)
	if err != nil {
		return nil, err
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return secured, nil
}

// Settings returns a copy of settings, for a connection to an address, host:port: nil ones verify by the system's roots, from
// TLS 1.2 on, and without a ServerName it is the host.
func Settings(address string, settings *tls.Config) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if settings != nil {
		config = settings.Clone()
	}
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		config.ServerName = host
	}
	return config, nil
}
