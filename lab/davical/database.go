// SPDX-License-Identifier: Apache-2.0

package davical

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"rehome/lab"
)

const (
	psql = "/usr/bin/psql"
	// clusterUser is Debian's. PostgreSQL does not run as root, and initdb not as a user without a name.
	clusterUser = "postgres"
)

// settings keep the cluster small and quick. Nothing is forced to disk, because a lab's data dies
// with the lab.
const settings = `
listen_addresses = ''
unix_socket_directories = '%s'
shared_buffers = 16MB
max_connections = 30
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
wal_level = minimal
max_wal_senders = 0
`

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
	bin, err := clusterPrograms()
	if err != nil {
		return err
	}
	name := s.options.Name + "-db"
	dir, err := s.lab.OwnedDir(name)
	if err != nil {
		return err
	}
	// PHP, the cluster and the caller meet at the socket.
	if err := os.Chmod(dir, 0o777); err != nil {
		return err
	}
	s.sockets = dir
	data := filepath.Join(dir, "data")
	if err := s.lab.Run(asClusterUser(lab.Program{
		Name: name, Command: filepath.Join(bin, "initdb"), Package: "postgresql",
		Args: []string{"-D", data, "-A", "trust", "-U", "davical", "-E", "UTF8", "--no-locale", "--no-sync"},
	}), nil); err != nil {
		return err
	}
	if err := appendTo(filepath.Join(data, "postgresql.conf"), fmt.Sprintf(settings, dir)); err != nil {
		return err
	}
	if _, err := s.lab.Start(asClusterUser(lab.Program{
		Name: name, Command: filepath.Join(bin, "postgres"), Package: "postgresql",
		Args: []string{"-D", data}, Ready: []string{filepath.Join(dir, ".s.PGSQL.5432")},
	})); err != nil {
		return err
	}
	return s.fillDatabase(name)
}

// clusterPrograms returns the folder of the newest version that is installed.
func clusterPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.Join(lab.NeedFile("/usr/lib/postgresql/15/bin/initdb", "postgresql"), err)
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// asClusterUser makes root's program the cluster user's. Everybody else runs it himself.
func asClusterUser(p lab.Program) lab.Program {
	if os.Geteuid() != 0 {
		return p
	}
	p.Args = append([]string{"--reuid=" + clusterUser, "--regid=" + clusterUser, "--clear-groups", "--", p.Command}, p.Args...)
	p.Command = "setpriv"
	p.Package = "util-linux"
	return p
}

func appendTo(path, text string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
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
		fmt.Fprintf(&text, `INSERT INTO collection (user_no, parent_container, dav_name, dav_etag, dav_displayname, is_calendar, is_addressbook, created, modified, resourcetypes)
			SELECT user_no, '/' || username || '/', '/' || username || '/%[2]s/', '-1', '%[2]s', %[3]t, %[4]t, now(), now(),
			'<DAV::collection/><urn:ietf:params:xml:ns:%[5]s/>' FROM usr WHERE username = %[1]s;
		`, literal(a.Address), c.name, c.kind == "caldav:calendar", c.kind != "caldav:calendar", c.kind)
	}
	return text.String()
}

// literal is a string of SQL; PostgreSQL takes a backslash in it as it is.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
