// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/lab/atmail7"
)

// loadCase puts a database of testdata in the place of the bench's own.
func (b *bench) loadCase(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := b.DB().QueryContext(t.Context(), "SHOW TABLES")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var drop []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		drop = append(drop, "DROP TABLE "+quoted(table))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	b.exec(t, strings.Join(drop, "\n"))
	statements := regexp.MustCompile(`(?m)^--.*$`).ReplaceAllString(string(text), "")
	for _, statement := range regexp.MustCompile(`;\s*\n|; (?:CREATE)`).Split(strings.ReplaceAll(statements, "; CREATE", ";\nCREATE"), -1) {
		b.exec(t, strings.ReplaceAll(statement, "\n", " "))
	}
}

// With crypt on, atmail 5 writes the digest of the hash beside the hash: it proves nothing, and a hash that goes out as a
// person's own password locks that person out.
func TestOrganisation_atmail5WithCrypt(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	b.loadCase(t, "atmail5_md5crypt.sql")
	b.settings.Profile = ProfileAuto
	b.exec(t, `
		INSERT INTO UserSession (Account, Password, PasswordMD5) VALUES ('des@example.com', 'ab1FDAhKYjv2s', md5('ab1FDAhKYjv2s'))
		INSERT INTO UserSession (Account, Password, PasswordMD5) VALUES ('locked@example.com', '!$1$abcdefgh$eRKP5x0NvHsdzFHM8OEfR/', '')
		INSERT INTO UserSession (Account, Password, PasswordMD5) VALUES ('phpass@example.com', '$P$B9bHBmWeVSwbdLiZyRRCYb5QvnOLR70', md5('$P$B9bHBmWeVSwbdLiZyRRCYb5QvnOLR70'))
		INSERT INTO UserSession (Account, Password, PasswordMD5) VALUES ('label@example.com', '{plain}Rosen-47', md5('{plain}Rosen-47'))
		INSERT INTO UserSession (Account, Password, PasswordMD5) VALUES ('two@example.com', 'some words', md5('other words'))
		INSERT INTO Users (Account) VALUES ('des@example.com'), ('locked@example.com'), ('phpass@example.com'), ('label@example.com'), ('two@example.com')
		INSERT INTO UserSettings_other (Account) VALUES ('des@example.com'), ('locked@example.com'), ('phpass@example.com'), ('label@example.com'), ('two@example.com')
	`)
	org, findings := b.organisation(t)
	got := map[string]string{}
	for _, a := range org.Accounts {
		got[strings.TrimSuffix(a.Address, "@example.com")] = string(a.Password.Form) + " " + a.SourcePassword.Reveal()
	}
	want := map[string]string{
		"anna": "crypt ", "ben": "crypt ", "ann2": "plain Plain-Pass1", "9lives": "plain Plain-Pass2", "des": "crypt ",
		"locked": "other ", "phpass": "other ", "label": "plain Rosen-47", "two": "other ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	wantNamed := []string{
		"password_contradicted two@example.com", "password_locked locked@example.com", "password_looks_hashed des@example.com",
		"password_looks_hashed phpass@example.com",
	}
	if diff := cmp.Diff(wantNamed, named(findings, rehome.TopicPasswords)); diff != "" {
		t.Errorf("findings: -want +got\n%s", diff)
	}
}

// What atmail 5 stored with character references, and in two character sets in one column, comes out as people wrote it.
func TestOrganisation_atmail5Texts(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	b.loadCase(t, "atmail5_md5crypt.sql")
	b.settings.Profile = ProfileAuto
	b.exec(t, "UPDATE UserSettings_other SET Signature = 'Gr&uuml;&szlig;e &amp; Dank' WHERE Account = '9lives@example.com'")
	org, _ := b.organisation(t)
	got := map[string]string{}
	for _, a := range org.Accounts {
		got[strings.TrimSuffix(a.Address, "@example.com")] = a.FirstName + "|" + a.LastName
	}
	want := map[string]string{"anna": "Joürg|Bö", "ann2": "Jörg|Bü", "ben": "Smith & Sons|<x>", "9lives": "Cat|"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if len(org.Forwards) != 1 || org.Forwards[0].Target != "r&d@partner.example" {
		t.Errorf("got forwards %+v", org.Forwards)
	}
	rules, err := b.open(t).Rules(t.Context())
	if err != nil || rules["ben@example.com"].Away != "Away <until> Monday & back" {
		t.Errorf("got %v, %v", rules["ben@example.com"], err)
	}
	preferences, err := b.open(t).Preferences(t.Context())
	if err != nil || len(preferences) == 0 || preferences[0].Signature != "Grüße & Dank" {
		t.Errorf("got %+v, %v", preferences, err)
	}
}

// named are the findings of one topic in short.
func named(findings []rehome.Finding, topic rehome.Topic) []string {
	var of []rehome.Finding
	for _, f := range findings {
		if f.Topic == topic {
			of = append(of, f)
		}
	}
	return codes(of)
}
