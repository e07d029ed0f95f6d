// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/url"
	"strings"

	"rehome"
)

// Database is the database of an atmail 7 server.
type Database struct {
	DSN              string           `yaml:"dsn" example:"mysql://reader@127.0.0.1:3306/atmail"`
	Password         Reference        `yaml:"password" example:"\"env:ATMAIL_DB_PASSWORD\"" doc:"Reference to that user's password. Empty: no password."`
	Profile          string           `yaml:"profile" enum:"auto,atmail6,atmail5-flat,atmail5-sharded"`
	ProfileFile      string           `yaml:"profile_file" kind:"path" example:"profile.yaml" doc:"Your own profile, if none of these fits."`
	QuotaUnit        rehome.QuotaUnit `yaml:"quota_unit" enum:"kb,mb,bytes" doc:"The unit of the quota column."`
	Charset          string           `yaml:"charset" enum:"auto,windows-*,iso-8859-2,iso-8859-15,koi8-r,koi8-u"`
	MasterKey        Reference        `yaml:"master_key" example:"\"file:secrets/masterkey\""`
	PlainLooksHashed []string         `yaml:"plain_looks_hashed" example:"[anna@example.com]"`
}

// checkDSN says what is wrong with a data source name, or "". The sentence never repeats the
// name, which may hold a password.
func checkDSN(dsn string) (sentence, hint string) {
	const form = "write mysql://user@host:port/name"
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return "is not a data source name", form
	}
	if u.Scheme != "mysql" {
		return "names a database that is not mysql", form
	}
	if _, given := u.User.Password(); given {
		return "holds a password", "take it out of here and name its place in source.database.password"
	}
	somewhere := u.Hostname() != "" || u.Query().Has("socket")
	if !somewhere || u.User.Username() == "" || strings.Trim(u.Path, "/") == "" {
		return "lacks user, host or database name", form
	}
	return "", ""
}
