// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rehome/internal/vault"
)

// BundleExtension makes one file of a bundle instead of a folder.
const BundleExtension = ".tar.gz"

// maxBundled bounds what is read of a bundle that is there.
const maxBundled = 256 << 20

func sortedNames(files map[string][]byte) []string { return slices.Sorted(maps.Keys(files)) }

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// writeBundle puts the files into a folder, or into an archive that is the same for the same files. Hashes
// of an earlier bundle, which would be taken for today's, are destroyed.
func writeBundle(output string, files map[string][]byte, register vault.Register) error {
	contents := map[string][]byte{}
	holder := filepath.Join(output, bundledHashes)
	if strings.HasSuffix(output, BundleExtension) {
		archive, err := packed(files)
		if err != nil {
			return vault.FolderFault(output, err)
		}
		contents[output] = archive
		holder = output
	} else {
		for name, content := range files {
			contents[filepath.Join(output, name)] = content
		}
	}
	if _, sealed := files[bundledHashes]; sealed {
		if err := register.Expect(vault.SecretHashes, holder); err != nil {
			return err
		}
	} else if _, outdated := readBundle(output)[bundledHashes]; outdated {
		if err := register.Destroy(vault.SecretHashes, holder); err != nil {
			return err
		}
	}
	return vault.WriteFiles(contents)
}

func packed(files map[string][]byte) ([]byte, error) {
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for _, name := range sortedNames(files) {
		header := &tar.Header{Name: "handover/" + name, Mode: 0o600, Size: int64(len(files[name])),
			ModTime: time.Unix(0, 0).UTC(), Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(files[name]); err != nil {
			return nil, err
		}
	}
	err := errors.Join(archive.Close(), zipped.Close())
	return out.Bytes(), err
}

// readBundle returns what a bundle holds that was written before; nothing if there is none, or none that
// can be read: then it is written anew.
func readBundle(output string) map[string][]byte {
	files := map[string][]byte{}
	if !strings.HasSuffix(output, BundleExtension) {
		for _, name := range []string{bundledHashes, bundledManifest} {
			if content, err := os.ReadFile(filepath.Join(output, name)); err == nil {
				files[name] = content
			}
		}
		return files
	}
	f, err := os.Open(output)
	if err != nil {
		return files
	}
	defer f.Close()
	zipped, err := gzip.NewReader(f)
	if err != nil {
		return files
	}
	archive := tar.NewReader(io.LimitReader(zipped, maxBundled))
	for {
		header, err := archive.Next()
		if err != nil {
			return files
		}
		if content, err := io.ReadAll(archive); err == nil {
			files[filepath.Base(header.Name)] = content
		}
	}
}
