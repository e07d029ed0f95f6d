// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"rehome"
)

// Destroy overwrites a file and removes it. That the octets are gone from the medium is more than a
// program can promise: journals, snapshots, flash and backups keep copies. What is sealed is safe
// there without its identity; what was in clear is not. A link or a folder is refused.
func Destroy(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return destroyFault(path, err)
	}
	if !info.Mode().IsRegular() {
		return destroyFault(path, errors.New("it is not a file"))
	}
	if err := overwrite(path, info.Size()); err != nil {
		return destroyFault(path, err)
	}
	if err := errors.Join(os.Remove(path), syncDir(filepath.Dir(path))); err != nil {
		return destroyFault(path, err)
	}
	return nil
}

func overwrite(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrPermission) {
		return nil // it can still be removed
	}
	if err != nil {
		return err
	}
	zeros := make([]byte, 64<<10)
	for size > 0 && err == nil {
		n := min(size, int64(len(zeros)))
		_, err = f.Write(zeros[:n])
		size -= n
	}
	return errors.Join(err, f.Sync(), f.Close())
}

func destroyFault(path string, err error) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "destroy", Object: path, Cause: bare(err), Hint: "remove it by hand"}
}
