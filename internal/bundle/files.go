// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/mapping"
	"rehome/internal/protocol/dav"
)

// The folders of a bundle.
const (
	contactsFolder  = "contacts"
	calendarsFolder = "calendars"
	tasksFolder     = "tasks"
	quietFolder     = "calendars without invitations"
	besideFolder    = "other objects"
)

// files are those of one collection.
type files struct {
	w      *writer
	name   string // as people call it
	kind   pim.Kind
	result Collection

	contacts     *part
	events, todo []*part // more than one where two objects mean different time zones by one name
	all          []*part
	beside       []string
}

func newFiles(w *writer, c *dav.Collection) *files {
	f := &files{w: w, name: c.Name, kind: pim.KindContact}
	f.result = Collection{Name: c.Name, Kind: rehome.KindContacts, Files: []string{}, Unread: []Unread{}}
	if c.Kind == dav.Calendars {
		f.kind, f.result.Kind = pim.KindCalendar, rehome.KindCalendars
	}
	if strings.TrimSpace(f.name) == "" {
		f.name = mapping.LastSegment(c.Href)
	}
	return f
}

// take puts an object into the file that it belongs in.
func (f *files) take(o dav.Object) error {
	if o.Err != nil {
		f.result.Unread = append(f.result.Unread, Unread{Object: o.Href, Why: o.Err.Error()})
		return nil //nolint:nilerr // its trouble is its own, and named
	}
	if pim.IsTrial(o.Data) {
		return nil // rehome's own
	}
	f.result.Objects++
	parts, ok := components(o.Data, f.kind)
	switch {
	case !ok:
		return f.putBeside(o)
	case f.kind == pim.KindContact:
		return f.putContact(parts)
	}
	return f.putEvent(parts)
}

// putBeside keeps an object as it is, octet for octet.
func (f *files) putBeside(o dav.Object) error {
	f.result.Beside++
	name := mapping.LastSegment(o.Href)
	path := f.w.names.choose(besideFolder, f.name+" - "+strings.TrimSuffix(name, filepath.Ext(name)), safeEnding(f.kind))
	f.beside = append(f.beside, path)
	full := filepath.Join(f.w.folder, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return fault(full, err)
	}
	if err := os.WriteFile(full, o.Data, 0o600); err != nil {
		return fault(full, err)
	}
	return nil
}

func safeEnding(kind pim.Kind) string {
	if kind == pim.KindContact {
		return ".vcf"
	}
	return ".ics"
}

func (f *files) putContact(parts []component) (err error) {
	if f.contacts == nil {
		if f.contacts, err = f.open(contactsFolder, ""); err != nil {
			return err
		}
	}
	for _, c := range parts {
		if err := f.contacts.put(c); err != nil {
			return err
		}
	}
	return nil
}

// putEvent writes an object's time zones, unless they are there, and then what uses them.
func (f *files) putEvent(parts []component) error {
	folder, among := calendarsFolder, &f.events
	for _, c := range parts {
		if c.name == "VTODO" {
			folder, among = tasksFolder, &f.todo
		}
	}
	var into *part
	for _, p := range *among {
		if p.agrees(parts) {
			into = p
			break
		}
	}
	if into == nil {
		var err error
		if into, err = f.openCalendar(folder); err != nil {
			return err
		}
		*among = append(*among, into)
	}
	for _, c := range parts {
		if err := into.put(c); err != nil {
			return err
		}
	}
	return nil
}

// openCalendar opens a file for events, with another one beside it for importing where invitations could fly.
func (f *files) openCalendar(folder string) (*part, error) {
	const ending = "END:VCALENDAR\r\n"
	p, err := f.open(folder, ending)
	if err != nil {
		return p, err
	}
	if p.quiet, err = f.open(quietFolder, ending); err != nil {
		return p, err
	}
	return p, errors.Join(p.begin(f.name), p.quiet.begin(f.name))
}

func (f *files) open(folder, ending string) (*part, error) {
	name := f.w.names.choose(folder, f.name, safeEnding(f.kind))
	path := filepath.Join(f.w.folder, name)
	p := &part{name: name, path: path, ending: ending, sums: map[[32]byte]int{}, zones: map[string][32]byte{}}
	f.all = append(f.all, p)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return p, fault(path, err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return p, fault(path, err)
	}
	p.file, p.out = file, bufio.NewWriterSize(file, 64<<10)
	return p, nil
}

// close ends the files. One without invitations that is the same as the other is not needed.
func (f *files) close() (err error) {
	for _, p := range f.all {
		err = errors.Join(err, p.close())
	}
	var kept []*part
	for _, p := range f.all {
		if p.quiet != nil && !p.invites {
			err = errors.Join(err, os.Remove(p.quiet.path))
			f.w.names.free(p.quiet.name)
			p.quiet.gone = true
		}
	}
	for _, p := range f.all {
		if !p.gone {
			kept = append(kept, p)
			f.result.Files = append(f.result.Files, filepath.ToSlash(p.name))
		}
	}
	f.all = kept
	f.result.Files = append(f.result.Files, f.beside...)
	return err
}

