// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"rehome"
)

// A second name of the same file shows what is left of its octets.
func TestDestroy_overwritesAndRemoves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, twin := filepath.Join(dir, "secret"), filepath.Join(dir, "twin")
	if err := os.WriteFile(file, bytes.Repeat([]byte("secret"), 50_000), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(file, twin); err != nil {
		t.Fatal(err)
	}
	if err := Destroy(file); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadFile(twin)
	if err != nil || len(left) != 300_000 || bytes.Count(left, []byte{0}) != len(left) {
		t.Errorf("%v: of %d octets %d are zero", err, len(left), bytes.Count(left, []byte{0}))
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}

func TestDestroy_refusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, dir, filepath.Join(dir, "nothing")} {
		if err := Destroy(path); rehome.ClassOf(err) != rehome.ClassOperator {
			t.Errorf("%s: got %v", path, err)
		}
	}
	if kept, err := os.ReadFile(target); err != nil || string(kept) != "precious" {
		t.Errorf("got %q, %v", kept, err)
	}
}
