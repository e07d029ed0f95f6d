// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"rehome/lab"
)

//go:embed schema.sql
var schema string

const (
	database       = "atmail"
	writer         = "atmail"
	writerPassword = "writer-of-the-lab"
	reader         = "reader"
	readerPassword = "reader-of-the-lab"
)

// mysqlShare is where Debian puts the statements that make the server's own tables.
const mysqlShare = "/usr/share/mysql"

// settings keep the server small and quick. Nothing is forced to disk, because a lab's data dies
// with the lab.
const settings = `[mariadbd]
datadir = %[1]s/data
socket = %[1]s/socket
tmpdir = %[1]s/tmp
sql_mode = "%[2]s"
character_set_server = utf8mb4
skip_name_resolve
performance_schema = off
max_allowed_packet = 64M
debug_no_sync
innodb_flush_method = nosync
innodb_flush_log_at_trx_commit = 0
silent_startup
innodb_doublewrite = 0
innodb_use_native_aio = 0
innodb_buffer_pool_size = 32M
innodb_log_file_size = 8M
innodb_data_file_path = ibdata1:5M:autoextend
innodb_temp_data_file_path = ibtmp1:1M:autoextend
innodb_autoextend_increment = 1
aria_pagecache_buffer_size = 8M
key_buffer_size = 1M
`

// startDatabase makes a database of its own, fills it with the tables and connects to it.
func (s *Server) startDatabase() error {
	name := s.options.Name + "-db"
	dir, err := s.lab.OwnedDir(name)
	if err != nil {
		return err
	}
	// Dovecot and the caller reach the socket in it; the data folder stays closed.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	// A temporary folder of its own: a server that starts removes the temporary tables in it.
	for _, sub := range []string{"data", "tmp"} {
		if _, err := s.lab.OwnedDir(name, sub); err != nil {
			return err
		}
	}
	config := filepath.Join(dir, "my.cnf")
	if err := os.WriteFile(config, fmt.Appendf(nil, settings, dir, s.options.SQLMode), 0o644); err != nil {
		return err
	}
	program := lab.Program{
		Name: name, Command: "mariadbd", Package: "mariadb-server", AsOwner: true,
		Args: []string{"--defaults-file=" + config, "--bootstrap"},
	}
	statements, err := s.firstStatements()
	if err != nil {
		return err
	}
	if err := s.lab.Run(program, statements); err != nil {
		return err
	}
	return s.serveDatabase(program, config, filepath.Join(dir, "socket"))
}

func (s *Server) serveDatabase(program lab.Program, config, socket string) error {
	addr, err := s.lab.Addr()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	program.Args = []string{"--defaults-file=" + config, "--bind-address=" + host, "--port=" + port, "--innodb-fast-shutdown=2"}
	program.Ready = []string{addr, socket}
	process, err := s.lab.Start(program)
	if err != nil {
		return err
	}
	s.groups = append(s.groups, process.Pid())
	s.MySQL = addr
	s.Socket = socket
	s.Database = database
	s.Reader = reader
	s.ReaderPassword = readerPassword
	s.DSN = dsn("tcp", addr, reader, readerPassword)
	return s.connect()
}

func (s *Server) connect() error {
	db, err := sql.Open("mysql", dsn("unix", s.Socket, writer, writerPassword))
	if err != nil {
		return err
	}
	s.db = db
	if err := s.lab.OnClose(db.Close); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return db.PingContext(ctx)
}

func dsn(network, addr, user, password string) string {
	config := mysql.NewConfig()
	config.Net = network
	config.Addr = addr
	config.User = user
	config.Passwd = password
	config.DBName = database
	return config.FormatDSN()
}

// firstStatements are what the server runs on an empty folder: its own tables as
// mariadb-install-db makes them, without the help texts that take most of its time, then ours.
func (s *Server) firstStatements() (io.Reader, error) {
	parts := []io.Reader{strings.NewReader("CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket='root';\n")}
	for _, name := range []string{"mysql_system_tables.sql", "mysql_system_tables_data.sql"} {
		path := filepath.Join(mysqlShare, name)
		if err := lab.NeedFile(path, "mariadb-server"); err != nil {
			return nil, err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		parts = append(parts, strings.NewReader(string(text)))
	}
	var ours strings.Builder
	fmt.Fprintf(&ours, "CREATE DATABASE %[1]s;\nUSE %[1]s;\n%[2]s", database, schema)
	for _, domain := range s.options.Domains {
		fmt.Fprintf(&ours, "INSERT INTO Domains (Hostname) VALUES ('%s');\n", domain)
	}
	for _, table := range s.options.Without {
		fmt.Fprintf(&ours, "DROP TABLE `%s`;\n", table)
	}
	// Without its privilege tables in memory the bootstrapping server knows no accounts.
	fmt.Fprintf(&ours, "FLUSH PRIVILEGES;\nGRANT ALL ON %s.* TO '%s'@'%%' IDENTIFIED BY '%s';\n", database, writer, writerPassword)
	fmt.Fprintf(&ours, "GRANT SELECT ON %s.* TO '%s'@'%%' IDENTIFIED BY '%s';\n", database, reader, readerPassword)
	return io.MultiReader(append(parts, strings.NewReader(ours.String()))...), nil
}
