// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"errors"
	"os"

	"rehome"
)

// OpenAppend opens a file to write at its end; one that is not there is made, for its owner only. What is there and is no
// file, a symbolic link above all, is refused, and so is what takes the file's place in that moment. The caller closes it.
func OpenAppend(path string) (*os.File, error) {
	if err := checkReplaceable(path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, writeFault(path, err)
	}
	opened, err := f.Stat()
	named, nameErr := os.Lstat(path)
	if err = errors.Join(err, nameErr); err == nil && !os.SameFile(opened, named) {
		err = &rehome.Fault{Class: rehome.ClassOperator, Op: "write", Object: path, Cause: errors.New("it was replaced just now"),
			Hint: "choose a folder that only you can write to"}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
