// SPDX-License-Identifier: Apache-2.0

// Package atmail8 runs the stand-in for an atmail 8 cloud account in a lab room: a Dovecot whose
// accounts are made by the Account Manager's CSV import alone, and Radicale for calendars and
// contacts behind TLS.
//
// The import enforces the cloud's password policy by code of its own: it is the other side of
// what the product checks before. There is no web administration, no SMTP, and Radicale stands
// in for the cloud's SabreDAV.
//
// Start, then ImportCSV, then connect.
package atmail8

import (
	"errors"
	"io"

	"rehome/lab"
	"rehome/lab/dovecot"
)

// Options says what to start.
type Options struct {
	Name           string   // folder and log names in the room; default "atmail8"
	Layout         string   // dovecot.Sdbox (default), dovecot.Mdbox or dovecot.Maildir
	Domains        []string // that the import accepts; default example.test
	QuotaMB        int      // 0: no limit
	MaxMessageSize int64    // bytes; 0: no limit
	NoDAV          bool     // no Radicale
	Doveadm        bool     // a doveadm listener over TCP
	Master         bool     // a master user
	Extra          string   // lines for Dovecot's configuration
}

// Server is a running stand-in. Addresses are "host:port".
type Server struct {
	*dovecot.Server // IMAP, IMAPS, POP3, POP3S, Sieve, LMTP, Doveadm..., Master..., Exec

	DAV      string // base URL over TLS, with a slash at the end; empty without DAV
	DAVPlain string // the same without TLS
	Domains  []string

	room *lab.Room
}

// ImportResult says what became of each row of an import.
type ImportResult struct {
	Created  []string // addresses, in the order of the file
	Rejected []Rejection
}

// Rejection is a row that made no account.
type Rejection struct {
	Line    int    // in the file, the header is line 1
	Address string // may be empty
	Reason  string
}

// Start runs a server in the room. The room's Close stops it.
func Start(room *lab.Room, opts Options) (*Server, error) { return nil, errors.New("not built yet") }

// ImportCSV creates accounts from a file with the header EmailAddress,FirstName,LastName,Password.
// A bad row is rejected with a reason and does not stop the others. The error is for a file that
// cannot be read as a whole, such as one with another header.
func (s *Server) ImportCSV(r io.Reader) (ImportResult, error) {
	return ImportResult{}, errors.New("not built yet")
}

// RemoveAccount deletes an account. Its mail stays on disk.
func (s *Server) RemoveAccount(address string) error { return errors.New("not built yet") }
