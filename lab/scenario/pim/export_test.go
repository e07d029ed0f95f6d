// SPDX-License-Identifier: Apache-2.0

package pim_test

import (
	"bytes"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rehome/internal/content/pim"
	"rehome/lab"
	"rehome/lab/corpus"
)

// exported is what "clients export --json" says.
type exported struct {
	Accounts []struct {
		Account, Folder string
		Collections     []struct {
			Name, Kind      string
			Files           []string
			Objects, Beside int
		}
	}
	Failed []struct{ Account, Why string }
}

func export(t *testing.T, m move) exported {
	t.Helper()
	o := m.Run(t, "clients", "export", "--json")
	if o.Code != 0 {
		t.Fatalf("export ended with %d\n%s%s", o.Code, o.Out, o.Err)
	}
	return decoded[exported](t, o.Out)
}

// texts returns the objects in a person's common files, by the kind of file and UID.
func (e exported) texts(t *testing.T, m move, account int) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, c := range e.Accounts[account].Collections {
		for _, name := range c.Files {
			folder, _, _ := strings.Cut(name, "/")
			if folder != "contacts" && folder != "calendars" && folder != "tasks" {
				continue
			}
			content, err := os.ReadFile(filepath.Join(m.Dir, e.Accounts[account].Folder, filepath.FromSlash(name)))
			must(t, err)
			for uid, text := range byUID(t, content) {
				all[folder+" "+uid] = text
			}
		}
	}
	return all
}

// showsThePage looks at the person's page beside the files: it names every collection, with as many objects as there are.
func (e exported) showsThePage(t *testing.T, m move, account int) {
	t.Helper()
	one := e.Accounts[account]
	page, err := os.ReadFile(filepath.Join(m.Dir, one.Folder, filepath.Base(one.Folder)+".html"))
	must(t, err)
	for _, c := range one.Collections {
		cell := regexp.MustCompile("<bdi>" + regexp.QuoteMeta(html.EscapeString(c.Name)) + `</bdi> <span class="old">` + strconv.Itoa(c.Objects) + " ")
		if c.Name != "" && c.Objects < 1000 && !cell.Match(page) {
			t.Errorf("the page of %s does not show %q with %d", one.Account, c.Name, c.Objects)
		}
	}
}

// byUID takes a file apart by lines, as this test understands the formats.
func byUID(t *testing.T, content []byte) map[string][]byte {
	t.Helper()
	const head, tail = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n", "END:VCALENDAR\r\n"
	cards := bytes.HasPrefix(content, []byte("BEGIN:VCARD"))
	var zones, part bytes.Buffer
	parts := map[string]*bytes.Buffer{}
	name, uid := "", ""
	for line := range bytes.Lines(content) {
		text := strings.TrimRight(string(line), "\r\n")
		begins, isBegin := strings.CutPrefix(text, "BEGIN:")
		if isBegin && name == "" && (begins != "VCALENDAR") {
			name, uid = begins, ""
			part.Reset()
		}
		if name == "" {
			continue
		}
		part.Write(line)
		if found, is := strings.CutPrefix(text, "UID:"); is && uid == "" {
			uid = found
		}
		if text != "END:"+name {
			continue
		}
		if name == "VTIMEZONE" {
			zones.Write(part.Bytes())
		} else {
			if parts[uid] == nil {
				parts[uid] = &bytes.Buffer{}
			}
			parts[uid].Write(part.Bytes())
		}
		name = ""
	}
	all := map[string][]byte{}
	for uid, b := range parts {
		all[uid] = b.Bytes()
		if !cards {
			all[uid] = slices.Concat([]byte(head), zones.Bytes(), b.Bytes(), []byte(tail))
		}
	}
	return all
}

