// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/atmail8"
	"rehome/internal/handover"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/vault"
)

// Export is what exporting the accounts has written.
type Export struct {
	Accounts  int                    `json:"accounts"`
	Own       int                    `json:"own_passwords"`
	Temporary int                    `json:"temporary_passwords"`
	New       int                    `json:"new_temporary_passwords"` // made by this run
	Reasons   map[atmail8.Reason]int `json:"reasons"`
	Files     []string               `json:"files"`
	Sheet     string                 `json:"sheet,omitempty"`  // sealed; empty when nobody needs a temporary password
	Shares    string                 `json:"shares,omitempty"` // list of who sees whose calendars; empty when nobody does
	Staying   []people.Staying       `json:"staying"`
	Findings  []rehome.Finding       `json:"findings"`
}

// ExportAccounts writes the file that the destination imports, and the sealed sheet of temporary
// passwords. Passwords that were made before are used again. The sheet is on the disk before the
// file, so that no password exists that nobody can read back.
func (m *Move) ExportAccounts(ctx context.Context) (Export, error) {
	p, err := m.people(ctx)
	if err != nil {
		return Export{}, err
	}
	if err := m.makePasswords(p); err != nil {
		return Export{}, err
	}
	rows := make([]atmail8.Row, len(p.Moving))
	for i, account := range p.Moving {
		rows[i] = atmail8.Row{Address: account.Address, FirstName: account.FirstName, LastName: account.LastName, Password: p.Decisions[i].Password}
	}
	files, err := m.writeAccountFiles(rows)
	if err != nil {
		return Export{}, err
	}
	export := Export{
		Accounts: len(rows), Own: p.Counts.Own, Temporary: p.Counts.Temporary, New: p.Counts.Missing, Reasons: p.Counts.ByReason,
		Files: files, Staying: nonNil(p.Staying), Findings: nonNil(append(p.Findings, atmail8.CheckRows(rows)...)),
	}
	if p.Counts.Temporary > 0 {
		export.Sheet = m.sheetFile()
	}
	err = m.withDirectory(ctx, func(directory people.Directory) error {
		shares, err := people.ReadShares(ctx, directory)
		if err == nil {
			export.Shares, err = handover.WriteShares(m.settings.Accounts.Output, shares)
		}
		return err
	})
	return export, errors.Join(err, m.note(ctx, ledger.AuditLine{Action: actionExported, Object: strings.Join(files, ", "),
		After: fmt.Sprintf(exportedText, export.Accounts, export.Temporary, export.New)}))
}

// exportedText is what the audit log says of an export, see exportedPasswords.
const exportedText = "%d accounts, %d with a temporary password, %d of these new"

// exportedPasswords is how many temporary passwords the last export had, on whatever machine; 0 if their sheet was destroyed since.
func exportedPasswords(ctx context.Context, store *ledger.Ledger) (n int, err error) {
	exports, err := store.Audit.Of(ctx, actionExported, 1)
	if err != nil || len(exports) == 0 {
		return 0, err
	}
	destroyed, err := store.Audit.Of(ctx, actionDestroyed, 100)
	if err != nil || slices.ContainsFunc(destroyed, func(l ledger.AuditLine) bool { return l.Before == vault.SecretSheet && l.Line > exports[0].Line }) {
		return 0, err
	}
	var accounts, fresh int
	if _, err := fmt.Sscanf(exports[0].After, exportedText, &accounts, &n, &fresh); err != nil {
		return 0, nil //nolint:nilerr // a line of an older version says it otherwise
	}
	return n, nil
}

