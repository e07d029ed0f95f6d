// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome"
)

func TestFormOf(t *testing.T) {
	t.Parallel()
	const (
		md5    = "5f4dcc3b5aa765d61d8327deb882cf99"
		sha1   = "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"
		blocks = md5 + md5
	)
	for _, c := range []struct {
		stored string
		now    regime
		want   rehome.PasswordForm
	}{
		{"", regimeUnknown, rehome.PasswordNone},
		{"", regimeLDAP, rehome.PasswordLDAP},
		{"Tulpen&Rosen-47", regimeLDAP, rehome.PasswordLDAP},
		{"Tulpen&Rosen-47", regimeMD5, rehome.PasswordPlain},
		{md5, regimeUnknown, rehome.PasswordMD5},
		{strings.ToUpper(md5), regimePlain, rehome.PasswordMD5},
		{"5F4dcc3b5aa765d61d8327deb882cf99", regimeUnknown, rehome.PasswordPlain}, // no program mixes case
		{md5, regimeSealed, rehome.PasswordSealed},
		{blocks, regimeSealed, rehome.PasswordSealed},
		{blocks, regimeUnknown, rehome.PasswordOther},
		{sha1, regimeUnknown, rehome.PasswordOther},
		{"20190401", regimeUnknown, rehome.PasswordPlain},
		{"deadbeef", regimeSealed, rehome.PasswordPlain},
		{"$1$q7Lr2Pwx$PG9f9DF7TtRhFWHKmgy..1", regimePlain, rehome.PasswordCrypt},
		{"$1$$qRPK7m23GJusamGpoGLby/", regimeUnknown, rehome.PasswordCrypt},
		{"$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", regimeUnknown, rehome.PasswordCrypt},
		{"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC", regimeUnknown, rehome.PasswordCrypt},
		{"$1$money$x", regimePlain, rehome.PasswordCrypt}, // perhaps cut
		{"$P$B9bHBmWeVSwbdLiZyRRCYb5QvnOLR70", regimePlain, rehome.PasswordOther},
		{"$H$9bHBmWeVSwbdLiZyRRCYb5QvnOLR70", regimePlain, rehome.PasswordOther},
		{"$S$DxVn7wubSRzoK9X2pkGx4njeDRkLEgdqPphc2ZXkkb8Viy8JEGf3", regimePlain, rehome.PasswordOther},
		{"$S$short", regimePlain, rehome.PasswordOther},
		{"$apr1$k0eAi.KR$h7XoDGrBEpJvPLpZhXQtJ/", regimePlain, rehome.PasswordCrypt},
		{"_J9..CCCCXBrJUJV154M", regimePlain, rehome.PasswordCrypt},
		{"{plain}secret", regimePlain, rehome.PasswordOther}, // which the label says more of
		{"{ssha}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr", regimePlain, rehome.PasswordOther},
		{"!$1$q7Lr2Pwx$PG9f9DF7TtRhFWHKmgy..1", regimePlain, rehome.PasswordOther},
		{"!!", regimePlain, rehome.PasswordOther},
		{"*LK*", regimePlain, rehome.PasswordOther},
		{"!Secret-1", regimeUnknown, rehome.PasswordPlain},
		{"*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19", regimePlain, rehome.PasswordOther},
		{"606717496665bcba", regimePlain, rehome.PasswordOther},
		{"1234567812345678", regimePlain, rehome.PasswordPlain},
		{"pbkdf2_sha256$260000$x$Zm9vYmFyYmF6", regimePlain, rehome.PasswordOther},
		{"5f4dcc3b5aa765d61d8327deb882cf99:salt", regimePlain, rehome.PasswordOther},
		{"X03MO1qnZdYdgyfeuILPmQ==", regimePlain, rehome.PasswordOther},
		{"W6ph5Mm5Pz8GgiULbPgzG37mj9g=", regimePlain, rehome.PasswordOther},
		{"Wintergarten2", regimeUnknown, rehome.PasswordPlain},
		{"Wintergarten2", regimeCrypt, rehome.PasswordCrypt},
		{"$ecret$of-the-long-gone-kings", regimeUnknown, rehome.PasswordPlain},
		{"ab1FDAhKYjv2s", regimePlain, rehome.PasswordCrypt},
		{"ab1FDAhKYjv2s", regimeCrypt, rehome.PasswordCrypt},
		{"{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr", regimeUnknown, rehome.PasswordOther},
		{"{hello}world", regimeUnknown, rehome.PasswordPlain},
	} {
		if got := formOf(c.stored, c.now); got != c.want {
			t.Errorf("formOf(%q, %q) = %q, want %q", c.stored, c.now, got, c.want)
		}
	}
}

func TestRegimeOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rows [][3]string
		want regime
	}{
		{nil, regimeUnknown},
		{[][3]string{{"global", "userPasswordEncryptionType", "plain"}}, regimePlain},
		{[][3]string{{"global", "userPasswordEncryptionType", "md5"}}, regimeMD5},
		{[][3]string{{"global", "userPasswordEncryptionType", "md5-crypt"}}, regimeCrypt},
		{[][3]string{{"global", "userPasswordEncryptionType", "Encrypted"}}, regimeSealed},
		{[][3]string{{"global", "userPasswordEncryptionType", "rot13"}}, regimeUnknown},
		{[][3]string{{"global", "crypt", "1"}}, regimeCrypt},
		{[][3]string{{"global", "crypt", "0"}}, regimeUnknown},
		{[][3]string{{"dovecot", "authType", "LDAP"}, {"global", "userPasswordEncryptionType", "plain"}}, regimeLDAP},
		{[][3]string{{"dovecot", "authType", "sql"}, {"global", "userPasswordEncryptionType", "plain"}}, regimePlain},
		{[][3]string{{"webmail", "authType", "ldap"}}, regimeUnknown},
	} {
		if got := regimeOf(c.rows); got != c.want {
			t.Errorf("%v: got %q, want %q", c.rows, got, c.want)
		}
	}
}

func TestAliasRow_byShape(t *testing.T) {
	t.Parallel()
	domains := map[string]bool{"example.org": true, "example.com": true}
	for _, c := range []struct {
		row     aliasRow
		name    string
		kind    rehome.AliasKind
		targets string
	}{
		{aliasRow{name: "Info@Example.org", target: "Anna@example.org"}, "info@example.org", rehome.AliasDeliver, "anna@example.org"},
		{aliasRow{name: "info", target: "anna@example.org", domain: "Example.org"}, "info@example.org", rehome.AliasDeliver, "anna@example.org"},
		{aliasRow{name: "first.last", target: "anna@example.org", domain: "example.org"}, "first.last@example.org", rehome.AliasDeliver,
			"anna@example.org"},
		{aliasRow{name: "a@example.org", target: "x@y.example; z@y.example,\r\n,x@y.example"}, "a@example.org", rehome.AliasDeliver,
			"x@y.example z@y.example"},
		{aliasRow{name: "a@example.org", target: "x@y.example", maildir: "/mail/x/"}, "a@example.org", rehome.AliasDeliver, "x@y.example"},
		{aliasRow{name: "a@example.org", maildir: " /mail/x/ "}, "a@example.org", rehome.AliasMaildir, "/mail/x/"},
		{aliasRow{name: "a", target: "/mail/x/", domain: "example.org"}, "a@example.org", rehome.AliasMaildir, "/mail/x/"},
		{aliasRow{name: "@example.org", target: "anna@example.com"}, "@example.org", rehome.AliasCatchAll, "anna@example.com"},
		{aliasRow{name: "*@example.org", target: "anna@example.com"}, "@example.org", rehome.AliasCatchAll, "anna@example.com"},
		{aliasRow{name: "example.org", target: "anna@example.com,ben@example.com"}, "@example.org", rehome.AliasCatchAll,
			"anna@example.com ben@example.com"},
		{aliasRow{name: "new.example", target: "anna@example.com", domain: "new.example"}, "@new.example", rehome.AliasCatchAll, "anna@example.com"},
		{aliasRow{name: "old.example", target: "example.org"}, "@old.example", rehome.AliasDomain, "@example.org"},
		{aliasRow{name: "john.doe", target: "j.doe", domain: "example.org"}, "john.doe@example.org", rehome.AliasDeliver, "j.doe@example.org"},
		{aliasRow{name: "mail.example.org", target: "example.org", domain: "example.org"}, "@mail.example.org", rehome.AliasDomain, "@example.org"},
		{aliasRow{name: "new.example", target: "newer.example", domain: "new.example"}, "@new.example", rehome.AliasDomain, "@newer.example"},
		{aliasRow{name: "info", target: "anna; ben,\\eva@example.com", domain: "example.org"}, "info@example.org", rehome.AliasDeliver,
			"anna@example.org ben@example.org eva@example.com"},
		{aliasRow{name: "a@example.org", target: `"Berg, Anna" <Anna@example.org>; Ben Ray <ben@example.org>, eva@example.org (Eva; head)`},
			"a@example.org", rehome.AliasDeliver, "anna@example.org ben@example.org eva@example.org"},
		{aliasRow{name: "Sales <sales@example.org>", target: "anna@example.org"}, "sales@example.org", rehome.AliasDeliver, "anna@example.org"},
		{aliasRow{name: "@old.example", target: "@Example.org", domain: "old.example"}, "@old.example", rehome.AliasDomain, "@example.org"},
	} {
		want := rehome.Alias{Name: c.name, Kind: c.kind, Targets: strings.Fields(c.targets)}
		if diff := cmp.Diff(want, c.row.alias(domains)); diff != "" {
			t.Errorf("%+v: -want +got\n%s", c.row, diff)
		}
	}
	for _, row := range []aliasRow{
		{},
		{name: "a@example.org"},
		{name: "a@example.org", target: " , "},
		{name: "a@example.org", target: "anna"},
		{name: "a@example.org", target: "anna@example.org, |/usr/bin/program"},
		{name: "a@example.org", target: ":blackhole:"},
		{name: "a@example.org", target: "/mail/x/, anna@example.org"},
		{name: "a@example.org", target: "@example.com"},
		{name: "@example.org", target: "example"},
		{name: "@example.org", maildir: "/mail/x/"},
		{name: "*", target: "anna@example.org"},
		{name: "first.last", target: "anna@example.org"},
		{name: "^a.*", target: "anna@example.org", domain: "example.org:"},
	} {
		got := row.alias(domains)
		if got.Kind != rehome.AliasUnparsed || len(got.Targets) > 1 || got.Raw != row.raw() {
			t.Errorf("%+v: got %+v, want it unparsed", row, got)
		}
	}
}

