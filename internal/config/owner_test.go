// SPDX-License-Identifier: Apache-2.0

//go:build unix

package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome"
)

// Whoever else can write the settings can have programs started (cmd:) and passwords sent to any host.
func TestLoad_obeysNobodyElse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file, folder fs.FileMode
		words        string // "" is obeyed
	}{
		"own":                            {0o600, 0o755, ""},
		"readable by all":                {0o644, 0o755, ""},
		"writable by all":                {0o666, 0o755, "others can write to it (mode 0666)"},
		"in a folder open to all":        {0o644, 0o777, "its folder"},
		"in a folder like /tmp":          {0o644, 0o777 | fs.ModeSticky, ""},
		"writable by all, in one's own":  {0o666, 0o700, "others can write to it"},
		"writable by all, beside others": {0o666, 0o777 | fs.ModeSticky, "others can write to it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "move")
			file := filepath.Join(folder, "rehome.yaml")
			if err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(file, []byte(minimal), 0o600),
				os.Chmod(file, test.file), os.Chmod(folder, test.folder)); err != nil {
				t.Fatal(err)
			}
			_, err := Load(file)
			if test.words == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.words) || !strings.Contains(rehome.HintOf(err), "chmod go-w "+folder) {
				t.Errorf("got %v, hint %q; want %q", err, rehome.HintOf(err), test.words)
			}
		})
	}
}

func TestLoad_obeysNoOtherOwner(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		owner, self int
		caller      string
		want        bool
	}{
		{1000, 1000, "", true}, {0, 1000, "", true}, {1001, 1000, "", false}, {1001, 1000, "1001", false},
		{1000, 0, "", false}, {1000, 0, "1000", true}, {1001, 0, "1000", false}, {0, 0, "1000", true},
	} {
		if got := trusted(test.owner, test.self, test.caller); got != test.want {
			t.Errorf("file of %d, run by %d for %q: got %v", test.owner, test.self, test.caller, got)
		}
	}
}

func TestWritable(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode         fs.FileMode
		owner, group int
		want         bool
	}{
		{0o600, 1000, 100, false}, {0o644, 1000, 100, false}, {0o664, 1000, 100, true}, {0o664, 1000, 1000, false},
		{0o666, 1000, 1000, true}, {0o602, 0, 0, true}, {0o775 | fs.ModeDir, 1000, 33, true},
	} {
		if got := writable(test.mode, test.owner, test.group); got != test.want {
			t.Errorf("%v of %d:%d: got %v", test.mode, test.owner, test.group, got)
		}
	}
}
