// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/content/sieve"
	"rehome/internal/protocol/managesieve"
)

// scriptStore is a source that holds scripts.
type scriptStore map[string]string

func (s scriptStore) ListScripts(context.Context) ([]managesieve.Script, error) {
	var all []managesieve.Script
	for name := range s {
		all = append(all, managesieve.Script{Name: name, Active: name == "main"})
	}
	return all, nil
}

func (s scriptStore) GetScript(_ context.Context, name string) (string, error) { return s[name], nil }

// Where nobody takes scripts, what each rule does is said in words, what a person does about it, and what
// cannot be brought across at all.
func TestPlan_byHand(t *testing.T) {
	t.Parallel()
	moves := func(name string) (string, bool) { return strings.ReplaceAll(name, ".", "/"), name != "Gone" }
	database := Account{Address: anna, Mailbox: moves, Rules: sieve.Rules{
		Block: []string{"*@shop.example"}, Junk: "Spam", Redirects: []sieve.Redirect{{To: "anna@partner.example", KeepCopy: true}},
		Vacation: &sieve.Vacation{Text: "Bin weg.\n\nGrüße"},
		Sorts: []sieve.Sort{
			{Conditions: []sieve.Condition{{Header: "subject", Contains: "Offer"}}, Mailbox: "Sales.Größe"},
			{Conditions: []sieve.Condition{{Header: "from", Contains: "x@"}}, Mailbox: "Gone"},
		},
	}}
	scripts := Account{Address: "bob@example.test", Mailbox: moves, Rules: sieve.Rules{Vacation: &sieve.Vacation{Text: "x"}}, Source: scriptStore{
		"main": "require [\"fileinto\", \"vnd.dovecot.pipe\"];\r\nif true { fileinto \"Gone\"; }\r\npipe \"sort-it\";\r\n", "=odd": "nonsense",
	}}
	var outcomes []Moved
	for _, a := range []Account{database, scripts, {Address: "nobody@example.test"}} {
		o, err := New(Options{}).Plan(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		for i := range o.Scripts {
			o.Scripts[i].File = o.Account + ".sieve"
		}
		outcomes = append(outcomes, o)
	}
	for file, write := range map[string]func(*strings.Builder) error{
		"sheet.txt": func(b *strings.Builder) error { return WriteText(b, outcomes) },
		"sheet.csv": func(b *strings.Builder) error { return WriteCSV(b, outcomes) },
	} {
		var got strings.Builder
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", file)
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s: -want +got\n%s", file, diff)
		}
	}
}
