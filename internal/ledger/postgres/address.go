// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"rehome"
)

// DefaultSchema is the schema that a ledger has for itself where its address names none.
const DefaultSchema = "rehome"

// How the server's certificate is taken (postgresql.org/docs/15/libpq-ssl.html). The ways that fall back to what is weaker without
// a word, "allow" and "prefer", are not among them.
var sslModes = []string{"verify-full", "verify-ca", "require", "disable"}

// Address is where a ledger is: "postgres://USER@HOST:PORT/DATABASE". Behind a question mark it takes sslmode, sslrootcert, sslcert
// and sslkey as PostgreSQL's own programs do; host, for the folder of a socket; and search_path, the ledger's schema. It never
// holds a password.
type Address struct {
	url    *url.URL
	Schema string
}

// IsAddress reports whether a name of a ledger is meant to be such an address.
func IsAddress(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// AddressError is what is wrong with an address. It shows nothing of it that may be secret.
type AddressError struct{ Sentence, Hint string }

// Error implements error.
func (e *AddressError) Error() string { return "the address of the store " + e.Sentence }

const addressForm = "write it as postgres://USER@HOST:5432/DATABASE"

// ParseAddress reads one. The error is an *AddressError.
func ParseAddress(text string) (Address, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return Address{}, &AddressError{"cannot be read", addressForm}
	case !IsAddress(text):
		return Address{}, &AddressError{"does not begin with postgres://", addressForm}
	case hasPassword(u):
		return Address{}, &AddressError{"holds a password", "take it out of here and name its place in store_password"}
	case u.User.Username() == "" || strings.Trim(u.Path, "/") == "" || u.Host == "" && u.Query().Get("host") == "":
		return Address{}, &AddressError{"lacks user, host or database name", addressForm}
	case u.Fragment != "" || strings.Contains(u.Host, ","):
		return Address{}, &AddressError{"names more than one server", "name the one that takes writes"}
	}
	a := Address{url: u, Schema: DefaultSchema}
	return a, a.readParameters()
}

func hasPassword(u *url.URL) bool {
	_, is := u.User.Password()
	return is || u.Query().Has("password") || u.Query().Has("sslpassword")
}

// schemaName is what needs no quotes, and what a name with "_back" behind it is short enough for.
var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,49}$`)

func (a *Address) readParameters() error {
	given := a.url.Query()
	for key, values := range given {
		if !slices.Contains([]string{"sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port", "search_path"}, key) || len(values) != 1 {
			return &AddressError{fmt.Sprintf("has %q, which is not supported", key),
				"it may hold sslmode, sslrootcert, sslcert, sslkey, host, port and search_path"}
		}
		if slices.Contains([]string{"sslrootcert", "sslcert", "sslkey", "host"}, key) && !filepath.IsAbs(values[0]) {
			return &AddressError{"has a relative path in " + key, "write the path from the root on"}
		}
	}
	if given.Has("search_path") {
		if a.Schema = given.Get("search_path"); !schemaName.MatchString(a.Schema) {
			return &AddressError{"has a search_path that is not one plain name", "use one schema of small letters, digits and underscores"}
		}
	}
	if mode := given.Get("sslmode"); given.Has("sslmode") && !slices.Contains(sslModes, mode) {
		return &AddressError{fmt.Sprintf("has the sslmode %q", mode), "use one of " + strings.Join(sslModes, ", ")}
	}
	return nil
}

// WithSchema is the address of the ledger in another schema of the same database.
func (a Address) WithSchema(schema string) Address {
	moved := *a.url
	query := moved.Query()
	query.Set("search_path", schema)
	moved.RawQuery = query.Encode()
	return Address{url: &moved, Schema: schema}
}

// String returns the whole address, which ParseAddress understands.
func (a Address) String() string { return a.url.String() }

// Name is what the operator reads: the address without its parameters, but for a schema of its own.
func (a Address) Name() string {
	short := url.URL{Scheme: a.url.Scheme, User: a.url.User, Host: a.url.Host, Path: a.url.Path}
	if a.url.Host == "" {
		short.Host = "socket"
	}
	if a.Schema != DefaultSchema {
		short.RawQuery = "search_path=" + a.Schema
	}
	return short.String()
}

// Connection is what pgx needs for a session that is not the ledger's.
func (a Address) Connection(password rehome.Secret) (*pgx.ConnConfig, error) {
	config, err := a.config(password)
	if err != nil {
		return nil, a.openFault(err)
	}
	config.DialFunc = keptAlive().DialContext // such a session may wait for as long as it likes
	return config, nil
}

// config is what pgx needs. Nothing of it comes from the environment that the address or the settings should say.
func (a Address) config(password rehome.Secret) (*pgx.ConnConfig, error) {
	u := *a.url
	query := u.Query()
	query.Del("search_path")
	if !query.Has("sslmode") {
		query.Set("sslmode", a.sslMode())
	}
	u.RawQuery = query.Encode()
	config, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, &AddressError{"cannot be read", addressForm} // the words of pgx may hold parts of it
	}
	config.Password = password.Reveal()
	config.DialFunc = dial
	config.ConnectTimeout = busyPatience
	maps.Copy(config.RuntimeParams, sessionSettings)
	host, _ := os.Hostname()
	config.RuntimeParams["application_name"] = fmt.Sprintf("rehome pid %d at %.30s", os.Getpid(), host)
	config.RuntimeParams["search_path"] = a.Schema
	return config, nil
}

// sessionSettings hold for all sessions: nothing ends one that waits or is at rest, for with it a lock would end; but the server
// finds out soon when this end is dead.
var sessionSettings = map[string]string{
	"synchronous_commit": "on", "statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0", "idle_session_timeout": "0",
	"tcp_keepalives_idle": "15", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
}

// sslMode is the default: certificates are verified wherever others could stand in between.
func (a Address) sslMode() string {
	host := a.url.Hostname()
	if ip, err := netip.ParseAddr(host); host == "" || host == "localhost" || err == nil && ip.IsLoopback() {
		return "disable"
	}
	return "verify-full"
}
