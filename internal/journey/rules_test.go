// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"os"
	"path/filepath"
	"testing"

	"rehome/internal/conductor"
	"rehome/internal/config"
	"rehome/internal/people"
	"rehome/internal/protocol"
	"rehome/internal/protocol/managesieve"
	"rehome/lab"
	"rehome/lab/cyrus"
	"rehome/lab/dovecot"
)

const anna = "anna@example.test"

// twoEnds starts a source with a script and an empty destination, and returns the settings of the move.
func twoEnds(t *testing.T) (settings config.Config, dst *dovecot.Server) {
	t.Helper()
	l, dir := lab.Open(t), t.TempDir()
	start := func(options dovecot.Options) *dovecot.Server {
		options.Accounts = []dovecot.Account{{Address: anna, Password: "secret"}}
		options.Mailboxes = []dovecot.Mailbox{{Name: "Größe", Subscribed: true}}
		server, err := dovecot.Start(l, options)
		if err != nil {
			t.Fatal(err)
		}
		return server
	}
	src := start(dovecot.Options{Name: "source", Prefix: "INBOX."})
	dst = start(dovecot.Options{Name: "destination", Layout: dovecot.Sdbox, Separator: "/"})
	from := sieveClient(t, src.Sieve)
	if err := from.PutScript(t.Context(), "main", "require \"fileinto\"; fileinto \"INBOX.Größe\";\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := from.SetActive(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	settings = config.Default()
	settings.Store, settings.Roster, settings.Accounts.Output = filepath.Join(dir, "rehome.db"), filepath.Join(dir,
		"people.csv"), filepath.Join(dir, "out")
	settings.Source.Kind, settings.Destination.Kind = config.SourceIMAP, config.DestinationIMAP
	row := "EmailAddress,FirstName,LastName,Password,SourcePassword,DestinationPassword\n" + anna + ",A,B,secret,secret,secret\n"
	if err := os.WriteFile(settings.Roster, []byte(row), 0o600); err != nil {
		t.Fatal(err)
	}
	// One connection an end, for mailboxes and rules together: whoever held one and waited for another would wait for ever.
	settings.Limits.SourceConnections, settings.Limits.DestinationConnections = 1, 1
	settings.Source.IMAP.Address, settings.Source.IMAP.TLS = src.IMAP, protocol.NoTLS
	settings.Destination.IMAP.Address, settings.Destination.IMAP.TLS = dst.IMAP, protocol.NoTLS
	settings.Source.Sieve.Address, settings.Source.Sieve.TLS = src.Sieve, protocol.NoTLS
	settings.Destination.Sieve.Address, settings.Destination.Sieve.TLS = dst.Sieve, protocol.NoTLS
	return settings, dst
}

func open(t *testing.T, settings config.Config) *Move {
	t.Helper()
	move := New(&settings, "test", nil)
	t.Cleanup(func() { _ = move.Close() })
	return move
}

// An account's script goes from server to server with the names that its mailboxes have there, and a
// second pass writes nothing.
func TestRules_fromServerToServer(t *testing.T) {
	t.Parallel()
	settings, dst := twoEnds(t)
	move := open(t, settings)
	for _, step := range []struct {
		options RuleOptions
		want    string
	}{{RuleOptions{Plan: true}, "put"}, {RuleOptions{}, "put"}, {RuleOptions{}, "keep"}} {
		ruled, err := move.Rules(t.Context(), people.Choice{}, step.options)
		rows := ruled.Accounts
		if err != nil || len(rows) != 1 || rows[0].Error != "" || len(rows[0].Scripts) != 1 || ruled.ByHand != "" {
			t.Fatalf("%+v %v", rows, err)
		}
		if got := string(rows[0].Scripts[0].Do); got != step.want {
			t.Errorf("%+v: got %s, want %s", step.options, got, step.want)
		}
	}
	to := sieveClient(t, dst.Sieve)
	got, err := to.GetScript(t.Context(), "main")
	if want := "require \"fileinto\"; fileinto \"Größe\";\r\n"; err != nil || got != want {
		t.Errorf("got %q %v, want %q", got, err, want)
	}
}

// A Cyrus wants the names of mailboxes in another form, and says itself that it is one.
func TestRules_toCyrus(t *testing.T) {
	t.Parallel()
	settings, _ := twoEnds(t)
	dst, err := cyrus.Start(lab.Open(t), cyrus.Options{Accounts: []cyrus.Account{{Address: anna, Password: "secret"}}})
	if err != nil {
		t.Fatal(err)
	}
	settings.Destination.IMAP.Address, settings.Destination.Sieve.Address = dst.IMAP, dst.Sieve
	move := open(t, settings)
	for _, want := range []SyncedRules{{Stored: 1}, {Unchanged: 1}} {
		synced, err := move.Sync(t.Context(), people.Choice{}, SyncOptions{}, Watcher{Progress: conductor.NewProgress()})
		if err != nil || len(synced.Accounts) != 1 || synced.Accounts[0].Rules == nil || *synced.Accounts[0].Rules != want {
			t.Fatalf("got %+v %v, want rules %+v", synced, err, want)
		}
	}
	got, err := sieveClient(t, dst.Sieve).GetScript(t.Context(), "main")
	if want := "require \"fileinto\"; fileinto \"Gr&APYA3w-e\";\r\n"; err != nil || got != want {
		t.Errorf("got %q %v, want %q", got, err, want)
	}
}

// A destination without ManageSieve, or whose port does not answer, gets files. Without the destination's
// mailboxes the names stay the source's, with a finding.
func TestRules_handedOver(t *testing.T) {
	t.Parallel()
	settings, dst := twoEnds(t)
	none, silent, nobody := settings, settings, settings
	none.Destination.Sieve.Address = ""
	silent.Destination.Sieve.Address = "127.0.0.1:1"
	nobody.Destination.Sieve.Address, nobody.Destination.IMAP.Address = "127.0.0.1:1", "127.0.0.1:1"
	for name, test := range map[string]struct {
		settings config.Config
		mailbox  string
		run      func(m *Move) (Ruled, error)
	}{
		"not set, sync":     {none, "Größe", func(m *Move) (Ruled, error) { return m.Rules(t.Context(), people.Choice{}, RuleOptions{}) }},
		"no answer, sync":   {silent, "Größe", func(m *Move) (Ruled, error) { return m.Rules(t.Context(), people.Choice{}, RuleOptions{}) }},
		"export":            {settings, "Größe", func(m *Move) (Ruled, error) { return m.ExportRules(t.Context(), people.Choice{}) }},
		"no answer at all":  {nobody, "INBOX.Größe", func(m *Move) (Ruled, error) { return m.ExportRules(t.Context(), people.Choice{}) }},
		"not set, exported": {none, "Größe", func(m *Move) (Ruled, error) { return m.ExportRules(t.Context(), people.Choice{}) }},
	} {
		test.settings.Store, test.settings.Accounts.Output = filepath.Join(t.TempDir(), "rehome.db"), t.TempDir()
		ruled, err := test.run(open(t, test.settings))
		if err != nil || len(ruled.Accounts) != 1 || ruled.ByHand == "" || len(ruled.Files) != 4 {
			t.Errorf("%s: %+v %v", name, ruled, err)
			continue
		}
		file := filepath.Join(test.settings.Accounts.Output, "rules", anna+".main.sieve")
		text, err := os.ReadFile(file)
		if want := "require \"fileinto\"; fileinto \"" + test.mailbox + "\";\r\n"; err != nil || string(text) != want {
			t.Errorf("%s: got %q %v, want %q", name, text, err, want)
		}
		for _, path := range append(ruled.Files[1:], file) {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %s %v %v, want 0600", name, path, info, err)
			}
		}
		if found := len(ruled.Accounts[0].Findings); found != 0 != (test.mailbox != "Größe") {
			t.Errorf("%s: findings %+v", name, ruled.Accounts[0].Findings)
		}
	}
	if all, err := sieveClient(t, dst.Sieve).ListScripts(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("the destination has %v %v, want nothing", all, err)
	}
}

func sieveClient(t *testing.T, address string) *managesieve.Client {
	t.Helper()
	client, err := managesieve.Dial(t.Context(), managesieve.Options{Address: address, Security: protocol.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if err := client.Authenticate(t.Context(), "", anna, "secret"); err != nil {
		t.Fatal(err)
	}
	return client
}
