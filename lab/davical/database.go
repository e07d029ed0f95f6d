// SPDX-License-Identifier: Apache-2.0

package davical

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"rehome/lab"
	"rehome/lab/postgres"
)

const psql = "/usr/bin/psql"

// schemaFiles are what Debian's create-database.sh runs, without its patches for older versions and
// without the rights of an application user: the lab has one user.
func schemaFiles() []string {
	return []string{
		awl + "/dba/awl-tables.sql", awl + "/dba/schema-management.sql", share + "/dba/davical.sql", share + "/dba/supported_locales.sql",
		share + "/dba/views/dav_principal.sql", share + "/dba/caldav_functions.sql", share + "/dba/rrule_functions.sql", share + "/dba/base-data.sql",
	}
}

// startDatabase makes a cluster, fills it and leaves it running.
func (s *Server) startDatabase() error {
	name := s.options.Name + "-db"
	cluster, err := postgres.Start(s.lab, postgres.Options{Name: name, User: "davical"})
	if err != nil {
		return err
	}
	s.sockets = cluster.Sockets
	return s.fillDatabase(name)
}

func (s *Server) fillDatabase(name string) error {
	var text strings.Builder
	text.WriteString("CREATE DATABASE davical;\n\\connect davical\n")
	for _, file := range schemaFiles() {
		fmt.Fprintf(&text, "\\i %s\n", file)
	}
	for _, account := range s.options.Accounts {
		text.WriteString(accountSQL(account))
	}
	return s.lab.Run(lab.Program{
		Name: name + "-schema", Command: psql, Package: "postgresql", Args: append(s.psqlArgs("postgres"), "-f", "-"),
		Env: []string{"PGOPTIONS=--client-min-messages=warning"},
	}, io.Reader(strings.NewReader(text.String())))
}

func (s *Server) psqlArgs(database string) []string {
	return []string{"-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", s.sockets, "-U", "davical", "-d", database}
}

// query returns what psql prints.
func (s *Server) query(ctx context.Context, statement string) (string, error) {
	out, err := exec.CommandContext(ctx, psql, append(s.psqlArgs("davical"), "-c", statement)...).Output()
	if err != nil {
		return "", fmt.Errorf("ask the database of %s: %w", s.options.Name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// accountSQL makes a user as DAViCal's administration does: his principal, which lets everybody see
// when he is free and send him invitations, and the four collections of CreateHomeCollections.
func accountSQL(a Account) string {
	var text strings.Builder
	fmt.Fprintf(&text, `INSERT INTO usr (username, password, fullname, email, email_ok, active, locale)
		VALUES (%[1]s, %[2]s, %[1]s, %[1]s, now(), true, 'en_GB');
	INSERT INTO principal (type_id, user_no, displayname, default_privileges)
		SELECT 1, user_no, fullname, privilege_to_bits(ARRAY['caldav:read-free-busy', 'caldav:schedule-deliver']) FROM usr WHERE username = %[1]s;
	`, literal(a.Address), literal("**"+a.Password))
	for _, c := range []struct{ name, kind string }{{"calendar", "caldav:calendar"}, {".in", "caldav:calendar"}, {".out", "caldav:calendar"},
		{"addresses", "carddav:addressbook"}} {
		fmt.Fprintf(&text, `INSERT INTO collection (user_no, parent_container, dav_name, dav_etag, dav_displayname, is_calendar, is_addressbook,
			created, modified, resourcetypes)
			SELECT user_no, '/' || username || '/', '/' || username || '/%[2]s/', '-1', '%[2]s', %[3]t, %[4]t, now(), now(),
			'<DAV::collection/><urn:ietf:params:xml:ns:%[5]s/>' FROM usr WHERE username = %[1]s;
		`, literal(a.Address), c.name, c.kind == "caldav:calendar", c.kind != "caldav:calendar", c.kind)
	}
	return text.String()
}

// literal is a string of SQL; PostgreSQL takes a backslash in it as it is.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
