// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"rehome"
)

const (
	connectTimeout = 30 * time.Second
	// A scan of a large table without an index answers late; longer silence is a dead connection.
	readTimeout = 5 * time.Minute
)

func dsnFault(reason string) error {
	return &rehome.Fault{
		Class: rehome.ClassOperator, Op: "read the data source name", Cause: errors.New(reason),
		Hint: "write mysql://user@host:port/name, or mysql://user@localhost/name?socket=/path",
	}
}

// parseDSN turns a data source name into the driver's settings. Its errors never repeat the name,
// which may hold a password by mistake.
func parseDSN(dsn string, password rehome.Secret) (*mysql.Config, error) {
	u, err := url.Parse(dsn)
	if err != nil || u.Opaque != "" || u.Fragment != "" {
		return nil, dsnFault("it is not a URL")
	}
	database := strings.TrimPrefix(u.Path, "/")
	switch _, given := u.User.Password(); {
	case u.Scheme != "mysql":
		return nil, dsnFault("it does not begin with mysql://")
	case given:
		return nil, dsnFault("it holds a password, which belongs into a setting of its own")
	case u.User.Username() == "":
		return nil, dsnFault("it names no user")
	case database == "" || strings.Contains(database, "/"):
		return nil, dsnFault("it names no database, or more than one")
	}
	config := mysql.NewConfig()
	config.User, config.Passwd, config.DBName = u.User.Username(), password.Reveal(), database
	config.Net, config.Addr = "tcp", net.JoinHostPort(u.Hostname(), portOf(u))
	config.ReadTimeout = readTimeout
	config.WriteTimeout = connectTimeout
	config.Logger = &mysql.NopLogger{}
	if err := addOptions(config, u); err != nil {
		return nil, err
	}
	if config.Net == "tcp" && u.Hostname() == "" {
		return nil, dsnFault("it names no host")
	}
	return config, nil
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return "3306"
}

func addOptions(config *mysql.Config, u *url.URL) error {
	options, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return dsnFault("its options cannot be read")
	}
	for name, values := range options {
		value := values[len(values)-1]
		switch name {
		case "socket":
			if !strings.HasPrefix(value, "/") {
				return dsnFault("its socket is not an absolute path")
			}
			config.Net = "unix"
			config.Addr = value
		case "tls":
			switch value {
			case "true", "false", "preferred", "skip-verify":
				config.TLSConfig = value
			default:
				return dsnFault("its option tls is not true, false, preferred or skip-verify")
			}
		default:
			return dsnFault("it has an option other than socket and tls")
		}
	}
	return nil
}

// describeTarget names the database in messages.
func describeTarget(config *mysql.Config) string {
	return "database " + config.DBName + " on " + config.Addr
}