// Every object of everybody is in a bundle. Radicale imports each file as a whole, and another SabreDAV what stands in it, object
// for object; what is exported from there says the same.
func TestExport_importedElsewhere(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	anna := bare(corpus.PIMPerson("anna@example.test", password, 60, 80))
	people := append(organisation(), anna)
	people = slices.CompactFunc(people, func(a, b corpus.Person) bool { return a.Address == b.Address })
	src := source(t, l, people)
	m := newOperator(t, people, src.IMAP, src.DAV, src.DAV, "")
	first := export(t, m)
	if len(first.Accounts) != len(people) || len(first.Failed) > 0 {
		t.Fatalf("%d bundles of %d people, failed: %v", len(first.Accounts), len(people), first.Failed)
	}
	at := -1
	for i, account := range first.Accounts {
		got, beside := 0, 0
		for _, c := range account.Collections {
			got += c.Objects
			beside += c.Beside
		}
		person := people[slices.IndexFunc(people, func(p corpus.Person) bool { return p.Address == account.Account })]
		want := 0
		for _, c := range slices.Concat(person.AddressBooks, person.Calendars) {
			want += len(c.Resources)
		}
		if got != want {
			t.Errorf("%s: %d objects in the bundle, want %d", account.Account, got, want)
		}
		first.showsThePage(t, m, i)
		t.Logf("%s: %d objects, %d of them by themselves", account.Account, got, beside)
		if account.Account == anna.Address {
			at = i
		}
	}
	there := radicale(t, l, []corpus.Person{anna})
	for _, c := range first.Accounts[at].Collections {
		for i, name := range c.Files {
			if strings.HasPrefix(name, "contacts/") || strings.HasPrefix(name, "calendars/") || strings.HasPrefix(name, "tasks/") {
				upload(t, there+url.PathEscape(anna.Address)+"/import-"+c.Kind+string(rune('a'+i))+"/",
					filepath.Join(m.Dir, first.Accounts[at].Folder, filepath.FromSlash(name)))
			}
		}
	}
	before := first.texts(t, m, at)
	again := newOperator(t, []corpus.Person{anna}, src.IMAP, there, there, "")
	wantSame(t, before, export(t, again).texts(t, again, 0))

	fresh := source(t, lab.Open(t), []corpus.Person{bare(corpus.PIMPerson(anna.Address, password, 0, 0))})
	for key, text := range before {
		_, uid, _ := strings.Cut(key, " ")
		home, ending := "calendars/", ".ics"
		if strings.HasPrefix(key, "contacts") {
			home, ending = "addressbooks/", ".vcf"
		}
		put(t, fresh.DAV+home+url.PathEscape(anna.Address)+"/default/"+url.PathEscape(uid)+ending, text)
	}
	again = newOperator(t, []corpus.Person{anna}, fresh.IMAP, fresh.DAV, fresh.DAV, "")
	wantSame(t, before, export(t, again).texts(t, again, 0))
}

func wantSame(t *testing.T, before, after map[string][]byte) {
	t.Helper()
	if len(before) < 140 || len(before) != len(after) {
		t.Errorf("%d objects were imported, and %d are there", len(before), len(after))
	}
	for key, text := range before {
		kind := pim.KindCalendar
		if strings.HasPrefix(key, "contacts") {
			kind = pim.KindContact
		}
		if found := pim.Compare(text, after[key], kind); !found.State.Harmless() {
			t.Errorf("%s: %s: %s\n%s\n%s", key, found.State, found.Sentence(), text, after[key])
		}
	}
}

// upload makes a whole collection of a file, as Radicale imports it.
func upload(t *testing.T, address, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	must(t, err)
	put(t, address, content)
}

func put(t *testing.T, address string, content []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address, bytes.NewReader(content))
	must(t, err)
	media := "text/calendar"
	if bytes.HasPrefix(content, []byte("BEGIN:VCARD")) {
		media = "text/vcard"
	}
	request.Header.Set("Content-Type", media)
	request.SetBasicAuth("anna@example.test", password)
	answer, err := http.DefaultClient.Do(request)
	must(t, err)
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		t.Fatalf("%s: %s", address, answer.Status)
	}
}