// A row that is not understood has the address that receives mail today, if it has one, and what it goes to as it is stored.
func TestAliasRow_notUnderstoodHasItsAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		row          aliasRow
		name, target string
	}{
		{aliasRow{name: "Support", target: "|/usr/local/bin/ticket", domain: "example.org"}, "support@example.org", "|/usr/local/bin/ticket"},
		{aliasRow{name: "all@Example.org", target: ":include:/etc/all"}, "all@example.org", ":include:/etc/all"},
		{aliasRow{name: "a@example.org", target: "/mail/x, ben@example.org"}, "a@example.org", "/mail/x, ben@example.org"},
		{aliasRow{name: "a@example.org", target: "Berg, Anna <anna@example.org>", domain: "example.org"}, "a@example.org", "Berg, Anna <anna@example.org>"},
		{aliasRow{name: "^s-.*", target: "|/bin/x", domain: "example.org:"}, "^s-.*", "|/bin/x"},
	} {
		want := rehome.Alias{Name: c.name, Kind: rehome.AliasUnparsed, Targets: []string{c.target}, Raw: c.row.raw()}
		if diff := cmp.Diff(want, c.row.alias(map[string]bool{"example.org": true})); diff != "" {
			t.Errorf("%+v: -want +got\n%s", c.row, diff)
		}
	}
}

func FuzzAliasRow(f *testing.F) {
	f.Add("Info@example.org", "anna@example.org, x@y", "", "")
	f.Add("*@example.org", "@old.example", "example.org", "/x/")
	f.Add("old.example", ";,\xff", "\x00", " ")
	f.Fuzz(func(t *testing.T, name, target, domain, maildir string) {
		row := aliasRow{decodeExact([]byte(name)), decodeExact([]byte(target)), decodeExact([]byte(domain)), decodeExact([]byte(maildir))}
		alias := row.alias(map[string]bool{"example.org": true})
		if alias.Kind != rehome.AliasUnparsed && len(alias.Targets) == 0 || alias.Kind == rehome.AliasUnparsed && len(alias.Targets) > 1 {
			t.Fatalf("got %+v", alias)
		}
		if alias.Kind == rehome.AliasUnparsed {
			return
		}
		valid := func(address string) bool {
			if strings.HasPrefix(address, "@") {
				address = "x" + address
			}
			one, err := rehome.ParseAddress(address)
			return err == nil && one == address
		}
		if !valid(alias.Name) || alias.Kind != rehome.AliasMaildir && slices.ContainsFunc(alias.Targets, func(t string) bool { return !valid(t) }) {
			t.Errorf("got %+v", alias)
		}
	})
}
