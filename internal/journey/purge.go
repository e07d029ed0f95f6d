// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rehome"
	"rehome/internal/vault"
)

// Purge is what there is to destroy, and what was destroyed.
type Purge struct {
	Files     []PurgeFile `json:"files"`
	Kept      []PurgeFile `json:"kept"` // secrets that rehome did not write, and those that are spared
	Destroyed bool        `json:"destroyed"`
	Record    string      `json:"record,omitempty"` // where the destruction is written down
}

// PurgeFile is one file with secrets.
type PurgeFile struct {
	File     string    `json:"file"`
	What     string    `json:"what"`
	Octets   int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
}

// PurgePlan lists the files with secrets that the move knows of. The identity is among those to destroy
// only on request: without it nothing that was sealed can be opened again.
func (m *Move) PurgePlan(_ context.Context, identity bool) (Purge, error) {
	out := m.settings.Accounts.Output
	purge := Purge{Files: []PurgeFile{}, Kept: []PurgeFile{}}
	for _, kind := range []struct{ pattern, what string }{
		{filepath.Join(out, "accounts*.csv"), "passwords in clear, for the import"},
		{filepath.Join(out, ".accounts-*"), "passwords in clear, left over from an interrupted export"},
		{filepath.Join(out, "*.age"), "sealed: temporary passwords"},
		{filepath.Join(out, "people", "*.age"), "sealed: a person's temporary password"},
		{filepath.Join(out, "handover*", "*.age"), "sealed: hashes for the vendor"},
		{filepath.Join(out, "handover*.tar.gz"), "a bundle for the vendor with sealed hashes"},
	} {
		files, err := filepath.Glob(kind.pattern)
		if err != nil {
			return purge, &rehome.Fault{Class: rehome.ClassOperator, Op: "look for secrets in", Object: out, Cause: err, Hint: "name a folder without *, ? and [ under accounts.output"}
		}
		for _, file := range files {
			purge.Files = append(purge.Files, purgeFile(file, kind.what)...)
		}
	}
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
	return purge, nil
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
// destroyed is an error; those before it are gone and written down.
func (m *Move) Purge(ctx context.Context, identity bool) (Purge, error) {
	purge, err := m.PurgePlan(ctx, identity)
	if err != nil || len(purge.Files) == 0 {
		return purge, err
	}
	planned := purge.Files
	purge.Files = []PurgeFile{}
	for _, file := range planned {
		if err = vault.Destroy(file.File); err != nil {
			break
		}
		purge.Files = append(purge.Files, file)
	}
	purge.Destroyed = err == nil
	record, recordErr := m.recordPurge(purge.Files)
	purge.Record = record
	return purge, errors.Join(err, recordErr)
}

// destruction is one line of the record.
type destruction struct {
	At time.Time `json:"destroyed_at"`
	PurgeFile
}

// recordPurge appends to a file of JSON lines what was destroyed when.
func (m *Move) recordPurge(files []PurgeFile) (string, error) {
	if len(files) == 0 {
		return "", nil
	}
	path := filepath.Join(m.settings.Accounts.Output, "destroyed.jsonl")
	fail := func(err error) error {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "write down what was destroyed in", Object: path, Cause: err, Hint: "make room there; the files themselves are gone"}
	}
	if err := os.MkdirAll(m.settings.Accounts.Output, 0o700); err != nil {
		return "", fail(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return "", fail(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	slices.SortFunc(files, func(a, b PurgeFile) int { return cmp.Compare(a.File, b.File) })
	lines := json.NewEncoder(f)
	for _, file := range files {
		if err := lines.Encode(destruction{At: now, PurgeFile: file}); err != nil {
			return "", errors.Join(fail(err), f.Close())
		}
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return "", fail(err)
	}
	return path, nil
}
