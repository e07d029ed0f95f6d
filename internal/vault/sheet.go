// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"rehome"
	"rehome/internal/content/table"
)

// Sheet holds the temporary passwords that were made, by address in lower case. It is kept
// because each of them may have reached its user or the destination: a second run must hand out
// the same.
type Sheet map[string]Entry

// Entry is one temporary password.
type Entry struct {
	Password rehome.Secret
	Why      string    // why the account needed it: a sentence for the people who hand it out
	Created  time.Time // UTC, whole seconds
}

// columns is the first line of the sheet as a human sees it.
var columns = []string{"EmailAddress", "Password", "Why", "Created"}

// LoadSheet opens the sheet at path. No file is an empty sheet.
func LoadSheet(path string, identity *Identity) (Sheet, error) {
	plaintext, err := Open(path, identity)
	if errors.Is(err, fs.ErrNotExist) {
		return Sheet{}, nil
	}
	if err != nil {
		return nil, err
	}
	sheet, err := parseSheet(plaintext)
	if err != nil {
		return nil, &rehome.Fault{
			Class: rehome.ClassOperator, Op: "read password sheet", Object: path, Cause: err,
			Hint: "the sheet was edited by hand: restore an older one, or correct it and seal it again",
		}
	}
	return sheet, nil
}

// Save seals the sheet to the recipients, in place of the one at path.
func (s Sheet) Save(path string, recipients []string) error {
	return Seal(path, recipients, s.format())
}

// format renders the sheet as a table, sorted by address.
func (s Sheet) format() []byte {
	var out bytes.Buffer
	rows := [][]string{columns}
	for _, address := range slices.Sorted(maps.Keys(s)) {
		entry := s[address]
		rows = append(rows, []string{address, entry.Password.Reveal(), entry.Why, entry.Created.UTC().Format(time.RFC3339)})
	}
	_ = table.Write(&out, slices.Values(rows)) // a bytes.Buffer takes everything
	return out.Bytes()
}

// bounds bound a sheet: one row for each account.
var bounds = table.Bounds{Octets: 1 << 30, Rows: 10_000_000}

// parseSheet reads what format wrote, now or with commas in an older version. Its errors name a line and never repeat a field.
func parseSheet(text []byte) (Sheet, error) {
	isColumn := func(label string) bool { return slices.Contains(columns, label) }
	read, err := table.Read(bytes.NewReader(text), &table.Labels{Known: isColumn, Key: isColumn}, bounds)
	if err != nil || !slices.Equal(cells(read.Labels), columns) || read.Labels.Line != 1 {
		return nil, fmt.Errorf("line 1 is not %q", columns)
	}
	sheet := Sheet{}
	wrong := func(line int, reason error) bool {
		err = fmt.Errorf("line %d: %w", line, reason)
		return false
	}
	tooMany := read.Each(func(row table.Row) bool {
		fields := cells(row)
		if len(fields) != len(columns) {
			return wrong(row.Line, fmt.Errorf("it has %d fields, not %d", len(fields), len(columns)))
		}
		if reason := sheet.add(fields); reason != nil {
			return wrong(row.Line, reason)
		}
		return true
	}, func(p table.Problem) bool { return wrong(p.Line, errors.New(p.Reason)) })
	if err = cmp.Or(err, tooMany); err != nil {
		return nil, err
	}
	return sheet, nil
}

func cells(row table.Row) []string {
	all := make([]string, len(row.Cells))
	for i, cell := range row.Cells {
		all[i] = table.Unguard(cell.Text)
	}
	return all
}

func (s Sheet) add(record []string) error {
	address, err := rehome.ParseAddress(record[0])
	if err != nil {
		return fmt.Errorf("the address %w", err)
	}
	if _, given := s[address]; given {
		return errors.New("the address occurs twice")
	}
	if record[1] == "" {
		return errors.New("the password is empty")
	}
	created, err := time.Parse(time.RFC3339, record[3])
	if err != nil {
		return errors.New("the last field is not a time like 2026-01-31T18:00:00Z")
	}
	s[address] = Entry{Password: rehome.NewSecret(record[1]), Why: record[2], Created: created.UTC()}
	return nil
}
