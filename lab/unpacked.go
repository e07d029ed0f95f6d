// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Unpacked is the folder that holds Debian packages which cannot be installed beside others. The
// script scripts/packages fills it.
type Unpacked string

// FindUnpacked returns the root in which an unpacked package's file is, given by its path in the
// package, or an error that names the package.
func FindUnpacked(path, debianPackage string) (Unpacked, error) {
	root, err := unpackedRoot()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(root.Path(path)); err != nil {
		return "", fmt.Errorf("the lab needs %s of Debian's package %s, which conflicts with others: run scripts/packages, which unpacks it",
			root.Path(path), debianPackage)
	}
	return root, nil
}

// FindUnpackedTrixie is FindUnpacked for what is of Debian 13 (trixie): it stands in a root of its own below the other, with all of
// its libraries, down to that of C.
func FindUnpackedTrixie(path, debianPackage string) (Unpacked, error) {
	root, err := FindUnpacked(filepath.Join("/trixie", path), debianPackage+" of Debian 13")
	return Unpacked(root.Path("/trixie")), err
}

// unpackedRoot says the same as scripts/packages.
func unpackedRoot() (Unpacked, error) {
	if root := os.Getenv("REHOME_LAB_ROOT"); root != "" {
		return Unpacked(root), nil
	}
	cache, err := "/var/cache", error(nil)
	if os.Geteuid() != 0 {
		cache, err = os.UserCacheDir()
	}
	return Unpacked(filepath.Join(cache, "rehome-lab", "root")), err
}

// Path returns where a file of a package is, given by its path in the package.
func (u Unpacked) Path(path string) string { return filepath.Join(string(u), path) }

// Env returns the environment in which unpacked programs find their libraries.
func (u Unpacked) Env() []string {
	folders := []string{u.Path("/lib"), u.Path("/usr/lib")}
	for _, pattern := range []string{"/lib/*-linux-gnu*", "/usr/lib/*-linux-gnu*"} {
		found, err := filepath.Glob(u.Path(pattern))
		if err == nil { // a pattern that is written here is a good one
			folders = append(folders, found...)
		}
	}
	return []string{"LD_LIBRARY_PATH=" + strings.Join(folders, ":")}
}
