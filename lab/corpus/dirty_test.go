// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/atmail8"
	"rehome/lab/cyrus"
	"rehome/lab/davical"
	"rehome/lab/xandikos"
)

const (
	dirtyUser     = "anna@example.test"
	dirtyPassword = "Dirty-laundry-1"
)

// place is where a server keeps one user's things.
type place struct{ book, calendar string }

func TestDirtyObjects_answersAreWhatServersSay(t *testing.T) {
	t.Parallel()
	for server, open := range map[DAVServer]func(*testing.T, *lab.Room) place{
		SabreDAV1: openSabreDAV, Radicale: openRadicale, Xandikos: openXandikos, DAViCal: openDAViCal, Cyrus: openCyrus,
	} {
		t.Run(string(server), func(t *testing.T) {
			t.Parallel()
			where := open(t, lab.Open(t))
			for _, o := range DirtyObjects() {
				want := o.Answers[server]
				if got, text := put(t, where, o); got != want {
					t.Errorf("%s (%s): got %d, want %d: %.200s", o.Name, o.Trap, got, want, text)
				}
			}
		})
	}
}

func openCyrus(t *testing.T, room *lab.Room) place {
	server, err := cyrus.Start(room, cyrus.Options{Accounts: []cyrus.Account{{Address: dirtyUser, Password: dirtyPassword}}})
	if err != nil {
		t.Fatal(err)
	}
	return place{server.DAV() + "addressbooks/user/" + dirtyUser + "/Default/", server.DAV() + "calendars/user/" + dirtyUser + "/Default/"}
}

// put writes the octets as they are into a collection that has nothing of that name.
func put(t *testing.T, where place, o DirtyObject) (int, []byte) {
	t.Helper()
	home, kind := where.calendar, "text/calendar; charset=utf-8"
	if o.Card {
		home, kind = where.book, "text/vcard; charset=utf-8"
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, home+url.PathEscape(o.Name), bytes.NewReader(o.Data))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(dirtyUser, dirtyPassword)
	request.Header.Set("Content-Type", kind)
	request.Header.Set("If-None-Match", "*")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, text.Bytes()
}

func openSabreDAV(t *testing.T, room *lab.Room) place {
	server, err := atmail7.Start(room, atmail7.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.AddAccount(t.Context(), atmail7.Account{Address: dirtyUser, Stored: dirtyPassword}); err != nil {
		t.Fatal(err)
	}
	return place{server.DAV + "addressbooks/" + dirtyUser + "/default/", server.DAV + "calendars/" + dirtyUser + "/default/"}
}

func openRadicale(t *testing.T, room *lab.Room) place {
	server, err := atmail8.Start(room, atmail8.Options{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := server.ImportCSV(strings.NewReader("EmailAddress,FirstName,LastName,Password\n" + dirtyUser + ",Anna,A," + dirtyPassword + "\n"))
	if err != nil || len(result.Rejected) > 0 {
		t.Fatal(err, result.Rejected)
	}
	return place{server.DAVPlain + dirtyUser + "/contacts/", server.DAVPlain + dirtyUser + "/calendar/"}
}

func openXandikos(t *testing.T, room *lab.Room) place {
	server, err := xandikos.Start(room, xandikos.Options{Accounts: []xandikos.Account{{Address: dirtyUser, Password: dirtyPassword}}})
	if err != nil {
		t.Fatal(err)
	}
	return place{server.Book(dirtyUser), server.Calendar(dirtyUser)}
}

func openDAViCal(t *testing.T, room *lab.Room) place {
	server, err := davical.Start(room, davical.Options{Accounts: []davical.Account{{Address: dirtyUser, Password: dirtyPassword}}})
	if err != nil {
		t.Fatal(err)
	}
	return place{server.Book(dirtyUser), server.Calendar(dirtyUser)}
}
