// SPDX-License-Identifier: Apache-2.0

package alias

import (
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/exim"
)

// A real Exim reads the map and sends mail where the plan says, and nowhere else.
func TestWriteExim_asEximReadsIt(t *testing.T) {
	t.Parallel()
	b := house(Abilities{Yes, Yes, Yes, Yes})
	var table strings.Builder
	if err := b.WriteExim(&table, b.Plan()); err != nil {
		t.Fatal(err)
	}
	host, err := exim.New(lab.Open(t), exim.Options{Domains: []string{"a.test", "b.test", "old.test"},
		Accounts: []string{"anna@a.test", "bob@a.test", "eva@b.test"}, Aliases: table.String()})
	if err != nil {
		t.Fatal(err)
	}
	anna := "anna@a.test anna@out.test" // who keeps a copy of what is forwarded
	for address, want := range map[string]string{
		"anna@a.test": anna, "bob@a.test": "bob@a.test", "sales@a.test": anna, "SALES@A.test": anna, "team@a.test": anna + " bob@a.test",
		"press@a.test": "agency@out.test", "eva@b.test": anna, "anyone@b.test": anna, "sales@old.test": anna, "bob@old.test": "bob@a.test",
		"nobody@old.test": "", "nobody@a.test": "", "ping@a.test": "", "archive@a.test": "", "joe@a.test": "", "|pipe@a.test": "",
	} {
		got, err := host.Route(address)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q; the map:\n%s", address, got, want, &table)
		}
	}
	entries, _ := b.entries(b.Plan())
	for _, e := range entries {
		address := e.key
		if strings.HasPrefix(address, "@") {
			address = "anyone" + address
		}
		if got, err := host.Route(address); err != nil || len(got) == 0 {
			t.Errorf("%s is in the map, and mail for %s would bounce: %v", e.key, address, err)
		}
	}
}
