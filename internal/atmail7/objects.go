// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"rehome/internal/protocol/dav"
)

// Objects is one account's contacts and calendars, read from the tables as a DAV client would see them
// without a password: the same names, the same bytes, and as etag the MD5 that SabreDAV shows. It is one
// consistent snapshot. Its methods are those of a DAV session; only one goroutine may use it at a time, but Collections may be
// called for several kinds at once.
type Objects struct {
	database *Database
	reading  *reading
	tables   *davTables
	account  string
	listing  sync.Mutex
	places   map[string]davPlace // by href
	book     *addressBook        // of atmail's own table, once it was read
}

// davPlace says which rows a collection is.
type davPlace struct {
	kind dav.Kind
	id   string
	own  bool // atmail's own address book
}

// ReadObjects begins to read an account. The caller lists the collections first, and closes it.
func (d *Database) ReadObjects(ctx context.Context, account string) (*Objects, error) {
	r, err := d.begin(ctx)
	if err != nil {
		return nil, err
	}
	s := &Objects{database: d, reading: r, account: account, places: map[string]davPlace{}}
	if s.tables, err = d.davTables(ctx, r); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends the snapshot.
func (s *Objects) Close() {
	_ = s.reading.conn.Close() // it was only read from
}

// Home returns where the account's collections would be.
func (s *Objects) Home(kind dav.Kind) *dav.Home {
	return &dav.Home{Kind: kind, How: "database", Principal: "/principals/users/" + s.account + "/", HomeSets: []string{s.home(kind)}}
}

func (s *Objects) home(kind dav.Kind) string {
	if kind == dav.Calendars {
		return "/calendars/" + s.account + "/"
	}
	return "/addressbooks/" + s.account + "/"
}

// ownBook is the name of atmail's own address book. No server shows it under that name, and its contacts
// have other names and UIDs there.
const ownBook = "abook"

// Collections lists those of a kind. Where SabreDAV has no book of the account, atmail's own address
// book is one.
func (s *Objects) Collections(ctx context.Context, kind dav.Kind) ([]dav.Collection, error) {
	s.listing.Lock()
	defer s.listing.Unlock()
	if kind == dav.Calendars {
		return s.calendars(ctx)
	}
	books, err := s.books(ctx)
	if err != nil || len(books) > 0 || s.tables.contacts == nil {
		return books, err
	}
	href := s.home(kind) + ownBook + "/"
	s.places[href] = davPlace{kind: kind, own: true}
	return []dav.Collection{{Href: href, Kind: kind, Name: "Contacts"}}, nil
}

func (s *Objects) books(ctx context.Context) ([]dav.Collection, error) {
	t := s.tables.books
	if t == nil || s.tables.cards == nil {
		return nil, nil
	}
	var all []dav.Collection
	columns := []string{t.col("t", "displayname"), t.col("t", "description"), t.col("t", "ctag"), t.col("t", "synctoken")}
	query := "SELECT t.id, t.uri, " + strings.Join(columns, ", ") +
		" FROM " + quoted(t.name) + " t WHERE " + ofPrincipal("t.principaluri") + " ORDER BY t.id"
	err := s.reading.eachText(ctx, "table "+t.name, query, []int{2, 3}, func(v []sql.RawBytes, _ []recoding) error {
		c := s.collection(dav.AddressBooks, v[0], v[1])
		c.Name, c.Description = string(v[2]), string(v[3])
		c.CTag = state(v[4], v[5])
		all = append(all, c)
		return nil
	}, s.account)
	return all, err
}

// collection notes the place of a row.
func (s *Objects) collection(kind dav.Kind, id, uri []byte) dav.Collection {
	href := s.home(kind) + url.PathEscape(string(uri)) + "/"
	s.places[href] = davPlace{kind: kind, id: string(id)}
	return dav.Collection{Href: href, Kind: kind}
}

// calendars reads them in the form before 3.2, in which a calendar is one row, or in that since, in which
// the owner and everybody it is shared with have an instance of it.
func (s *Objects) calendars(ctx context.Context) ([]dav.Collection, error) {
	c := s.tables.calendars
	i := s.tables.instances
	if c == nil || s.tables.objects == nil {
		return nil, nil
	}
	from := quoted(c.name) + " c"
	row := "c"
	access := "1"
	t := c
	if i != nil && !c.has("principaluri") {
		from, row, access = quoted(i.name)+" i JOIN "+quoted(c.name)+" c ON c.id = i.calendarid", "i", "i.access"
		t = i
	}
	columns := []string{"c.id", row + ".uri", access}
	for _, name := range []string{"displayname", "description", "calendarcolor", "calendarorder", "timezone", "transparent"} {
		columns = append(columns, t.col(row, name))
	}
	columns = append(columns, c.col("c", "components"), c.col("c", "ctag"), c.col("c", "synctoken"))
	query := "SELECT " + strings.Join(columns, ", ") + " FROM " + from + " WHERE " + ofPrincipal(row+".principaluri") + " ORDER BY c.id"
	var all []dav.Collection
	err := s.reading.eachText(ctx, "table "+t.name, query, []int{3, 4, 5, 6, 7, 9}, func(v []sql.RawBytes, _ []recoding) error {
		found := s.collection(dav.Calendars, v[0], v[1])
		if string(v[2]) != "1" {
			found.Types = []string{"collection", "calendar", "shared"}
		}
		found.Name, found.Description, found.Color, found.Order = string(v[3]), string(v[4]), string(v[5]), string(v[6])
		found.Timezone, found.Transparent = string(v[7]), !isZero(v[8])
		if components := string(v[9]); components != "" {
			found.Components = strings.Split(components, ",")
		}
		found.CTag = state(v[10], v[11])
		all = append(all, found)
		return nil
	}, s.account)
	if err != nil {
		return nil, err
	}
	subscribed, err := s.subscriptions(ctx)
	return append(all, subscribed...), err
}

func (s *Objects) subscriptions(ctx context.Context) ([]dav.Collection, error) {
	t := s.tables.subscribed
	if t == nil {
		return nil, nil
	}
	var all []dav.Collection
	query := "SELECT t.id, t.uri, " + t.col("t", "displayname") + ", " + t.col("t", "source") +
		" FROM " + quoted(t.name) + " t WHERE " + ofPrincipal("t.principaluri")
	err := s.reading.eachText(ctx, "table "+t.name, query, []int{2, 3}, func(v []sql.RawBytes, _ []recoding) error {
		href := s.home(dav.Calendars) + url.PathEscape(string(v[1])) + "/"
		all = append(all, dav.Collection{Href: href, Kind: dav.Calendars, Types: []string{"subscribed"}, Name: string(v[2]), Source: string(v[3])})
		return nil
	}, s.account)
	return all, err
}

// state is what changes with every change: ctag before 2.0, synctoken since.
func state(ctag, syncToken []byte) string {
	switch {
	case syncToken != nil:
		return "synctoken:" + string(syncToken)
	case ctag != nil:
		return "ctag:" + string(ctag)
	}
	return ""
}

// Changes lists a collection, unless it is as it was at since. The etags are computed by the server, so
// that no body travels.
func (s *Objects) Changes(ctx context.Context, c *dav.Collection, since dav.Mark, each func(dav.Item) error) (dav.Listing, error) {
	mark := dav.Mark{CTag: c.CTag}
	if mark.CTag != "" && mark == since {
		return dav.Listing{Mark: mark, Unchanged: true}, nil
	}
	place := s.places[c.Href]
	if place.own {
		book, err := s.addressBook(ctx)
		if err != nil {
			return dav.Listing{}, err
		}
		return dav.Listing{Mark: mark, Full: true}, book.list(c.Href, each)
	}
	t, body, parent := s.rows(place.kind)
	query := fmt.Sprintf("SELECT uri, MD5(%[1]s), LENGTH(%[1]s) FROM %[2]s WHERE %[3]s = ? ORDER BY uri, lastmodified, id",
		quoted(body), quoted(t.name), quoted(parent))
	// The row that was written last counts, as in SabreDAV: before 1.6 no key kept names apart.
	var last *dav.Item
	flush := func() error {
		if last == nil {
			return nil
		}
		return each(*last)
	}
	err := s.reading.each(ctx, "table "+t.name, query, func(v []sql.RawBytes) error {
		item := dav.Item{Href: c.Href + url.PathEscape(string(v[0])), ETag: `"` + string(v[1]) + `"`, Size: -1}
		if size, err := strconv.ParseInt(string(v[2]), 10, 64); err == nil {
			item.Size = size
		}
		if last != nil && last.Href != item.Href {
			if err := flush(); err != nil {
				return err
			}
		}
		last = &item
		return nil
	}, place.id)
	if err == nil {
		err = flush()
	}
	return dav.Listing{Mark: mark, Full: true}, err
}

// rows says where the objects of a kind are.
func (s *Objects) rows(kind dav.Kind) (t *davTable, body, parent string) {
	if kind == dav.Calendars {
		return s.tables.objects, "calendardata", "calendarid"
	}
	return s.tables.cards, "carddata", "addressbookid"
}

// readAtOnce is how many names one statement asks for.
const readAtOnce = 200

// Read reads the items; each is called once for every one.
func (s *Objects) Read(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error {
	place := s.places[c.Href]
	if place.own {
		book, err := s.addressBook(ctx)
		if err != nil {
			return err
		}
		return book.read(c.Href, items, each)
	}
	for some := range slices.Chunk(items, readAtOnce) {
		if err := s.readSome(ctx, c, place, some, each); err != nil {
			return err
		}
	}
	return nil
}

// Fetch is Read: the tables have no other way, and no parser between.
func (s *Objects) Fetch(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error {
	return s.Read(ctx, c, items, each)
}

func (s *Objects) readSome(ctx context.Context, c *dav.Collection, place davPlace, items []dav.Item, each func(dav.Object) error) error {
	t, body, parent := s.rows(place.kind)
	wanted := map[string]string{} // href by name
	args := []any{place.id}
	for _, item := range items {
		name, err := url.PathUnescape(strings.TrimPrefix(item.Href, c.Href))
		if err != nil {
			name = strings.TrimPrefix(item.Href, c.Href)
		}
		wanted[name] = item.Href
		args = append(args, []byte(name))
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(items)), ", ")
	query := fmt.Sprintf("SELECT uri, %[1]s, MD5(%[1]s) FROM %[2]s WHERE %[3]s = ? AND uri IN (%[4]s) ORDER BY lastmodified DESC, id DESC",
		quoted(body), quoted(t.name), quoted(parent), marks)
	err := s.reading.each(ctx, "table "+t.name, query, func(v []sql.RawBytes) error {
		href, open := wanted[string(v[0])]
		if !open {
			return nil // an older row of the same name
		}
		delete(wanted, string(v[0]))
		return each(dav.Object{Href: href, ETag: `"` + string(v[2]) + `"`, Data: slices.Clone([]byte(v[1]))})
	}, args...)
	if err != nil {
		return err
	}
	for _, href := range wanted {
		if err := each(dav.Object{Href: href, Err: &dav.StatusError{Method: "SELECT", URL: href, Status: http.StatusNotFound}}); err != nil {
			return err
		}
	}
	return nil
}

// Digest returns the HA1 of an account, hex MD5(user:realm:password), which answers a Digest challenge
// without the password; empty where SabreDAV's own table of users does not have it.
func (s *Objects) Digest(ctx context.Context) (ha1 string, err error) {
	t := s.tables.users
	if !t.has("digesta1") || !t.has("username") {
		return "", nil
	}
	err = s.reading.each(ctx, "table "+t.name, "SELECT digesta1 FROM "+quoted(t.name)+" WHERE CONVERT(username USING utf8) = CONVERT(? USING utf8)",
		func(v []sql.RawBytes) error {
			ha1 = string(v[0])
			return nil
		}, s.account)
	return ha1, err
}
