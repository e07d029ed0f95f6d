// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Settings are obeyed: cmd: starts programs, and addresses decide who is given passwords. So the file has to
// belong to the person who runs rehome, or to root, and nobody else may be able to write or exchange it.

// checkOwner returns why the settings of an open file are not obeyed, with the next step; "" and nil if they are.
func checkOwner(file string, info fs.FileInfo) (hint string, err error) {
	if hint, err := checkWriters(file, info); err != nil {
		return hint, err
	}
	folder := filepath.Dir(file)
	if info, err = os.Stat(folder); err != nil {
		return "", err
	}
	// Whoever can write into the folder can put another file in this one's place, unless the folder is sticky.
	if info.Mode()&fs.ModeSticky != 0 {
		return "", nil
	}
	if hint, err = checkWriters(folder, info); err != nil {
		return hint, fmt.Errorf("its folder %s: %w", folder, err)
	}
	return "", nil
}

func checkWriters(path string, info fs.FileInfo) (hint string, err error) {
	owner, group, known := ownerOf(info)
	switch {
	case !known:
		return "", nil
	case !trusted(owner, os.Geteuid(), os.Getenv("SUDO_UID")):
		return fmt.Sprintf("check its content, then run: chown %d %s", os.Geteuid(), path),
			errors.New("it belongs to another user, who could change the settings")
	case writable(info.Mode(), owner, group):
		return "check its content, then run: chmod go-w " + path,
			fmt.Errorf("others can write to it (mode %04o) and change the settings", info.Mode().Perm())
	}
	return "", nil
}

// trusted reports whether a file of this owner is as good as one's own. Root may do everything anyway; under
// sudo the person who called it is meant.
func trusted(owner, self int, caller string) bool {
	return owner == self || owner == 0 || self == 0 && caller == fmt.Sprint(owner)
}

// writable reports whether others than the owner may write. A group with the number of its owner is a
// private one that Linux systems give each user, and has no other member.
func writable(mode fs.FileMode, owner, group int) bool {
	return mode.Perm()&0o002 != 0 || mode.Perm()&0o020 != 0 && group != owner
}
