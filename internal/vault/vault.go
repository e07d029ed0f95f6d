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
// the sheet. A Register remembers where files with secrets were written, until they are destroyed.
package vault

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

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
		Cause: errors.New("users other than its owner have access (mode " + info.Mode().Perm().String() + ")"),
		Hint:  "run: chmod 600 " + path,
	}
}

// WriteFile puts a file in path's place as a whole, readable by its owner only.
func WriteFile(path string, content []byte) error {
	return WriteFiles(map[string][]byte{path: content})
}

// WriteFiles puts files in place, by path. All of them are on disk before the first appears, so that nobody
// finds half of what belongs together, or half a file; none is ever more open than its owner wants. A folder
// that is not there is made, for its owner only. What is there and is no file, a symbolic link above all,
// stays, and so does what it leads to: the Fault says so before anything is written.
func WriteFiles(contents map[string][]byte) (err error) {
	paths := slices.Sorted(maps.Keys(contents))
	temporary := make([]string, 0, len(paths))
	defer func() {
		for _, name := range temporary {
			_ = os.Remove(name) // renamed, unless something failed
		}
	}()
	for _, path := range paths {
		if err := checkReplaceable(path); err != nil {
			return err
		}
	}
	for _, path := range paths {
		name, err := writeBeside(path, whole(contents[path]))
		temporary = append(temporary, name)
		if err != nil {
			return writeFault(path, err)
		}
	}
	for i, path := range paths {
		if err := errors.Join(os.Rename(temporary[i], path), syncDir(filepath.Dir(path))); err != nil {
			return writeFault(path, err)
		}
	}
	return nil
}

// WriteStream is WriteFile for what is too much to hold: write gets the file, and what it writes appears when it is done.
func WriteStream(path string, write func(io.Writer) error) error {
	if err := checkReplaceable(path); err != nil {
		return err
	}
	name, err := writeBeside(path, write)
	if name != "" {
		defer os.Remove(name) // renamed, unless something failed
	}
	if err == nil {
		err = errors.Join(os.Rename(name, path), syncDir(filepath.Dir(path)))
	}
	if err != nil {
		return writeFault(path, err)
	}
	return nil
}

// checkReplaceable refuses what somebody may have put there to have another file overwritten.
func checkReplaceable(path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().IsRegular() {
		return nil //nolint:nilerr // what is wrong with the folder shows when the file is made
	}
	what := "it is not a regular file"
	if info.Mode()&fs.ModeSymlink != 0 {
		what = "it is a symbolic link, which is not followed"
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "write", Object: path, Cause: errors.New(what), Hint: "remove it, or name another file"}
}

// writeBeside leaves a new file on disk, in the folder of path, and returns its name.
func writeBeside(path string, write func(io.Writer) error) (name string, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(path), temporaryOf(path)+"*") // mode 0600
	if err != nil {
		return "", err
	}
	err = write(f)
	return f.Name(), errors.Join(err, f.Sync(), f.Close())
}

// whole writes what is there already.
func whole(content []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	}
}

// temporaryOf is how the name of a file begins that is to become path.
func temporaryOf(path string) string { return "." + filepath.Base(path) + "-" }

// WriteNew makes a file, readable by its owner only, as a whole. One that exists stays as it is, and the
// Fault's cause is fs.ErrExist.
func WriteNew(path string, content []byte) error {
	name, err := writeBeside(path, whole(content))
	if err == nil {
		err = appear(name, path)
	}
	if name != "" {
		_ = os.Remove(name) // it has its second name, unless something failed
	}
	if err != nil {
		return writeFault(path, err)
	}
	return nil
}

// appear gives the file name a second name, if nothing has that: not by rename, which would replace.
func appear(name, path string) error {
	err := os.Link(name, path)
	var link *os.LinkError
	if errors.As(err, &link) {
		err = link.Err
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return copyNew(name, path)
	}
	return errors.Join(err, syncDir(filepath.Dir(path)))
}

// copyNew does the same on file systems that know no second names, such as FAT. O_EXCL decides between two
// who try at once.
func copyNew(name, path string) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, private)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close(), syncDir(filepath.Dir(path))); err != nil {
		_ = os.Remove(path)
		return err
	}
	return nil
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
