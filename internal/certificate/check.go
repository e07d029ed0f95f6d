// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"rehome"
)

// Checked is what the check of a set of files has shown.
type Checked struct {
	Files []CheckedFile `json:"files"`
	// Problems hold for the set: a certificate that a summary names and nobody has given, or another in its place.
	Problems []string `json:"problems,omitempty"`
}

// CheckedFile is what a file has shown: a certificate or a summary, or why it is none.
type CheckedFile struct {
	File        string       `json:"file"`
	Problem     string       `json:"problem,omitempty"` // the clause follows the file's name; "" is genuine
	Key         string       `json:"public_key,omitempty"`
	Certificate *Certificate `json:"certificate,omitempty"`
	Summary     *Summary     `json:"summary,omitempty"`

	digest string // of what is signed
}

// Outcome implements rehome.Answer.
func (c Checked) Outcome() rehome.Outcome {
	if len(c.Files) == 0 || len(c.Problems) > 0 || slices.ContainsFunc(c.Files, func(f CheckedFile) bool { return f.Problem != "" }) {
		return rehome.OutcomeDiffers
	}
	return rehome.OutcomeDone
}

// Check reads files, and folders' files that end with .json or .html, and checks each, and whether a summary and its
// certificates belong together. key is the public key that has to have signed; nil is any, which shows that nothing was
// altered since, and not who has signed. An error is a file or folder that cannot be read.
func Check(paths []string, key PublicKey) (Checked, error) {
	files, folders, err := expand(paths)
	if err != nil {
		return Checked{}, err
	}
	var checked Checked
	for _, file := range files {
		found, err := checkFile(file, key)
		if err != nil {
			return Checked{}, err
		}
		checked.Files = append(checked.Files, found)
	}
	checked.compareWithSummaries(len(folders) > 0)
	return checked, nil
}

func expand(paths []string) (files, folders []string, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, nil, readFault(path, err)
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		folders = append(folders, path)
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, nil, readFault(path, err)
		}
		for _, e := range entries {
			if extension := filepath.Ext(e.Name()); extension == ".json" || extension == ".html" {
				files = append(files, filepath.Join(path, e.Name()))
			}
		}
	}
	return files, folders, nil
}

func checkFile(file string, key PublicKey) (CheckedFile, error) {
	content, err := read(file)
	if err != nil {
		return CheckedFile{}, readFault(file, err)
	}
	found := CheckedFile{File: file}
	if err := found.take(content, key); err != nil {
		found.Problem, found.Certificate, found.Summary = err.Error(), nil, nil
	}
	return found, nil
}

// take checks a file's content.
func (f *CheckedFile) take(content []byte, key PublicKey) error {
	signed := content
	if isPage(content) {
		var err error
		if signed, err = openPage(content); err != nil {
			return err
		}
	}
	e, public, err := open(signed)
	if err != nil {
		return err
	}
	f.Key = PublicKey(public).String()
	if key != nil && !bytes.Equal(key, public) {
		return errors.New("was signed with another key: " + f.Key)
	}
	f.digest = digestOf(e.Certificate)
	if e.Kind == KindSummary {
		f.Summary = new(Summary)
		return e.decode(KindSummary, f.Summary)
	}
	f.Certificate = new(Certificate)
	if err := e.decode(KindAccount, f.Certificate); err != nil {
		return err
	}
	return f.Certificate.consistent()
}

// consistent holds the roots against the tree: a signature says who has written them, and not that they are right.
func (c *Certificate) consistent() error {
	src, dst := c.roots()
	if src != c.SourceRoot || dst != c.DestinationRoot {
		return errors.New("has a root that is not that of its mailboxes and collections")
	}
	if len(c.Accepted) > 0 {
		return nil // what was accepted may be in the roots
	}
	if c.Rules != nil {
		for _, s := range c.Rules.Scripts {
			if s.SourceDigest != s.DestinationDigest {
				return fmt.Errorf("says equal, and its script %q has two digests", s.Name)
			}
		}
	}
	if c.Mail == nil {
		return nil
	}
	for _, box := range c.Mail.Mailboxes {
		if box.SourceRoot != box.DestinationRoot {
			return fmt.Errorf("says equal, and its mailbox %q has two roots", box.Destination)
		}
	}
	return nil
}

// compareWithSummaries holds the certificates against the summaries that name them. complete says that what a summary names
// has to be among the files.
func (c *Checked) compareWithSummaries(complete bool) {
	digests := map[string][]string{}
	for _, f := range c.Files {
		if f.Certificate != nil {
			digests[f.Certificate.Account] = append(digests[f.Certificate.Account], f.digest)
		}
	}
	told := map[string]bool{}
	for _, f := range c.Files {
		if f.Summary == nil {
			continue
		}
		for _, entry := range f.Summary.Accounts {
			found := digests[entry.Account]
			switch {
			case len(found) == 0 && complete:
				c.problem(told, "the certificate of "+entry.Account+", which the summary lists, is not there or not genuine")
			case slices.ContainsFunc(found, func(d string) bool { return d != entry.SHA256 }):
				c.problem(told, "the certificate of "+entry.Account+" is not the one that the summary lists")
			}
		}
	}
}

func (c *Checked) problem(told map[string]bool, sentence string) {
	if !told[sentence] {
		told[sentence] = true
		c.Problems = append(c.Problems, sentence)
	}
}

// read reads a file up to a bound.
func read(file string) (content []byte, err error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(err, opened.Close()) }()
	content, err = io.ReadAll(io.LimitReader(opened, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = errors.New("the file is too large for a certificate")
	}
	return content, err
}

func readFault(path string, err error) error {
	var named *os.PathError
	if errors.As(err, &named) {
		err = named.Err
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: path, Cause: err, Hint: "name certificates, or the folder that holds them"}
}
