// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rehome"
)

// Purge is what there is to destroy, and what was destroyed.
type Purge struct {
	Files     []PurgeFile `json:"files"`
	Needed    []HeldFile  `json:"needed"` // that later passes need, and that stay for them
	Kept      []PurgeFile `json:"kept"`   // secrets that rehome did not write, and those that are spared
	Gone      []GoneFile  `json:"gone"`   // that rehome has written, and somebody else removed
	Destroyed bool        `json:"destroyed"`
	Register  string      `json:"register"`        // where it is written down
	Costs     []string    `json:"costs,omitempty"` // what cannot be done any more when the files are gone, in sentences
}

// PurgeFile is one file with secrets.
type PurgeFile struct {
	File     string    `json:"file"`
	What     string    `json:"what"`
	Octets   int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
}

// HeldFile is one that is not destroyed yet.
type HeldFile struct {
	PurgeFile
	Why string `json:"why"` // a clause
}

// GoneFile is one that is no longer where rehome has put it.
type GoneFile struct {
	File    string    `json:"file"`
	What    string    `json:"what"`
	Written time.Time `json:"written"`
}

// The kinds of files with secrets, as the register and the plan name them.
const (
	SecretImport  = "readable passwords, for the import"
	SecretHandOut = "readable passwords, to hand out"
	SecretSheet   = "sealed: temporary passwords"
	SecretLetter  = "sealed: a person's temporary password"
	SecretHashes  = "sealed: hashes for the vendor"

	secretLeftover  = "left over from an interrupted run"
	secretElsewhere = "noted by the folder that this one was copied or moved from: destroy it from there, or by hand"
	secretUnknown   = "not in the register; by its name it holds passwords or hashes"
	secretIdentity  = "the identity, which opens everything sealed"
)

// WriteSecrets notes files with secrets, by path, and writes them.
func (r Register) WriteSecrets(what string, contents map[string][]byte) error {
	if err := r.Expect(what, slices.Sorted(maps.Keys(contents))...); err != nil {
		return err
	}
	return WriteFiles(contents)
}

// PurgeOptions say what else than the register's own files is looked at.
type PurgeOptions struct {
	// LooksSecret tells by a file's name in the register's folder that it holds secrets, should the register be lost.
	LooksSecret func(name string) bool
	// Needed says why a file must not be destroyed yet, "" if it may. It is asked about the identity too. nil needs none.
	Needed func(file PurgeFile) string
	// Yours are files that the operator has written or needs later, by what they are: named and kept.
	Yours []PurgeFile
	// Identity is the identity file. It is destroyed only with WithIdentity: without it nothing that was sealed can be
	// opened again.
	Identity     string
	WithIdentity bool
}

// PlanPurge lists the files with secrets that are known: those of the register, what an interrupted run has left beside
// them, and what looks like one of them in the register's folder.
func (r Register) PlanPurge(options PurgeOptions) (Purge, error) {
	purge := Purge{Files: []PurgeFile{}, Needed: []HeldFile{}, Kept: []PurgeFile{}, Gone: []GoneFile{}, Register: r.Path()}
	registered, err := r.Files()
	if err != nil {
		return purge, err
	}
	known := map[string]bool{}
	for _, file := range registered {
		if file.Event != EventWritten {
			continue
		}
		known[file.File] = true
		purge.addRegistered(file, r.Owns(file))
	}
	for _, left := range Leftovers(slices.Collect(maps.Keys(known))) {
		purge.Files = append(purge.Files, purgeFile(left, secretLeftover)...)
		known[left] = true
	}
	if err := purge.addUnregistered(r.folder, options.LooksSecret, known); err != nil {
		return purge, err
	}
	purge.spare(options)
	purge.hold(options.Needed)
	purge.weigh()
	slices.SortFunc(purge.Files, func(a, b PurgeFile) int { return cmp.Compare(a.File, b.File) })
	return purge, nil
}

// hold takes out of the files to destroy what is still needed.
func (p *Purge) hold(needed func(PurgeFile) string) {
	if needed == nil {
		return
	}
	p.Files = slices.DeleteFunc(p.Files, func(file PurgeFile) bool {
		why := needed(file)
		if why != "" {
			p.Needed = append(p.Needed, HeldFile{PurgeFile: file, Why: why})
		}
		return why != ""
	})
}

// weigh says what it costs to destroy the files.
func (p *Purge) weigh() {
	if slices.ContainsFunc(p.Files, func(f PurgeFile) bool { return f.What == SecretSheet }) {
		p.Costs = append(p.Costs, "the temporary passwords are kept nowhere else: rehome can no longer log in at the destination to an account that "+
			"still has one, and another export makes new ones, which nobody has been told and the destination does not have")
	}
	if slices.ContainsFunc(p.Files, func(f PurgeFile) bool { return f.What == secretIdentity }) {
		p.Costs = append(p.Costs, "without the identity, no sealed file can be opened any more, nor any copy of one")
	}
}

func (p *Purge) addRegistered(file Registered, ours bool) {
	found := purgeFile(file.File, file.What)
	if !ours {
		p.Kept = append(p.Kept, purgeFile(file.File, file.What+"; "+secretElsewhere)...)
		return
	}
	if found == nil {
		p.Gone = append(p.Gone, GoneFile{File: file.File, What: file.What, Written: file.At})
	}
	p.Files = append(p.Files, found...)
}

func (p *Purge) addUnregistered(folder string, looksSecret func(string) bool, known map[string]bool) error {
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && looksSecret(entry.Name()) && !known[path] {
			p.Files = append(p.Files, purgeFile(path, secretUnknown)...)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return FolderFault(folder, err)
	}
	return nil
}

// spare sorts in what is not rehome's to destroy: the identity unless it is asked for, and whatever the
// operator has written.
func (p *Purge) spare(options PurgeOptions) {
	key := purgeFile(options.Identity, secretIdentity)
	if options.WithIdentity {
		p.Files = append(p.Files, key...)
	} else {
		p.Kept = append(p.Kept, key...)
	}
	for _, file := range options.Yours {
		p.Kept = append(p.Kept, purgeFile(file.File, file.What)...)
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
func (r Register) Purge(options PurgeOptions) (Purge, error) {
	purge, err := r.PlanPurge(options)
	if err != nil {
		return purge, err
	}
	planned := purge.Files
	purge.Files = []PurgeFile{}
	for _, file := range planned {
		if err := r.Destroy(file.What, file.File); err != nil {
			return purge, err
		}
		purge.Files = append(purge.Files, file)
	}
	for _, file := range purge.Gone {
		if err := r.Lost(file.What, file.File); err != nil {
			return purge, err
		}
	}
	purge.Destroyed = len(purge.Files) > 0
	return purge, nil
}

// FolderFault says that nothing could be written into a folder, or read there.
func FolderFault(folder string, err error) error {
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "write the bundle", Object: folder, Cause: err,
		Hint: "check that the folder exists, is yours and has space"}
}

// Outcome implements rehome.Answer: files that were only listed wait for somebody to have them destroyed.
func (p Purge) Outcome() rehome.Outcome {
	if len(p.Files) > 0 && !p.Destroyed {
		return rehome.OutcomeWaiting
	}
	return rehome.OutcomeDone
}
