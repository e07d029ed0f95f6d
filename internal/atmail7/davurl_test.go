// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"testing"

	"rehome/internal/people"
	labatmail7 "rehome/lab/atmail7"
)

func TestDAVPlaces(t *testing.T) {
	t.Parallel()
	b := startBench(t, labatmail7.Options{})
	b.add(t, labatmail7.Account{Address: "anna@example.test", Stored: "x"}, labatmail7.Account{Address: "bjorn@example.test", Stored: "x"})
	b.exec(t, `UPDATE UserSettings SET CalDavUrl = ' http://a.example.test/cal/ ', CardDavUrl = '' WHERE Account = 'anna@example.test'
		UPDATE UserSettings SET CalDavUrl = NULL, CardDavUrl = NULL WHERE Account = 'bjorn@example.test'
		INSERT INTO Config (section, `+"`key`"+`, value) VALUES ('defaultUserSettings', 'CalDavUrl', 'http://all.example.test/cal/'), ('defaultUserSettings', 'CardDavUrl', 'http://all.example.test/card/'), ('exim', 'CalDavUrl', 'http://no.example.test/')`)
	database := b.open(t)
	for account, want := range map[string]people.DAVPlaces{
		"anna@example.test":   {Calendars: "http://a.example.test/cal/", Contacts: "http://all.example.test/card/"},
		"bjorn@example.test":  {Calendars: "http://all.example.test/cal/", Contacts: "http://all.example.test/card/"},
		"nobody@example.test": {Calendars: "http://all.example.test/cal/", Contacts: "http://all.example.test/card/"},
	} {
		if got, err := database.DAVPlaces(t.Context(), account); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", account, got, err, want)
		}
	}
}

// atmail 5 has no such columns, and a database may lack the tables.
func TestDAVPlaces_noneKnown(t *testing.T) {
	t.Parallel()
	b := startBench(t, labatmail7.Options{})
	b.add(t, labatmail7.Account{Address: "anna@example.test", Stored: "x"})
	b.exec(t, "ALTER TABLE UserSettings DROP COLUMN CalDavUrl, DROP COLUMN CardDavUrl")
	if got, err := b.open(t).DAVPlaces(t.Context(), "anna@example.test"); err != nil || got != (people.DAVPlaces{}) {
		t.Errorf("%+v, %v; want none", got, err)
	}
}
