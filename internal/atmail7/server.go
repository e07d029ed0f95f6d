// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"

	"github.com/go-sql-driver/mysql"

	"rehome"
)

// Error numbers of MySQL and MariaDB; both documents list the same ones.
const (
	tooManyConnections   = 1040 // ER_CON_COUNT_ERROR
	databaseDenied       = 1044 // ER_DBACCESS_DENIED_ERROR
	accessDenied         = 1045 // ER_ACCESS_DENIED_ERROR
	unknownDatabase      = 1049 // ER_BAD_DB_ERROR
	syntaxError          = 1064 // ER_PARSE_ERROR
	hostNotPrivileged    = 1130 // ER_HOST_NOT_PRIVILEGED
	tableDenied          = 1142 // ER_TABLEACCESS_DENIED_ERROR
	tooManyOfUser        = 1203 // ER_TOO_MANY_USER_CONNECTIONS
	lockWaitTimeout      = 1205 // ER_LOCK_WAIT_TIMEOUT
	accessDeniedNoSecret = 1698 // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
)

type advice struct {
	class rehome.Class
	hint  string
}

var advices = map[uint16]advice{
	tooManyConnections:   {rehome.ClassTemporary, "wait, or raise max_connections on the server"},
	tooManyOfUser:        {rehome.ClassTemporary, "wait until other connections of this user end"},
	lockWaitTimeout:      {rehome.ClassTemporary, "run the same command again"},
	accessDenied:         {rehome.ClassAuth, "check user and password; dbconfig.ini of the webmail has those that atmail uses"},
	accessDeniedNoSecret: {rehome.ClassAuth, "this user logs in by the socket only, or needs a password: make a user of its own for reading"},
	databaseDenied: {rehome.ClassAuth, "check the database's name (database.params.dbname in dbconfig.ini of the " +
		"webmail); if it is right, GRANT SELECT on it to this user"},
	tableDenied: {rehome.ClassAuth, "GRANT SELECT on the whole database to this user"},
	hostNotPrivileged: {rehome.ClassAuth, "the server lets this user in from other machines only: run rehome there, use its " +
		"socket, or grant access from here"},
	unknownDatabase: {rehome.ClassOperator, "the name was chosen at the installation (atmail and atmail6 are usual): see " +
		"database.params.dbname in dbconfig.ini of the webmail"},
}

// fault tells an operator what went wrong in talking to the server.
func (d *Database) fault(op string, err error) error {
	if errors.Is(err, context.Canceled) {
		return &rehome.Fault{Class: rehome.ClassTemporary, Op: op, Object: d.name, Cause: err}
	}
	var said *mysql.MySQLError
	if errors.As(err, &said) {
		known, ok := advices[said.Number]
		if !ok {
			known.class = rehome.ClassPermanent
		}
		return &rehome.Fault{Class: known.class, Op: op, Object: d.name, Server: said.Message, Cause: err, Hint: known.hint}
	}
	found := adviceOnConnection(err)
	return &rehome.Fault{Class: found.class, Op: op, Object: d.name, Cause: err, Hint: found.hint}
}

// adviceOnConnection is for what breaks before or beside the server's own answers.
func adviceOnConnection(err error) advice {
	var (
		noSuchHost *net.DNSError
		noTrust    *tls.CertificateVerificationError
		noName     x509.HostnameError
		dial       *net.OpError
	)
	switch {
	case errors.As(err, &noSuchHost):
		return advice{rehome.ClassOperator, "check the host name in the data source name"}
	case errors.As(err, &noTrust), errors.As(err, &noName):
		return advice{rehome.ClassOperator, "use the name in the server's certificate, or tls=skip-verify on a network that you trust"}
	case errors.Is(err, mysql.ErrNoTLS):
		return advice{rehome.ClassOperator, "the server has no TLS: take the option tls out on a network that you trust, or use its socket"}
	case errors.Is(err, mysql.ErrOldPassword), errors.Is(err, mysql.ErrCleartextPassword), errors.Is(err, mysql.ErrUnknownPlugin):
		return advice{rehome.ClassOperator, "make a database user that logs in with mysql_native_password"}
	case errors.As(err, &dial) && dial.Op == "dial", errors.Is(err, context.DeadlineExceeded):
		return advice{rehome.ClassTemporary, "check that the database runs and listens there; many listen on their own machine " +
			"only: run rehome there, or use its socket"}
	}
	return advice{rehome.ClassTemporary, "the connection broke: run the same command again"}
}
