// SPDX-License-Identifier: Apache-2.0

// Package postgres runs PostgreSQL in a lab: a cluster of its own below the lab's folder, at a socket and, where it is asked for, at
// a loopback address with TLS and a password. Nothing is forced to disk, because a lab's data dies with the lab.
//
// Start, then Create databases; one server is enough for all tests of a package.
package postgres

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"rehome/lab"
)

// clusterUser is Debian's. PostgreSQL does not run as root, and initdb not as a user without a name.
const clusterUser = "postgres"

// settings keep the cluster small and quick.
const settings = `
listen_addresses = '%s'
port = %s
unix_socket_directories = '%s'
shared_buffers = 16MB
max_connections = %d
fsync = off
dynamic_shared_memory_type = mmap
full_page_writes = off
autovacuum = off
wal_level = minimal
max_wal_senders = 0
`

// Options says what to start.
type Options struct {
	Name        string // folder and log names, its own in the lab; default "postgres"
	User        string // the superuser; default "rehome"
	Connections int    // at most; default 30
	Password    string // of the superuser at the loopback address; empty: there is only the socket
	Settings    string // lines of postgresql.conf that replace those of a lab
}

// Server is a running PostgreSQL.
type Server struct {
	Sockets string // the folder of the socket, which lets everybody in
	Addr    string // host and port; "" without a password

	lab     *lab.Lab
	options Options
	bin     string
	process *lab.Process
	admin   *sql.DB
}

// Start makes a cluster and leaves it running. The lab's Close stops it.
func Start(l *lab.Lab, opts Options) (*Server, error) {
	opts.Name, opts.User, opts.Connections = cmp.Or(opts.Name, "postgres"), cmp.Or(opts.User, "rehome"), cmp.Or(opts.Connections, 30)
	s := &Server{lab: l, options: opts}
	if err := s.makeCluster(); err != nil {
		return nil, fmt.Errorf("make %s: %w", opts.Name, err)
	}
	var err error
	if s.admin, err = sql.Open("pgx", s.Address("postgres")+"&sslmode=disable"); err != nil {
		return nil, err
	}
	s.admin.SetMaxIdleConns(1)
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.admin.Close())
	}
	err = l.OnClose(func() error { return errors.Join(s.admin.Close(), s.end(syscall.SIGQUIT)) })
	if err != nil || opts.Password == "" {
		return s, err
	}
	_, err = s.admin.Exec(fmt.Sprintf(`ALTER USER %q PASSWORD '%s'`, opts.User, strings.ReplaceAll(opts.Password, "'", "''")))
	return s, err
}

// makeCluster makes the folder with the data and the settings.
func (s *Server) makeCluster() (err error) {
	if s.bin, err = programs(); err != nil {
		return err
	}
	// Clients and the cluster meet at the socket, and are different users.
	if s.Sockets, err = s.lab.OwnedDir(s.options.Name); err != nil {
		return err
	}
	if err := os.Chmod(s.Sockets, 0o777); err != nil {
		return err
	}
	data := s.data()
	if err := s.lab.Run(asClusterUser(lab.Program{
		Name: s.options.Name, Command: filepath.Join(s.bin, "initdb"), Package: "postgresql",
		Args: []string{"-D", data, "-A", "trust", "-U", s.options.User, "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions"},
	}), nil); err != nil {
		return err
	}
	host, port, more := "", "5432", ""
	if s.options.Password != "" {
		if s.Addr, err = s.lab.Addr(); err != nil {
			return err
		}
		host, port, _ = net.SplitHostPort(s.Addr)
		if more, err = s.secure(); err != nil {
			return err
		}
	}
	return appendTo(filepath.Join(data, "postgresql.conf"), fmt.Sprintf(settings, host, port, s.Sockets, s.options.Connections)+more+s.options.Settings)
}

