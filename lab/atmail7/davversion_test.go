// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"bytes"
	"cmp"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"rehome/lab"
)

func TestLoadDAV_everyVersion(t *testing.T) {
	t.Parallel()
	server, err := Start(lab.Open(t), Options{NoDAV: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range append(DAVVersions(), DAV18) { // once more: it replaces what is there
		content, err := server.LoadDAV(t.Context(), version)
		if err != nil {
			t.Fatal(err)
		}
		checkShape(t, server, version)
		for _, c := range content.Calendars {
			objects := cmp.Or(map[bool]string{true: "calendarObjects"}[version == DAVAtmail], "calendarobjects")
			homes := cmp.Or(map[bool]string{true: "calendarinstances"}[version == DAV32], "calendars")
			checkStored(t, server, version, c, "SELECT uri, calendardata, lastmodified FROM "+objects+` WHERE calendarid =
				(SELECT id FROM `+homes+` WHERE principaluri LIKE ? AND uri = ?) ORDER BY lastmodified, id`)
		}
		for _, c := range content.Books {
			checkStored(t, server, version, c, `SELECT uri, carddata, lastmodified FROM cards WHERE addressbookid =
				(SELECT id FROM addressbooks WHERE principaluri LIKE ? AND uri = ?) ORDER BY lastmodified, id`)
		}
		if got, want := len(content.Contacts) > 0, version == DAVAtmail; got != want {
			t.Errorf("%s: contacts in Abook: %v, want %v", version, got, want)
		}
	}
}

// checkShape holds what tells the versions apart against the tables that are there.
func checkShape(t *testing.T, server *Server, version DAVVersion) {
	t.Helper()
	stock := version != DAVAtmail
	for column, want := range map[string]bool{
		"calendarobjects.calendardata": stock, "calendarObjects.calendardata": !stock, "addressbooks.uri": stock, "calendarDelegates.mode": !stock,
		"calendars.transparent": stock && DAV17 <= version && version < DAV32, "calendarobjects.etag": stock && version >= DAV17,
		"calendars.ctag": version < DAV20 || !stock, "calendars.synctoken": stock && version >= DAV20, "cards.etag": stock && version >= DAV20,
		"calendarobjects.uid": stock && version >= DAV21, "calendarinstances.access": version == DAV32,
		"principals.vcardurl": version != DAV15 && version != DAV32,
	} {
		table, name, _ := strings.Cut(column, ".")
		var got int
		err := server.DB().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM information_schema.columns
			WHERE table_schema = DATABASE() AND BINARY table_name = ? AND column_name = ?`, table, name).Scan(&got)
		if err != nil || (got == 1) != want {
			t.Errorf("%s: %s is there: %d %v, want %v", version, column, got, err, want)
		}
	}
}

// checkStored reads a collection the plain way and compares it with what is said about it.
func checkStored(t *testing.T, server *Server, version DAVVersion, c DAVCollection, query string) {
	t.Helper()
	rows, err := server.DB().QueryContext(t.Context(), query, "%/"+c.Account, c.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	last, times := map[string][]byte{}, map[string]int{}
	for rows.Next() {
		var name string
		var data []byte
		var modified int64
		if err := rows.Scan(&name, &data, &modified); err != nil {
			t.Fatal(err)
		}
		last[name] = data
		times[name]++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(last) != len(c.Resources) {
		t.Errorf("%s %s: %d names, want %d", version, c.Name, len(last), len(c.Resources))
	}
	for _, r := range c.Resources {
		if !bytes.Equal(last[r.Name], r.Data) || (times[r.Name] == 2) != r.Twice || r.Cut != (len(r.Data) == textLimit) {
			t.Errorf("%s %s/%s: got %d octets, %d times; want %d, twice %v, cut %v", version, c.Name, r.Name, len(last[r.Name]), times[r.Name],
				len(r.Data), r.Twice, r.Cut)
		}
	}
}

func TestLoadDAV_namesEncodedTwice(t *testing.T) {
	t.Parallel()
	server, err := Start(lab.Open(t), Options{NoDAV: true})
	if err != nil {
		t.Fatal(err)
	}
	// What MariaDB itself makes of UTF-8 on a connection that is said to be latin1.
	conn, err := sql.Open("mysql", dsn("unix", server.Socket, writer, writerPassword)+"?charset=latin1")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	content, err := server.LoadDAV(t.Context(), DAV18)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(content.Calendars, func(c DAVCollection) bool { return c.DoubleEncoded })
	want := content.Calendars[at].DisplayName
	if _, err := conn.ExecContext(t.Context(), "INSERT INTO calendars (uri, displayname) VALUES ('by latin1', '"+want+"')"); err != nil {
		t.Fatal(err)
	}
	var planted, made string
	if err := server.DB().QueryRowContext(t.Context(), "SELECT HEX(a.displayname), HEX(b.displayname) FROM calendars a, "+
		"calendars b WHERE a.id = ? AND b.uri = 'by latin1'",
		annasDefault).Scan(&planted, &made); err != nil {
		t.Fatal(err)
	}
	if planted != made {
		t.Errorf("planted %s, want %s as MariaDB makes it", planted, made)
	}
}
