// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"rehome"
	"rehome/internal/ledger/upgrade"
)

// SQLSTATEs that are looked for (postgresql.org/docs/15/errcodes-appendix.html).
const (
	tooManyConnections = "53300"
	cannotConnectNow   = "57P03"
)

const damagedHint = "restore the database from a backup, or name another one and run sync again: " +
	"sync recognises what is at the destination and copies nothing twice"

const comeBackHint = "see that the PostgreSQL server runs and can be reached, then run the same command again; nothing that was recorded is lost"

// hints are the next steps by SQLSTATE, or by its class, which its first two characters are.
var hints = map[string]string{
	"53100":            "free space on the disk of the PostgreSQL server, then run the same command again; nothing that was recorded is lost",
	tooManyConnections: "end programs that use the PostgreSQL server, or raise its max_connections, then run the same command again",
	"53":               "give the PostgreSQL server what it lacks, then run the same command again; nothing that was recorded is lost",
	"08":               comeBackHint,
	"57P":              comeBackHint,
	"28":               "check the user in store, the password that store_password refers to, and pg_hba.conf of the PostgreSQL server",
	"3D000":            "create the database: createdb --owner=USER --encoding=UTF8 DATABASE",
	"42501":            "let this user create a schema of his own: GRANT CREATE ON DATABASE ... TO ...; or log in as the owner of that schema",
	"25006":            "name the primary server in store: this one takes no writes",
	"58030":            "check the disk of the PostgreSQL server, then run the same command again; nothing that was recorded is lost",
	"54":               "an object has a name that is too long for a key of PostgreSQL; a ledger in an SQLite file takes it",
	"XX001":            damagedHint,
	"XX002":            damagedHint,
}

// Hint returns the next step after what PostgreSQL says, or the network, or after a damaged row; "" when no human can help.
func (s *Server) Hint(err error, damaged bool) string {
	if damaged {
		return damagedHint
	}
	return hintOf(err)
}

func hintOf(err error) string {
	if errors.Is(err, errLost) {
		return "run the same command again: it goes on where this run has ended"
	}
	if code := codeOf(err); code != "" {
		for _, length := range []int{5, 3, 2} {
			if hint := hints[code[:length]]; hint != "" {
				return hint
			}
		}
		return ""
	}
	if hint := tlsHint(err); hint != "" {
		return hint
	}
	if isBroken(err) {
		return comeBackHint
	}
	return ""
}

// tlsHint returns the next step where no secure connection came about.
func tlsHint(err error) string {
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &verification):
		return "name the authority of the server's certificate: add ?sslrootcert=/PATH/ca.pem to store"
	case err != nil && strings.Contains(err.Error(), "server refused TLS connection"):
		return "turn ssl on at the PostgreSQL server; ?sslmode=disable in store sends everything in the clear"
	}
	return ""
}

// isBroken reports whether the connection, and not a sentence, is at fault.
func isBroken(err error) bool {
	var network net.Error
	var connecting *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connecting) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		err != nil && strings.Contains(err.Error(), "conn closed")
}

func (a Address) openFault(err error) error {
	hint := hintOf(err)
	var bad *AddressError
	switch {
	case errors.As(err, &bad):
		hint = bad.Hint
	case errors.Is(err, upgrade.ErrNewer):
		hint = "use the rehome version that wrote it, or a newer one"
	case errors.Is(err, errForbidden):
		hint = hints["42501"]
	case errors.Is(err, errForeign):
		hint = "name a schema for the ledger alone: add ?search_path=NAME to store"
	case errors.Is(err, errEncoding):
		hint = "create a database for the ledger: createdb --owner=USER --encoding=UTF8 --template=template0 DATABASE"
	case hint == "":
		hint = "check the address in store, and that the PostgreSQL server runs"
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "open store", Object: a.Name(), Cause: err, Hint: hint}
}
