// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"errors"
	"net/http"
	"testing"

	"rehome/lab"
	"rehome/lab/cyrus"
	"rehome/lab/davical"
)

// checkScheduling walks through a server that announces scheduling.
func checkScheduling(t *testing.T, client *Client, odd oddity) {
	t.Helper()
	for _, kind := range []Kind{Calendars, AddressBooks} {
		home, collections := discover(t, client, kind)
		if kind == Calendars && (!home.Capabilities.Schedules() || home.Inbox == "" || len(home.Addresses) == 0) {
			t.Errorf("%+v, want scheduling", home)
		}
		if len(collections) == 0 {
			t.Fatalf("no %s in %v", kind, home.HomeSets)
		}
		checkWrites(t, client, home, odd)
		for _, collection := range collections {
			checkManyObjects(t, client, collection, 8)
			break
		}
	}
}

func TestCyrus_writesAndReadsBack(t *testing.T) {
	t.Parallel()
	server, err := cyrus.Start(lab.Open(t), cyrus.Options{Accounts: []cyrus.Account{{Address: anna, Password: password}}, Scheduling: true})
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(t, Options{URL: server.DAV(), User: anna, Password: secret(password), AllowPlaintextBasic: true})
	checkScheduling(t, client, plainNames)
}

// A UID that is there already is refused, with the condition and the href that has it.
func TestCyrus_namesWhatStandsInTheWay(t *testing.T) {
	t.Parallel()
	server, err := cyrus.Start(lab.Open(t), cyrus.Options{Accounts: []cyrus.Account{{Address: anna, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(t, Options{URL: server.DAV(), User: anna, Password: secret(password), AllowPlaintextBasic: true})
	_, collections := discover(t, client, Calendars)
	for _, collection := range collections {
		put(t, client, Child(collection.Href, "one.ics"), Calendars, event("same", "one"))
		_, err := client.Put(t.Context(), Child(collection.Href, "two.ics"), Upload{Kind: Calendars, Data: []byte(event("same", "two"))})
		var refused *StatusError
		if !errors.As(err, &refused) || refused.Status != http.StatusForbidden || !refused.Failed("unique-scheduling-object-resource") {
			t.Errorf("the same UID under another href: %v", err)
		} else if Name(refused.Href) != "one.ics" {
			t.Errorf("it names %q, want one.ics", refused.Href)
		}
		break
	}
}

func TestDAViCal_writesAndReadsBack(t *testing.T) {
	t.Parallel()
	server, err := davical.Start(lab.Open(t), davical.Options{Accounts: []davical.Account{{Address: anna, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(t, Options{URL: server.URL, User: anna, Password: secret(password), AllowPlaintextBasic: true})
	checkScheduling(t, client, escapes)
}
