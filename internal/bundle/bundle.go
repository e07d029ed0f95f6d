// SPDX-License-Identifier: Apache-2.0

// Package bundle writes what one person has at the source, contacts, calendars and tasks, into files that other programs
// import: one .vcf for each address book, one .ics for each calendar, and all of it in a .zip. They are also a backup.
//
//   - What cannot stand in such a file, because it is damaged or of another encoding, is beside it as it is. Nothing is
//     left out without a word.
//   - An object stands in its file octet for octet, but for line ends. What was written is read back and counted against what
//     was read, component by component; what changed meanwhile is read again.
//   - Nothing is held in memory but one batch of objects, a name and a digest of each.
//
// The caller opens the person's source and calls Write.
package bundle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/mapping"
	"rehome/internal/protocol/dav"
)

// Source is where a person's objects are.
type Source interface {
	Home(kind dav.Kind) *dav.Home // nil when there is none of that kind
	Collections(ctx context.Context, kind dav.Kind) ([]dav.Collection, error)
	Changes(ctx context.Context, c *dav.Collection, since dav.Mark, each func(dav.Item) error) (dav.Listing, error)
	Read(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error
}

// Bundle is what was written for one person.
type Bundle struct {
	Account     string       `json:"account"`
	Folder      string       `json:"folder"`
	Zip         string       `json:"zip"`
	Collections []Collection `json:"collections"`
	LeftOut     []LeftOut    `json:"left_out"`
}

// Collection is one address book or calendar.
type Collection struct {
	Name    string      `json:"name"`
	Kind    rehome.Kind `json:"kind"`
	Files   []string    `json:"files"`   // in the folder
	Objects int         `json:"objects"` // in all
	Beside  int         `json:"beside"`  // of these, how many are in files of their own
	Unread  []Unread    `json:"unread"`  // further objects, which the source lists and does not return
}

// Unread is an object that could not be read.
type Unread struct {
	Object string `json:"object"`
	Why    string `json:"why"`
}

// LeftOut is a collection that is not the person's own.
type LeftOut struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Objects counts what is in the bundle, and what is not though it should be.
func (b Bundle) Objects() (there, unread int) {
	for _, c := range b.Collections {
		there += c.Objects
		unread += len(c.Unread)
	}
	return there, unread
}

// Write writes the bundle of an account below folder: a folder of the account's name, and the same as a .zip. They appear when they are
// complete, in place of former ones. extra adds files of other kinds to the folder, and is told what is there already; nil adds none.
func Write(
	ctx context.Context, folder, account string, source Source, extra func(folder string, there []Collection) error,
) (Bundle, error) {
	name := rehome.FileName(account)
	b := Bundle{
		Account: account, Folder: filepath.Join(folder, name), Collections: []Collection{}, LeftOut: []LeftOut{},
		Zip: filepath.Join(folder, "zip", name+".zip"), // where nobody's folder is: a domain may end in .zip
	}
	begun := filepath.Join(folder, "."+name+".new")
	if err := os.RemoveAll(begun); err != nil { // of a run that was killed
		return b, fault(begun, err)
	}
	if err := os.MkdirAll(begun, 0o700); err != nil {
		return b, fault(begun, err)
	}
	defer os.RemoveAll(begun) // renamed, unless something failed
	w := &writer{folder: begun, names: names{}}
	for _, kind := range []dav.Kind{dav.AddressBooks, dav.Calendars} {
		if err := w.kind(ctx, source, kind, &b); err != nil {
			return b, err
		}
	}
	if extra != nil {
		if err := extra(begun, b.Collections); err != nil {
			return b, err
		}
	}
	if err := zipFolder(begun, b.Zip, name); err != nil {
		return b, err
	}
	return b, replace(begun, b.Folder)
}

// replace puts a folder in the place of another one.
func replace(begun, folder string) error {
	former := begun + ".old"
	if err := os.RemoveAll(former); err != nil {
		return fault(former, err)
	}
	if err := os.Rename(folder, former); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fault(folder, err)
	}
	if err := os.Rename(begun, folder); err != nil {
		return fault(folder, err)
	}
	if err := os.RemoveAll(former); err != nil {
		return fault(former, err)
	}
	return nil
}

func fault(path string, err error) error {
	var inPath *os.PathError
	if errors.As(err, &inPath) {
		err = inPath.Err
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "write", Object: path, Cause: err,
		Hint: "check that the folder exists, is yours and has space"}
}

// writer writes one bundle.
type writer struct {
	folder string
	names  names
}

func (w *writer) kind(ctx context.Context, source Source, kind dav.Kind, b *Bundle) error {
	all, err := source.Collections(ctx, kind)
	if err != nil {
		return fmt.Errorf("list the %s of %s: %w", kind, b.Account, err)
	}
	principal := ""
	if home := source.Home(kind); home != nil {
		principal = home.Principal
	}
	own, left := mapping.SplitCollections(all, principal)
	for _, l := range left {
		b.LeftOut = append(b.LeftOut, LeftOut{Name: l.Collection.Name, Why: l.Reason})
	}
	for i := range own {
		c, err := w.collection(ctx, source, &own[i])
		if err != nil {
			return fmt.Errorf("%s of %s: %w", own[i].Href, b.Account, err)
		}
		b.Collections = append(b.Collections, c)
	}
	return nil
}

// tries is how often a collection is read again that somebody changes meanwhile.
const tries = 3

// batch is how many objects are asked for at once.
const batch = 50

// errChanging means that what was listed before is not what is listed afterwards.
var errChanging = errors.New("somebody changes it while it is read")

func (w *writer) collection(ctx context.Context, source Source, c *dav.Collection) (written Collection, err error) {
	for range tries {
		if written, err = w.once(ctx, source, c); !errors.Is(err, errChanging) {
			return written, err
		}
	}
	return written, &rehome.Fault{Class: rehome.ClassTemporary, Op: "read", Object: c.Href, Cause: err, Hint: "run the command again when it is quiet"}
}

// once reads a collection, lists it again, and reads back what was written.
func (w *writer) once(ctx context.Context, source Source, c *dav.Collection) (Collection, error) {
	f := newFiles(w, c)
	items, err := list(ctx, source, c)
	if err != nil {
		return f.result, err
	}
	all := slices.SortedFunc(maps.Values(items), func(a, b dav.Item) int { return strings.Compare(a.Href, b.Href) })
	answered := 0
	for len(all) > 0 && err == nil {
		n := min(batch, len(all))
		err = source.Read(ctx, c, all[:n], func(o dav.Object) error {
			answered++
			return f.take(o)
		})
		all = all[n:]
	}
	err = errors.Join(err, f.close())
	if err == nil && answered != len(items) {
		err = fmt.Errorf("%d answers for %d objects", answered, len(items))
	}
	var after map[string]dav.Item
	if err == nil {
		after, err = list(ctx, source, c)
	}
	if err == nil && !maps.Equal(items, after) {
		err = errChanging
	}
	if err == nil {
		err = f.readBack()
	}
	if err != nil {
		f.discard()
	}
	return f.result, err
}

// list returns all that is in a collection now, by href.
func list(ctx context.Context, source Source, c *dav.Collection) (map[string]dav.Item, error) {
	items := map[string]dav.Item{}
	_, err := source.Changes(ctx, c, dav.Mark{}, func(item dav.Item) error {
		if item.Removed {
			delete(items, item.Href)
			return nil
		}
		items[item.Href] = item
		return nil
	})
	return items, err
}
