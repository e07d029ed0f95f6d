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
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

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
// brings it up to date. A schema of a newer rehome that is not meant for this one, or of another program, is refused.
func Open(ctx context.Context, address Address, password rehome.Secret) (*Server, error) {
	config, err := address.config(password)
	if err != nil {
		return nil, address.openFault(err)
	}
	db := sql.OpenDB(connector{stdlib.GetConnector(*config)})
	db.SetMaxOpenConns(mostConnections)
	db.SetMaxIdleConns(mostConnections)
	db.SetConnMaxIdleTime(idleTime)
	current, err := upToDate(ctx, db)
	if err == nil && !current {
		err = bringUp(ctx, config, address.Schema)
	}
	if err != nil {
		return nil, address.openFault(errors.Join(err, db.Close()))
	}
	return &Server{address: address, config: config, db: db, held: map[*lock]bool{}, trunk: key(address.Schema, "write")}, nil
}

// More than the most are waited for: a server gives out a hundred in all, to all processes together, if nobody has said otherwise. No
// reader of the ledger reads on while he is called for a row, so that none waits for himself. Those that nobody uses stay open for some
// time: a new one is a new process of the server, which has to plan each sentence anew, and costs more than all that is asked for an
// account.
const (
	mostConnections = 6
	idleTime        = time.Minute
)

// Pool returns the connections, which Close of it ends.
func (s *Server) Pool() *sql.DB { return s.db }

// Name returns the address without what belongs to the way there.
func (s *Server) Name() string { return s.address.Name() }

// Durability returns nothing: each transaction says it when it begins, see Begin.
func (s *Server) Durability(bool) string { return "" }

// BetweenSavepoints returns one text for both sentences, which go to the server together.
func (s *Server) BetweenSavepoints() []string { return []string{betweenSavepoints} }

// Doubt says what of the server's settings would lose in a power cut what was on the disk for this process
// (postgresql.org/docs/15/runtime-config-wal.html); "" for nothing.
func (s *Server) Doubt(ctx context.Context) (doubt, hint string, err error) {
	var off string
	err = s.db.QueryRowContext(ctx, `SELECT COALESCE(string_agg(name, ' and ' ORDER BY name), '') FROM pg_settings
		WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'`).Scan(&off)
	if err != nil || off == "" {
		return "", "", err
	}
	return "the PostgreSQL server runs with " + off + " off: a power cut may destroy the ledger",
		"turn it on in postgresql.conf and restart the server", nil
}

// Exists reports whether a ledger is at the address, and makes none.
func Exists(ctx context.Context, address Address, password rehome.Secret) (there bool, err error) {
	err = once(ctx, address, password, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = $2)`,
			address.Schema, goose.DefaultTablename).Scan(&there)
	})
	return there, err
}

// Jobs is the end of the name of the schema of the workers' queue, beside that of their ledger.
const Jobs = "jobs"

// Destroy removes the ledger at the address, which is closed, with its schema, and with that of the queue of its workers.
func Destroy(ctx context.Context, address Address, password rehome.Secret) error {
	return once(ctx, address, password, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `DROP SCHEMA IF EXISTS `+address.Schema+`, `+address.Schema+"_"+Jobs+` CASCADE`)
		return err
	})
}

// once connects for one thing to do.
func once(ctx context.Context, address Address, password rehome.Secret, do func(*pgx.Conn) error) error {
	config, err := address.config(password)
	if err != nil {
		return address.openFault(err)
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return address.openFault(err)
	}
	if err := errors.Join(do(conn), conn.Close(ctx)); err != nil {
		return address.openFault(err)
	}
	return nil
}
