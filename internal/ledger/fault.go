// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"rehome"
)

var errDamaged = errors.New("the ledger is damaged")

// fault puts what the store says into an operator's words: a full or broken disk is nobody's mistake
// in this program. Everything else comes back as it is.
func (l *store) fault(op string, err error) error {
	var known *rehome.Fault
	hint := hintOf(err)
	if hint == "" || errors.As(err, &known) {
		return err
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: op, Object: l.path, Cause: err, Hint: hint}
}

// hintOf returns the next step after what SQLite or a damaged column says, "" when no human can help.
func hintOf(err error) string {
	const damaged = "restore the store from a backup, or move it away and run sync again: sync recognises what is at the destination and copies nothing twice"
	if errors.Is(err, errDamaged) {
		return damaged
	}
	switch primaryCode(err) {
	case sqlite3.SQLITE_FULL:
		return "free space on the disk of the store, then run the same command again; nothing that was recorded is lost"
	case sqlite3.SQLITE_IOERR:
		return "check space, quota and health of the disk of the store, then run the same command again; nothing that was recorded is lost"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return "make the store and its folder writable for this user"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return "end the program that uses the store, then run the same command again"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return damaged
	}
	return ""
}

// primaryCode returns SQLite's result code without its extension, which the upper octets hold
// (sqlite.org/rescode.html), or SQLITE_OK when err is none of SQLite.
func primaryCode(err error) int {
	var said *sqlite.Error
	if !errors.As(err, &said) {
		return sqlite3.SQLITE_OK
	}
	return said.Code() & 0xff
}
