// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/lab/atmail7"
)

func TestOpen_everythingMissingIsInOneFault(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{Without: []string{"UserSettings", "Abook"}})
	b.exec(t, `
		ALTER TABLE UserSession DROP COLUMN CalUser
		ALTER TABLE Users DROP COLUMN UserStatus, DROP COLUMN UserQuota
		DROP TABLE Config
	`)
	_, err := Open(t.Context(), b.settings)
	wantFault(t, err, rehome.ClassOperator, "by the profile atmail6 it lacks", "write a profile file")
	var missing *MissingError
	if !errors.As(err, &missing) {
		t.Fatalf("got %v", err)
	}
	var got []string
	for _, m := range missing.Missing {
		got = append(got, m.String())
	}
	want := []string{
		"column Users.UserStatus (needed for telling disabled accounts)",
		"table UserSettings (needed for telling accounts that the source itself refuses to load; names, where the address book has none)",
		"column UserSession.CalUser (optional, for telling internal calendar users from people)",
		"column Users.UserQuota (optional, for quotas)",
		"table UserSettings (optional, for what people have set up; the names in front of people's addresses; the address that people want answers at; signatures; time zones; languages; where the webmail finds people's calendars; where the webmail finds people's contacts)",
		"table Abook (optional, for names from the users' own address book records; telling a user's own address book record; telling records of the global address book (atmail 6 and 7))",
		"table Config (optional, for how the server says that it stores passwords)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, line := range want {
		if !strings.Contains(err.Error(), "\n"+line) {
			t.Errorf("the error lacks the line %q: %v", line, err)
		}
	}
}

