// SPDX-License-Identifier: Apache-2.0

package handover

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

// WriteRules writes every script to a file of its own below the folder, and the sheets that say what the rules do. The
// scripts of the outcomes learn their files; document, which may show these outcomes, becomes rules.json afterwards. It
// returns the folder of the scripts and the sheets.
func WriteRules(folder string, outcomes []rulecopy.Moved, document any) ([]string, error) {
	scripts := filepath.Join(folder, "rules")
	if err := os.MkdirAll(scripts, 0o700); err != nil {
		return nil, vault.FolderFault(scripts, err)
	}
	taken := map[string]bool{}
	for _, outcome := range outcomes {
		for i := range outcome.Scripts {
			script := &outcome.Scripts[i]
			script.File = filepath.Join(scripts, scriptFile(outcome.Account, script.Name, taken))
			if err := vault.WriteFile(script.File, []byte(script.Text)); err != nil {
				return nil, err
			}
		}
	}
	sheets, err := writePapers(folder, []paper{
		{"rules.txt", func(w io.Writer) error { return rulecopy.WriteText(w, outcomes) }},
		{"rules.csv", func(w io.Writer) error { return rulecopy.WriteCSV(w, outcomes) }},
		{"rules.json", func(w io.Writer) error { return writeIndented(w, document) }},
	})
	if err != nil {
		return nil, err
	}
	return append([]string{scripts + string(filepath.Separator)}, sheets...), nil
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
