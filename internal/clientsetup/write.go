// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"rehome"
	"rehome/internal/vault"
)

// writeOnly writes files, by name, and removes from the folder those of the known names that are not among them: what an earlier
// run said must not stand beside what is true now.
func writeOnly(folder string, files map[string][]byte, known string) error {
	placed := make(map[string][]byte, len(files))
	for name, content := range files {
		placed[filepath.Join(folder, name)] = content
	}
	if err := vault.WriteFiles(placed); err != nil {
		return err
	}
	for name := range strings.FieldsSeq(known) {
		path := filepath.Join(folder, name)
		if _, kept := placed[path]; kept {
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &rehome.Fault{Class: rehome.ClassOperator, Op: "remove the outdated file", Object: path, Cause: err, Hint: "remove it yourself"}
		}
	}
	return nil
}
