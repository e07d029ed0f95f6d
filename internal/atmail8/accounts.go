// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"rehome"
)

// WriteAccounts writes the rows, sorted by address, for the Account Manager: dir/accounts.csv, or
// dir/accounts-001.csv and so on if they fill more than one batch. It returns the paths.
//
// The files are readable by their owner only. They appear once all of them are on disk, and in their
// place go those of an earlier run, also the ones whose number is no longer needed: nobody shall
// import half of one run and half of another.
func WriteAccounts(dir string, rows []Row, format CSVFormat) (files []string, err error) {
	layout, err := format.layout()
	if err == nil {
		err = checkRows(rows)
	}
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "write accounts file", Object: dir, Cause: err}
	}
	rows = slices.SortedFunc(slices.Values(rows), func(a, b Row) int { return cmp.Compare(a.Address, b.Address) })
	contents := map[string][]byte{}
	for i, batch := range batches(rows, layout.BatchSize) {
		name := "accounts.csv"
		if len(batch) < len(rows) {
			name = fmt.Sprintf("accounts-%03d.csv", i+1)
		}
		path := filepath.Join(dir, name)
		files = append(files, path)
		contents[path] = layout.encode(batch)
	}
	if err := errors.Join(os.MkdirAll(dir, 0o700), replaceAll(dir, contents)); err != nil {
		return nil, &rehome.Fault{
			Class: rehome.ClassOperator, Op: "write accounts file", Object: dir, Cause: err,
			Hint: "check that the folder is yours and has space",
		}
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
			wrong = append(wrong, address+" is there twice")
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

// replaceAll puts the files in place together, and removes those that an earlier run left beside
// them.
func replaceAll(dir string, contents map[string][]byte) (err error) {
	temporary := map[string]string{}
	defer func() {
		for _, name := range temporary {
			_ = os.Remove(name) // renamed, unless something failed
		}
	}()
	for path, content := range contents {
		if temporary[path], err = writeTemporary(dir, content); err != nil {
			return err
		}
	}
	for path, name := range temporary {
		if err := os.Rename(name, path); err != nil {
			return err
		}
	}
	return removeOthers(dir, contents)
}

// writeTemporary leaves a file with the content on disk, mode 0600, and returns its name.
func writeTemporary(dir string, content []byte) (name string, err error) {
	f, err := os.CreateTemp(dir, ".accounts-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	return f.Name(), errors.Join(err, f.Sync(), f.Close())
}

// removeOthers also syncs the folder, so that the renames survive a power cut.
func removeOthers(dir string, keep map[string][]byte) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if _, kept := keep[path]; kept || !ours.MatchString(name) {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return d.Sync()
}

// ours tells the names that WriteAccounts gives.
var ours = regexp.MustCompile(`^accounts(-[0-9]{3,})?\.csv$`)