// discard removes what was written, before it is written anew.
func (f *files) discard() {
	for _, p := range f.all {
		_ = p.close()
		_ = os.Remove(p.path) // the whole folder goes if that fails
		f.w.names.free(p.name)
	}
	for _, path := range f.beside {
		_ = os.Remove(filepath.Join(f.w.folder, path))
		f.w.names.free(path)
	}
}

// readBack holds each file against what was put into it.
func (f *files) readBack() error {
	for _, p := range f.all {
		if err := p.readBack(f.kind == pim.KindContact); err != nil {
			return &rehome.Fault{Class: rehome.ClassBug, Op: "read back", Object: p.name, Cause: err}
		}
	}
	return nil
}

// part is one file.
type part struct {
	name, path string
	ending     string
	file       *os.File
	out        *bufio.Writer
	sums       map[[32]byte]int    // how often each component was put into it
	zones      map[string][32]byte // the time zones in it
	quiet      *part               // the same without invitations; nil is none
	invites    bool                // they differ
	gone       bool
}

func (p *part) begin(name string) error {
	escaped := strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r", "", "\n", `\n`).Replace(name)
	_, err := p.out.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//rehome//bundle//EN\r\n" + folded("X-WR-CALNAME:"+escaped))
	return err
}

// folded breaks a content line after at most 75 octets, between characters (RFC 5545 section 3.1).
func folded(line string) string {
	var b strings.Builder
	n := 0
	for _, r := range line {
		size := len(string(r))
		if n+size > 75 {
			b.WriteString("\r\n ")
			n = 1
		}
		b.WriteRune(r)
		n += size
	}
	return b.String() + "\r\n"
}

// agrees reports whether all time zones of an object mean the same here.
func (p *part) agrees(parts []component) bool {
	for _, c := range parts {
		if known, there := p.zones[c.zone]; there && c.name == "VTIMEZONE" && known != meaning(c.text) {
			return false
		}
	}
	return true
}

func (p *part) put(c component) error {
	if c.name == "VTIMEZONE" {
		if _, there := p.zones[c.zone]; there {
			return nil
		}
		p.zones[c.zone] = meaning(c.text)
	}
	p.sums[sha256.Sum256(c.text)]++
	if _, err := p.out.Write(c.text); err != nil {
		return fault(p.path, err)
	}
	if p.quiet == nil {
		return nil
	}
	without := uninvited(c.text)
	p.invites = p.invites || len(without) != len(c.text)
	return p.quiet.put(component{name: c.name, zone: c.zone, text: without})
}

func (p *part) close() error {
	if p.file == nil {
		return nil
	}
	_, err := p.out.WriteString(p.ending)
	err = errors.Join(err, p.out.Flush(), p.file.Sync(), p.file.Close())
	p.file = nil
	if err != nil {
		return fault(p.path, err)
	}
	return nil
}

func (p *part) readBack(cards bool) error {
	file, err := os.Open(p.path)
	if err != nil {
		return err
	}
	defer file.Close()
	sums, zones := map[[32]byte]int{}, map[string]bool{}
	err = split(file, cards, func(c component) error {
		sums[sha256.Sum256(c.text)]++
		if c.name != "VTIMEZONE" {
			return nil
		}
		if zones[c.zone] {
			return fmt.Errorf("the time zone %s is there twice", c.zone)
		}
		zones[c.zone] = true
		return nil
	})
	if err == nil && !maps.Equal(sums, p.sums) {
		err = errors.New("it does not hold what was written")
	}
	return err
}

// split reads a file and yields what stands in it alone: cards, or what is in calendars.
func split(r io.Reader, cards bool, each func(component) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var open []string
	var current component
	top := 1 // how many are open around a component
	if cards {
		top = 0
	}
	for {
		line, err := in.ReadBytes('\n')
		if len(line) == 0 && errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errors.Join(errors.New("its last line has no end"), err)
		}
		begins, ends := boundary(line)
		if begins != "" {
			open = append(open, begins)
			if len(open) == 1 && !cards && begins != "VCALENDAR" {
				open = append([]string{"VCALENDAR"}, open...) // a component by itself
			}
			if len(open) == top+1 {
				current = component{name: begins}
			}
		}
		if len(open) > top {
			current.text = append(current.text, line...)
			if id, found := strings.CutPrefix(string(line), "TZID:"); found && len(open) == top+1 {
				current.zone = strings.TrimRight(id, "\r\n")
			}
		}
		if ends == "" {
			continue
		}
		if len(open) == 0 || open[len(open)-1] != ends {
			return errors.New("its components do not end as they began")
		}
		if open = open[:len(open)-1]; len(open) == top {
			if err := each(current); err != nil {
				return err
			}
			current = component{}
		}
	}
	return nil
}

// boundary returns the name of a component that a line begins or ends.
func boundary(line []byte) (begins, ends string) {
	word, name, _ := strings.Cut(strings.ToUpper(strings.TrimRight(string(line[:min(len(line), 100)]), "\r\n \t")), ":")
	switch word {
	case "BEGIN":
		return name, ""
	case "END":
		return "", name
	}
	return "", ""
}
