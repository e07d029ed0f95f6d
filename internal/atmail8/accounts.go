// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"rehome"
)

// File is one file for the Account Manager.
type File struct {
	Name    string
	Content []byte // with passwords in clear
}

// AccountFiles renders the rows, sorted by address, for the Account Manager: accounts.csv, or
// accounts-001.csv and so on if they fill more than one batch. Whoever puts them into a folder takes those
// of an earlier run away (IsAccountFile), also the ones whose number is no longer needed: nobody shall import
// half of one run and half of another.
func AccountFiles(rows []Row, format CSVFormat) ([]File, error) {
	layout, err := format.layout()
	if err == nil {
		err = checkRows(rows)
	}
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "write", Object: "the accounts file", Cause: err}
	}
	rows = slices.SortedFunc(slices.Values(rows), func(a, b Row) int { return cmp.Compare(a.Address, b.Address) })
	var files []File
	for i, batch := range batches(rows, layout.BatchSize) {
		name := "accounts.csv"
		if len(batch) < len(rows) {
			name = fmt.Sprintf("accounts-%03d.csv", i+1)
		}
		files = append(files, File{Name: name, Content: layout.encode(batch)})
	}
	return files, nil
}

// batches always returns one, even without rows: a header alone is a valid file.
func batches(rows []Row, size int) [][]Row {
	if size == 0 || len(rows) <= size {
		return [][]Row{rows}
	}
	return slices.Collect(slices.Chunk(rows, size))
}

// checkRows refuses what can only be a mistake of the caller or fail at the import.
func checkRows(rows []Row) error {
	var wrong []string
	seen := map[string]bool{}
	for _, row := range rows {
		address, err := rehome.ParseAddress(row.Address)
		switch {
		case err != nil:
			wrong = append(wrong, fmt.Sprintf("address %q %v", row.Address, err))
		case seen[address]:
			wrong = append(wrong, address+" occurs twice")
		case row.Password.Empty():
			wrong = append(wrong, address+" has no password")
		}
		seen[address] = true
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n"))
	}
	return nil
}

// IsAccountFile tells the names that AccountFiles gives.
func IsAccountFile(name string) bool { return accountFile.MatchString(name) }

var accountFile = regexp.MustCompile(`^accounts(-[0-9]{3,})?\.csv$`)
