// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"slices"
	"testing"

	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/corpus"
)

// startSabre runs SabreDAV 1.8 with everything that an old server holds, and returns what lies in the
// tables by kind.
func startSabre(t *testing.T, options atmail7.Options) (*atmail7.Server, map[Kind]map[string][]byte) {
	t.Helper()
	server, err := atmail7.Start(lab.Open(t), options)
	if err != nil {
		t.Fatal(err)
	}
	person := corpus.DirtyPerson(anna, password)
	if err := corpus.SeedPerson(t.Context(), server, person); err != nil {
		t.Fatal(err)
	}
	stored := map[Kind]map[string][]byte{Calendars: {}, AddressBooks: {}}
	for _, r := range person.Calendars[0].Resources {
		stored[Calendars][r.Name] = r.Data
	}
	for _, r := range person.AddressBooks[0].Resources {
		stored[AddressBooks][r.Name] = r.Data
	}
	return server, stored
}

func TestSabre_readsEveryOctet(t *testing.T) {
	t.Parallel()
	server, stored := startSabre(t, atmail7.Options{})
	client := newClient(t, Options{URL: server.DAV, User: anna, Password: secret(password), AllowPlaintextBasic: true})
	for kind, want := range stored {
		home, collections := discover(t, client, kind)
		if home.How != "given URL" || home.Principal != "/principals/users/"+anna+"/" && Key(home.Principal) != Key("/principals/users/"+anna) {
			t.Errorf("%s: home %+v", kind, home)
		}
		if !home.Capabilities.Known || home.Capabilities.Schedules() {
			t.Errorf("%s: capabilities %+v", kind, home.Capabilities)
		}
		collection, ok := collections["default"]
		if !ok || !collection.Writable() || collection.CTag == "" {
			t.Fatalf("%s: collections %+v", kind, collections)
		}
		sameObjects(t, string(kind)+" by multiget", everything(t, client, collection), want)
		sameObjects(t, string(kind)+" for a proof", read(t, func(each func(Object) error) error {
			_, items := changes(t.Context(), t, client, &collection, Mark{})
			return client.Fetch(t.Context(), &collection, items, each)
		}), want)
		listing, items := changes(t.Context(), t, client, &collection, Mark{CTag: collection.CTag})
		if !listing.Unchanged || len(items) != 0 {
			t.Errorf("%s with the same ctag: %+v and %d items", kind, listing, len(items))
		}
	}
}

// A missing href makes SabreDAV 1.8 refuse the whole report.
func TestSabre_isolatesMissing(t *testing.T) {
	t.Parallel()
	server, stored := startSabre(t, atmail7.Options{})
	client := newClient(t, Options{URL: server.DAV, User: anna, Password: secret(password), AllowPlaintextBasic: true})
	_, collections := discover(t, client, AddressBooks)
	collection := collections["default"]
	_, items := changes(t.Context(), t, client, &collection, Mark{})
	items = slices.Insert(items, len(items)/2, Item{Href: Child(collection.Href, "gone.vcf"), Size: -1})
	got := map[string][]byte{}
	err := client.MultiGet(t.Context(), &collection, items, func(o Object) error {
		if Name(o.Href) == "gone.vcf" {
			if !IsStatus(o.Err, http.StatusNotFound) {
				t.Errorf("gone.vcf: %v, want 404", o.Err)
			}
			return nil
		}
		got[Name(o.Href)] = o.Data
		return o.Err
	})
	if err != nil {
		t.Fatal(err)
	}
	sameObjects(t, "beside a missing one", got, stored[AddressBooks])
}

func TestSabre_digestWithPasswordAndHash(t *testing.T) {
	t.Parallel()
	server, stored := startSabre(t, atmail7.Options{Digest: true})
	sum := md5.Sum([]byte(anna + ":SabreDAV:" + password))
	ha1 := hex.EncodeToString(sum[:])
	for name, options := range map[string]Options{
		"password": {Password: secret(password)},
		"hash":     {HA1: secret(ha1), Realm: "SabreDAV"},
	} {
		options.URL, options.User = server.DAV, anna
		client := newClient(t, options)
		_, collections := discover(t, client, AddressBooks)
		sameObjects(t, name, everything(t, client, collections["default"]), stored[AddressBooks])
	}
	refused := newClient(t, Options{URL: server.DAV, User: anna, Password: secret("wrong")})
	if _, err := refused.Discover(t.Context(), Calendars, Search{}); !IsStatus(err, http.StatusUnauthorized) {
		t.Errorf("wrong password: %v, want 401", err)
	}
}

func TestSabre_writes(t *testing.T) {
	t.Parallel()
	server, _ := startSabre(t, atmail7.Options{})
	client := newClient(t, Options{URL: server.DAV, User: anna, Password: secret(password), AllowPlaintextBasic: true})
	for _, kind := range []Kind{Calendars, AddressBooks} {
		home, _ := discover(t, client, kind)
		checkWrites(t, client, home, exact)
	}
}
