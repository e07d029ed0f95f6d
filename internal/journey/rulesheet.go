// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"rehome/internal/rulecopy"
	"rehome/internal/vault"
)

// writeRules writes every script to a file of its own, and the sheets that say what the rules do.
func (m *Move) writeRules(rows []RuledAccount) ([]string, error) {
	folder := filepath.Join(m.settings.Accounts.Output, "rules")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, vault.FolderFault(folder, err)
	}
	taken := map[string]bool{}
	outcomes := make([]rulecopy.Outcome, len(rows))
	for i, row := range rows {
		for j := range row.Scripts {
			script := &row.Scripts[j]
			script.File = filepath.Join(folder, scriptFile(row.Account, script.Name, taken))
			if err := vault.WriteFile(script.File, []byte(script.Text)); err != nil {
				return nil, err
			}
		}
		outcomes[i] = row.Outcome
	}
	files := []string{folder + string(filepath.Separator)}
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"rules.txt", func(w io.Writer) error { return rulecopy.WriteText(w, outcomes) }},
		{"rules.csv", func(w io.Writer) error { return rulecopy.WriteCSV(w, outcomes) }},
		{"rules.json", func(w io.Writer) error { return writeIndented(w, rows) }},
	} {
		path, err := m.writeOutput(file.name, file.write)
		if err != nil {
			return nil, err
		}
		files = append(files, path)
	}
	return files, nil
}

// longestName leaves room for a number and the ending: file systems take 255 octets.
const longestName = 200

// scriptFile makes a file's name that every file system takes and that is not taken yet. A file system
// may not tell small letters from capitals.
func scriptFile(account, script string, taken map[string]bool) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("@.+-_", r) {
			return r
		}
		return '_'
	}, account+"."+script)
	if len(name) > longestName {
		name = strings.ToValidUTF8(name[:longestName], "")
	}
	for n := 1; ; n++ {
		file := name + ".sieve"
		if n > 1 {
			file = fmt.Sprintf("%s-%d.sieve", name, n)
		}
		if !taken[strings.ToLower(file)] {
			taken[strings.ToLower(file)] = true
			return file
		}
	}
}
