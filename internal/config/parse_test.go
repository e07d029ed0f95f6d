// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/protocol"
)

// minimal is the shortest file without a problem.
const minimal = `roster: people.csv
source: {kind: imap, imap: {address: "old.example.com:993"}}
destination: {kind: imap, imap: {address: "new.example.com:993"}}
`

// problemsOf parses text and returns what is wrong with it.
func problemsOf(t *testing.T, text string) []Problem {
	t.Helper()
	_, err := Parse("rehome.yaml", []byte(text))
	if err == nil {
		return nil
	}
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("Parse: got %v, want an InvalidError", err)
	}
	if rehome.ClassOf(err) != rehome.ClassOperator || rehome.HintOf(err) == "" {
		t.Errorf("class %q, hint %q: want operator and a next step", rehome.ClassOf(err), rehome.HintOf(err))
	}
	return invalid.Problems
}

func TestParse_fillsDefaultsAndPlacesPaths(t *testing.T) {
	t.Parallel()
	file := filepath.Join("move", "rehome.yaml")
	c, err := Parse(file, []byte(minimal+"domains: [Example.COM.]\nsecrets: {identity: /etc/id}\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.Roster, c.Store, c.Secrets.Identity, c.Domains[0], c.Source.IMAP.TLS, c.Source.IMAP.Timeout, c.Limits.PerAccount, c.Mail.SpecialUse}
	want := []any{filepath.Join("move", "people.csv"), filepath.Join("move", "rehome.db"), "/etc/id", "example.com", protocol.ImplicitTLS,
		2 * time.Minute, 8, true}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The file that the design of the product shows.
func TestParse_typicalFile(t *testing.T) {
	t.Parallel()
	c, err := Parse("rehome.yaml", []byte(`
organisation: Example Ltd
domains: [example.com, example.org]
store: rehome.db
source:
  kind: atmail7
  database: {dsn: "mysql://reader@127.0.0.1:3306/atmail", password: "env:ATMAIL_DB_PASSWORD"}
  imap: {address: "mail.example.com:993", tls: implicit, tls_min: 1.0, login: master, master_user: mover, master_password: "file:secrets/master"}
  pop3: {address: "mail.example.com:995", tls: implicit}
  dav:  {url: "http://mail.example.com:8008/"}
destination:
  kind: atmail8
  imap: {address: "imap.us-east.atmailcloud.com:993", tls: implicit, login: user}
  dav:  {url: "https://dav.us-east.atmailcloud.com/"}
limits: {source_connections: 8, destination_connections: 16, per_account: 4, bytes_per_second: 20MB}
`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Source.IMAP.TLSMin != "1.0" || c.Limits.BytesPerSecond != 20_000_000 || c.Source.IMAP.MasterSeparator != "*" {
		t.Errorf("tls_min %q, bytes_per_second %d, separator %q", c.Source.IMAP.TLSMin, c.Limits.BytesPerSecond, c.Source.IMAP.MasterSeparator)
	}
}

// No header at all differs from none given.
func TestParse_emptyHeader(t *testing.T) {
	t.Parallel()
	c, err := Parse("rehome.yaml", []byte(minimal+"accounts: {csv: {header: []}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if h := c.Accounts.CSV.Header; h == nil || len(h) > 0 {
		t.Errorf("got %#v, want an empty list that is not nil", h)
	}
}

// What the decoder leaves alone is not an error: a key without a value keeps its default.
func TestParse_keyWithoutValue(t *testing.T) {
	t.Parallel()
	c, err := Parse("rehome.yaml", []byte(minimal+"store:\nlimits:\nmail:\n  escrow:\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Store != "rehome.db" || c.Limits != Default().Limits || filepath.Base(c.Mail.Escrow) != "escrow" {
		t.Errorf("got %q, %+v, %q, want the defaults", c.Store, c.Limits, c.Mail.Escrow)
	}
}

// dsyncOf is a file with these settings of destination.dsync.
func dsyncOf(settings string) string {
	return "roster: p.csv\nsource: {kind: imap, imap: {address: \"a.example:993\"}}\ndestination: {imap: {address: \"b.example:993\"}, dsync: {" +
		settings + "}}\n"
}

func TestParse_oneProblem(t *testing.T) {
	t.Parallel()
	const ends = "source: {kind: imap, imap: {address: \"a.example:993\"}}\ndestination: {imap: {address: \"b.example:993\"}}\n"
	const people = "roster: p.csv\n"
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "rehome.yaml:1:1: holds no settings"},
		{"no mapping", "- a\n", "rehome.yaml:1:1: holds no settings"},
		{"two documents", minimal + "---\n" + minimal, "rehome.yaml:1:1: holds no settings or more than one document"},
		{"not YAML", minimal + "domains: [a\nstore: x\n", "is not YAML here"},
		{"misspelt key", minimal + "organisaton: X\n", "rehome.yaml:4:1: organisaton is not a key (did you mean organisation?)"},
		{"misspelt inner key", minimal + "mail:\n  excrow: kept\n", "rehome.yaml:5:3: mail.excrow is not a key (did you mean escrow?)"},
		{"misspelt required key", people + "source: {imap: {adress: \"a.example:993\"}}\ndestination: {imap: {address: \"b.example:993\"}}\n",
			"rehome.yaml:2:17: source.imap.adress is not a key (did you mean address?)"},
		{"key of another section", minimal + "escrow: kept\n", "escrow is not a key (it belongs under mail)"},
		{"key twice", minimal + "store: a\nstore: b\n", "rehome.yaml:5:1: store is given twice (see line 4)"},
		{"wrong kind", minimal + "limits: {per_account: many}\n", "rehome.yaml:4:23: limits.per_account wants a number"},
		{"section as text", minimal + "limits: fast\n", "rehome.yaml:4:9: limits wants keys below it"},
		{"list as text", minimal + "domains: example.com\n", "domains wants a list"},
		{"text as list", minimal + "organisation: [a, b]\n", "organisation wants a text"},
		{"item of a list", minimal + "domains: [a.example, [b]]\n", "rehome.yaml:4:22: domains wants a list"},
		{"duration without unit", people + "source: {kind: imap, imap: {address: \"a.example:993\", timeout: 30}}\ndestination: " +
			"{imap: {address: \"b.example:993\"}}\n", "source.imap.timeout wants a duration such as 30s or 2m"},
		{"pace", minimal + "limits: {bytes_per_second: fast}\n", "limits.bytes_per_second wants an amount of data such as 20MB"},
		{"unknown kind", people + "source: {kind: atmail, imap: {address: \"a.example:993\"}}\ndestination: {imap: {address: " +
			"\"b.example:993\"}}\n", `rehome.yaml:2:16: source.kind cannot be "atmail" (did you mean atmail7?)`},
		{"unknown choice", minimal + "accounts: {include_disabled: maybe}\n",
			`accounts.include_disabled cannot be "maybe" (choose one of report, import, skip)`},
		{"unknown item", minimal + "mail: {skip: [trash, spam]}\n", `mail.skip cannot be "spam"`},
		{"missing address", people + "source: {kind: imap, imap: {address: \"a.example:993\"}}\ndestination: {imap: {tls: implicit}}\n",
			"rehome.yaml:3:15: destination.imap.address is missing"},
		{"missing port", people + "source: {imap: {address: mail.example.com}}\ndestination: {imap: {address: \"b.example:993\"}}\n",
			"rehome.yaml:2:26: source.imap.address is not a host with a port"},
		{"bad port", people + "source: {imap: {address: \"mail.example.com:99333\"}}\ndestination: {imap: {address: \"b.example:993\"}}\n",
			"source.imap.address has no port between 1 and 65535"},
		{"bad host", people + "source: {imap: {address: \"anna@mail:993\"}}\ndestination: {imap: {address: \"b.example:993\"}}\n",
			"source.imap.address has no proper host name"},
		{"plain-text secret", people + "source: {kind: imap, imap: {address: \"a.example:993\", login: master, master_user: m, " +
			"master_password: hunter2}}\ndestination: {imap: {address: " +
			"\"b.example:993\"}}\n", "source.imap.master_password holds the secret itself (" + howToRefer + ")"},
		{"no TLS", people + "source: {kind: imap, imap: {address: \"a.example:143\", tls: none}}\ndestination: {imap: {address: " +
			"\"b.example:993\"}}\n", "source.imap.tls would send passwords readable over the network"},
		{"tokens from nowhere", people + "source: {kind: imap, imap: {address: \"a.example:993\", login: oauth}}\ndestination: " +
			"{imap: {address: \"b.example:993\"}}\n", "source.imap.token is missing"},
		{"mechanism without token", people + "source: {kind: imap, imap: {address: \"a.example:993\", mechanism: " +
			"xoauth2}}\ndestination: {imap: {address: \"b.example:993\"}}\n", "source.imap.mechanism does not fit login: user"},
		{"token with a password mechanism", people + "source: {kind: imap, imap: {address: \"a.example:993\", login: oauth, token: " +
			"\"env:X\", mechanism: plain}}\ndestination: {imap: {address: \"b.example:993\"}}\n", "source.imap.mechanism does not fit login: oauth"},
		{"master without user", people + "source: {imap: {address: \"a.example:993\", login: master, master_password: " +
			"\"env:X\"}}\ndestination: {imap: {address: \"b.example:993\"}}\n", "source.imap.master_user is missing"},
		{"no time-out", people + "source: {imap: {address: \"a.example:993\", timeout: 0s}}\ndestination: {imap: {address: \"b.example:993\"}}\n",
			"source.imap.timeout cannot be 0"},
		{"dsync without a password", dsyncOf("address: \"b.example:2425\""), "destination.dsync.password is missing"},
		{"dsync in two ways", dsyncOf("address: \"b.example:2425\", password: \"env:X\", command: [ssh, b.example]"),
			"destination.dsync.command is given as well as destination.dsync.address"},
		{"dsync in no way", dsyncOf("timeout: 1m"), "destination.dsync.address is missing"},
		{"dsync in the clear", dsyncOf("address: \"b.example:2425\", tls: none, password: \"env:X\""),
			"destination.dsync.tls would send passwords readable over the network"},
		{"dsync for nobody", dsyncOf("command: [ssh, b.example], connections: 0"), "destination.dsync.connections is not at least 1"},
		{"nobody", ends, "rehome.yaml:1:1: roster is missing, and so is source.database.dsn"},
		{"database of a plain source", people + "source: {kind: imap, imap: {address: \"a.example:993\"}, database: {dsn: " +
			"\"mysql://r@h/d\"}}\ndestination: {imap: {address: \"b.example:993\"}}\n", "source.database is given, but source.kind is imap"},
		{"password in the DSN", "source: {imap: {address: \"a.example:993\"}, database: {dsn: " +
			"\"mysql://r:hunter2@h/d\"}}\ndestination: {imap: {address: \"b.example:993\"}}\n", "source.database.dsn holds a password"},
		{"other database", "source: {imap: {address: \"a.example:993\"}, database: {dsn: \"postgres://r@h/d\"}}\ndestination: " +
			"{imap: {address: \"b.example:993\"}}\n", "source.database.dsn names a database that is not mysql"},
		{"store without a user", minimal + "store: postgres://h/d\n", "store lacks user, host or database name"},
		{"store with a password", minimal + "store: postgres://u:pw@h/d\n", "store holds a password"},
		{"store elsewhere", minimal + "store: mysql://u@h/d\n", "store does not begin with postgres://"},
		{"password of a file", minimal + "store_password: env:X\n", "store_password is given, but store is a file"},
		{"domain", minimal + "domains: [anna@example.com]\n", `domains has "anna@example.com", which is no domain`},
		{"header", minimal + "accounts: {csv: {header: [a, b]}}\n", "accounts.csv.header has 2 labels instead of 4"},
		{"recipient", minimal + "accounts: {seal_to: [anna]}\n", "accounts.seal_to has an entry that is no age recipient"},
		{"expression", minimal + "mail: {exclude: ['(']}\n", `mail.exclude has "("`},
		{"rule without arrow", minimal + "mail: {rename_regex: ['^INBOX[.]']}\n", `mail.rename_regex has "^INBOX[.]", which is no rule`},
		{"rule without expression", minimal + "mail: {rename_regex: ['( => x']}\n", `mail.rename_regex has "( => x", which is no rule`},
		{"deletions", minimal + "mail: {deletions: some}\n", `mail.deletions cannot be "some"`},
		{"rename", minimal + "mail: {rename: {A: \"\"}}\n", "mail.rename has an empty name"},
		{"limit", minimal + "limits: {per_account: 0}\n", "limits.per_account must be at least 1"},
		{"negative", minimal + "accounts: {csv: {batch_size: -1}}\n", "accounts.csv.batch_size cannot be negative"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			problems := problemsOf(t, test.text)
			got := (&InvalidError{Problems: problems}).Error()
			if len(problems) != 1 || !strings.Contains(got, test.want) {
				t.Errorf("got %d problems:\n%s\nwant one: %s", len(problems), got, test.want)
			}
		})
	}
}

func TestParse_trust(t *testing.T) {
	t.Parallel()
	file := func(trust string) string {
		return "roster: p.csv\nsource: {kind: imap, imap: {address: \"a.example:993\", " + trust + "}}\ndestination: {imap: {address: \"b.example:993\"}}\n"
	}
	for _, test := range []struct{ trust, want string }{
		{`ciphers: [TLS_RSA_WITH_3DES_EDE_CBC_SHA]`, ""},
		{`ciphers: [TLS_RSA_WITH_3DES_EDE_CBC_SH]`, "did you mean TLS_RSA_WITH_3DES_EDE_CBC_SHA?"},
		{`pin: sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=`, ""},
		{`pin: "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55"`, ""},
		{`pin: e3b0c4`, "source.imap.pin is not a SHA-256"},
		{`tls_min: "1.4"`, `source.imap.tls_min cannot be "1.4"`},
	} {
		got := (&InvalidError{Problems: problemsOf(t, file(test.trust))}).Error()
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.trust, got, test.want)
		}
	}
}

func TestParse_plainConnectionToThisMachineIsAllowed(t *testing.T) {
	t.Parallel()
	for _, end := range []string{`address: "127.0.0.1:143"`, `address: "[::1]:143"`, `address: "localhost:143"`,
		`address: "a.example:143", allow_plaintext: true`} {
		text := "roster: p.csv\nsource: {kind: imap, imap: {tls: none, " + end + "}}\ndestination: {imap: {address: \"b.example:993\"}}\n"
		if problems := problemsOf(t, text); len(problems) > 0 {
			t.Errorf("%s: got %v, want none", end, problems)
		}
	}
}

func TestParse_allProblemsInTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	problems := problemsOf(t, `organisaton: x
domains: [a b]
source:
  kind: atmail
  imap:
    adress: x:993
    master_pasword: x
    login: mastr
    timeout: 30
destination:
  imap: {address: "mail.example.com", tls: none}
limits: {per_account: many, source_connections: 0}
roster: [a]
`)
	var got []string
	for _, p := range problems {
		got = append(got, p.Key)
	}
	want := []string{"organisaton", "domains", "source.kind", "source.imap.adress", "source.imap.master_pasword", "source.imap.login",
		"source.imap.timeout", "destination.imap.address", "limits.per_account", "limits.source_connections", "roster"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestParse_neverRepeatsASecret(t *testing.T) {
	t.Parallel()
	_, err := Parse("rehome.yaml", []byte(`
master_password: hunter2
source:
  database: {dsn: "mysql://reader:hunter2@host/db", password: hunter2}
  imap: {address: "a.example:993", login: master, master_user: m, master_password: [hunter2], password: hunter2}
  dav: {url: "https://anna:hunter2@example.com/"}
destination: hunter2
`))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want problems without the password", err)
	}
}

func TestLoad_noFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rehome.yaml")
	_, err := Load(file)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(rehome.HintOf(err), "rehome init") || strings.Count(err.Error(), file) != 1 {
		t.Errorf("got %v with hint %q, want the file named once and a hint to init", err, rehome.HintOf(err))
	}
}

func TestLoad_tooLarge(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rehome.yaml")
	if err := os.WriteFile(file, []byte(strings.Repeat("# nothing\n", maxFile/10+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file); err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("got %v, want a refusal", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add(Sample())
	f.Add([]byte("source: &a\n  imap: *a\n  <<: *a\n"))
	f.Add([]byte("a: !!binary x\n? [b]\n: c\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("rehome.yaml", data)
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v and %v, want one of them", c, err)
		}
		var invalid *InvalidError
		if err != nil && (!errors.As(err, &invalid) || len(invalid.Problems) == 0) {
			t.Fatalf("got %v, want problems", err)
		}
		if invalid == nil {
			return
		}
		for _, p := range invalid.Problems {
			if p.Line < 1 || p.Column < 1 {
				t.Errorf("%v has no place", p)
			}
		}
	})
}

func TestMail_replacementsInOrder(t *testing.T) {
	t.Parallel()
	c, err := Parse("rehome.yaml", []byte(minimal+"mail: {rename_regex: ['^INBOX[.]Old[.](.+)$ => INBOX.Archive.$1', "+
		"'[.]a=>.b', 'x =>'], deletions: mirror}\n"))
	if err != nil {
		t.Fatal(err)
	}
	name := "INBOX.Old.ax"
	for _, rule := range c.Mail.Replacements() {
		name = rule.Match.ReplaceAllString(name, rule.With)
	}
	if name != "INBOX.Archive.b" || c.Mail.Deletions != rehome.DeletionsMirror {
		t.Errorf("got %q, %q", name, c.Mail.Deletions)
	}
}

// A move of contacts and calendars alone needs no IMAP server; as soon as anything else needs one, its address is missing.
func TestParse_objectsAlone(t *testing.T) {
	t.Parallel()
	const src = "roster: people.csv\nsource: {kind: imap, dav: {url: \"https://old.example.com/\"}}\n"
	const dst = "destination: {kind: imap, dav: {url: \"https://new.example.com/\"}"
	if _, err := Parse("rehome.yaml", []byte(src+dst+"}\n")); err != nil {
		t.Errorf("contacts and calendars alone: %v", err)
	}
	for name, text := range map[string]string{
		"nothing moves":     "roster: people.csv\nsource: {kind: imap}\ndestination: {kind: imap}\n",
		"nowhere to":        src + "destination: {kind: imap}\n",
		"mail at one end":   src + dst + ", imap: {address: \"new.example.com:993\"}}\n",
		"rules need logins": src + dst + ", sieve: {address: \"new.example.com:4190\"}}\n",
	} {
		if _, err := Parse("rehome.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "source.imap.address is missing") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestParse_storeWithAnAddress(t *testing.T) {
	t.Parallel()
	const address = "postgres://mover@db.example.com/rehome?sslrootcert=/etc/ssl/ca.pem"
	c, err := Parse("/srv/move/rehome.yaml", []byte(minimal+"store: "+address+"\nstore_password: file:secrets/store\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Store != address || c.StoreIsFile() || c.StorePassword.File() != "/srv/move/secrets/store" || c.Folder() != "/srv/move" {
		t.Errorf("store %s (a file: %v), password in %s, folder %s", c.Store, c.StoreIsFile(), c.StorePassword.File(), c.Folder())
	}
}
