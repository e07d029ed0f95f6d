// SPDX-License-Identifier: Apache-2.0

// Package vault keeps secrets in files: an identity file that opens, sealed files that only an
// identity opens, and the sheet of temporary passwords.
//
// The format is age (age-encryption.org/v1) in its binary form, so that the standard tool opens
// everything without this program: age -d -i identity.txt sheet.age. Every file is written as a
// whole, readable by its owner only, or not at all. The package keeps nothing in memory between
// calls, asks for no passphrase, and cannot open what was sealed to somebody else.
//
// A caller makes an identity once (CreateIdentity), seals with its recipient or those of other
// people (Seal), and opens with it (LoadIdentity, Open). LoadSheet and Sheet.Save do the same for
// the sheet.
package vault

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"rehome"
)

// private is the mode of every file that this package writes.
const private fs.FileMode = 0o600

// CheckPrivate returns a Fault if others than the owner can read or write the file.
func CheckPrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return openFault(path, err)
	}
	return checkMode(path, info)
}

func checkMode(path string, info fs.FileInfo) error {
	// Windows has no such bits; Go makes some up there.
	if runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return &rehome.Fault{
		Class: rehome.ClassOperator, Op: "open secret file", Object: path,
		Cause: errors.New("others than its owner have access (mode " + info.Mode().Perm().String() + ")"),
		Hint:  "run: chmod 600 " + path,
	}
}

// writePrivate has write fill a new file beside path and puts it in path's place once it is on
// disk, so that path is never half written, and never more open than its owner wants.
func writePrivate(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	// Some file systems cannot sync a folder; the rename is done all the same.
	_ = d.Sync()
	return d.Close()
}

func openFault(path string, err error) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "open", Object: path, Cause: bare(err)}
}

func writeFault(path string, err error) error {
	return &rehome.Fault{
		Class: rehome.ClassOperator, Op: "write", Object: path, Cause: bare(err),
		Hint: "check that the folder exists, is yours and has space",
	}
}

// bare takes the path out of an error whose Fault names it already.
func bare(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
