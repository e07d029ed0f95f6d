// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"errors"
	"maps"
	"testing"

	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/corpus"
)

// The etags of some objects are those that the listing has; a server that knows no such report, or refuses it, says nothing.
func TestETags(t *testing.T) {
	t.Parallel()
	server, err := atmail7.Start(lab.Open(t), atmail7.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := corpus.SeedPerson(t.Context(), server, corpus.PIMPerson(anna, password, 60, 0)); err != nil {
		t.Fatal(err)
	}
	client := newClient(t, Options{URL: server.DAV, User: anna, Password: secret(password), AllowPlaintextBasic: true})
	_, collections := discover(t, client, AddressBooks)
	book := collections["default"]
	_, items := changes(t.Context(), t, client, &book, Mark{})
	want := map[string]string{}
	for i, item := range items {
		want[item.Href], items[i].ETag = item.ETag, ""
	}
	ask := func(items []Item) map[string]string {
		t.Helper()
		got := map[string]string{}
		err := client.ETags(t.Context(), &book, items, func(item Item) error {
			got[item.Href] = item.ETag
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := ask(items); len(got) != 60 || !maps.Equal(got, want) {
		t.Errorf("%d etags, want the 60 of the listing", len(got))
	}
	if got := ask([]Item{{Href: book.Href + "none.vcf"}, items[0]}); len(got) > 1 || got[book.Href+"none.vcf"] != "" {
		t.Errorf("%v of what is not there", got)
	}
	put(t, client, Child(book.Href, "asked.vcf"), AddressBooks, card("asked", "Asked"))
	_, items = changes(t.Context(), t, client, &book, Mark{})
	var names []string
	for _, item := range items {
		names = append(names, Name(item.Href))
	}
	checkQueries(t, client, book, "asked", names)
	book.Reports = []string{"sync-collection"}
	if got := ask(items); len(got) > 0 {
		t.Errorf("%d etags without a report", len(got))
	}
	err = client.WithUID(t.Context(), &book, "", "any", func(Item) error { return nil })
	if !errors.Is(err, ErrNoQuery) {
		t.Errorf("a query without a report: %v", err)
	}
}
