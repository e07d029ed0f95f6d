// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenAppend_privateAndAtTheEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rehome.log")
	for range 2 {
		f, err := OpenAppend(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("line\n"); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(path)
	if err != nil || string(content) != "line\nline\n" {
		t.Errorf("%q, %v; want both lines", content, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v; want one for the owner", info.Mode(), err)
	}
}

func TestOpenAppend_refusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	victim, link := filepath.Join(dir, "victim"), filepath.Join(dir, "link")
	dangling := filepath.Join(dir, "dangling")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for target, name := range map[string]string{victim: link, filepath.Join(dir, "nobody"): dangling} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	for path, words := range map[string]string{link: "symbolic link", dangling: "symbolic link", dir: "not a regular file", filepath.Join(dir, "no",
		"x"): "no such"} {
		if f, err := OpenAppend(path); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, %v; want %q", path, f, err, words)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, "nobody")); err == nil {
		t.Error("something was made behind the link")
	}
}
