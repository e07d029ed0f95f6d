// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"time"

	"rehome"
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

// format renders the sheet as CSV (RFC 4180), sorted by address.
func (s Sheet) format() []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write(columns) // a bytes.Buffer takes everything
	for _, address := range slices.Sorted(maps.Keys(s)) {
		entry := s[address]
		_ = w.Write([]string{address, entry.Password.Reveal(), entry.Why, entry.Created.UTC().Format(time.RFC3339)})
	}
	w.Flush()
	return out.Bytes()
}

// parseSheet reads what format wrote. Its errors name a line and never repeat a field.
func parseSheet(text []byte) (Sheet, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = len(columns)
	first, err := r.Read()
	if err != nil || !slices.Equal(first, columns) {
		return nil, fmt.Errorf("line 1 is not %q", columns)
	}
	sheet := Sheet{}
	for {
		record, err := r.Read()
		if err == io.EOF {
			return sheet, nil
		}
		if err != nil {
			return nil, err // a *csv.ParseError: line, column and kind
		}
		line, _ := r.FieldPos(0)
		if err := sheet.add(record); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
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
