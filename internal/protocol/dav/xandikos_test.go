// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"testing"

	"rehome/lab"
	"rehome/lab/xandikos"
)

func TestXandikos_writesAndReadsBack(t *testing.T) {
	t.Parallel()
	server, err := xandikos.Start(lab.Open(t), xandikos.Options{Accounts: []xandikos.Account{{Address: anna, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(t, Options{URL: server.URL, User: anna, Password: secret(password), AllowPlaintextBasic: true})
	for _, kind := range []Kind{Calendars, AddressBooks} {
		home, collections := discover(t, client, kind)
		checkWrites(t, client, home, nameOnly)
		if len(collections) != 1 {
			t.Fatalf("%s: %+v", kind, collections)
		}
		for _, collection := range collections {
			all := checkManyObjects(t, client, collection, 8)
			if kind == Calendars {
				checkQueries(t, client, collection, "many-xx", all)
			} else if err := client.WithUID(t.Context(), &collection, "", "many-xx", nil); err == nil { // its own parser fails there
				t.Error("a query in an address book is answered by now")
			}
		}
	}
}

// Xandikos answers 207 to what it refuses.
func TestXandikos_refusalInsideMultistatus(t *testing.T) {
	t.Parallel()
	server, err := xandikos.Start(lab.Open(t), xandikos.Options{Accounts: []xandikos.Account{{Address: anna, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(t, Options{URL: server.URL, User: anna, Password: secret(password), AllowPlaintextBasic: true})
	_, collections := discover(t, client, Calendars)
	for _, collection := range collections {
		put(t, client, Child(collection.Href, "one.ics"), Calendars, event("same", "one"))
		_, err := client.Put(t.Context(), Child(collection.Href, "two.ics"), Upload{Kind: Calendars, Data: []byte(event("same", "two"))})
		if !IsStatus(err, 412) {
			t.Errorf("the same UID under another href: %v, want 412", err)
		}
	}
}
