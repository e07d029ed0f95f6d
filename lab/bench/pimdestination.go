// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/atmail8"
	"rehome/lab/cyrus"
)

// pimDestination is a server with empty accounts that takes contacts and events.
type pimDestination interface {
	imap() string
	dav() string // where discovery begins
	groups() []int
	// places are the homes of books and calendars below the URL, and the names of the main ones, for tools
	// that have to be told.
	places(account string) [2]pimPlace
	// stored are the objects of an account's main collection, by UID.
	stored(ctx context.Context, account string, kind pim.Kind) (map[string][]byte, error)
}

// pimPlace is where the objects of one kind are.
type pimPlace struct{ home, name string }

// pimDestinations are the kinds that can be started, by the name in a row's key.
func pimDestinations() []pimDestinationKind {
	return []pimDestinationKind{{"radicale", "Radicale", startRadicale}, {"cyrus", "Cyrus", startCyrus}, {"sabredav", "SabreDAV 1.8", startSabreDAV}}
}

type pimDestinationKind struct {
	key, title string
	start      func(l *lab.Lab, accounts []string) (pimDestination, error)
}

// radicale looks at the whole collection at each PUT, which takes the longer the more is there.
type radicale struct{ *atmail8.Server }

func startRadicale(l *lab.Lab, accounts []string) (pimDestination, error) {
	server, err := atmail8.Start(l, atmail8.Options{})
	if err != nil {
		return nil, err
	}
	rows := "EmailAddress,FirstName,LastName,Password\n"
	for _, account := range accounts {
		rows += account + ",Bench,Mark," + password + "\n"
	}
	result, err := server.ImportCSV(strings.NewReader(rows))
	if err == nil && len(result.Rejected) > 0 {
		err = errors.New(result.Rejected[0].Reason)
	}
	return radicale{server}, err
}

func (r radicale) imap() string  { return r.IMAP }
func (r radicale) dav() string   { return r.DAVPlain }
func (r radicale) groups() []int { return r.Groups() }

func (r radicale) places(account string) [2]pimPlace {
	return [2]pimPlace{{account + "/", "contacts"}, {account + "/", "calendar"}}
}

func (r radicale) stored(_ context.Context, account string, kind pim.Kind) (map[string][]byte, error) {
	name := "contacts"
	if kind == pim.KindCalendar {
		name = "calendar"
	}
	return storedObjects(r.Stored(account, name))
}

// cyrusDAV is a server that writes at the speed of its disk.
type cyrusDAV struct{ *cyrus.Server }

func startCyrus(l *lab.Lab, accounts []string) (pimDestination, error) {
	var all []cyrus.Account
	for _, account := range accounts {
		all = append(all, cyrus.Account{Address: account, Password: password})
	}
	server, err := cyrus.Start(l, cyrus.Options{Accounts: all})
	if err != nil {
		return nil, err
	}
	return cyrusDAV{server}, nil
}

func (c cyrusDAV) imap() string  { return c.IMAP }
func (c cyrusDAV) dav() string   { return c.DAV() }
func (c cyrusDAV) groups() []int { return []int{c.Pid()} }

func (c cyrusDAV) places(account string) [2]pimPlace {
	return [2]pimPlace{{"addressbooks/user/" + account + "/", "Default"}, {"calendars/user/" + account + "/", "Default"}}
}

func (c cyrusDAV) stored(ctx context.Context, account string, kind pim.Kind) (map[string][]byte, error) {
	return served(ctx, c, "/dav/", account, kind)
}

// sabreDAV is a server as the source is, empty. Nothing that Debian has is more like atmail 8.
type sabreDAV struct{ *atmail7.Server }

func startSabreDAV(l *lab.Lab, accounts []string) (pimDestination, error) {
	server, err := atmail7.Start(l, atmail7.Options{Name: "sabredav"})
	if err != nil {
		return nil, err
	}
	// Its stock tables have no index by which it finds a card: each PUT would look at the cards of all earlier
	// runs, and be the slower the later its turn comes.
	if _, err := server.DB().ExecContext(context.Background(), "ALTER TABLE cards ADD INDEX (addressbookid, uri)"); err != nil {
		return nil, err
	}
	for _, account := range accounts {
		if err := server.AddAccount(context.Background(), atmail7.Account{Address: account, Stored: password}); err != nil {
			return nil, err
		}
	}
	return sabreDAV{server}, nil
}

func (s sabreDAV) imap() string  { return s.IMAP }
func (s sabreDAV) dav() string   { return s.DAV }
func (s sabreDAV) groups() []int { return s.Groups() }

func (s sabreDAV) places(account string) [2]pimPlace {
	return [2]pimPlace{{"addressbooks/" + account + "/", "default"}, {"calendars/" + account + "/", "default"}}
}

func (s sabreDAV) stored(ctx context.Context, account string, kind pim.Kind) (map[string][]byte, error) {
	return served(ctx, s, "/", account, kind)
}

// served reads by the protocol the objects of an account's main collection, where the server's files are a
// format of its own.
func served(ctx context.Context, from pimDestination, root, account string, kind pim.Kind) (map[string][]byte, error) {
	client, err := dav.New(dav.Options{URL: from.dav(), User: account, Password: func() string { return password }, AllowPlaintextBasic: true})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	place := from.places(account)[0]
	davKind := dav.AddressBooks
	if kind == pim.KindCalendar {
		place, davKind = from.places(account)[1], dav.Calendars
	}
	collection, err := client.Collection(ctx, root+place.home+place.name+"/", davKind)
	if err != nil {
		return nil, err
	}
	var items []dav.Item
	if err := client.List(ctx, collection, func(item dav.Item) error { items = append(items, item); return nil }); err != nil {
		return nil, err
	}
	objects := map[string][]byte{}
	err = client.MultiGet(ctx, collection, items, func(o dav.Object) error {
		if o.Err != nil {
			return o.Err
		}
		object, err := pim.Inspect(o.Data)
		if err != nil {
			return fmt.Errorf("%s: %w", o.Href, err)
		}
		if objects[object.UID] != nil {
			return fmt.Errorf("%s is there twice", object.UID)
		}
		objects[object.UID] = o.Data
		return nil
	})
	return objects, err
}
