// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"archive/zip"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"rehome/internal/vault"
)

// zipFolder packs all files below a folder into one, under a name that they unpack into.
func zipFolder(folder, file, name string) error {
	return vault.WriteStream(file, func(w io.Writer) error {
		archive := zip.NewWriter(w)
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			inner, err := filepath.Rel(folder, path)
			if err != nil {
				return err
			}
			return pack(archive, path, name+"/"+filepath.ToSlash(inner))
		})
		if err != nil {
			return err
		}
		return archive.Close()
	})
}

func pack(archive *zip.Writer, path, name string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	inside, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err != nil {
		return err
	}
	_, err = io.Copy(inside, file)
	return err
}
