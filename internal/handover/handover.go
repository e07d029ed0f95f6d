// SPDX-License-Identifier: Apache-2.0

// Package handover writes the papers of a move: for the vendor's operations what the import of accounts cannot carry
// (WriteBundle), for the administrator what is made by hand (WriteAliases, WriteRules, WriteShares), and for each person what
// changes (WritePersonal). They are functions of data: nothing is read from either end, and nothing is decided that the
// data does not say.
//
//   - A file appears whole or not at all, readable by its owner only.
//   - A secret leaves only sealed, and the register knows of the file before it is there.
//   - The same data give the same papers, octet for octet.
package handover

import (
	"encoding/json"
	"io"
	"path/filepath"

	"rehome/internal/alias"
	"rehome/internal/vault"
)

// paper is one file of a folder.
type paper struct {
	name  string
	write func(io.Writer) error
}

// WriteAliases writes the plan of aliases and forwards: a sheet, the same for reading and as JSON, and maps for Postfix and
// Exim. It returns the files.
func WriteAliases(folder string, plan alias.Plan, book *alias.Book) ([]string, error) {
	return writePapers(folder, []paper{
		{"aliases.csv", plan.WriteCSV},
		{"aliases.txt", plan.WriteText},
		{"aliases.json", plan.WriteJSON},
		{"aliases.postfix", func(w io.Writer) error { return book.WritePostfix(w, plan) }},
		{"aliases.exim", func(w io.Writer) error { return book.WriteExim(w, plan) }},
	})
}

func writePapers(folder string, papers []paper) (files []string, err error) {
	for _, p := range papers {
		path := filepath.Join(folder, p.name)
		if err := vault.WriteStream(path, p.write); err != nil {
			return nil, err
		}
		files = append(files, path)
	}
	return files, nil
}

func writeIndented(w io.Writer, value any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(value)
}
