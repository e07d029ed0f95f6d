// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/atmail8"
)

const cloudPassword = "Correct-Horse-1,2"

// startRadicale runs Radicale behind TLS, and returns a client for the account.
func startRadicale(t *testing.T) *Client {
	t.Helper()
	l := lab.Open(t)
	server, err := atmail8.Start(l, atmail8.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows := "EmailAddress,FirstName,LastName,Password\n" + anna + ",Anna,Arnold,\"" + cloudPassword + "\"\n"
	if _, err := server.ImportCSV(strings.NewReader(rows)); err != nil {
		t.Fatal(err)
	}
	transport := NewTransport(l.ClientTLS("cloud.example.test"), nil)
	t.Cleanup(transport.CloseIdleConnections)
	return newClient(t, Options{URL: server.DAV, Transport: transport, User: anna, Password: secret(cloudPassword)})
}

func TestRadicale_writesAndReadsBack(t *testing.T) {
	t.Parallel()
	client := startRadicale(t)
	for kind, name := range map[Kind]string{Calendars: "calendar", AddressBooks: "contacts"} {
		home, collections := discover(t, client, kind)
		collection, ok := collections[name]
		if !ok || !collection.reports("sync-collection") {
			t.Fatalf("%s: collections %+v", kind, collections)
		}
		checkWrites(t, client, home, exact)
		all := checkManyObjects(t, client, collection, batchItems+5)
		checkQueries(t, client, collection, "many-xx", all)
	}
}

// checkManyObjects reads a number of objects back, and compares with what GET says. It returns their names.
func checkManyObjects(t *testing.T, client *Client, collection Collection, count int) []string {
	t.Helper()
	want := map[string][]byte{}
	for i := range count {
		uid := "many-" + strings.Repeat("x", i)
		name, data := uid+".vcf", card(uid, "Café & <Söhne>")
		if collection.Kind == Calendars {
			name, data = uid+".ics", event(uid, "Café & <Söhne>")
		}
		href := Child(collection.Href, name)
		put(t, client, href, collection.Kind, data)
		stored, err := client.Get(t.Context(), href, collection.Kind)
		if err != nil {
			t.Fatal(err)
		}
		want[name] = stored.Data
	}
	sameObjects(t, "multiget", everything(t, client, collection), want)
	if client.fidelity.distrust || client.fidelity.equal < enoughEqual && !client.fidelity.md5 {
		t.Errorf("nothing was learned about the server: distrust %v, equal %d", client.fidelity.distrust, client.fidelity.equal)
	}
	return slices.Collect(maps.Keys(want))
}

// checkQueries asks for the UID of one object, which has a name after it, for all that have one, and for one that nothing has.
func checkQueries(t *testing.T, client *Client, collection Collection, uid string, all []string) {
	t.Helper()
	ask := func(uid string) (names []string) {
		err := client.WithUID(t.Context(), &collection, "VEVENT", uid, func(item Item) error {
			names = append(names, Name(item.Href))
			return nil
		})
		if err != nil {
			t.Errorf("%s: objects with the UID %q: %v", collection.Kind, uid, err)
		}
		return names
	}
	if got := ask(uid); !slices.ContainsFunc(got, func(name string) bool { return strings.HasPrefix(name, uid+".") }) {
		t.Errorf("%s: %v have the UID %s", collection.Kind, got, uid)
	}
	if got := ask("nobody-has-this"); len(got) > 0 {
		t.Errorf("%s: %v have a UID that nothing has", collection.Kind, got)
	}
	if got := ask(""); len(got) != len(all) || slices.ContainsFunc(all, func(name string) bool { return !slices.Contains(got, name) }) {
		t.Errorf("%s: %d of %d have a UID", collection.Kind, len(got), len(all))
	}
}

func TestRadicale_syncFollowsChanges(t *testing.T) {
	t.Parallel()
	client := startRadicale(t)
	_, collections := discover(t, client, AddressBooks)
	collection := collections["contacts"]
	kept, gone := Child(collection.Href, "kept.vcf"), Child(collection.Href, "gone.vcf")
	put(t, client, kept, AddressBooks, card("kept", "Kept"))
	put(t, client, gone, AddressBooks, card("gone", "Gone"))
	first, items := changes(t.Context(), t, client, &collection, Mark{})
	if !first.Full || len(items) != 2 {
		t.Fatalf("first listing %+v: %+v", first, items)
	}
	if err := client.Delete(t.Context(), gone, ""); err != nil {
		t.Fatal(err)
	}
	put(t, client, Child(collection.Href, "new.vcf"), AddressBooks, card("new", "New"))
	reread, err := client.Collection(t.Context(), collection.Href, AddressBooks)
	if err != nil {
		t.Fatal(err)
	}
	second, items := changes(t.Context(), t, client, reread, first.Mark)
	got := map[string]bool{}
	for _, i := range items {
		got[Name(i.Href)] = i.Removed
	}
	if second.Full || len(got) != 2 || !got["gone.vcf"] || got["new.vcf"] {
		t.Errorf("second listing %+v: %+v", second, got)
	}
	third, items := changes(t.Context(), t, client, reread, second.Mark)
	if !third.Unchanged || len(items) != 0 {
		t.Errorf("third listing %+v: %+v", third, items)
	}
	expired, items := changes(t.Context(), t, client, reread, Mark{SyncToken: "http://radicale.org/ns/sync/" + strings.Repeat("0", 64)})
	if !expired.Full || len(items) != 2 {
		t.Errorf("listing with an unknown token %+v: %+v", expired, items)
	}
}

func TestRadicale_untrustedCertificate(t *testing.T) {
	t.Parallel()
	known := startRadicale(t)
	stranger := newClient(t, Options{URL: known.options.URL, User: anna, Password: secret(cloudPassword)})
	_, err := stranger.Discover(t.Context(), Calendars, Search{})
	if trouble := troubleOf(err); trouble != Untrusted {
		t.Errorf("unknown authority: %q (%v), want %q", trouble, err, Untrusted)
	}
	u, err := url.Parse(known.options.URL)
	if err != nil {
		t.Fatal(err)
	}
	plain := newClient(t, Options{URL: "http://" + u.Host + "/", User: anna, Password: secret(cloudPassword)})
	if _, err := plain.Discover(t.Context(), Calendars, Search{}); err == nil {
		t.Error("http on a port with TLS works")
	}
}
