// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"rehome"
	"rehome/internal/ledger/postgres"
	"rehome/internal/ledger/sqlite"
)

// Location is where a ledger is: an SQLite file by its path, or a schema of a PostgreSQL database by an address, see
// postgres.Address, with the password of the user in it.
type Location struct {
	Name     string
	Password rehome.Secret
}

// IsFile reports whether the ledger is a file.
func (l Location) IsFile() bool { return !strings.Contains(l.Name, "://") }

// address reads the name of a ledger that is no file.
func (l Location) address() (postgres.Address, error) {
	address, err := postgres.ParseAddress(l.Name)
	var said *postgres.AddressError
	if errors.As(err, &said) {
		scheme, _, _ := strings.Cut(l.Name, "://")
		return address, &rehome.Fault{Class: rehome.ClassOperator, Op: "open store", Object: scheme + "://...", Cause: err, Hint: said.Hint}
	}
	return address, err
}

// open opens the database.
func (l Location) open(ctx context.Context) (Database, error) {
	if l.IsFile() {
		file, err := sqlite.Open(ctx, l.Name)
		if err != nil {
			return nil, err
		}
		return file, nil
	}
	address, err := l.address()
	if err != nil {
		return nil, err
	}
	server, err := postgres.Open(ctx, address, l.Password)
	if err != nil {
		return nil, err
	}
	return server, nil
}

// Open opens the ledger there, makes it when it is missing, and brings its schema up to date. A ledger that a newer rehome has
// written is refused, unless its schema is meant for this one, too, see package upgrade.
func (l Location) Open(ctx context.Context) (*Ledger, error) {
	database, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	return New(ctx, database)
}

// Beside says how the server of a ledger is reached by a program that has a schema of its own there, next to the ledger's; what is
// the end of its name. A file has none.
func (l Location) Beside(what string) (config *pgx.ConnConfig, schema string, err error) {
	if l.IsFile() {
		return nil, "", &rehome.Fault{Class: rehome.ClassOperator, Op: "use store", Object: l.Name,
			Cause: errors.New("a file is for one process"), Hint: `move the ledger to PostgreSQL with "rehome store copy"`}
	}
	address, err := l.address()
	if err != nil {
		return nil, "", err
	}
	config, err = address.Connection(l.Password)
	return config, address.Schema + "_" + what, err
}

// Exists reports whether a ledger is there, and makes none.
func (l Location) Exists(ctx context.Context) (bool, error) {
	if l.IsFile() {
		_, err := os.Stat(l.Name)
		return err == nil, nil
	}
	address, err := l.address()
	if err != nil {
		return false, err
	}
	return postgres.Exists(ctx, address, l.Password)
}

// Back is where the ledger of the way back is, beside that of the move: a file or a schema with "back" in its name.
func (l Location) Back() (Location, error) {
	if l.IsFile() {
		end := filepath.Ext(l.Name)
		return Location{Name: strings.TrimSuffix(l.Name, end) + ".back" + end}, nil
	}
	address, err := l.address()
	if err != nil {
		return Location{}, err
	}
	return Location{Name: address.WithSchema(address.Schema + "_back").String(), Password: l.Password}, nil
}

// Destroy removes the ledger with all that is in it, and reports whether there was one. The ledger is closed.
func (l Location) Destroy(ctx context.Context) (was bool, err error) {
	if was, err = l.Exists(ctx); err != nil || !was {
		return false, err
	}
	if !l.IsFile() {
		address, err := l.address()
		if err != nil {
			return false, err
		}
		return true, postgres.Destroy(ctx, address, l.Password)
	}
	var failures []error
	for _, end := range []string{"", "-wal", "-shm", ".lock"} {
		if err := os.Remove(l.Name + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failures = append(failures, err)
		}
	}
	return true, errors.Join(failures...)
}
