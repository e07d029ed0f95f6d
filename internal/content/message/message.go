// SPDX-License-Identifier: Apache-2.0

// Package message says what a message is, for proof and for identity.
//
// Proof is the [Digest]: SHA-256 over the message's normal form, taken by a [Digester] while the
// message streams by. Identity without the body is the [Fingerprint]: a hash over the few header
// fields that servers leave alone. The package changes no message, decodes no MIME and does no
// I/O.
//
// The normal form undoes what a server does when it saves a message. Two messages that Dovecot
// would hand out as the same octets have the same normal form:
//
//   - a line feed, with any number of carriage returns before it, is CRLF. Dovecot adds the one
//     that is missing and drops one of several.
//   - NUL is 0x80.
//   - carriage returns at the very end are dropped.
//   - everything else stays: bare carriage returns, every header field, a missing last line end.
//
// A caller tees each message into a [Digester] and, where it needs the header, into a [Header].
//
// The standard is RFC 5322, read as leniently as old mail demands.
package message

import "encoding/hex"

// Digest is the SHA-256 of a message's normal form.
type Digest [32]byte

// String returns all 64 hex digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Short returns the first 12 hex digits, enough to tell messages of one mailbox apart in a report.
func (d Digest) Short() string { return hex.EncodeToString(d[:6]) }

// Fingerprint identifies a message by its header. It is a map key and 16 octets in a ledger.
type Fingerprint [16]byte

// String returns 32 hex digits.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// Notes are what a [Digester] saw go by.
type Notes struct {
	BareLF         bool // a line feed without carriage return: the destination makes it CRLF
	NUL            bool // the destination makes it 0x80
	EightBitHeader bool // an octet above 0x7f, or NUL, in the header
	LongestLine    int  // octets, without the line's end
}