// writeAccountFiles puts the import file in place, and destroys what an earlier run left beside it.
func (m *Move) writeAccountFiles(rows []atmail8.Row) (paths []string, err error) {
	csv := m.settings.Accounts.CSV
	files, err := atmail8.AccountFiles(rows, atmail8.CSVFormat{
		Header: csv.Header, QuoteAll: csv.QuoteAll, BOM: csv.BOM, CRLF: csv.CRLF, BatchSize: csv.BatchSize,
	})
	if err != nil {
		return nil, err
	}
	out := m.settings.Accounts.Output
	contents := map[string][]byte{}
	for _, file := range files {
		path := filepath.Join(out, file.Name)
		paths = append(paths, path)
		contents[path] = file.Content
	}
	if err := m.register().WriteSecrets(vault.SecretImport, contents); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(out)
	if err != nil {
		return nil, vault.FolderFault(out, err)
	}
	for _, entry := range entries {
		path := filepath.Join(out, entry.Name())
		if atmail8.IsAccountFile(entry.Name()) && contents[path] == nil {
			if err := m.register().Destroy(vault.SecretImport, path); err != nil {
				return nil, err
			}
		}
	}
	return paths, nil
}

// sheetIsGone reports whether temporary passwords were made before and their sheet has been destroyed since.
func (m *Move) sheetIsGone() (bool, error) {
	if _, err := os.Stat(m.sheetFile()); !errors.Is(err, os.ErrNotExist) {
		return false, nil // what else may be wrong with it shows when it is opened
	}
	files, err := m.register().Files()
	return slices.ContainsFunc(files, func(f vault.Registered) bool { return f.File == m.sheetFile() }), err
}

// makePasswords makes the temporary passwords that are missing and seals the sheet. Who has been given others is told.
func (m *Move) makePasswords(p *people.Everybody) error {
	made, err := p.MakePasswords(m.settings.Accounts.Policy, time.Now())
	if err != nil || made == 0 {
		return err
	}
	gone, err := m.sheetIsGone()
	if err != nil {
		return err
	}
	if gone {
		p.Findings = append(p.Findings, passwordsReplaced.On("temporary passwords", rehome.Values{"n": made}))
	}
	to, err := m.sealTo()
	if err != nil {
		return err
	}
	if err := m.register().Expect(vault.SecretSheet, m.sheetFile()); err != nil {
		return err
	}
	return p.Temporary.Save(m.sheetFile(), to)
}

// recipients are who can open sealed files: always this move itself, which needs the passwords to
// log in, and whoever the settings name.
func (m *Move) recipients(identity *vault.Identity) []string {
	all := slices.Clone(identity.Recipients())
	for _, r := range m.settings.Accounts.SealTo {
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}

// sheetFile is where the temporary passwords are kept.
func (m *Move) sheetFile() string {
	return filepath.Join(m.settings.Accounts.Output, "temporary-passwords.csv.age")
}

// WrittenPasswords says where the temporary passwords stand in clear.
type WrittenPasswords struct {
	File string `json:"file"`
}

// WritePasswords writes the sheet of temporary passwords in clear into a new file, for the person who hands
// them out.
func (m *Move) WritePasswords(ctx context.Context, file string) (WrittenPasswords, error) {
	written := WrittenPasswords{File: file}
	text, err := m.openedSheet()
	if err != nil {
		return written, err
	}
	// Noted only if it will be ours: a purge would destroy it.
	if _, err := os.Lstat(file); err == nil {
		return written, &rehome.Fault{Class: rehome.ClassOperator, Op: "write", Object: file, Cause: errors.New("it exists already"),
			Hint: "name another file"}
	}
	if err := m.register().Expect(vault.SecretHandOut, file); err != nil {
		return written, err
	}
	if err := vault.WriteNew(file, text); err != nil {
		return written, err
	}
	return written, m.note(ctx, ledger.AuditLine{Action: actionHandedOut, Object: file})
}

func (m *Move) openedSheet() ([]byte, error) {
	identity, err := vault.LoadIdentity(m.settings.Secrets.Identity)
	if err != nil {
		return nil, err
	}
	text, err := vault.Open(m.sheetFile(), identity)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "open", Object: m.sheetFile(), Cause: errors.New("there is none"),
			Hint: `run "rehome accounts export" first; if all users keep their current password, there is no sheet`}
	}
	return text, err
}

// nonNil makes an empty list of JSON out of nil.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
