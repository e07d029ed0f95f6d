// SPDX-License-Identifier: Apache-2.0

// Package protocol has the word that the protocols share: how a connection is secured.
package protocol

// Security says when TLS begins on a connection. There is no silent fallback from one way to another.
type Security string

// The three ways.
const (
	ImplicitTLS Security = "implicit" // from the first octet, which RFC 8314 asks for
	StartTLS    Security = "starttls" // by command, before the login (RFC 9051, section 6.2.1; RFC 5804, section 2.2)
	NoTLS       Security = "none"     // clear text
)
