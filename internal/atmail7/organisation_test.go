// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/lab/atmail7"
	"rehome/lab/corpus"
)

func TestOrganisation_ofTheSample(t *testing.T) {
	t.Parallel()
	sample := corpus.Sample(corpus.Options{Scale: 0.01})
	b := startBench(t, atmail7.Options{Domains: sample.Domains})
	if err := corpus.Seed(t.Context(), b.Server, sample); err != nil {
		t.Fatal(err)
	}
	b.settings.PlainLooksHashed = []string{"Info@example.com"}
	org, findings := b.organisation(t)

	if diff := cmp.Diff([]string{"example.com", "example.net", "example.org"}, org.Domains); diff != "" {
		t.Errorf("domains: -want +got\n%s", diff)
	}
	checkPeople(t, sample, org)
	checkAliases(t, sample, org)
	if diff := cmp.Diff([]rehome.Forward{{Account: "noa.levi@example.com", Target: "noa.levi@partner.example", KeepCopy: true}}, org.Forwards); diff != "" {
		t.Errorf("forwards: -want +got\n%s", diff)
	}
	want := []string{
		"alias_of_installer mailer-daemon@example.com", "alias_of_installer postmaster@example.com", "alias_twice sales@example.com",
		"alias_unparsed ^support-.*", "calendar_user_skipped boardroom@example.com", "forward_copy_unknown forwards",
		"group_service_off group nopop", "group_service_off group webonly", "name_unknown info@example.com",
		"password_looks_hashed bjorn@example.com",
	}
	if diff := cmp.Diff(want, codes(findings)); diff != "" {
		t.Errorf("findings: -want +got\n%s", diff)
	}
}

func checkPeople(t *testing.T, sample corpus.Organisation, org rehome.Organisation) {
	t.Helper()
	var want []rehome.Account
	for _, p := range sample.People {
		if p.CalUser != 0 {
			continue
		}
		a := rehome.Account{
			Address: p.Address, FirstName: strings.TrimSpace(p.FirstName), LastName: strings.TrimSpace(p.LastName),
			Disabled: p.Status != 0, Quota: int64(p.QuotaKB) << 10, Services: rehome.AllServices,
			Password: rehome.Password{Form: p.Form, Stored: rehome.NewSecret(p.Stored)},
		}
		if p.NoSelf {
			a.FirstName, a.LastName, _ = strings.Cut(p.RealName, " ")
		}
		if p.NoSelf && p.RealName == "" {
			a.FirstName, _, _ = strings.Cut(p.Address, "@")
		}
		for _, g := range sample.Groups {
			if g.Name == p.Group {
				a.Services = rehome.Services{IMAP: g.IMAP, POP3: g.POP3, CalDAV: g.CalDAV, CardDAV: g.CardDAV}
			}
		}
		if p.Form == rehome.PasswordPlain {
			a.SourcePassword = a.Password.Stored
		}
		want = append(want, a)
	}
	slices.SortFunc(want, func(a, b rehome.Account) int { return strings.Compare(a.Address, b.Address) })
	if diff := cmp.Diff(want, org.Accounts, reveal); diff != "" {
		t.Errorf("accounts: -want +got\n%s", diff)
	}
}

func checkAliases(t *testing.T, sample corpus.Organisation, org rehome.Organisation) {
	t.Helper()
	got := map[string]rehome.Alias{}
	for _, alias := range org.Aliases {
		got[strings.TrimPrefix(alias.Name, "@")] = alias
	}
	names := map[string]bool{}
	for _, row := range sample.Aliases {
		name := strings.ToLower(strings.TrimPrefix(row.Name, "@"))
		names[name] = true
		if alias := got[name]; alias.Kind != row.Kind {
			t.Errorf("alias %s: got kind %q, want %q", row.Name, alias.Kind, row.Kind)
		}
	}
	if len(org.Aliases) != len(names) {
		t.Errorf("got %d aliases, want %d", len(org.Aliases), len(names))
	}
	for name, want := range map[string][]string{
		"team@example.com":    {"anna@example.com", "bjorn@example.com", "yuki.tanaka@example.com"},
		"board@example.com":   {"anna@example.com", "eleni.papadopoulou@example.com", "chair@partner.example"},
		"sales@example.com":   {"anna@example.com"},
		"mail.example.com":    {"@example.com"},
		"example.org":         {"info@example.com"},
		"archive@example.com": {"/usr/local/atmail/users/a/r/archive@example.com/"},
		"^support-.*":         {"| /usr/local/bin/ticket"},
	} {
		if diff := cmp.Diff(want, got[name].Targets); diff != "" {
			t.Errorf("alias %s: -want +got\n%s", name, diff)
		}
	}
	if raw, want := got["^support-.*"].Raw, "^support-.* | | /usr/local/bin/ticket | example.com |"; raw != want {
		t.Errorf("got raw %q, want %q", raw, want)
	}
}

