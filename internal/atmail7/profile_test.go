// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"strings"
	"testing"

	"rehome"
)

func TestPresets_parse(t *testing.T) {
	t.Parallel()
	for _, name := range Presets() {
		p, err := preset(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			if _, named := p.places[f.name]; !named && f.name != "session.password_md5" {
				t.Errorf("%s says nothing of %s", name, f.name)
			}
		}
	}
	sharded, err := preset("atmail5-sharded")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]place{
		"settings.account": {"UserSettings_*", "Account"}, "session.account": {"UserSession", "Account"},
		"session.password_md5": {"UserSession", "PasswordMD5"}, "contact.global": {},
	} {
		if got := sharded.places[name]; got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestParseProfile_namesEveryWrongLine(t *testing.T) {
	t.Parallel()
	text := `base: atmail4
fileds:
  session.account: A.b
fields:
  session.acount: A.b
  session.account: none
  session.password: UserSession
  user.account: "Us ers.Account"
  user.status: [Users.UserStatus]
  alias.name: MailAliases.AliasName
  alias.name: MailAliases.AliasTo
  domain.name: "*.Hostname"
base: atmail6
`
	_, err := parseProfile("profile.yaml", []byte(text))
	wantFault(t, err, rehome.ClassOperator, "read database profile profile.yaml: ", "correct these lines")
	for _, want := range []string{
		"profile.yaml:1:7: the base is not one of atmail6,",
		`profile.yaml:2:1: the key "fileds" is not known`,
		`profile.yaml:5:3: the field "session.acount" is not known`,
		"profile.yaml:6:20: session.account is not written as Table.Column",
		"profile.yaml:7:21: session.password is not written as Table.Column",
		"profile.yaml:8:17: user.account is not written as Table.Column",
		"profile.yaml:9:16: user.status is not written as Table.Column",
		"profile.yaml:11:3: the field alias.name is in line 10 already",
		"profile.yaml:12:16: domain.name is not written as Table.Column",
		"profile.yaml:13:1: the key base is there twice",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

func TestParseProfile_refuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                 "no documents",
		"fields:\n\tx: y\n":                "L2.C1",
		"- a\n":                            "profile.yaml:1:1: the profile must be keys with values",
		"fields: A.b\n":                    "profile.yaml:1:9: fields must be keys with values",
		"base: atmail6\nfields:\n":         "profile.yaml:2:8: fields must be keys with values",
		"fields: {session.account: A.b}\n": "the field session.password is missing: name its column, or write none",
		"base: auto\n":                     "the base is not one of",
		"base: atmail6\nfields: {alias.name: A.b}\n": "the fields of alias are in two tables, A and MailAliases",
	} {
		_, err := parseProfile("profile.yaml", []byte(text))
		if rehome.ClassOf(err) != rehome.ClassOperator || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func FuzzParseProfile(f *testing.F) {
	f.Add("base: atmail6\nfields:\n  alias.id: none\n")
	f.Add("fields: &a {session.account: A.b, x: *a}\n")
	f.Add("? [a]\n: {b: !!int 1}\n---\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseProfile("p", []byte(text))
		if (p == nil) == (err == nil) {
			t.Fatalf("got %v and %v", p, err)
		}
		if err != nil {
			if rehome.ClassOf(err) != rehome.ClassOperator {
				t.Errorf("got %v", err)
			}
			return
		}
		resolve(catalogue{"UserSession": {"account": {name: "Account"}}}, p)
	})
}

func TestMatching(t *testing.T) {
	t.Parallel()
	found := catalogue{}
	for _, name := range []string{"Abook_a", "abook_Z", "ABOOK_other", "Abook_an", "Abook_shared", "AbookGroup_a", "Abook_", "Abook", "users",
		"Users", "USERS", "userSettings"} {
		found[name] = nil
	}
	for pattern, want := range map[string]string{
		"Abook_*":      "ABOOK_other Abook_a Abook_an abook_Z",
		"Abook":        "Abook",
		"Users":        "Users",
		"uSers":        "USERS",
		"UserSettings": "userSettings",
		"Domains":      "",
		"Domains_*":    "",
	} {
		if got := strings.Join(found.matching(pattern), " "); got != want {
			t.Errorf("%s: got %q, want %q", pattern, got, want)
		}
	}
}
