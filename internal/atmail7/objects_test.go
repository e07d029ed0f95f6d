// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"bytes"
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"rehome/internal/people"
	"rehome/internal/protocol/dav"
	"rehome/lab/atmail7"
)

// read reads an account's collection whole, by name.
func read(t *testing.T, s *Objects, c dav.Collection) map[string][]byte {
	t.Helper()
	var items []dav.Item
	listing, err := s.Changes(t.Context(), &c, dav.Mark{}, func(item dav.Item) error {
		items = append(items, item)
		return nil
	})
	if err != nil || !listing.Full {
		t.Fatalf("list %s: %+v %v", c.Href, listing, err)
	}
	objects := map[string][]byte{}
	err = s.Read(t.Context(), &c, items, func(o dav.Object) error {
		name, err := url.PathUnescape(strings.TrimPrefix(o.Href, c.Href))
		if err != nil || o.Err != nil || objects[name] != nil {
			t.Errorf("%s: %v %v, or read twice", o.Href, err, o.Err)
		}
		i := slices.IndexFunc(items, func(item dav.Item) bool { return item.Href == o.Href })
		if items[i].ETag != o.ETag || items[i].Size != int64(len(o.Data)) {
			t.Errorf("%s: listed as %+v, read as %s with %d octets", name, items[i], o.ETag, len(o.Data))
		}
		objects[name] = o.Data
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if listing.Mark.CTag != "" {
		again, err := s.Changes(t.Context(), &c, listing.Mark, func(dav.Item) error { t.Error("listed again"); return nil })
		if err != nil || !again.Unchanged {
			t.Errorf("second listing %+v %v, want unchanged", again, err)
		}
	}
	return objects
}

func readObjects(t *testing.T, d *Database, account string) *Objects {
	t.Helper()
	s, err := d.ReadObjects(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func openBench(t *testing.T, b *bench) *Database {
	t.Helper()
	d, err := Open(t.Context(), b.settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestObjects_everyVersion(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	for _, version := range atmail7.DAVVersions() {
		content, err := b.LoadDAV(t.Context(), version)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(version.String(), func(t *testing.T) {
			d := openBench(t, b)
			for _, account := range []string{atmail7.DAVAnna, atmail7.DAVBob, atmail7.DAVCarol} {
				s := readObjects(t, d, account)
				checkCollections(t, s, dav.Calendars, ofAccount(content.Calendars, account), version)
				if version != atmail7.DAVAtmail {
					checkCollections(t, s, dav.AddressBooks, ofAccount(content.Books, account), version)
				}
			}
			checkShares(t, d, content.Shares)
		})
	}
}

func ofAccount(all []atmail7.DAVCollection, account string) []atmail7.DAVCollection {
	return slices.DeleteFunc(slices.Clone(all), func(c atmail7.DAVCollection) bool { return c.Account != account })
}

// checkCollections compares what is a user's own; what is subscribed or shared is marked as such.
func checkCollections(t *testing.T, s *Objects, kind dav.Kind, want []atmail7.DAVCollection, version atmail7.DAVVersion) {
	t.Helper()
	all, err := s.Collections(t.Context(), kind)
	if err != nil {
		t.Fatal(err)
	}
	own := slices.DeleteFunc(slices.Clone(all), func(c dav.Collection) bool { return c.Is("shared") || c.Is("subscribed") })
	if len(own) != len(want) {
		if kind == dav.AddressBooks && s.tables.books != nil && len(want) == 0 && len(own) == 1 {
			return // the atmail book stands in for it
		}
		t.Fatalf("%s: %s has %d own %s, want %d", version, s.account, len(own), kind, len(want))
	}
	for i, w := range want {
		got := own[i]
		expected := dav.Collection{
			Href: s.home(kind) + w.Name + "/", Kind: kind, Name: w.DisplayName, Description: w.Description, Color: w.Color,
			Timezone: w.TimeZone, Transparent: w.Transparent, Components: w.Components, CTag: got.CTag, Order: got.Order,
		}
		if diff := gocmp.Diff(expected, got); diff != "" {
			t.Errorf("%s: %s", version, diff)
		}
		if got.CTag == "" {
			t.Errorf("%s: %s has no mark", version, got.Href)
		}
		objects := read(t, s, got)
		if len(objects) != len(w.Resources) {
			t.Errorf("%s: %s holds %d objects, want %d", version, got.Href, len(objects), len(w.Resources))
		}
		for _, r := range w.Resources {
			if !bytes.Equal(objects[r.Name], r.Data) {
				t.Errorf("%s: %s %s has %d octets, want %d", version, got.Href, r.Name, len(objects[r.Name]), len(r.Data))
			}
		}
	}
}

func checkShares(t *testing.T, d *Database, want []atmail7.DAVShare) {
	t.Helper()
	got, err := d.Shares(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range want {
		if !slices.Contains(got, people.Share{Owner: w.Owner, Collection: w.Calendar, To: w.To, Write: w.Write}) {
			t.Errorf("shares %+v lack %+v", got, w)
		}
	}
}

func TestObjects_abook(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	if _, err := b.LoadDAV(t.Context(), atmail7.DAVAtmail); err != nil {
		t.Fatal(err)
	}
	s := readObjects(t, openBench(t, b), atmail7.DAVAnna)
	books, err := s.Collections(t.Context(), dav.AddressBooks)
	if err != nil || len(books) != 1 {
		t.Fatalf("%d books, %v", len(books), err)
	}
	objects := read(t, s, books[0])
	if len(objects) != 4 {
		t.Errorf("%d cards, want three contacts and a group: not the user's own record", len(objects))
	}
	ada := unfold(objects["abook-1001.vcf"])
	for _, line := range []string{
		"N:Lovelace;Ada;;;", "FN:Ada Lovelace", "EMAIL;TYPE=INTERNET,PREF:ada@partner.example", "EMAIL;TYPE=INTERNET:ada@home.example",
		`ORG:Engines\, Ltd\; London;`, "TEL;TYPE=HOME,CELL:+44 7700 900123", `NOTE:met in 1843\nlikes: numbers\, "poetry"`, "BDAY:1815-12-10",
		"PHOTO;ENCODING=b;TYPE=JPEG:/9j/4CBub3QgbXVjaCBvZiBhIHBpY3R1cmUg/9k=",
	} {
		if !slices.Contains(strings.Split(ada, "\r\n"), line) {
			t.Errorf("the card lacks %q:\n%s", line, ada)
		}
	}
	var group string
	for name, data := range objects {
		if strings.HasPrefix(name, "group-") {
			group = unfold(data)
		}
	}
	if strings.Count(group, "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:") != 2 || !strings.Contains(group, "FN:Carriers\r\n") ||
		!strings.Contains(group, strings.TrimPrefix(lineOf(ada, "UID:"), "UID:")) {
		t.Errorf("the group does not name its two members once each:\n%s", group)
	}
	again := readObjects(t, openBench(t, b), atmail7.DAVAnna)
	if books, err = again.Collections(t.Context(), dav.AddressBooks); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(objects, read(t, again, books[0])); diff != "" {
		t.Errorf("another reading gives other cards: %s", diff)
	}
}

func unfold(data []byte) string { return strings.ReplaceAll(string(data), "\r\n ", "") }

func lineOf(card, prefix string) string {
	for line := range strings.SplitSeq(card, "\r\n") {
		if strings.HasPrefix(line, prefix) {
			return line
		}
	}
	return ""
}

func TestObjects_vanishedMeanwhile(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	if _, err := b.LoadDAV(t.Context(), atmail7.DAV18); err != nil {
		t.Fatal(err)
	}
	s := readObjects(t, openBench(t, b), atmail7.DAVBob)
	all, err := s.Collections(t.Context(), dav.Calendars)
	if err != nil {
		t.Fatal(err)
	}
	var missing []error
	err = s.Read(t.Context(), &all[0], []dav.Item{{Href: all[0].Href + "shared.ics"}, {Href: all[0].Href + "never.ics"}}, func(o dav.Object) error {
		if o.Err != nil {
			missing = append(missing, o.Err)
		}
		return nil
	})
	if err != nil || len(missing) != 1 || !dav.IsStatus(cmp.Or(missing...), http.StatusNotFound) {
		t.Errorf("%v, missing %v, want one 404", err, missing)
	}
}

func TestContactCard_foldsBetweenCharacters(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Ärger €", 60)
	card := contactCard("u", map[string]string{"userinfo": long, "userlastname": "Ä"})
	for line := range strings.SplitSeq(string(card), "\r\n") {
		if len(line) > 75 {
			t.Errorf("a line has %d octets: %s", len(line), line)
		}
	}
	if !strings.Contains(unfold(card), "NOTE:"+long+"\r\n") {
		t.Errorf("the note does not come back:\n%s", card)
	}
}
