// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"net/http"
	"testing"
)

// oddity is what a server does to a new collection beside what it is told.
type oddity int

const (
	exact      oddity = iota
	nameOnly          // Xandikos keeps the name and nothing else
	escapes           // DAViCal keeps "&" and "<" as "&amp;" and "&lt;"
	plainNames        // Cyrus refuses what has to be percent-encoded in the path
)

// checkWrites makes a collection and walks an object through its life, on any real server.
func checkWrites(t *testing.T, client *Client, home *Home, odd oddity) {
	t.Helper()
	segment, title, description := "rehome äö", "Größe & Maß", "<Beschreibung>"
	switch odd {
	case escapes:
		title, description = "Größe und Maß", "Beschreibung"
	case plainNames:
		segment = "rehome"
	}
	href := ChildCollection(home.HomeSets[0], segment)
	want := NewCollection{Kind: home.Kind, Name: title}
	first, second := card("u-1", "One"), card("u-1", "Two")
	name := "u 1@x.vcf"
	if home.Kind == Calendars {
		want.Components = []string{"VEVENT"}
		first, second, name = event("u-1", "one"), event("u-1", "two"), "u 1@x.ics"
	}
	if err := client.MakeCollection(t.Context(), href, want); err != nil {
		t.Fatal(err)
	}
	if err := client.MakeCollection(t.Context(), href, want); err == nil {
		t.Error("the same collection can be made twice")
	}
	collection, err := client.Collection(t.Context(), href, home.Kind)
	if err != nil {
		t.Fatal(err)
	}
	if collection.Name != want.Name || !collection.Is(dialectOf(home.Kind).resource) || Key(collection.Href) != Key(href) {
		t.Errorf("made %+v, want the name %q", collection, want.Name)
	}
	if home.Kind == Calendars && odd != nameOnly && (len(collection.Components) != 1 || collection.Components[0] != "VEVENT") {
		t.Errorf("components %v, want VEVENT", collection.Components)
	}
	if err := client.SetProperty(t.Context(), href, home.Kind, PropertyName, "Anders"); err != nil {
		t.Error(err)
	}
	if err := client.SetProperty(t.Context(), href, home.Kind, PropertyDescription, description); err != nil {
		if description = ""; odd != nameOnly {
			t.Error(err)
		}
	}
	if collection, err = client.Collection(t.Context(), href, home.Kind); err != nil || collection.Name != "Anders" || collection.Description != description {
		t.Errorf("after the change: %+v, %v", collection, err)
	}
	checkObject(t, client, home.Kind, Child(href, name), first, second)
	if err := client.Delete(t.Context(), href, ""); err != nil {
		t.Errorf("delete the collection: %v", err)
	}
	if _, err := client.Collection(t.Context(), href, home.Kind); !IsStatus(err, http.StatusNotFound) {
		t.Errorf("after its removal: %v, want 404", err)
	}
}

func checkObject(t *testing.T, client *Client, kind Kind, object, first, second string) {
	t.Helper()
	put(t, client, object, kind, first)
	if _, err := client.Put(t.Context(), object, Upload{Kind: kind, Data: []byte(second)}); !IsStatus(err, http.StatusPreconditionFailed) {
		t.Errorf("put again as new: %v, want 412", err)
	}
	before, err := client.Get(t.Context(), object, kind)
	if err != nil || before.ETag == "" {
		t.Fatalf("get: etag %q, %v", before.ETag, err)
	}
	if _, err := client.Put(t.Context(), object, Upload{Kind: kind, Data: []byte(second), IfMatch: `"other"`}); !IsStatus(err, http.StatusPreconditionFailed) {
		t.Errorf("put over another etag: %v, want 412", err)
	}
	if _, err := client.Put(t.Context(), object, Upload{Kind: kind, Data: []byte(second), IfMatch: before.ETag}); err != nil {
		t.Errorf("put over its etag: %v", err)
	}
	after, err := client.Get(t.Context(), object, kind)
	if err != nil || SameETag(before.ETag, after.ETag) {
		t.Errorf("etag %q after %q, %v", after.ETag, before.ETag, err)
	}
	if err := client.Delete(t.Context(), object, before.ETag); !IsStatus(err, http.StatusPreconditionFailed) {
		t.Errorf("delete with an old etag: %v, want 412", err)
	}
	if err := client.Delete(t.Context(), object, after.ETag); err != nil {
		t.Errorf("delete: %v", err)
	}
	if _, err := client.Get(t.Context(), object, kind); !IsStatus(err, http.StatusNotFound) {
		t.Errorf("get of what is gone: %v, want 404", err)
	}
}