// Nobody's row is whole, and nobody gets lost.
func TestOrganisation_traps(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	b.exec(t, `
		ALTER TABLE UserSession MODIFY Account VARCHAR(128) COLLATE utf8mb4_bin NOT NULL, MODIFY Password VARCHAR(200)
		ALTER TABLE Users MODIFY UserQuota VARCHAR(20)
		INSERT INTO Domains VALUES ('Example.ORG.', '0'), ('not a domain', '1')
		INSERT INTO UserSession (Account, Password, CalUser) VALUES ('nulls@example.test', NULL, NULL)
		INSERT INTO Users (Account, Ugroup, UserStatus, UserQuota) VALUES ('nulls@example.test', NULL, NULL, NULL)
		INSERT INTO UserSettings (Account) VALUES ('nulls@example.test')
		INSERT INTO Abook (Account) VALUES ('nulls@example.test')
		INSERT INTO UserSession (Account, Password) VALUES (' Big@Example.TEST ', 'secret'), ('big@example.test', 'another')
		INSERT INTO Users (Account, UserStatus, UserQuota, Forward) VALUES ('BIG@example.test', 3, 'lots', 'big@example.test, x@partner.example , |prog')
		INSERT INTO UserSettings (Account, RealName) VALUES ('Big@example.test', 'big@example.test')
		INSERT INTO UserSession (Account, Password) VALUES ('alone@example.org', 'secret'), ('pull@gmail.example', 'secret'), ('short', 'secret')
		INSERT INTO Users (Account, UserQuota, Forward) VALUES ('alone@example.org', -5, '\\alone@example.org'), ('gone@example.test', 1, NULL), ('pull@gmail.example', 1, NULL)
		INSERT INTO UserSettings (Account) VALUES ('settings-only@example.test'), ('gone@example.test')
	`)
	org, findings := b.organisation(t)
	want := []rehome.Account{
		{Address: "alone@example.org", FirstName: "alone", Services: rehome.AllServices, Password: plain("secret"), SourcePassword: rehome.NewSecret("secret")},
		{Address: "big@example.test", FirstName: "big", Disabled: true, Services: rehome.AllServices, Password: plain("secret"), SourcePassword: rehome.NewSecret("secret")},
		{Address: "nulls@example.test", FirstName: "nulls", Services: rehome.AllServices, Password: rehome.Password{Form: rehome.PasswordNone}},
	}
	if diff := cmp.Diff(want, org.Accounts, reveal); diff != "" {
		t.Errorf("accounts: -want +got\n%s", diff)
	}
	if diff := cmp.Diff([]rehome.Forward{{Account: "big@example.test", Target: "x@partner.example", KeepCopy: true, CopyKnown: true}}, org.Forwards); diff != "" {
		t.Errorf("forwards: -want +got\n%s", diff)
	}
	wantCodes := []string{
		"account_incomplete alone@example.org UserSettings", "account_left_over gone@example.test UserSession",
		"account_left_over settings-only@example.test UserSession", "account_twice big@example.test UserSession",
		"address_malformed short UserSession", "domain_disabled example.org", "domain_malformed not a domain",
		"external_account_skipped pull@gmail.example", "forward_to_self alone@example.org forward",
		"forward_unparsed big@example.test forward", "name_unknown alone@example.org", "name_unknown big@example.test",
		"name_unknown nulls@example.test", "quota_unreadable alone@example.org quota", "quota_unreadable big@example.test quota",
	}
	if diff := cmp.Diff(wantCodes, codes(findings)); diff != "" {
		t.Errorf("findings: -want +got\n%s", diff)
	}
}

