// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const damagedHint = "restore the store from a backup, or move it away and run sync again: " +
	"sync recognises what is at the destination and copies nothing twice"

// Hint returns the next step after what SQLite says, or after a damaged row; "" when no human can help.
func (f *File) Hint(err error, damaged bool) string {
	if damaged {
		return damagedHint
	}
	return hintOf(err)
}

func hintOf(err error) string {
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
		return damagedHint
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
