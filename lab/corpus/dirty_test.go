// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rehome/internal/content/pim"
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

func TestDirtyObjects_serversDoWithThemAsTheListSays(t *testing.T) {
	t.Parallel()
	for server, open := range map[DAVServer]func(*testing.T, *lab.Lab) place{
		SabreDAV1: openSabreDAV, Radicale: openRadicale, Xandikos: openXandikos, DAViCal: openDAViCal, Cyrus: openCyrus,
	} {
		t.Run(string(server), func(t *testing.T) {
			t.Parallel()
			where := open(t, lab.Open(t))
			for _, o := range DirtyObjects() {
				checkAnswer(t, where, server, o)
			}
		})
	}
}

func checkAnswer(t *testing.T, where place, server DAVServer, o DirtyObject) {
	t.Helper()
	got, text := send(t, where, http.MethodPut, o)
	if want := o.Answers[server]; got != want {
		t.Errorf("%s (%s): got %d, want %d: %.200s", o.Name, o.Trap, got, want, text)
	}
	if takes, _ := o.Takes(server); !takes {
		return
	}
	status, stored := send(t, where, http.MethodGet, o)
	if status != http.StatusOK {
		t.Errorf("%s (%s): taken, and then GET answers %d", o.Name, o.Trap, status)
	}
	kind := map[bool]pim.Kind{true: pim.KindContact, false: pim.KindCalendar}[o.Card]
	c := pim.Compare(o.Data, stored, kind)
	// Text encoded twice is the server's doing here.
	spoilt := !c.State.Harmless() || slices.Contains(c.Fixes, pim.CodeDoubleEncoded)
	if want := slices.Contains(o.Spoilt, server); spoilt != want {
		t.Errorf("%s (%s): comes back %s %v %v; want it spoilt: %v", o.Name, o.Trap, c.State, c.Fixes, c.Differences, want)
	}
}

func TestDirtyObjects_everyOneHasAnEndEverywhere(t *testing.T) {
	t.Parallel()
	for _, o := range DirtyObjects() {
		for _, server := range []DAVServer{SabreDAV1, SabreDAV4, Radicale, Xandikos, DAViCal, Cyrus} {
			ends := o.Ends(server)
			if len(ends) == 0 {
				t.Errorf("%s at %s has no end", o.Name, server)
			}
			if takes, known := o.Takes(server); known && !takes && slices.Contains(ends, EndEqual) && !o.Repair.unseen() {
				t.Errorf("%s at %s is refused and yet may end as %v", o.Name, server, ends)
			}
		}
	}
}

func TestDirtyPerson_liesInTheTablesAsItIs(t *testing.T) {
	t.Parallel()
	person := DirtyPerson(dirtyUser, dirtyPassword)
	server, err := atmail7.Start(lab.Open(t), atmail7.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := SeedPerson(t.Context(), server, person); err != nil {
		t.Fatal(err)
	}
	checkResources(t, server, person, "addressbooks", person.AddressBooks)
	checkResources(t, server, person, "calendars", person.Calendars)
}

func openCyrus(t *testing.T, l *lab.Lab) place {
	server, err := cyrus.Start(l, cyrus.Options{Accounts: []cyrus.Account{{Address: dirtyUser, Password: dirtyPassword}}})
	if err != nil {
		t.Fatal(err)
	}
	return place{server.DAV() + "addressbooks/user/" + dirtyUser + "/Default/", server.DAV() + "calendars/user/" + dirtyUser + "/Default/"}
}

// send asks for an object, or writes its octets as they are where nothing of that name may be.
func send(t *testing.T, where place, method string, o DirtyObject) (int, []byte) {
	t.Helper()
	home, kind := where.calendar, "text/calendar; charset=utf-8"
	if o.Card {
		home, kind = where.book, "text/vcard; charset=utf-8"
	}
	request, err := http.NewRequestWithContext(t.Context(), method, home+url.PathEscape(o.Name), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(dirtyUser, dirtyPassword)
	if method == http.MethodPut {
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(o.Data)), int64(len(o.Data))
		request.Header.Set("Content-Type", kind)
		request.Header.Set("If-None-Match", "*")
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, text
}

func openSabreDAV(t *testing.T, l *lab.Lab) place {
	server, err := atmail7.Start(l, atmail7.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.AddAccount(t.Context(), atmail7.Account{Address: dirtyUser, Stored: dirtyPassword}); err != nil {
		t.Fatal(err)
	}
	return place{server.DAV + "addressbooks/" + dirtyUser + "/default/", server.DAV + "calendars/" + dirtyUser + "/default/"}
}

func openRadicale(t *testing.T, l *lab.Lab) place {
	server, err := atmail8.Start(l, atmail8.Options{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := server.ImportCSV(strings.NewReader("EmailAddress,FirstName,LastName,Password\n" + dirtyUser + ",Anna,A," + dirtyPassword + "\n"))
	if err != nil || len(result.Rejected) > 0 {
		t.Fatal(err, result.Rejected)
	}
	return place{server.DAVPlain + dirtyUser + "/contacts/", server.DAVPlain + dirtyUser + "/calendar/"}
}

func openXandikos(t *testing.T, l *lab.Lab) place {
	server, err := xandikos.Start(l, xandikos.Options{Accounts: []xandikos.Account{{Address: dirtyUser, Password: dirtyPassword}}})
	if err != nil {
		t.Fatal(err)
	}
	return place{server.Book(dirtyUser), server.Calendar(dirtyUser)}
}

func openDAViCal(t *testing.T, l *lab.Lab) place {
	server, err := davical.Start(l, davical.Options{Accounts: []davical.Account{{Address: dirtyUser, Password: dirtyPassword}}})
	if err != nil {
		t.Fatal(err)
	}
	return place{server.Book(dirtyUser), server.Calendar(dirtyUser)}
}