func TestOpen_optionalPartsMayBeMissing(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	b.add(t, atmail7.Account{Address: "anna@example.test", Stored: "secret", RealName: "Anna Berg", QuotaKB: 5, CalUser: 1})
	b.exec(t, "DROP TABLE Abook, Config, `Groups`\n"+`
		ALTER TABLE UserSession DROP COLUMN CalUser
		ALTER TABLE Users DROP COLUMN UserQuota, DROP COLUMN Forward, DROP COLUMN Ugroup
		ALTER TABLE MailAliases DROP COLUMN AliasMailDir, DROP COLUMN Domain, DROP COLUMN id
		ALTER TABLE Domains DROP COLUMN Enable
		INSERT INTO MailAliases (AliasName, AliasTo) VALUES ('x@example.test', 'anna@example.test')
	`)
	org, findings := b.organisation(t)
	want := []rehome.Account{{Address: "anna@example.test", FirstName: "Anna", LastName: "Berg", Services: rehome.AllServices,
		Password: plain("secret"), SourcePassword: rehome.NewSecret("secret")}}
	if diff := cmp.Diff(want, org.Accounts, reveal); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if len(org.Aliases) != 1 || org.Aliases[0].Kind != rehome.AliasLocal {
		t.Errorf("got aliases %+v", org.Aliases)
	}
	if diff := cmp.Diff([]string{"database_incomplete database"}, codes(findings)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !strings.Contains(findings[0].Sentence, "table Abook (optional") || !strings.Contains(findings[0].Sentence, "column Users.Forward (optional") {
		t.Errorf("got sentence %q", findings[0].Sentence)
	}
}

func TestOpen_otherLetterCase(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	b.add(t, atmail7.Account{Address: "anna@example.test", Stored: "secret", FirstName: "Anna", LastName: "Berg"})
	b.exec(t, "RENAME TABLE UserSession TO usersession, Users TO USERS, UserSettings TO userSettings, Abook TO abook, Domains TO domains, MailAliases TO mailaliases, `Groups` TO `groups`\n"+`
		ALTER TABLE usersession CHANGE Password PASSWORD VARCHAR(64)
		ALTER TABLE USERS CHANGE UserStatus userstatus INT
		CREATE TABLE Usersession_shared (Account VARCHAR(10))
	`)
	org, findings := b.organisation(t)
	if len(org.Accounts) != 1 || org.Accounts[0].LastName != "Berg" || org.Accounts[0].SourcePassword.Reveal() != "secret" || len(findings) != 0 {
		t.Errorf("got %+v and %v", org.Accounts, codes(findings))
	}
	about, err := b.open(t).Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Config", "USERS", "abook", "domains", "groups", "mailaliases", "userSettings", "usersession"}
	if diff := cmp.Diff(want, about.Tables); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// toAtmail5 makes of atmail 6's tables those of atmail 5: names in Users, the digest beside the
// password, and the letters of the alphabet for tables.
const toAtmail5 = `
	ALTER TABLE UserSession DROP COLUMN CalUser, ADD PasswordMD5 VARCHAR(64)
	ALTER TABLE Abook DROP COLUMN Global
	DROP TABLE Config
	ALTER TABLE ` + "`Groups`" + ` DROP COLUMN CalDAVServer, DROP COLUMN CardDAVServer
	INSERT INTO UserSession (Account, Password, PasswordMD5) VALUES ('anna@example.test', '5f4dcc3b5aa765d61d8327deb882cf99', '696d29e0940a4957748fe3fc9efd22a3'), ('1a@example.test', 'secret', NULL)
	INSERT INTO Users (Account, FirstName, LastName) VALUES ('anna@example.test', 'Anna', 'Berg'), ('1a@example.test', NULL, NULL)
	INSERT INTO UserSettings (Account, RealName) VALUES ('anna@example.test', ''), ('1a@example.test', 'First Account')
`

func TestOpen_atmail5(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	b.exec(t, toAtmail5)
	check := func(profile, wantProfile string, wantCodes []string) {
		t.Helper()
		b.settings.Profile = profile
		org, findings := b.organisation(t)
		var got []string
		for _, a := range org.Accounts {
			got = append(got, a.FirstName+" "+a.LastName+" "+string(a.Password.Form))
		}
		if diff := cmp.Diff([]string{"First Account plain", "Anna Berg md5"}, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", profile, diff)
		}
		if diff := cmp.Diff(wantCodes, codes(findings)); diff != "" {
			t.Errorf("%s: -want +got\n%s", profile, diff)
		}
		if about, err := b.open(t).Describe(t.Context()); err != nil || about.Profile != wantProfile {
			t.Errorf("%s: got profile %q, %v, want %q", profile, about.Profile, err, wantProfile)
		}
	}
	incomplete := "database_incomplete database" // no Config
	looks := "password_looks_hashed anna@example.test"
	check("atmail5-flat", "atmail5-flat", []string{incomplete, looks})
	check(ProfileAuto, "atmail5-flat", []string{incomplete, looks})

	b.exec(t, `
		CREATE TABLE UserSettings_a LIKE UserSettings
		CREATE TABLE UserSettings_other LIKE UserSettings
		CREATE TABLE UserSettings_shared (x INT)
		CREATE TABLE Abook_a LIKE Abook
		CREATE TABLE Abook_sh LIKE Abook
		CREATE TABLE Abook_shared (x INT)
		INSERT INTO UserSettings_a SELECT * FROM UserSettings WHERE Account LIKE 'a%'
		INSERT INTO UserSettings_other SELECT * FROM UserSettings WHERE Account LIKE '1%'
	`)
	check(ProfileAuto, "atmail5-flat", []string{incomplete, looks, "tables_not_read database"})
	check("atmail5-sharded", "atmail5-sharded", []string{incomplete, looks, "tables_not_read database"})
	b.exec(t, `DROP TABLE UserSettings, Abook`)
	check(ProfileAuto, "atmail5-sharded", []string{incomplete, looks})
	b.settings.Profile = ""
	_, err := Open(t.Context(), b.settings)
	wantFault(t, err, rehome.ClassOperator, "table UserSettings (needed for", "choose another profile")
}

func TestOpen_customProfile(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	b.add(t, atmail7.Account{Address: "anna@example.test", Stored: "ignored", Status: 1})
	b.add(t, atmail7.Account{Address: "ben@elsewhere.test", Stored: "ignored"})
	b.exec(t, `
		RENAME TABLE MailAliases TO aliases_2019
		ALTER TABLE Users ADD pass_word VARCHAR(20) DEFAULT 'other'
		INSERT INTO aliases_2019 (AliasName, AliasTo) VALUES ('x@example.test', 'anna@example.test')
	`)
	b.settings.ProfileFile = filepath.Join(t.TempDir(), "profile.yaml")
	text := `
base: atmail6
fields:
  session.account: Users.Account
  session.password: Users.pass_word
  session.calendar_user: none
  user.status: none
  settings.account: none
  settings.real_name: none
  domain.name: none
  domain.enabled: none
  alias.name: aliases_2019.AliasName
  alias.target: aliases_2019.AliasTo
  alias.domain: none
  alias.maildir: none
  alias.id: none
`
	if err := os.WriteFile(b.settings.ProfileFile, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	org, findings := b.organisation(t)
	if got, want := codes(findings), []string{"name_unknown anna@example.test", "name_unknown ben@elsewhere.test"}; !cmp.Equal(got, want) {
		t.Errorf("got findings %v, want %v", got, want)
	}
	if diff := cmp.Diff([]string{"anna@example.test", "ben@elsewhere.test"}, addresses(org)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff([]string{"elsewhere.test", "example.test"}, org.Domains); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if a := org.Accounts[0]; a.Disabled || a.SourcePassword.Reveal() != "other" || len(org.Aliases) != 1 {
		t.Errorf("got %+v and %d aliases", a, len(org.Aliases))
	}
}

func TestOpen_refusals(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := free.Addr().String()
	_ = free.Close()
	for _, c := range []struct {
		name       string
		change     func(*Settings)
		class      rehome.Class
		text, hint string
	}{
		{"wrong password", func(s *Settings) { s.Password = rehome.NewSecret("wrong") }, rehome.ClassAuth, "Access denied for user 'reader'", "check user and password"},
		{"no password", func(s *Settings) { s.Password = rehome.Secret{} }, rehome.ClassAuth, "Access denied", ""},
		{"foreign database", func(s *Settings) { s.DSN = strings.Replace(s.DSN, "/atmail", "/mysql", 1) }, rehome.ClassAuth, "to database 'mysql'", "database.params.dbname"},
		{"nobody listens", func(s *Settings) { s.DSN = "mysql://reader@" + closed + "/atmail" }, rehome.ClassTemporary, "connection refused", "database runs and listens there"},
		{"no socket", func(s *Settings) { s.DSN = "mysql://reader@localhost/atmail?socket=/nonexistent/socket" }, rehome.ClassTemporary, "/nonexistent/socket", "listens there"},
		{"no such host", func(s *Settings) { s.DSN = "mysql://reader@host.invalid/atmail" }, rehome.ClassOperator, "host.invalid", "check the host name"},
		{"no TLS there", func(s *Settings) { s.DSN += "?tls=true" }, rehome.ClassOperator, "TLS", "take the option tls out"},
		{"unknown profile", func(s *Settings) { s.Profile = "atmail9" }, rehome.ClassOperator, "atmail9", "atmail6, atmail5-flat, atmail5-sharded, auto"},
		{"no profile file", func(s *Settings) { s.ProfileFile = "/nonexistent.yaml" }, rehome.ClassOperator, "/nonexistent.yaml", "check the path"},
		{"unknown unit", func(s *Settings) { s.QuotaUnit = "furlong" }, rehome.ClassOperator, "furlong", "kb, mb or bytes"},
		{"bad name", func(s *Settings) { s.DSN = "postgres://x@y/z" }, rehome.ClassOperator, "does not begin with mysql://", "mysql://user@host"},
	} {
		settings := b.settings
		c.change(&settings)
		d, err := Open(t.Context(), settings)
		if d != nil {
			t.Errorf("%s: it opened", c.name)
			continue
		}
		t.Log(c.name)
		wantFault(t, err, c.class, c.text, c.hint)
		if strings.Contains(err.Error(), b.ReaderPassword) {
			t.Errorf("%s: the error shows the password: %v", c.name, err)
		}
	}
}

func TestOpen_bySocket(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	b.settings.DSN = "mysql://reader@localhost/atmail?socket=" + b.Socket
	if org, _ := b.organisation(t); len(org.Domains) != 1 {
		t.Errorf("got domains %v", org.Domains)
	}
}

func TestPrepare_cannotWriteAndSeesOneMoment(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	b.exec(t, "CREATE TABLE T (x INT)\nINSERT INTO T VALUES (1)")
	conn, err := b.DB().Conn(t.Context()) // not the reader's: even a user who may write cannot
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if readOnly, err := prepare(t.Context(), conn); err != nil || !readOnly {
		t.Fatalf("got read-only %v, %v", readOnly, err)
	}
	if _, err := conn.ExecContext(t.Context(), "INSERT INTO T VALUES (2)"); err == nil || !strings.Contains(err.Error(), "READ ONLY transaction") {
		t.Errorf("got %v, want a refused write", err)
	}
	b.exec(t, "INSERT INTO T VALUES (3)")
	rows := 0
	r := &reading{conn: conn, fault: func(_ string, err error) error { return err }}
	err = r.each(t.Context(), "T", "SELECT x FROM T", func([]sql.RawBytes) error { rows++; return nil })
	if err != nil || rows != 1 {
		t.Errorf("got %d rows, %v, want those of the moment when the snapshot began", rows, err)
	}
}

func TestDatabase_cancelledThenUsedAgain(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	d := b.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := d.snapshot(ctx, func(r *reading) error {
		cancel()
		return r.each(ctx, "a long wait", "SELECT SLEEP(30)", func([]sql.RawBytes) error { return nil })
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the cancellation", err)
	}
	if _, _, err := d.Organisation(t.Context()); err != nil {
		t.Errorf("the database does not work any more: %v", err)
	}
}

// old is a server that has never heard of read-only transactions.
type old struct{ statements []string }

func (o *old) ExecContext(_ context.Context, statement string, _ ...any) (sql.Result, error) {
	o.statements = append(o.statements, statement)
	if strings.Contains(statement, "READ ONLY") {
		return nil, &mysql.MySQLError{Number: syntaxError, Message: "You have an error in your SQL syntax"}
	}
	return nil, nil
}

func TestPrepare_onAServerWithoutReadOnlyTransactions(t *testing.T) {
	t.Parallel()
	server := &old{}
	readOnly, err := prepare(t.Context(), server)
	if err != nil || readOnly {
		t.Errorf("got read-only %v, %v", readOnly, err)
	}
	if got, want := server.statements[len(server.statements)-1], "START TRANSACTION WITH CONSISTENT SNAPSHOT"; got != want {
		t.Errorf("got last statement %q, want %q", got, want)
	}
}

func TestFault_ofServerErrors(t *testing.T) {
	t.Parallel()
	d := &Database{name: "database atmail on db"}
	for _, c := range []struct {
		err   error
		class rehome.Class
		hint  string
	}{
		{&mysql.MySQLError{Number: 1049, Message: "Unknown database 'atmail7'"}, rehome.ClassOperator, "dbconfig.ini"},
		{&mysql.MySQLError{Number: 1040, Message: "Too many connections"}, rehome.ClassTemporary, "wait"},
		{&mysql.MySQLError{Number: 1130, Message: "Host 'x' is not allowed to connect"}, rehome.ClassAuth, "run rehome there"},
		{&mysql.MySQLError{Number: 1142, Message: "SELECT command denied"}, rehome.ClassAuth, "GRANT SELECT"},
		{&mysql.MySQLError{Number: 1698, Message: "Access denied"}, rehome.ClassAuth, "by the socket only"},
		{&mysql.MySQLError{Number: 1146, Message: "Table doesn't exist"}, rehome.ClassPermanent, ""},
		{mysql.ErrOldPassword, rehome.ClassOperator, "mysql_native_password"},
		{mysql.ErrInvalidConn, rehome.ClassTemporary, "run the same command again"},
		{context.DeadlineExceeded, rehome.ClassTemporary, "runs and listens there"},
		{context.Canceled, rehome.ClassTemporary, ""},
	} {
		err := d.fault("read", c.err)
		wantFault(t, err, c.class, "read database atmail on db: ", c.hint)
		if !errors.Is(err, c.err) {
			t.Errorf("%v: the cause is lost", err)
		}
	}
}
