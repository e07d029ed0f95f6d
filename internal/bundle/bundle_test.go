// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
)

// shelf is a source in memory.
type shelf struct {
	collections []dav.Collection
	objects     map[string][]dav.Object // by collection
	read        func()                  // called before each reading
}

func (s *shelf) Home(dav.Kind) *dav.Home { return &dav.Home{Principal: "/principals/anna/"} }

func (s *shelf) Collections(_ context.Context, kind dav.Kind) (all []dav.Collection, err error) {
	for _, c := range s.collections {
		if c.Kind == kind {
			all = append(all, c)
		}
	}
	return all, nil
}

func (s *shelf) Changes(_ context.Context, c *dav.Collection, _ dav.Mark, each func(dav.Item) error) (dav.Listing, error) {
	for _, o := range s.objects[c.Href] {
		if err := each(dav.Item{Href: o.Href, ETag: o.ETag, Size: -1}); err != nil {
			return dav.Listing{}, err
		}
	}
	return dav.Listing{Full: true}, nil
}

func (s *shelf) Read(_ context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error {
	if s.read != nil {
		s.read()
	}
	for _, o := range s.objects[c.Href] {
		if slices.ContainsFunc(items, func(i dav.Item) bool { return i.Href == o.Href }) {
			if err := each(o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *shelf) add(kind dav.Kind, href, name string, objects ...string) {
	s.collections = append(s.collections, dav.Collection{Href: href, Kind: kind, Name: name})
	if s.objects == nil {
		s.objects = map[string][]dav.Object{}
	}
	for i, text := range objects {
		o := dav.Object{Href: fmt.Sprintf("%s%d.x", href, i), ETag: fmt.Sprint(i), Data: []byte(strings.ReplaceAll(text, "\n", "\r\n"))}
		s.objects[href] = append(s.objects[href], o)
	}
}

const berlin = `BEGIN:VTIMEZONE
TZID:Europe/Berlin
LAST-MODIFIED:20240101T000000Z
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
`

func calendar(parts ...string) string {
	return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n" + strings.Join(parts, "") + "END:VCALENDAR\n"
}

func event(uid, more string) string {
	return "BEGIN:VEVENT\nUID:" + uid + "\nDTSTAMP:20260101T000000Z\nDTSTART;TZID=Europe/Berlin:20260601T100000\nSUMMARY:" + uid + "\n" +
		more + "END:VEVENT\n"
}

const invited = "ORGANIZER;CN=Anna:mailto:anna@example.com\n" +
	"ATTENDEE;CN=\"Bert, the one with a name that is long enough to be\n  folded\":mailto:bert@example.com\n" +
	"BEGIN:VALARM\nACTION:EMAIL\nTRIGGER:-PT1H\nATTENDEE:mailto:bert@example.com\nSUMMARY:x\nDESCRIPTION:x\nEND:VALARM\n" +
	"BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT1H\nDESCRIPTION:x\nEND:VALARM\n"

func card(uid, name string) string {
	return "BEGIN:VCARD\nVERSION:3.0\nUID:" + uid + "\nFN:" + name + "\nN:" + name + ";;;;\nEND:VCARD\n"
}

func write(t *testing.T, source Source) Bundle {
	t.Helper()
	b, err := Write(t.Context(), t.TempDir(), "anna@example.com", source, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func text(t *testing.T, b Bundle, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(b.Folder, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestWrite_oneFileEach(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	other := strings.ReplaceAll(berlin, "LAST-MODIFIED:20240101T000000Z", "LAST-MODIFIED:20200101T000000Z\nX-LIC-LOCATION:Europe/Berlin")
	wrong := strings.ReplaceAll(berlin, "+0200", "+0300")
	s.add(dav.AddressBooks, "/a/", "Family 👩‍👩‍👧", card("1", "Anna"), card("2", "משה"), "BEGIN:VCARD\nFN:torn\n")
	s.add(dav.Calendars, "/c/", "Work/Home",
		calendar(berlin, event("e1", invited), event("e1", "RECURRENCE-ID:20260602T080000Z\n")), calendar(other, event("e2", "")),
		calendar(wrong, event("e3", "")), calendar("BEGIN:VTODO\nUID:t\nDTSTAMP:20260101T000000Z\nSUMMARY:t\nEND:VTODO\n"))
	s.add(dav.Calendars, "/d/", "work:home", calendar(berlin, event("e4", "")))
	b := write(t, s)
	want := [][]string{
		{"contacts/Family 👩‍👩‍👧.vcf", "other objects/Family 👩‍👩‍👧 - 2.vcf"},
		{"calendars/Work_Home.ics", "calendars without invitations/Work_Home.ics", "calendars/Work_Home (2).ics", "tasks/Work_Home.ics"},
		{"calendars/work_home (3).ics"},
	}
	var got [][]string
	for _, c := range b.Collections {
		got = append(got, c.Files)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	work := text(t, b, "calendars/Work_Home.ics")
	if strings.Count(work, "BEGIN:VTIMEZONE") != 1 || strings.Count(work, "BEGIN:VEVENT") != 3 || strings.Count(work, "BEGIN:VCALENDAR") != 1 {
		t.Errorf("got %s", work)
	}
	if !strings.Contains(text(t, b, "calendars/Work_Home (2).ics"), "+0300") {
		t.Error("another meaning of the time zone is lost")
	}
	quiet := text(t, b, "calendars without invitations/Work_Home.ics")
	left := slices.ContainsFunc([]string{"ATTENDEE", "bert", "EMAIL", "folded"}, func(word string) bool { return strings.Contains(quiet, word) })
	if left || strings.Count(quiet, "VALARM") != 2 || strings.Count(quiet, "BEGIN:VEVENT") != 3 {
		t.Errorf("got %s", quiet)
	}
	if got := text(t, b, "other objects/Family 👩‍👩‍👧 - 2.vcf"); got != "BEGIN:VCARD\r\nFN:torn\r\n" {
		t.Errorf("got %q", got)
	}
	checkZip(t, b)
	checkVobject(t, b)
}

// checkZip finds in the archive what is in the folder.
func checkZip(t *testing.T, b Bundle) {
	t.Helper()
	archive, err := zip.OpenReader(b.Zip)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	found := 0
	for _, c := range b.Collections {
		for _, name := range c.Files {
			file, err := archive.Open("anna@example.com/" + name)
			if err != nil {
				t.Error(err)
				continue
			}
			content, err := io.ReadAll(file)
			if err != nil || string(content) != text(t, b, name) {
				t.Errorf("%s differs in the archive: %v", name, err)
			}
			found++
		}
	}
	if len(archive.File) != found {
		t.Errorf("%d files in the archive, want %d", len(archive.File), found)
	}
}

// checkVobject has a reader that is not ours count what is in the files.
func checkVobject(t *testing.T, b Bundle) {
	t.Helper()
	const script = `
import vobject, sys, json
count = {}
for name in sys.argv[1:]:
    for top in vobject.readComponents(open(name, encoding='utf-8', newline='').read()):
        for part in ([top] if top.name == 'VCARD' else top.getChildren()):
            if hasattr(part, 'uid'):
                count[part.name] = count.get(part.name, 0) + 1
print(json.dumps(count))
`
	args := []string{"-c", script}
	for _, c := range b.Collections {
		for _, name := range c.Files {
			if !strings.HasPrefix(name, besideFolder) && !strings.HasPrefix(name, quietFolder) {
				args = append(args, filepath.Join(b.Folder, filepath.FromSlash(name)))
			}
		}
	}
	output, err := exec.CommandContext(t.Context(), "/usr/bin/python3", args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("%v: %s", err, exit.Stderr)
	}
	got := map[string]int{}
	if err := json.Unmarshal(output, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"VCARD": 2, "VEVENT": 5, "VTODO": 1}, got); diff != "" {
		t.Error(diff)
	}
}

// Every odd object of the corpus is in the bundle once, in a common file or by itself, and says the same there.
func TestWrite_corpus(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../content/pim/testdata/*.*")
	if err != nil || len(paths) < 50 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	s := &shelf{objects: map[string][]dav.Object{}}
	s.add(dav.AddressBooks, "/a/", "")
	s.add(dav.Calendars, "/c/", "..")
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		href := "/c/"
		if strings.HasSuffix(path, ".vcf") {
			href = "/a/"
		}
		s.objects[href] = append(s.objects[href], dav.Object{Href: href + filepath.Base(path), Data: data})
	}
	b := write(t, s)
	there, unread := b.Objects()
	if there != len(paths) || unread != 0 {
		t.Errorf("%d objects are there and %d unread, want %d", there, unread, len(paths))
	}
	if beside := b.Collections[0].Beside + b.Collections[1].Beside; beside == 0 || beside > len(paths)/5 {
		t.Errorf("%d of %d are beside", beside, len(paths))
	}
	for _, c := range b.Collections {
		for _, name := range c.Files {
			if strings.HasPrefix(name, besideFolder) {
				base := filepath.Base(name)
				original := slices.IndexFunc(paths, func(p string) bool {
					stem := strings.TrimSuffix(filepath.Base(p), filepath.Ext(p))
					return strings.HasSuffix(strings.TrimSuffix(base, filepath.Ext(base)), "- "+stem)
				})
				data, err := os.ReadFile(paths[max(original, 0)])
				if err != nil || original < 0 || text(t, b, name) != string(data) {
					t.Errorf("%s is not as it was", name)
				}
			}
		}
	}
}

// An object is in the bundle with what it says; nothing is in two files because it was changed meanwhile.
func TestWrite_changedMeanwhile(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	s.add(dav.Calendars, "/c/", "Work", calendar(event("e1", invited)), calendar(event("e2", "")))
	reads := 0
	s.read = func() {
		if reads++; reads == 1 {
			s.objects["/c/"][1].ETag = "new"
			s.objects["/c/"][1].Data = []byte(strings.ReplaceAll(calendar(event("changed", "")), "\n", "\r\n"))
		}
	}
	b := write(t, s)
	if got := b.Collections[0].Files; !slices.Equal(got, []string{"calendars/Work.ics", "calendars without invitations/Work.ics"}) || reads != 2 {
		t.Errorf("got %v after %d readings", got, reads)
	}
	if got := text(t, b, "calendars/Work.ics"); strings.Contains(got, "UID:e2") || !strings.Contains(got, "UID:changed") {
		t.Errorf("got %s", got)
	}
	s.read = func() { reads++; s.objects["/c/"][0].ETag = fmt.Sprint("x", reads) }
	former := text(t, b, "calendars/Work.ics")
	if _, err := Write(t.Context(), filepath.Dir(b.Folder), b.Account, s, nil); err == nil || !strings.Contains(err.Error(), "somebody changes it") {
		t.Errorf("got %v", err)
	}
	if text(t, b, "calendars/Work.ics") != former {
		t.Error("the former bundle is gone")
	}
}

func TestWrite_unreadObjectsAreNamed(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	s.add(dav.AddressBooks, "/a/", "Friends", card("1", "Anna"), card("2", "Bert"))
	s.objects["/a/"][1].Err = errors.New("500 Internal Server Error")
	b := write(t, s)
	there, unread := b.Objects()
	if c := b.Collections[0]; there != 1 || unread != 1 || c.Unread[0].Object != "/a/1.x" || !strings.Contains(c.Unread[0].Why, "500") {
		t.Errorf("got %+v", c)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	n := names{}
	for _, test := range [][2]string{
		{"Work", "Work"}, {"work", "work (2)"}, {"WORK ", "WORK (3)"}, {"../../etc/passwd", "_.._etc_passwd"}, {"...", "unnamed"}, {"", "unnamed (2)"},
		{"con", "_con"}, {"lpt1.x", "_lpt1.x"}, {"Caf\u00e9", "Caf\u00e9"}, {"Cafe\u0301", "Caf\u00e9 (2)"}, {"a\u202eb\x00c\nd", "abcd"},
		{"😀", "😀"}, {strings.Repeat("ü", 200), strings.Repeat("ü", 90)},
	} {
		if got := n.choose("f", test[0], ".ics"); got != "f/"+test[1]+".ics" {
			t.Errorf("%q: got %q, want %q", test[0], got, "f/"+test[1]+".ics")
		}
	}
}

func FuzzComponents(f *testing.F) {
	f.Add([]byte(strings.ReplaceAll(calendar(berlin, event("e", invited)), "\n", "\r\n")))
	f.Add([]byte(card("1", "Anna")))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, kind := range []pim.Kind{pim.KindContact, pim.KindCalendar} {
			parts, ok := components(data, kind)
			if !ok {
				continue
			}
			var whole bytes.Buffer
			for _, c := range parts {
				whole.Write(c.text)
			}
			if kind == pim.KindCalendar {
				whole.Reset()
				whole.WriteString("BEGIN:VCALENDAR\r\n")
				for _, c := range parts {
					whole.Write(c.text)
				}
				whole.WriteString("END:VCALENDAR\r\n")
			}
			var found []string
			err := split(&whole, kind == pim.KindContact, func(c component) error {
				found = append(found, string(c.text))
				return nil
			})
			if err != nil || len(found) != len(parts) {
				t.Errorf("%d parts, %d found, %v", len(parts), len(found), err)
			}
			for _, c := range parts {
				if kept := uninvited(c.text); len(kept) > len(c.text) {
					t.Errorf("%q became %q", c.text, kept)
				}
			}
		}
	})
}

// People whose addresses and collections differ only in what file systems do not tell apart get files of their own; nothing of anybody is
// in somebody else's, and every object is in one file.
func TestWrite_oddPeopleNeverCollide(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	accounts := []string{"a/b@x", "a_b@x", "a%2Fb@x", `a\b@x`, "A/B@x", "אנה@דוגמה.example", "x.zip@x", "con@x", "..@x"}
	calendars := []string{"📅", "📅 ", "📅/", "יומן", "Cafe\u0301", "Caf\u00e9", "CAFÉ", "", ".."}
	seen := map[string]string{} // by what a file system that folds case makes of the name
	for i, account := range accounts {
		s := &shelf{}
		var cards []string
		for n := range 2000 >> i {
			cards = append(cards, card(fmt.Sprintf("%d-%d", i, n), "משה"))
		}
		s.add(dav.AddressBooks, "/a/", "אנשי קשר", cards...)
		for n, name := range calendars {
			s.add(dav.Calendars, fmt.Sprintf("/c%d/", n), name, calendar(berlin, event(fmt.Sprintf("%d-%d", i, n), "")))
		}
		b, err := Write(t.Context(), folder, account, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if there, unread := b.Objects(); there != len(cards)+len(calendars) || unread != 0 {
			t.Errorf("%s: %d objects, %d unread", account, there, unread)
		}
		names := []string{b.Zip}
		for n, c := range b.Collections {
			for _, name := range c.Files {
				names = append(names, filepath.Join(b.Folder, name))
			}
			if n > 0 && strings.Count(text(t, b, c.Files[0]), "BEGIN:VEVENT") != 1 {
				t.Errorf("%s: %s has events of another calendar", account, c.Files[0])
			}
		}
		for _, name := range names {
			folded := strings.ToLower(norm.NFC.String(name))
			if other, twice := seen[folded]; twice {
				t.Errorf("%q and %q are the same file to some", name, other)
			}
			seen[folded] = name
		}
	}
}
