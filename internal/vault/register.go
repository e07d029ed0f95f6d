// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rehome"
)

// Register is the record of the files with secrets: where each was written, and what became of it. It is a
// file of JSON lines that only grows, and holds no secret itself.
type Register struct{ folder string }

// registerName is the file in its folder.
const registerName = "secret-files.jsonl"

// NewRegister returns the register that is kept in folder; nothing is opened or made yet.
func NewRegister(folder string) Register { return Register{folder: folder} }

// Path is where the register is.
func (r Register) Path() string { return filepath.Join(r.folder, registerName) }

// Event is what happened to a file.
type Event string

// The events.
const (
	EventWritten   Event = "written"
	EventDestroyed Event = "destroyed"
	EventGone      Event = "gone" // somebody else has removed it
)

// Registered is the last that is known of a file.
type Registered struct {
	At    time.Time `json:"at"`
	Event Event     `json:"event"`
	File  string    `json:"file"` // in the register itself: from its folder if it lies there, else from the root
	What  string    `json:"what"`

	// Folder is where the register was when a file outside of it was noted. A copy of the folder brings the note
	// with it, and not the file: that one belongs to the original still.
	Folder string `json:"folder,omitempty"`
}

// Expect notes files that are about to be written, so that none exists which the register does not know.
func (r Register) Expect(what string, files ...string) error {
	return r.note(EventWritten, what, files)
}

// Lost notes files that somebody else has removed.
func (r Register) Lost(what string, files ...string) error { return r.note(EventGone, what, files) }

// Destroy overwrites and removes a file, and notes it.
func (r Register) Destroy(what, file string) error {
	if err := Destroy(file); err != nil {
		return err
	}
	return r.note(EventDestroyed, what, []string{file})
}

func (r Register) note(event Event, what string, files []string) error {
	if len(files) == 0 {
		return nil
	}
	var lines bytes.Buffer
	out := json.NewEncoder(&lines)
	for _, file := range files {
		name, folder, err := r.place(file)
		if err == nil {
			err = out.Encode(Registered{At: time.Now().UTC().Truncate(time.Second), Event: event, File: name, What: what, Folder: folder})
		}
		if err != nil {
			return r.fault(err)
		}
	}
	if err := r.append(lines.Bytes()); err != nil {
		return r.fault(err)
	}
	return nil
}

// place names a file by its place in the folder, so that the folder can move as a whole; one that lies outside
// by its path and the folder's.
func (r Register) place(file string) (name, folder string, err error) {
	if file, err = filepath.Abs(file); err != nil {
		return "", "", err
	}
	if folder, err = filepath.Abs(r.folder); err != nil {
		return "", "", err
	}
	if name, err := filepath.Rel(folder, file); err == nil && filepath.IsLocal(name) {
		return filepath.ToSlash(name), "", nil
	}
	return file, folder, nil
}

// Owns reports whether a file is this register's to destroy, and not that of a folder which this one was copied
// or moved from. Of older notes it is not known whose they are.
func (r Register) Owns(file Registered) bool {
	_, folder, err := r.place(file.File)
	return err == nil && (folder == "" || sameFolder(folder, file.Folder))
}

// sameFolder also knows a folder by another path, such as behind a symbolic link.
func sameFolder(a, b string) bool {
	if a == b {
		return true
	}
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// append takes a line away first that a crash has cut off: what it was to announce was never written.
func (r Register) append(lines []byte) error {
	if err := os.MkdirAll(r.folder, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(r.Path(), os.O_RDWR|os.O_CREATE, private)
	if err != nil {
		return err
	}
	defer f.Close()
	whole, err := endOfLines(f)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(lines, whole)
	return errors.Join(err, f.Truncate(whole+int64(len(lines))), f.Sync(), syncDir(r.folder))
}

// maxLine bounds a line: a path, four words and a time.
const maxLine = 16 << 10

// endOfLines returns where the last whole line ends.
func endOfLines(f *os.File) (int64, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	from := max(0, size-maxLine)
	tail := make([]byte, size-from)
	if _, err := f.ReadAt(tail, from); err != nil {
		return 0, err
	}
	end := bytes.LastIndexByte(tail, '\n')
	if end < 0 && from > 0 {
		return 0, errors.New("its last line is incomplete")
	}
	return from + int64(end) + 1, nil
}

// Files returns what was last noted of every file, by name. No register is an empty one; a damaged one is a
// Fault.
func (r Register) Files() ([]Registered, error) {
	text, err := os.ReadFile(r.Path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, openFault(r.Path(), err)
	}
	files, err := parseRegister(string(text))
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: r.Path(), Cause: err,
			Hint: "the file was edited by hand: correct that line, or remove it once you know which file it named"}
	}
	for i := range files {
		if name := filepath.FromSlash(files[i].File); !filepath.IsAbs(name) {
			files[i].File = filepath.Join(r.folder, name)
		}
	}
	return files, nil
}

func parseRegister(text string) ([]Registered, error) {
	last := map[string]Registered{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		if !strings.HasSuffix(line, "\n") {
			break // cut off by a crash: see append
		}
		var one Registered
		if err := json.Unmarshal([]byte(line), &one); err != nil || one.File == "" {
			return nil, fmt.Errorf("line %d is not a record of a file", number)
		}
		last[one.File] = one
	}
	return slices.SortedFunc(maps.Values(last), func(a, b Registered) int { return cmp.Compare(a.File, b.File) }), nil
}

func (r Register) fault(err error) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "note files with secrets in", Object: r.Path(), Cause: bare(err),
		Hint: "check that the folder is yours and has space"}
}

// Leftovers are files that an interrupted run was about to put in the place of these.
func Leftovers(paths []string) []string {
	wanted := map[string]map[string]bool{} // by folder
	for _, path := range paths {
		folder := filepath.Dir(path)
		if wanted[folder] == nil {
			wanted[folder] = map[string]bool{}
		}
		wanted[folder][temporaryOf(path)] = true
	}
	var found []string
	for folder, begins := range wanted {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue // no folder, nothing left
		}
		for _, entry := range entries {
			if name := entry.Name(); begins[name[:strings.LastIndexByte(name, '-')+1]] {
				found = append(found, filepath.Join(folder, name))
			}
		}
	}
	slices.Sort(found)
	return found
}
