// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rehome/internal/atmail8"
	"rehome/internal/vault"
)

// Purge is what there is to destroy, and what was destroyed.
type Purge struct {
	Files     []PurgeFile `json:"files"`
	Kept      []PurgeFile `json:"kept"` // secrets that rehome did not write, and those that are spared
	Gone      []GoneFile  `json:"gone"` // that rehome has written, and somebody else removed
	Destroyed bool        `json:"destroyed"`
	Register  string      `json:"register"` // where it is written down
}

// PurgeFile is one file with secrets.
type PurgeFile struct {
	File     string    `json:"file"`
	What     string    `json:"what"`
	Octets   int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
}

// GoneFile is one that is no longer where rehome has put it.
type GoneFile struct {
	File    string    `json:"file"`
	What    string    `json:"what"`
	Written time.Time `json:"written"`
}

// The kinds of files with secrets.
const (
	secretImport    = "passwords in clear, for the import"
	secretHandOut   = "passwords in clear, to hand out"
	secretSheet     = "sealed: temporary passwords"
	secretLetter    = "sealed: a person's temporary password"
	secretHashes    = "sealed: hashes for the vendor"
	secretLeftover  = "left over from an interrupted run"
	secretElsewhere = "noted by the folder that this one was copied or moved from: destroy it from there, or by hand"
	secretUnknown   = "not in the register; by its name it holds passwords or hashes"
)

// register knows the files with secrets that this move has written.
func (m *Move) register() vault.Register { return vault.NewRegister(m.settings.Accounts.Output) }

// writeSecrets notes files with secrets and writes them.
func (m *Move) writeSecrets(what string, contents map[string][]byte) error {
	if err := m.register().Expect(what, slices.Sorted(maps.Keys(contents))...); err != nil {
		return err
	}
	return vault.WriteFiles(contents)
}

// PurgePlan lists the files with secrets that the move knows of: those of the register, what an interrupted
// run has left beside them, and, should the register be lost, what looks like one of them in accounts.output.
// The identity is among those to destroy only on request: without it nothing that was sealed can be opened
// again.
func (m *Move) PurgePlan(_ context.Context, identity bool) (Purge, error) {
	purge := Purge{Files: []PurgeFile{}, Kept: []PurgeFile{}, Gone: []GoneFile{}, Register: m.register().Path()}
	registered, err := m.register().Files()
	if err != nil {
		return purge, err
	}
	known := map[string]bool{}
	for _, file := range registered {
		if file.Event != vault.EventWritten {
			continue
		}
		known[file.File] = true
		found := purgeFile(file.File, file.What)
		if !m.register().Owns(file) {
			purge.Kept = append(purge.Kept, purgeFile(file.File, file.What+"; "+secretElsewhere)...)
			continue
		}
		if found == nil {
			purge.Gone = append(purge.Gone, GoneFile{File: file.File, What: file.What, Written: file.At})
		}
		purge.Files = append(purge.Files, found...)
	}
	for _, left := range vault.Leftovers(slices.Collect(maps.Keys(known))) {
		purge.Files = append(purge.Files, purgeFile(left, secretLeftover)...)
		known[left] = true
	}
	if err := purge.addUnregistered(m.settings.Accounts.Output, known); err != nil {
		return purge, err
	}
	m.spare(&purge, identity)
	slices.SortFunc(purge.Files, func(a, b PurgeFile) int { return cmp.Compare(a.File, b.File) })
	return purge, nil
}

func (p *Purge) addUnregistered(folder string, known map[string]bool) error {
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && looksSecret(entry.Name()) && !known[path] {
			p.Files = append(p.Files, purgeFile(path, secretUnknown)...)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return folderFault(folder, err)
	}
	return nil
}

func looksSecret(name string) bool {
	return atmail8.IsAccountFile(name) || strings.HasSuffix(name, ".age") ||
		strings.HasPrefix(name, "handover") && strings.HasSuffix(name, bundleExtension)
}

// spare sorts in what is not rehome's to destroy: the identity unless it is asked for, and whatever the
// operator has written.
func (m *Move) spare(purge *Purge, identity bool) {
	key := purgeFile(m.settings.Secrets.Identity, "the identity, which opens everything sealed")
	if identity {
		purge.Files = append(purge.Files, key...)
	} else {
		purge.Kept = append(purge.Kept, key...)
	}
	if m.settings.Roster != "" {
		purge.Kept = append(purge.Kept, purgeFile(m.settings.Roster, "the roster, which may hold passwords: yours")...)
	}
	for _, placed := range m.settings.References() {
		if file := placed.Reference.File(); file != "" {
			purge.Kept = append(purge.Kept, purgeFile(file, "the secret of "+placed.Key+": yours")...)
		}
	}
}

// purgeFile describes a file; none if it is not there.
func purgeFile(file, what string) []PurgeFile {
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	return []PurgeFile{{File: file, What: what, Octets: info.Size(), Modified: info.ModTime().UTC().Truncate(time.Second)}}
}

// Purge destroys the files of the plan and writes down what it destroyed. The first that cannot be
// destroyed is an error; those before it are gone and written down. A file that somebody else has removed
// is named this once.
func (m *Move) Purge(ctx context.Context, identity bool) (Purge, error) {
	purge, err := m.PurgePlan(ctx, identity)
	if err != nil {
		return purge, err
	}
	planned := purge.Files
	purge.Files = []PurgeFile{}
	for _, file := range planned {
		if err := m.register().Destroy(file.What, file.File); err != nil {
			return purge, err
		}
		purge.Files = append(purge.Files, file)
	}
	for _, file := range purge.Gone {
		if err := m.register().Lost(file.What, file.File); err != nil {
			return purge, err
		}
	}
	purge.Destroyed = len(purge.Files) > 0
	return purge, nil
}