// secure returns the settings for a certificate of the lab, and lets nobody in over the network without it and the password.
func (s *Server) secure() (string, error) {
	certificate, key, err := s.lab.Issue()
	if err != nil {
		return "", err
	}
	if os.Geteuid() == 0 {
		owner, err := user.Lookup(clusterUser)
		if err != nil {
			return "", err
		}
		uid, _ := strconv.Atoi(owner.Uid)
		if err := os.Chown(key, uid, -1); err != nil {
			return "", err
		}
	}
	rules := "local all all trust\nhostssl all all 127.0.0.0/8 scram-sha-256\n"
	if err := os.WriteFile(filepath.Join(s.data(), "pg_hba.conf"), []byte(rules), 0o600); err != nil {
		return "", err
	}
	return fmt.Sprintf("ssl = on\nssl_cert_file = '%s'\nssl_key_file = '%s'\n", certificate, key), nil
}

func (s *Server) data() string { return filepath.Join(s.Sockets, "data") }

func (s *Server) start() (err error) {
	port := "5432"
	if s.Addr != "" {
		_, port, _ = net.SplitHostPort(s.Addr)
	}
	s.process, err = s.lab.Start(asClusterUser(lab.Program{
		Name: s.options.Name, Command: filepath.Join(s.bin, "postgres"), Package: "postgresql",
		Args: []string{"-D", s.data()}, Ready: []string{filepath.Join(s.Sockets, ".s.PGSQL."+port)},
	}))
	for until := time.Now().Add(startPatience); err == nil; { // it answers before it is ready
		if refused := s.admin.Ping(); refused == nil || time.Now().After(until) {
			return refused
		}
		time.Sleep(5 * time.Millisecond)
	}
	return err
}

const startPatience = 30 * time.Second

// end asks all to end, by a signal (postgresql.org/docs/15/server-shutdown.html): the one that a lab sends would wait for the clients.
func (s *Server) end(how syscall.Signal) error {
	if err := syscall.Kill(s.process.Pid(), how); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return s.process.Stop()
}

// Restart ends the server as a crash does, with all its connections, and starts it again.
func (s *Server) Restart() error { return errors.Join(s.end(syscall.SIGQUIT), s.start()) }

// Address of a database at the socket.
func (s *Server) Address(database string) string {
	query := url.Values{"host": {s.Sockets}}
	if s.Addr != "" {
		_, port, _ := net.SplitHostPort(s.Addr)
		query.Set("port", port)
	}
	return (&url.URL{Scheme: "postgres", User: url.User(s.options.User), Path: "/" + database, RawQuery: query.Encode()}).String()
}

// NetworkAddress of a database at the loopback address, with the lab's authority.
func (s *Server) NetworkAddress(database string) string {
	query := url.Values{"sslmode": {"verify-full"}, "sslrootcert": {s.lab.CAFile()}}
	return (&url.URL{Scheme: "postgres", User: url.User(s.options.User), Host: s.Addr, Path: "/" + database, RawQuery: query.Encode()}).String()
}

// Create makes a database, as a copy of another one where that is named.
func (s *Server) Create(ctx context.Context, database, template string) error {
	return s.Exec(ctx, fmt.Sprintf(`CREATE DATABASE %q TEMPLATE %q`, database, cmp.Or(template, "template0")))
}

// Exec says a sentence to the server as its superuser, in the database "postgres".
func (s *Server) Exec(ctx context.Context, sentence string, args ...any) error {
	_, err := s.admin.ExecContext(ctx, sentence, args...)
	return err
}

// Is asks the server a question, in the database "postgres".
func (s *Server) Is(ctx context.Context, question string, args ...any) (is bool, err error) {
	err = s.admin.QueryRowContext(ctx, question, args...).Scan(&is)
	return is, err
}

// Await waits until a question to the server, in the database "postgres", is answered by true.
func (s *Server) Await(ctx context.Context, question string, args ...any) error {
	for {
		if is, err := s.Is(ctx, question, args...); err != nil || is {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// programs returns the folder of the newest version that is installed.
func programs() (string, error) {
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

// Used is the processor time of all of the server's processes, also of those that have ended.
func (s *Server) Used() (sum time.Duration) {
	own := strconv.Itoa(s.process.Pid())
	children, err := os.ReadFile("/proc/" + own + "/task/" + own + "/children")
	if err != nil {
		return 0
	}
	for _, pid := range append(strings.Fields(string(children)), own) {
		text, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		for _, field := range fields[11:15] { // proc(5): utime, stime, cutime, cstime, in hundredths on every Linux port that Go has
			ticks, _ := strconv.ParseInt(field, 10, 64)
			sum += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return sum
}
