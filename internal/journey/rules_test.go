// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"os"
	"path/filepath"
	"testing"

	"rehome/internal/config"
	"rehome/internal/protocol/managesieve"
	"rehome/lab"
	"rehome/lab/dovecot"
)

// An account's script goes from server to server with the names that its mailboxes have there, and a
// second pass writes nothing.
func TestRules_fromServerToServer(t *testing.T) {
	t.Parallel()
	const anna = "anna@example.test"
	room, dir := lab.Open(t), t.TempDir()
	start := func(options dovecot.Options) *dovecot.Server {
		options.Accounts = []dovecot.Account{{Address: anna, Password: "secret"}}
		options.Mailboxes = []dovecot.Mailbox{{Name: "Größe", Subscribed: true}}
		server, err := dovecot.Start(room, options)
		if err != nil {
			t.Fatal(err)
		}
		return server
	}
	src := start(dovecot.Options{Name: "source", Prefix: "INBOX."})
	dst := start(dovecot.Options{Name: "destination", Layout: dovecot.Sdbox, Separator: "/"})
	from, to := sieveClient(t, src, anna), sieveClient(t, dst, anna)
	if err := from.PutScript(t.Context(), "main", "require \"fileinto\"; fileinto \"INBOX.Größe\";\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := from.SetActive(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	settings := config.Default()
	settings.Store, settings.Roster = filepath.Join(dir, "rehome.db"), filepath.Join(dir, "people.csv")
	settings.Source.Kind, settings.Destination.Kind = config.SourceIMAP, config.DestinationIMAP
	row := "EmailAddress,FirstName,LastName,Password,SourcePassword,DestinationPassword\n" + anna + ",A,B,secret,secret,secret\n"
	if err := os.WriteFile(settings.Roster, []byte(row), 0o600); err != nil {
		t.Fatal(err)
	}
	settings.Source.IMAP.Address, settings.Source.IMAP.TLS = src.IMAP, config.TLSNone
	settings.Destination.IMAP.Address, settings.Destination.IMAP.TLS = dst.IMAP, config.TLSNone
	settings.Source.Sieve.Address, settings.Source.Sieve.TLS = src.Sieve, config.TLSNone
	settings.Destination.Sieve.Address, settings.Destination.Sieve.TLS = dst.Sieve, config.TLSNone
	move := New(&settings, "test")
	t.Cleanup(func() { _ = move.Close() })
	for _, step := range []struct {
		options RuleOptions
		want    string
	}{{RuleOptions{Plan: true}, "put"}, {RuleOptions{}, "put"}, {RuleOptions{}, "keep"}} {
		rows, err := move.Rules(t.Context(), nil, step.options)
		if err != nil || len(rows) != 1 || rows[0].Error != "" || len(rows[0].Rules) != 1 {
			t.Fatalf("%+v %v", rows, err)
		}
		if got := string(rows[0].Rules[0].Do); got != step.want {
			t.Errorf("%+v: got %s, want %s", step.options, got, step.want)
		}
	}
	got, err := to.GetScript(t.Context(), "main")
	if want := "require \"fileinto\"; fileinto \"Größe\";\r\n"; err != nil || got != want {
		t.Errorf("got %q %v, want %q", got, err, want)
	}
}

func sieveClient(t *testing.T, server *dovecot.Server, account string) *managesieve.Client {
	t.Helper()
	client, err := managesieve.Dial(t.Context(), managesieve.Options{Address: server.Sieve, Security: managesieve.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if err := client.Authenticate(t.Context(), "", account, "secret"); err != nil {
		t.Fatal(err)
	}
	return client
}