func plain(password string) rehome.Password {
	return rehome.Password{Form: rehome.PasswordPlain, Stored: rehome.NewSecret(password)}
}

func TestOrganisation_nameInItsOrder(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	b.exec(t, `ALTER TABLE Abook MODIFY UserEmail VARCHAR(255) COLLATE utf8mb4_unicode_ci, MODIFY Account VARCHAR(128) COLLATE utf8mb4_general_ci`)
	for _, local := range []string{"global", "self", "foreign", "shared", "display", "comma", "profile", "single"} {
		b.add(t, atmail7.Account{Address: local + "@example.test", Stored: "secret", RealName: "Display Name"})
	}
	b.exec(t, `
		INSERT INTO Abook (Account, UserEmail, UserFirstName, UserLastName, Global) VALUES ('global@example.test', 'global@example.test', 'Self', 'Record', 0)
		INSERT INTO Abook (Account, UserEmail, UserFirstName, UserLastName, Global) VALUES ('global@example.test', 'GLOBAL@example.test', ' Global ', 'List\tRecord', 1)
		INSERT INTO Abook (Account, UserEmail, UserFirstName, UserLastName, Global) VALUES ('self@example.test', ' Self@Example.test', NULL, 'Record', NULL)
		INSERT INTO Abook (Account, UserEmail, UserFirstName, UserLastName, Global) VALUES ('self@example.test', 'mother@example.test', 'My', 'Mother', 0)
		INSERT INTO Abook (Account, UserEmail, UserFirstName, UserLastName, Global) VALUES ('foreign@example.test', 'printer@example.test', 'Printer', 'Hall', 1), ('foreign@example.test', 'foreign@example.test', 'Self', 'Record', 0)
		INSERT INTO Abook (Account, UserEmail, UserFirstName, UserLastName, Global) VALUES ('shared@example.test', 'alias@example.test', 'Only', 'Global', 1)
		INSERT INTO Abook (Account, UserEmail, UserFirstName, UserLastName, Global) VALUES ('display@example.test', 'display@example.test', '', ' ', 1)
		UPDATE UserSettings SET RealName = 'Anna Maria Berg' WHERE Account = 'display@example.test'
		UPDATE UserSettings SET RealName = 'Berg, Anna Maria' WHERE Account = 'comma@example.test'
		UPDATE UserSettings SET RealName = NULL WHERE Account = 'profile@example.test'
		UPDATE Users SET FirstName = 'From', LastName = 'Profile' WHERE Account = 'profile@example.test'
		UPDATE UserSettings SET RealName = 'Reception' WHERE Account = 'single@example.test'
	`)
	org, findings := b.organisation(t)
	got := map[string]string{}
	for _, a := range org.Accounts {
		got[strings.TrimSuffix(a.Address, "@example.test")] = a.FirstName + "|" + a.LastName
	}
	want := map[string]string{
		"global": "Global|List Record", "self": "|Record", "foreign": "Self|Record", "shared": "Only|Global",
		"display": "Anna Maria|Berg", "comma": "Anna Maria|Berg", "profile": "From|Profile", "single": "Reception|",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if len(findings) != 0 {
		t.Errorf("got findings %v", codes(findings))
	}
}

// What a column claims and what is in it are two things.
func TestOrganisation_characterSets(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	for _, local := range []string{"utf8", "cp1252", "inlatin", "latin2", "ucs2"} {
		b.add(t, atmail7.Account{Address: local + "@example.test", Stored: "secret"})
	}
	b.exec(t, `
		ALTER TABLE Abook MODIFY UserLastName VARCHAR(128) CHARACTER SET latin1
		ALTER TABLE Users MODIFY LastName VARCHAR(96) CHARACTER SET latin2, MODIFY FirstName VARCHAR(96) CHARACTER SET ucs2
		INSERT INTO Abook (Account, UserEmail, UserFirstName) VALUES ('utf8@example.test', 'utf8@example.test', 'Jürgen €')
		INSERT INTO Abook (Account, UserEmail, UserLastName) VALUES ('cp1252@example.test', 'cp1252@example.test', CAST(x'4afc7267656e2080' AS CHAR CHARACTER SET latin1))
		INSERT INTO Abook (Account, UserEmail, UserLastName) VALUES ('inlatin@example.test', 'inlatin@example.test', CONVERT(x'4ac3bc7267656e20e282ac' USING latin1))
		UPDATE Users SET LastName = 'Dvořák Łódź' WHERE Account = 'latin2@example.test'
		UPDATE Users SET FirstName = '由紀' WHERE Account = 'ucs2@example.test'
	`)
	org, findings := b.organisation(t)
	got := map[string]string{}
	for _, a := range org.Accounts {
		got[strings.TrimSuffix(a.Address, "@example.test")] = a.FirstName + a.LastName
	}
	want := map[string]string{
		"utf8": "Jürgen €", "cp1252": "Jürgen €", "inlatin": "Jürgen €",
		"latin2": "Dvořák Łódź", "ucs2": "由紀",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	wantCodes := []string{"name_recoded cp1252@example.test"}
	if diff := cmp.Diff(wantCodes, codes(findings)); diff != "" {
		t.Errorf("findings: -want +got\n%s", diff)
	}
}

func TestOrganisation_passwords(t *testing.T) {
	t.Parallel()
	const md5OfPlain = "5f4dcc3b5aa765d61d8327deb882cf99"
	b := startBench(t, atmail7.Options{})
	b.exec(t, `ALTER TABLE UserSession MODIFY Password VARBINARY(200)`)
	for local, stored := range map[string]string{
		"plain": "Tulpen&Rosen-47", "md5": md5OfPlain, "named": md5OfPlain, "latin": "p\xe4ssword", "utf8": "pässword",
		"crypt": "$1$q7Lr2Pwx$PG9f9DF7TtRhFWHKmgy..1",
	} {
		b.add(t, atmail7.Account{Address: local + "@example.test", Stored: stored, FirstName: "x"})
	}
	b.settings.PlainLooksHashed = []string{"NAMED@example.test", "plain@example.test", "typo@example.test"}
	forms := func() map[string]string {
		org, _ := b.organisation(t)
		all := map[string]string{}
		for _, a := range org.Accounts {
			all[strings.TrimSuffix(a.Address, "@example.test")] = string(a.Password.Form) + " " + a.SourcePassword.Reveal()
		}
		return all
	}
	want := map[string]string{
		"plain": "plain Tulpen&Rosen-47", "md5": "md5 ", "named": "plain " + md5OfPlain,
		"latin": "plain pässword", "utf8": "plain pässword", "crypt": "crypt ",
	}
	if diff := cmp.Diff(want, forms()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	overridden := []string{"override_unused plain@example.test plain_looks_hashed", "override_unused typo@example.test plain_looks_hashed"}
	notASCII := []string{"password_not_ascii latin@example.test", "password_not_ascii utf8@example.test"}
	for _, c := range []struct {
		section, key, value string
		want                []string
	}{
		{"global", "otherSetting", "md5", []string{"password_looks_hashed md5@example.test"}},
		{"global", "userPasswordEncryptionType", "plain", []string{"password_looks_hashed md5@example.test"}},
		{"Global", "UserPasswordEncryptionType", "MD5 Crypt", []string{"password_looks_hashed md5@example.test",
			"password_looks_plain latin@example.test", "password_looks_plain plain@example.test", "password_looks_plain utf8@example.test"}},
	} {
		b.exec(t, fmt.Sprintf("DELETE FROM Config\nINSERT INTO Config (section, `key`, value) VALUES ('%s', '%s', '%s')", c.section, c.key, c.value))
		_, findings := b.organisation(t)
		want := slices.Concat(overridden, notASCII, c.want)
		slices.Sort(want)
		if diff := cmp.Diff(want, codes(findings)); diff != "" {
			t.Errorf("%s = %s: -want +got\n%s", c.key, c.value, diff)
		}
	}
	b.exec(t, "INSERT INTO Config (section, `key`, value) VALUES ('dovecot', 'authType', 'ldap')")
	for local, got := range forms() {
		if got != "ldap " {
			t.Errorf("%s: got %q, want ldap", local, got)
		}
	}
	b.exec(t, "DELETE FROM Config")
	b.settings.PlainLooksHashed = []string{EveryAccount}
	for local, got := range forms() {
		if !strings.HasPrefix(got, "plain ") {
			t.Errorf("%s: got %q, want plain", local, got)
		}
	}
}

func TestOrganisation_tenThousandAccountsInFewStatements(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	const accounts = 10_000
	for start := 0; start < accounts; start += 1000 {
		var sessions, users, settings, contacts, aliases []string
		for i := start; i < start+1000; i++ {
			address := fmt.Sprintf("'user%05d@example.test'", i)
			sessions = append(sessions, "("+address+", 'secret')")
			users = append(users, "("+address+", 'default', "+fmt.Sprint(i)+")")
			settings = append(settings, "("+address+")")
			contacts = append(contacts, fmt.Sprintf("(%s, %s, 'First', '%d', 1), (%s, 'friend@example.test', 'A', 'Friend', 0)", address, address, i, address))
			aliases = append(aliases, fmt.Sprintf("('alias%d@example.test', %s)", i, address))
		}
		b.exec(t, strings.Join([]string{
			"INSERT INTO UserSession (Account, Password) VALUES " + strings.Join(sessions, ","),
			"INSERT INTO Users (Account, Ugroup, UserQuota) VALUES " + strings.Join(users, ","),
			"INSERT INTO UserSettings (Account) VALUES " + strings.Join(settings, ","),
			"INSERT INTO Abook (Account, UserEmail, UserFirstName, UserLastName, Global) VALUES " + strings.Join(contacts, ","),
			"INSERT INTO MailAliases (AliasName, AliasTo) VALUES " + strings.Join(aliases, ","),
		}, "\n"))
	}
	before := b.questions(t)
	org, findings := b.organisation(t)
	if asked := b.questions(t) - before; asked > 30 {
		t.Errorf("got %d statements for %d accounts, want 30 or fewer", asked, accounts)
	}
	if len(org.Accounts) != accounts || len(org.Aliases) != accounts || len(findings) != 0 {
		t.Fatalf("got %d accounts, %d aliases, %d findings", len(org.Accounts), len(org.Aliases), len(findings))
	}
	for i, a := range org.Accounts {
		if a.Address != fmt.Sprintf("user%05d@example.test", i) || a.LastName != fmt.Sprint(i) || a.Quota != int64(i)<<10 {
			t.Fatalf("got account %d %s %q %d", i, a.Address, a.LastName, a.Quota)
		}
	}
	about, err := b.open(t).Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if about.Accounts != accounts || about.Passwords[rehome.PasswordPlain] != accounts || !about.ReadOnly || !strings.Contains(about.Server, "MariaDB") {
		t.Errorf("got %+v", about)
	}
}

// A list of domains that nobody filled in is not a list without the accounts' domains.
func TestOrganisation_emptyListOfDomains(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	b.add(t, atmail7.Account{Address: "anna@example.test", Stored: "secret", FirstName: "Anna"}, atmail7.Account{Address: "jürgen@example.test", Stored: "secret"})
	b.exec(t, "DELETE FROM Domains")
	org, findings := b.organisation(t)
	if len(org.Accounts) != 1 || !slices.Equal(org.Domains, []string{"example.test"}) {
		t.Errorf("got %+v of %v", org.Accounts, org.Domains)
	}
	if diff := cmp.Diff([]string{"address_malformed jürgen@example.test UserSession", "domains_empty Domains"}, codes(findings)); diff != "" {
		t.Errorf("findings: -want +got\n%s", diff)
	}
	b.exec(t, "INSERT INTO Domains (Hostname, Enable) VALUES ('example.test', 'N')")
	_, findings = b.organisation(t)
	if got := codes(findings); !slices.Contains(got, "domain_disabled example.test") {
		t.Errorf("got %v, want the domain disabled", got)
	}
}

func TestIsZero(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]bool{
		"": true, "0": true, "00": true, " 0 ": true, "N": true, "no": true, "FALSE": true, "off": true, "\x00": true,
		"1": false, "Y": false, "yes": false, "2": false, "\x01": false, "x": false,
	} {
		if got := isZero([]byte(stored)); got != want {
			t.Errorf("%q: got %v, want %v", stored, got, want)
		}
	}
}
