// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/people"
	labatmail7 "rehome/lab/atmail7"
)

func TestPreferences(t *testing.T) {
	t.Parallel()
	b := startBench(t, labatmail7.Options{})
	b.add(t, labatmail7.Account{Address: "anna@example.test", Stored: "x", RealName: " Anna  Kovács"},
		labatmail7.Account{Address: "bjorn@example.test", Stored: "x"})
	b.exec(t, `UPDATE UserSettings SET ReplyTo = 'office@example.test', Signature = '<p>Anna<br>Purchasing</p>\n', TimeZone = 'Europe/Budapest', Language = 'hungarian' WHERE Account = 'anna@example.test'
		UPDATE UserSettings SET ReplyTo = 'BJORN@example.test', Signature = 'I <3 mail <bjorn@example.test>', TimeZone = NULL, Language = '' WHERE Account = 'bjorn@example.test'
		INSERT INTO UserSettings (Account, Signature) VALUES ('no address', 'x')`)
	got, err := b.open(t).Preferences(t.Context())
	want := []people.Preference{
		{Account: "anna@example.test", DisplayName: "Anna Kovács", ReplyTo: "office@example.test", Signature: "<p>Anna<br>Purchasing</p>",
			HTML: true, TimeZone: "Europe/Budapest", Language: "hungarian"},
		{Account: "bjorn@example.test", Signature: "I <3 mail <bjorn@example.test>"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, want -, got +:\n%s", err, diff)
	}
}

// Every version's tables have the settings that matter; what a table lacks is empty, not an error.
func TestPreferences_tableLacksColumns(t *testing.T) {
	t.Parallel()
	b := startBench(t, labatmail7.Options{})
	b.add(t, labatmail7.Account{Address: "anna@example.test", Stored: "x", RealName: "Anna"})
	b.exec(t, "ALTER TABLE UserSettings DROP COLUMN Signature, DROP COLUMN TimeZone, DROP COLUMN ReplyTo, DROP COLUMN Language")
	got, err := b.open(t).Preferences(t.Context())
	if diff := cmp.Diff([]people.Preference{{Account: "anna@example.test", DisplayName: "Anna"}}, got); err != nil || diff != "" {
		t.Errorf("%v, want -, got +:\n%s", err, diff)
	}
}
