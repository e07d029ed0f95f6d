// SPDX-License-Identifier: Apache-2.0

// Package powerdns runs a PowerDNS server in a lab, with its HTTP interface and its zones in an SQLite file.
package powerdns

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // makes the file

	"rehome/lab"
)

// Options says what to start.
type Options struct {
	Name  string   // folder and log names, its own in the lab
	Key   string   // of the interface
	Zones []string // with a dot at the end; each begins with a SOA and an NS record

	TSIG       string // name of a key with hmac-sha256 that may change all zones by RFC 2136
	TSIGSecret string // base64
}

// Server is one that runs.
type Server struct {
	Address string // of DNS, host and port
	URL     string // of the interface
}

// schema is where the Debian package keeps it.
const schema = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"

// Start runs a server in the lab. The lab's Close stops it.
func Start(l *lab.Lab, options Options) (*Server, error) {
	dir, err := l.OwnedDir(options.Name)
	if err != nil {
		return nil, err
	}
	host, err := l.NewHost()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "zones.db")
	if err := makeZones(l, file, options); err != nil {
		return nil, err
	}
	const port, web = "5300", "8081"
	server := &Server{Address: net.JoinHostPort(host, port), URL: "http://" + net.JoinHostPort(host, web)}
	config := strings.Join([]string{
		"launch=gsqlite3", "gsqlite3-database=" + file, "local-address=" + host, "local-port=" + port, "socket-dir=" + dir,
		"api=yes", "api-key=" + options.Key, "webserver=yes", "webserver-address=" + host, "webserver-port=" + web,
		"webserver-allow-from=127.0.0.0/8", "guardian=no", "daemon=no", "disable-syslog=yes", "receiver-threads=1", "distributor-threads=1",
		"expand-alias=no", "security-poll-suffix=", "gsqlite3-dnssec=yes", "dnsupdate=yes", "",
	}, "\n")
	if err := l.WriteOwned(filepath.Join(dir, "pdns.conf"), config); err != nil {
		return nil, err
	}
	_, err = l.Start(lab.Program{Name: options.Name, Command: "pdns_server", Package: "pdns-server", AsOwner: true,
		Args: []string{"--config-dir=" + dir}, Ready: []string{net.JoinHostPort(host, web)}})
	return server, err
}

// makeZones writes the file and hands it to the owner of the lab's servers.
func makeZones(l *lab.Lab, file string, options Options) error {
	text, err := os.ReadFile(schema)
	if err != nil {
		return fmt.Errorf("%w; install the Debian package pdns-backend-sqlite3", err)
	}
	if err := l.WriteOwned(file, ""); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return err
	}
	do := func(sentence string, values ...any) {
		_, failed := db.ExecContext(context.Background(), sentence, values...)
		err = errors.Join(err, failed)
	}
	do(string(text))
	do("INSERT INTO tsigkeys (name, algorithm, secret) VALUES (?, 'hmac-sha256', ?)", options.TSIG, options.TSIGSecret)
	for i, zone := range options.Zones {
		name := strings.TrimSuffix(zone, ".")
		do("INSERT INTO domains (id, name, type) VALUES (?, ?, 'NATIVE')", i+1, name)
		do("INSERT INTO domainmetadata (domain_id, kind, content) VALUES (?, 'TSIG-ALLOW-DNSUPDATE', ?), (?, 'ALLOW-DNSUPDATE-FROM', '127.0.0.0/8')",
			i+1, options.TSIG, i+1)
		for kind, content := range map[string]string{"SOA": "ns1." + name + " admin." + name + " 1 7200 900 604800 300", "NS": "ns1." + name} {
			do("INSERT INTO records (domain_id, name, type, content, ttl, auth) VALUES (?, ?, ?, ?, 3600, 1)", i+1, name, kind, content)
		}
	}
	return errors.Join(err, db.Close())
}
