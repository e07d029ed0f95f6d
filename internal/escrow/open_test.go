// SPDX-License-Identifier: Apache-2.0

package escrow

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpen_isWhatWasKept(t *testing.T) {
	t.Parallel()
	folder := New(filepath.Join(t.TempDir(), "escrow"))
	file, size, err := folder.Open(keep(t, folder, "a/b@x", "Работа 1 7", "the original"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got, err := io.ReadAll(file); string(got) != "the original" || int(size) != len(got) || err != nil {
		t.Errorf("%q of %d octets, %v", got, size, err)
	}
}

// Whatever is not the whole original is not handed out, and nothing outside of the folder is.
func TestOpen_nothingElse(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	folder := New(filepath.Join(base, "escrow"))
	for name, spoil := range map[string]func(path string) (string, error){
		"shorter":   func(path string) (string, error) { return path, os.Truncate(path, 3) },
		"gone":      func(path string) (string, error) { return path, os.Remove(path) },
		"folder":    func(path string) (string, error) { return filepath.Dir(path), nil },
		"another":   func(path string) (string, error) { return path, os.WriteFile(path, []byte("another text"), 0o600) },
		"no folder": func(string) (string, error) { return filepath.Join(base, "elsewhere", "x-0123456789abcdef.eml"), nil },
		"outside": func(path string) (string, error) {
			outside := filepath.Join(base, filepath.Base(path))
			return outside, os.Rename(path, outside)
		},
		"link to the outside": func(path string) (string, error) {
			outside := filepath.Join(base, filepath.Base(path))
			return path, errors.Join(os.Rename(path, outside), os.Symlink(outside, path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path, err := spoil(keep(t, folder, "b@x", name, "the original of "+name))
			if err != nil {
				t.Fatal(err)
			}
			file, _, err := folder.Open(path)
			if err == nil {
				file.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), path) {
				t.Errorf("%q does not name %s", err, path)
			}
		})
	}
}
