// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/people"
	"rehome/lab/atmail7"
)

// The blocked senders of atmail 5, in one table and in shards, are rules; what is no sender is told.
func TestRules_blockedSenders(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	b.exec(t, `
		CREATE TABLE SpamDB_a (id INT AUTO_INCREMENT PRIMARY KEY, SpamEmail VARCHAR(64), Account VARCHAR(64))
		CREATE TABLE SpamDB_other (id INT AUTO_INCREMENT PRIMARY KEY, SpamEmail VARCHAR(64), Account VARCHAR(64))
		INSERT INTO SpamSettings (username, preference, value) VALUES ('anna@example.test', 'blacklist_from', 'x@y.example')
		INSERT INTO SpamDB_a (SpamEmail, Account) VALUES ('X@Y.example', 'Anna@example.test'), ('Shop <deals@shop.example>', 'anna@example.test'), ('viagra', 'anna@example.test'), ('', 'anna@example.test')
		INSERT INTO SpamDB_other (SpamEmail, Account) VALUES ('@spam.example', '1st@example.test')
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
	want := map[string]*people.Rule{
		"anna@example.test": {Block: []string{"deals@shop.example", "x@y.example"}, Unclear: []string{"viagra"}},
		"1st@example.test":  {Block: []string{"*@spam.example"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestSenders(t *testing.T) {
	t.Parallel()
	for row, want := range map[string]string{
		"a@b.example": "a@b.example", "A Shop, Ltd <a@b.example>": "a@b.example ?", "<a@b.example>": "a@b.example", "mailto:a@b.example": "a@b.example",
		"a@b.example; c@d.example,e@f.example": "a@b.example c@d.example e@f.example", "*@b.example": "*@b.example", "@b.example": "*@b.example",
		"b.example": "*@b.example", "*.example": "*@*.example", "news@*": "news@*", "root@localhost": "root@localhost",
		"": "?", "word": "?", "*": "?", "*@*": "?", "*@*.*": "?", "@": "?", "a@": "?", "a@b..c": "?", "a@b@c.example": "?", `"a"@b.example`: "?",
		"a@b.example viagra": "a@b.example ?", "*@localhost": "?", "/regex/": "?",
	} {
		patterns, all := senders(row)
		if !all {
			patterns = append(patterns, "?")
		}
		if got := strings.Join(patterns, " "); got != want {
			t.Errorf("%q: got %q, want %q", row, got, want)
		}
	}
}

func FuzzSenders(f *testing.F) {
	f.Add("Shop <deals@shop.example>, @x.example")
	f.Fuzz(func(t *testing.T, row string) {
		patterns, _ := senders(row)
		for _, p := range patterns {
			if strings.Count(p, "@") != 1 || strings.ContainsAny(p, "\\ \t\r\n,;") || strings.Trim(p, "*?@.") == "" {
				t.Errorf("%q makes %q", row, p)
			}
		}
	})
}
