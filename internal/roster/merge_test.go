// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome"
)

func TestMerge_rosterWinsWhereItSaysSomething(t *testing.T) {
	t.Parallel()
	hashed := rehome.Password{Form: rehome.PasswordMD5, Stored: rehome.NewSecret("5f4dcc3b5aa765d61d8327deb882cf99")}
	off := rehome.Services{IMAP: true}
	database := []rehome.Account{
		{Address: "cleo@example.org", FirstName: "Cleo", LastName: "Dahl", Disabled: true, Quota: 7, Services: off, Password: hashed},
		{Address: "anna@example.org", FirstName: "Anna", LastName: "Berg", Password: plain("old"), SourcePassword: rehome.NewSecret("old")},
	}
	said := []rehome.Account{
		{Address: "ben@example.org", FirstName: "Ben", Services: rehome.AllServices},
		{Address: "cleo@example.org", LastName: "Eide", Services: rehome.AllServices, SourceUser: "cleo",
			Password: plain("now"), SourcePassword: rehome.NewSecret("now"), DestinationPassword: rehome.NewSecret("new")},
	}
	want := []rehome.Account{
		database[1],
		said[0],
		{Address: "cleo@example.org", FirstName: "Cleo", LastName: "Eide", Disabled: true, Quota: 7, Services: off, SourceUser: "cleo",
			Password: plain("now"), SourcePassword: rehome.NewSecret("now"), DestinationPassword: rehome.NewSecret("new")},
	}
	before := database[0]
	if diff := cmp.Diff(want, Merge(database, said), reveal); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if database[0] != before {
		t.Error("the database's accounts were changed in place")
	}
	if got := Merge(nil, nil); len(got) != 0 {
		t.Errorf("got %d accounts of nothing", len(got))
	}
}
