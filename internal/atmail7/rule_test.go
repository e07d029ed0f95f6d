// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/people"
	"rehome/lab/atmail7"
)

func TestRules_ofEveryTable(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	b.exec(t, `
		INSERT INTO Users (Account, AutoReply) VALUES ('Anna@example.test', 'Bin weg.'), ('berta@example.test', ' ')
		INSERT INTO SpamSettings (username, preference, value) VALUES ('anna@example.test', 'blacklist_from', '*@Spam.example x@y.example'), ('anna@example.test', 'blacklist_from', 'x@y.example'), ('anna@example.test', 'whitelist_from', 'good@spam.example'), ('anna@example.test', 'required_score', '5')
		CREATE TABLE MailSort_a (EmailAddress VARCHAR(64), EmailSubject VARCHAR(64), EmailFolder VARCHAR(64), Account VARCHAR(64))
		INSERT INTO MailSort_a VALUES ('news@', '', 'Lists', 'anna@example.test'), ('', '', 'Never', 'anna@example.test')
	`)
	database, err := Open(t.Context(), b.settings)
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	got, err := database.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]*people.Rule{"anna@example.test": {
		Away: "Bin weg.", Allow: []string{"good@spam.example"}, Block: []string{"*@spam.example", "x@y.example"},
		Sorts: []people.Sort{{From: "news@", Mailbox: "Lists"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
