// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"errors"
	"strings"
	"testing"

	"rehome"
)

func TestParseAddress_refused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"postgres://mover:hunter2@db.example.com/rehome":                     "holds a password",
		"postgres://mover@db.example.com/rehome?password=hunter2":            "holds a password",
		"postgres://mover@db.example.com/rehome?sslpassword=hunter2":         "holds a password",
		"postgres://db.example.com/rehome":                                   "lacks user",
		"postgres://mover@db.example.com":                                    "lacks user",
		"postgres://mover@/rehome":                                           "lacks user",
		"postgres://mover@one.example.com,two.example.com/rehome":            "more than one server",
		"postgres://mover@db.example.com/rehome?sslmode=prefer":              `sslmode "prefer"`,
		"postgres://mover@db.example.com/rehome?sslmode=":                    `sslmode ""`,
		"postgres://mover@db.example.com/rehome?service=hunter2":             `"service"`,
		"postgres://mover@db.example.com/rehome?sslrootcert=ca.pem":          "relative path",
		"postgres://mover@db.example.com/rehome?search_path=a,b":             "search_path",
		"postgres://mover@db.example.com/rehome?search_path=a&search_path=b": `"search_path"`,
		"postgres://mover@db.example.com:port/rehome":                        "cannot be read",
		"mysql://mover@db.example.com/rehome":                                "does not begin with postgres://",
	} {
		_, err := ParseAddress(text)
		var said *AddressError
		if !errors.As(err, &said) || !strings.Contains(said.Sentence, want) || said.Hint == "" || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q and a hint", text, err, want)
		}
	}
}

// Certificates are verified unless the address says otherwise, or nobody can stand in between.
func TestAddress_certificatesAreVerified(t *testing.T) {
	t.Setenv("PGSSLMODE", "disable") // what a shell happens to say is not asked
	t.Setenv("PGPASSWORD", "from the shell")
	for text, want := range map[string]struct{ name, server string }{
		"postgres://mover@db.example.com/rehome": {"postgres://mover@db.example.com/rehome", "db.example.com"},
		"postgresql://mover@db.example.com:5433/rehome?search_path=wave_1": {
			"postgresql://mover@db.example.com:5433/rehome?search_path=wave_1", "db.example.com",
		},
		"postgres://mover@db.example.com/rehome?sslmode=disable": {"postgres://mover@db.example.com/rehome", ""},
		"postgres://mover@localhost/rehome":                      {"postgres://mover@localhost/rehome", ""},
		"postgres://mover@127.0.0.1/rehome":                      {"postgres://mover@127.0.0.1/rehome", ""},
		"postgres://mover@127.0.0.1/rehome?sslmode=verify-full":  {"postgres://mover@127.0.0.1/rehome", "127.0.0.1"},
		"postgres://mover@/rehome?host=/run/postgresql":          {"postgres://mover@socket/rehome", ""},
	} {
		address, err := ParseAddress(text)
		if err != nil {
			t.Fatal(err)
		}
		config, err := address.config(rehome.NewSecret("hunter2"))
		if err != nil {
			t.Fatal(err)
		}
		server := ""
		if config.TLSConfig != nil && !config.TLSConfig.InsecureSkipVerify {
			server = config.TLSConfig.ServerName
		}
		if server != want.server || address.Name() != want.name || config.Password != "hunter2" || config.RuntimeParams["search_path"] != address.Schema {
			t.Errorf("%s: certificate of %q, name %s, schema %s, want %+v", text, server, address.Name(), config.RuntimeParams["search_path"], want)
		}
		if len(config.Fallbacks) > 0 && config.Fallbacks[0].Host != config.Host {
			t.Errorf("%s: falls back to %v", text, config.Fallbacks)
		}
		if again, err := ParseAddress(address.WithSchema("x").String()); err != nil || again.Schema != "x" {
			t.Errorf("%s: in another schema %v, %v", text, again, err)
		}
	}
}

// Whatever is given is an address, and the same once it was written, or it is refused with a next step.
func FuzzParseAddress(f *testing.F) {
	for _, text := range []string{
		"postgres://mover@db.example.com/rehome", "postgres://mover@/rehome?host=/run/postgresql&port=5433", "postgres://mover:hunter2@h/d",
		"postgresql://a%20b@[::1]:5432/d?search_path=x&sslmode=require", "postgres://u@h/d?sslmode=verify-full&sslrootcert=/ca.pem", "rehome.db", "://", "",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAddress(text)
		if err != nil {
			var said *AddressError
			if !errors.As(err, &said) || said.Hint == "" {
				t.Fatalf("%q: %v, want an AddressError with a hint", text, err)
			}
			return
		}
		again, err := ParseAddress(a.String())
		if err != nil || again.Schema != a.Schema || again.Name() != a.Name() {
			t.Fatalf("%q: %s comes back as %+v, %v", text, a.String(), again, err)
		}
		if config, err := a.config(rehome.NewSecret("s")); err == nil && (config.Password != "s" || config.User == "" || config.Database == "") {
			t.Fatalf("%q: logs in as %q to %q", text, config.User, config.Database)
		}
	})
}
