// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"context"
	"database/sql"
	"fmt"

	"rehome"
	"rehome/lab/atmail7"
)

// ServerOptions are what an atmail 7 of the lab needs to hold the organisation.
func ServerOptions(org Organisation) atmail7.Options {
	return atmail7.Options{Domains: org.Domains, Extra: ListEscape}
}

// Seed lays the whole organisation into a server that has no accounts yet. Contacts and events go
// straight into the tables, as older versions of the server left them: today's would refuse or
// change some.
func Seed(ctx context.Context, server *atmail7.Server, org Organisation) error {
	if err := inTransaction(ctx, server.DB(), func(tx *sql.Tx) error { return seedGroups(ctx, tx, org.Groups) }); err != nil {
		return fmt.Errorf("seed the groups: %w", err)
	}
	for _, p := range org.People {
		if err := SeedPerson(ctx, server, p); err != nil {
			return fmt.Errorf("seed %s: %w", p.Address, err)
		}
	}
	err := inTransaction(ctx, server.DB(), func(tx *sql.Tx) error {
		if err := seedAliases(ctx, tx, org.Aliases); err != nil {
			return err
		}
		return seedDelegates(ctx, tx, org.Delegates)
	})
	if err != nil {
		return fmt.Errorf("seed the aliases and delegates: %w", err)
	}
	return nil
}

// SeedPerson lays one person into the server: account, rules, contacts, events and mail.
func SeedPerson(ctx context.Context, server *atmail7.Server, p Person) error {
	if err := server.AddAccount(ctx, account(p)); err != nil {
		return err
	}
	if err := makeRoom(ctx, server.DB(), p); err != nil {
		return err
	}
	err := inTransaction(ctx, server.DB(), func(tx *sql.Tx) error {
		if err := seedSettings(ctx, tx, p); err != nil {
			return err
		}
		return seedCollections(ctx, tx, p)
	})
	if err != nil {
		return err
	}
	uid, gid := server.Owner()
	return WriteMaildir(ctx, server.MailDir(p.Address), uid, gid, p)
}

func account(p Person) atmail7.Account {
	a := atmail7.Account{
		Address: p.Address, Stored: p.Stored, FirstName: p.FirstName, LastName: p.LastName, RealName: p.RealName,
		Group: p.Group, Status: p.Status, QuotaKB: p.QuotaKB, Forward: p.Forward, AutoReply: p.AutoReply, CalUser: p.CalUser,
	}
	if p.Form != rehome.PasswordPlain {
		a.Clear = p.Plain
	}
	return a
}

func inTransaction(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func seedGroups(ctx context.Context, tx *sql.Tx, groups []Group) error {
	for _, g := range groups {
		_, err := tx.ExecContext(ctx, "REPLACE INTO `Groups` (GroupName, GroupDescription, IMAPSupport, POP3Support, CalDAVServer, "+
			"CardDAVServer) VALUES (?, ?, ?, ?, ?, ?)",
			g.Name, g.Description, g.IMAP, g.POP3, g.CalDAV, g.CardDAV)
		if err != nil {
			return err
		}
	}
	return nil
}

func seedSettings(ctx context.Context, tx *sql.Tx, p Person) error {
	if p.NoSelf {
		if _, err := tx.ExecContext(ctx, "DELETE FROM Abook WHERE Account = ? AND UserEmail = ?", p.Address, p.Address); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "UPDATE UserSettings SET Signature = ? WHERE Account = ?", p.Signature, p.Address); err != nil {
		return err
	}
	for preference, senders := range map[string][]string{"whitelist_from": p.Allow, "blacklist_from": p.Block} {
		for _, sender := range senders {
			if _, err := tx.ExecContext(ctx, "INSERT INTO SpamSettings (username, preference, value) VALUES (?, ?, ?)", p.Address, preference,
				sender); err != nil {
				return err
			}
		}
	}
	return nil
}

func seedAliases(ctx context.Context, tx *sql.Tx, aliases []AliasRow) error {
	for _, a := range aliases {
		_, err := tx.ExecContext(ctx, "INSERT INTO MailAliases (AliasName, AliasTo, Domain, AliasMailDir) VALUES (?, ?, ?, ?)", a.Name, a.To,
			a.Domain, a.Maildir)
		if err != nil {
			return err
		}
	}
	return nil
}

func seedDelegates(ctx context.Context, tx *sql.Tx, delegates []Delegate) error {
	for _, d := range delegates {
		_, err := tx.ExecContext(ctx, `INSERT INTO calendarDelegates (calendarid, principalid, mode)
			SELECT c.id, p.id, ? FROM calendars c, principals p WHERE c.principaluri = ? AND c.uri = ? AND p.uri = ?`,
			d.Write, principal(d.Owner), d.Calendar, principal(d.To))
		if err != nil {
			return err
		}
	}
	return nil
}
