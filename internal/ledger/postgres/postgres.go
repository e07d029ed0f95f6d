// SPDX-License-Identifier: Apache-2.0

// Package postgres keeps a ledger in a schema of a PostgreSQL database. It is all that is PostgreSQL's own: how it is reached and
// with what certificate, the schema, what waits for the disk, what an error code means to an operator, and which process may copy.
// The sentences that read and write are the ledger's, in the SQL that SQLite understands as well.
//
// It needs a session of the server for itself wherever a lock is held, so that a pooler which shares sessions between
// transactions must not stand in between.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"rehome"
)

// Server is an open schema of a ledger.
type Server struct {
	address Address
	config  *pgx.ConnConfig
	db      *sql.DB

	trunk int64 // the key that all who write take for the time of a transaction

	mu   sync.Mutex
	held map[*lock]bool // the locks of this handle
	lost bool           // one of them was gone when it was given back
}

// Open connects with the password, which is empty where the server asks for none, makes the schema when it is missing, and
// brings it up to date. A schema that a newer rehome has written, or another program, is refused.
func Open(ctx context.Context, address Address, password rehome.Secret) (*Server, error) {
	config, err := address.config(password)
	if err != nil {
		return nil, address.openFault(err)
	}
	config.DialFunc = dial
	config.ConnectTimeout = busyPatience
	maps.Copy(config.RuntimeParams, sessionSettings)
	host, _ := os.Hostname()
	config.RuntimeParams["application_name"] = fmt.Sprintf("rehome pid %d at %.30s", os.Getpid(), host)
	db := sql.OpenDB(connector{stdlib.GetConnector(*config)})
	db.SetMaxOpenConns(mostConnections)
	db.SetMaxIdleConns(idleConnections)
	current, err := upToDate(ctx, db)
	if err == nil && !current {
		err = upgrade(ctx, config, address.Schema)
	}
	if err != nil {
		return nil, address.openFault(errors.Join(err, db.Close()))
	}
	return &Server{address: address, config: config, db: db, held: map[*lock]bool{}, trunk: key(address.Schema, "write")}, nil
}

// sessionSettings hold for all sessions: nothing ends one that waits or is at rest, for with it a lock would end; but the server
// finds out soon when this end is dead.
var sessionSettings = map[string]string{
	"synchronous_commit": "on", "statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0", "idle_session_timeout": "0",
	"tcp_keepalives_idle": "15", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
}

// idleConnections stay open for the next reader: what is read at the same time are mailboxes and collections that are at work.
// More than the most are waited for: a server gives out a hundred in all if nobody has said otherwise. No reader of the ledger reads
// on while he is called for a row, so that none waits for himself.
const (
	idleConnections = 8
	mostConnections = 30
)

// Pool returns the connections, which Close of it ends.
func (s *Server) Pool() *sql.DB { return s.db }

// Name returns the address without what belongs to the way there.
func (s *Server) Name() string { return s.address.Name() }

// Durability returns the sentence after which the commits of a connection wait for the disk, and with them all that was committed
// before: the log is written in order. Or do not, and a crash of the server may take the last of them
// (postgresql.org/docs/15/wal-async-commit.html); it takes the connection with them, after which this process writes nothing more.
func (s *Server) Durability(wait bool) string {
	if wait {
		return "SET synchronous_commit = on"
	}
	return "SET synchronous_commit = off"
}
