// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"strings"
	"testing"

	"rehome"
)

func TestParseDSN(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string][5]string{
		"mysql://reader@db.example.com:3307/atmail":           {"reader", "tcp", "db.example.com:3307", "atmail", ""},
		"mysql://reader@db.example.com/atmail6":               {"reader", "tcp", "db.example.com:3306", "atmail6", ""},
		"mysql://reader@[2001:db8::1]/atmail?tls=skip-verify": {"reader", "tcp", "[2001:db8::1]:3306", "atmail", "skip-verify"},
		"mysql://r%40x@localhost/atmail?socket=/run/my.sock":  {"r@x", "unix", "/run/my.sock", "atmail", ""},
		"mysql://reader@/atmail?socket=/run/my.sock":          {"reader", "unix", "/run/my.sock", "atmail", ""},
	} {
		c, err := parseDSN(dsn, rehome.NewSecret("hunter2"))
		if err != nil {
			t.Errorf("%s: %v", dsn, err)
			continue
		}
		if got := [5]string{c.User, c.Net, c.Addr, c.DBName, c.TLSConfig}; got != want || c.Passwd != "hunter2" {
			t.Errorf("%s: got %q, want %q", dsn, got, want)
		}
	}
}

func TestParseDSN_refuses(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"":                                      "does not begin with mysql://",
		"reader:hunter2@tcp(db:3306)/atmail":    "not a URL",
		"mysql:reader@db/atmail":                "not a URL",
		"mysql://reader:hunter2@db/atmail":      "holds a password",
		"mysql://reader:@db/atmail":             "holds a password",
		"mysql://db/atmail":                     "names no user",
		"mysql://reader@db":                     "names no database",
		"mysql://reader@db/a/b":                 "names no database, or more than one",
		"mysql://reader@/atmail":                "names no host",
		"mysql://reader@db:x/atmail":            "not a URL",
		"mysql://reader@db/atmail?socket=x":     "not an absolute path",
		"mysql://reader@db/atmail?tls=maybe":    "option tls",
		"mysql://reader@db/atmail?allowAll=1":   "an option other than",
		"mysql://reader@db/atmail?%zz":          "options cannot be read",
		"postgres://reader:hunter2@db/atmail":   "does not begin with mysql://",
		"mysql://reader@db/atmail#hunter2":      "not a URL",
		"mysql://reader@db/atmail?tls=x&tls=\n": "not a URL",
	} {
		_, err := parseDSN(dsn, rehome.Secret{})
		if rehome.ClassOf(err) != rehome.ClassOperator || !strings.Contains(err.Error(), want) || !strings.Contains(rehome.HintOf(err),
			"mysql://user@host:port/name") {
			t.Errorf("%q: got %v, want %q", dsn, err, want)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error shows the password: %v", dsn, err)
		}
	}
}

func FuzzParseDSN(f *testing.F) {
	f.Add("mysql://reader@db.example.com:3307/atmail?tls=true")
	f.Add("mysql://r@[::1]/x?socket=/y")
	f.Fuzz(func(t *testing.T, dsn string) {
		c, err := parseDSN(dsn, rehome.Secret{})
		if err == nil && (c.User == "" || c.DBName == "" || c.Addr == "") {
			t.Errorf("%q: got %q %q %q", dsn, c.User, c.DBName, c.Addr)
		}
	})
}
