// SPDX-License-Identifier: Apache-2.0

// Package atmail7 reads the organisation from the database of an atmail 5, 6 or 7 server: domains,
// accounts with names, state, quota and stored passwords, aliases and forwards; and, account by account,
// contacts and calendars from SabreDAV's tables of every version and from atmail's own (Objects).
//
// It only reads. The session is made read-only and every reading happens inside one consistent
// snapshot, so that a server in use can be read; the package has no statement that writes, and a
// database user that may only SELECT is enough. It opens no mail store and connects to no other server.
//
// No schema of atmail 7 is published. Which table and column holds what is therefore a profile: one
// of the presets, or a file of the operator's. What the profile names is looked up in
// information_schema first, whatever its letter case, and all that is missing is reported together.
//
// A caller opens (Open), looks (Describe) or reads (Organisation), and closes. Every oddity of the
// data is a finding, never a silent repair.
package atmail7

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/go-sql-driver/mysql"

	"rehome"
)

// octetsOf returns the octets of one unit of the quota column.
func octetsOf(u rehome.QuotaUnit) (int64, error) {
	switch u {
	case "", rehome.QuotaKB:
		return 1 << 10, nil
	case rehome.QuotaMB:
		return 1 << 20, nil
	case rehome.QuotaBytes:
		return 1, nil
	}
	return 0, &rehome.Fault{
		Class: rehome.ClassOperator, Op: "read settings", Object: "quota unit", Cause: errors.New(string(u) + " is not known"),
		Hint: "write kb, mb or bytes",
	}
}

// EveryAccount in Settings.PlainLooksHashed stands for all accounts.
const EveryAccount = "*"

// Settings say where the database is and how to read it.
type Settings struct {
	DSN         string // mysql://user@host:port/name, or mysql://user@localhost/name?socket=/path
	Password    rehome.Secret
	Profile     string // a preset; empty is atmail6, ProfileAuto is the one that fits best
	ProfileFile string // a profile of the operator's; it comes before Profile
	QuotaUnit   rehome.QuotaUnit
	// Charset is what stored text is that is not UTF-8: one of charsets. All else is not known; Windows-1252 is tried and said.
	Charset string
	// PlainLooksHashed names accounts whose password is plain text though it looks like a hash.
	PlainLooksHashed []string
	// MasterKey opens sealed passwords: masterkey in dbconfig.ini of the webmail.
	MasterKey rehome.Secret
}

// Database is an open database. Its methods may be called from several goroutines; each call reads
// in a connection and snapshot of its own.
type Database struct {
	settings  Settings
	quotaUnit int64
	pool      *sql.DB
	name      string // for messages: "database atmail on mail.example.com:3306"
	schema    *schema
	server    string // version
	readOnly  bool   // the server itself refuses writes in our sessions
	dav       struct {
		mu     sync.Mutex
		tables *davTables // nil before they are looked up
	}
}

// Open connects, and looks up every table and column of the profile. All that is missing is in one
// Fault, whose cause is *MissingError. The caller closes the database.
func Open(ctx context.Context, settings Settings) (*Database, error) {
	quotaUnit, err := octetsOf(settings.QuotaUnit)
	if err != nil {
		return nil, err
	}
	profiles, err := settings.profiles()
	if err != nil {
		return nil, err
	}
	config, err := parseDSN(settings.DSN, settings.Password)
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, dsnFault(err.Error())
	}
	d := &Database{settings: settings, quotaUnit: quotaUnit, pool: sql.OpenDB(connector), name: describeTarget(config)}
	// A connection is for one snapshot: ending it is what ends the transaction for certain.
	d.pool.SetMaxIdleConns(-1)
	if err := d.learn(ctx, profiles); err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

// Close gives the connections back.
func (d *Database) Close() error { return d.pool.Close() }

// learn reads the server's version and finds the profile's tables.
func (d *Database) learn(ctx context.Context, profiles []*profile) error {
	return d.snapshot(ctx, func(r *reading) error {
		version, err := r.version(ctx)
		if err != nil {
			return err
		}
		d.server = version
		d.readOnly = r.readOnly
		found, err := r.introspect(ctx)
		if err != nil {
			return err
		}
		d.schema = bestFit(found, profiles)
		if missing := d.schema.missing; hasRequired(missing) {
			return missingFault(d.name, d.schema.profile, missing)
		}
		return nil
	})
}
