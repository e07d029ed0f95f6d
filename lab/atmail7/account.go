// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"crypto/md5"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Account is one account as atmail keeps it.
type Account struct {
	Address             string
	Stored              string // UserSession.Password: plain, md5 in hex, or crypt(3)
	Clear               string // the password itself if Stored is a hash: for users.digesta1
	FirstName, LastName string // of the address book's own record; none if both are empty
	RealName            string // UserSettings.RealName
	Group               string // Users.Ugroup; default "default"
	Status              int    // Users.UserStatus: 0 enabled
	QuotaKB             int
	Forward, AutoReply  string
	CalUser             int // UserSession.CalUser: not 0 is an internal calendar user
}

// row is one INSERT of an account.
type row struct {
	table, columns string
	values         []any
}

// AddAccount writes the rows that a real server has for an account, with a default calendar and
// address book, and creates its Maildir. Tables that the server was started without are left out.
func (s *Server) AddAccount(ctx context.Context, account Account) error {
	if err := s.addRows(ctx, account); err != nil {
		return fmt.Errorf("add %s to %s: %w", account.Address, s.options.Name, err)
	}
	if err := s.createMaildir(account.Address); err != nil {
		return fmt.Errorf("add %s to %s: %w", account.Address, s.options.Name, err)
	}
	return nil
}

func (s *Server) addRows(ctx context.Context, account Account) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, row := range s.rows(account) {
		if err := s.insert(ctx, tx, row); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (s *Server) insert(ctx context.Context, tx *sql.Tx, row row) error {
	if !s.has(row.table) {
		return nil
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(row.values)), ", ")
	_, err := tx.ExecContext(ctx, "INSERT INTO "+row.table+" ("+row.columns+") VALUES ("+marks+")", row.values...)
	return err
}

func (s *Server) rows(a Account) []row {
	group := a.Group
	if group == "" {
		group = "default"
	}
	calendars, books := s.homes(a.Address)
	principal := "principals/users/" + a.Address
	rows := []row{
		{"UserSession", "Account, Password, CalUser", []any{a.Address, a.Stored, a.CalUser}},
		{"Users", "Account, Ugroup, UserStatus, MailDir, Forward, AutoReply, UserQuota",
			[]any{a.Address, group, a.Status, s.MailDir(a.Address), a.Forward, a.AutoReply, a.QuotaKB}},
		{"UserSettings", "Account, RealName, CalDavUrl, CardDavUrl", []any{a.Address, a.RealName, calendars, books}},
		{"principals", "uri, email, displayname", []any{principal, a.Address, a.RealName}},
		{"calendars", "principaluri, displayname, uri, ctag, components", []any{principal, "Calendar", "default", 1, "VEVENT,VTODO"}},
		{"addressbooks", "principaluri, displayname, uri, ctag", []any{principal, "Contacts", "default", 1}},
		{"users", "username, digesta1", []any{a.Address, digestA1(a)}},
	}
	if a.FirstName != "" || a.LastName != "" {
		rows = append(rows, row{"Abook", "Account, UserEmail, UserFirstName, UserLastName", []any{a.Address, a.Address, a.FirstName, a.LastName}})
	}
	return rows
}

// homes returns the account's DAV addresses as its settings hold them, or nulls without DAV.
func (s *Server) homes(address string) (calendars, books any) {
	if s.DAV == "" {
		return nil, nil
	}
	return s.DAV + "calendars/" + address + "/", s.DAV + "addressbooks/" + address + "/"
}

// digestA1 is what SabreDAV stores for Digest (RFC 2617 section 3.2.2.2) in its standard realm.
func digestA1(a Account) string {
	clear := a.Clear
	if clear == "" {
		clear = a.Stored
	}
	sum := md5.Sum([]byte(a.Address + ":SabreDAV:" + clear))
	return hex.EncodeToString(sum[:])
}

func (s *Server) createMaildir(account string) error {
	dir := s.MailDir(account)
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(dir)), 0o755); err != nil {
		return err
	}
	uid, gid := s.Owner()
	for _, sub := range []string{"", "cur", "new", "tmp"} {
		path := filepath.Join(dir, sub)
		if err := os.Mkdir(path, 0o700); err != nil {
			return err
		}
		if err := os.Chown(path, uid, gid); err != nil {
			return err
		}
	}
	return nil
}
