// SPDX-License-Identifier: Apache-2.0

// Package escrow keeps the originals of what a destination does not take, so that nothing is lost when the
// source goes.
//
// A caller makes one Folder and calls Keep for each original; what it returns is a file that is on the disk.
// The package knows neither mail nor calendars.
//
// Rules
//
//   - A path is returned only when the whole original stands there, on the disk: a finding promises it to a
//     person.
//   - No file is ever cut short under its final name, and none replaces another original: a name ends with
//     a digest of the content.
//   - Nothing is written outside of the folder, whatever links somebody has put into it, and nobody but the
//     owner can read what is kept.
package escrow

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"rehome"
)

// Folder is where the originals of all accounts are kept, in a folder for each account.
type Folder struct{ path string }

// New returns the folder at path; it is made when the first original is kept.
func New(path string) Folder { return Folder{path: path} }

// Keep stores what fill writes, and returns the file. The label says to a person what it is, the extension
// (".eml") what opens it; neither has to be unique or a legal file name. The same original under the same
// label is one file, however often it is kept. An error of fill comes back as it is and leaves no file; any
// other is a *rehome.Fault of class operator.
func (f Folder) Keep(account, label, extension string, fill func(io.Writer) error) (string, error) {
	root, dir, err := f.open(account)
	if err != nil {
		return "", fault(filepath.Join(f.path, dir), err)
	}
	defer root.Close()
	original, err := begin(root, path.Join(dir, "."+digestText([]byte(label))+".partial"))
	if err != nil {
		return "", fault(filepath.Join(f.path, dir), err)
	}
	if err := fill(original); err != nil {
		original.drop()
		if original.failed != nil { // the trouble is ours, whatever fill makes of it
			err = fault(filepath.Join(f.path, dir), original.failed)
		}
		return "", err
	}
	name := path.Join(dir, fileName(label)+"-"+original.digest()+extension)
	if err := original.settle(name); err != nil {
		return "", fault(filepath.Join(f.path, name), err)
	}
	return filepath.Join(f.path, filepath.FromSlash(name)), nil
}

// Open returns an original that Keep has stored, from its first octet on, and its size in octets. A file that is not
// there any more, or whose content is not what its name says, is an error: what is opened is whole.
func (f Folder) Open(file string) (original *os.File, size int64, err error) {
	name, err := filepath.Rel(f.path, file)
	if err != nil {
		return nil, 0, fault(file, err)
	}
	root, err := os.OpenRoot(f.path)
	if err != nil {
		return nil, 0, fault(file, err)
	}
	defer root.Close()
	if info, err := root.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return nil, 0, fault(file, cmp.Or(err, errChanged))
	}
	if original, err = root.Open(name); err != nil {
		return nil, 0, fault(file, err)
	}
	if size, err = checkWhole(original, name); err != nil {
		return nil, 0, errors.Join(fault(file, err), original.Close())
	}
	return original, size, nil
}

var errChanged = errors.New("the file is not the original that rehome stored")

// checkWhole reads a file to its end, holds it against the digest in its name, and goes back to the beginning.
func checkWhole(file io.ReadSeeker, name string) (size int64, err error) {
	hash := sha256.New()
	if size, err = io.Copy(hash, file); err != nil {
		return 0, err
	}
	stem := strings.TrimSuffix(name, path.Ext(name))
	if !strings.HasSuffix(stem, "-"+hex.EncodeToString(hash.Sum(nil))[:digestLength]) {
		return 0, errChanged
	}
	_, err = file.Seek(0, io.SeekStart)
	return size, err
}

// open makes the folder of an account and returns the root of all. A root keeps every later name inside,
// also behind symbolic links.
func (f Folder) open(account string) (root *os.Root, dir string, err error) {
	dir = fileName(account)
	if dir != account {
		dir += "-" + digestText([]byte(account))
	}
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return nil, dir, err
	}
	if root, err = os.OpenRoot(f.path); err != nil {
		return nil, dir, err
	}
	if err = root.MkdirAll(dir, 0o700); err == nil {
		err = root.Chmod(dir, 0o700) // one that was there may be open to others
	}
	if err != nil {
		return nil, dir, errors.Join(err, root.Close())
	}
	return root, dir, nil
}

// original is one that is being written.
type original struct {
	root   *os.Root
	file   *os.File
	name   string // for the time being
	hash   hash.Hash
	failed error // why the disk did not take it
}

// begin opens a new file. One of the same name is what an interrupted run has left.
func begin(root *os.Root, name string) (*original, error) {
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &original{root: root, file: file, name: name, hash: sha256.New()}, nil
}

// Write implements io.Writer.
func (o *original) Write(p []byte) (int, error) {
	n, err := o.file.Write(p)
	o.hash.Write(p[:n]) // never fails
	if err != nil {
		o.failed = err
	}
	return n, err
}

func (o *original) digest() string { return hex.EncodeToString(o.hash.Sum(nil))[:digestLength] }

// settle puts the whole file under its final name, and on the disk.
func (o *original) settle(name string) error {
	err := errors.Join(o.file.Sync(), o.file.Close())
	if err == nil {
		err = o.root.Rename(o.name, name)
	}
	if err != nil {
		return errors.Join(err, o.root.Remove(o.name))
	}
	return syncFolder(o.root, path.Dir(name))
}

// drop takes away what was begun. That it cannot be removed matters to nobody: the next run does it.
func (o *original) drop() {
	_ = o.file.Close()
	_ = o.root.Remove(o.name)
}

// syncFolder makes a rename survive a power cut.
func syncFolder(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	// Some file systems cannot sync a folder; the rename is done all the same.
	_ = d.Sync()
	return d.Close()
}

const (
	digestLength = 16  // hexadecimal digits: names of one label do not meet by chance
	longestLabel = 100 // file systems take 255 octets of a name
)

func digestText(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:digestLength]
}

// fileName turns a text into a part of a file's name: ASCII letters, digits and a few signs stay, the rest
// becomes "_".
func fileName(text string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("@-_.+", r):
			return r
		}
		return '_'
	}, text)
	if strings.HasPrefix(safe, ".") || safe == "" {
		safe = "_" + strings.TrimPrefix(safe, ".")
	}
	return safe[:min(len(safe), longestLabel)]
}

func fault(path string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err // the Fault names the path
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "store an original in", Object: path, Cause: err,
		Hint: "free space, or correct the permissions of the escrow folder, and run sync again"}
}
