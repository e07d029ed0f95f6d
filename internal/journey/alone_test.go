// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/conductor"
	"rehome/internal/config"
	"rehome/internal/people"
	"rehome/internal/verify"
	"rehome/lab"
	"rehome/lab/xandikos"
)

const card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u-1\r\nFN:Ben\r\nN:;Ben;;;\r\nEND:VCARD\r\n"

// davEnds are two servers of contacts and calendars, with one card at the source, and no IMAP server at all.
func davEnds(t *testing.T) config.Config {
	t.Helper()
	l, dir := lab.Open(t), t.TempDir()
	settings := config.Default()
	settings.Store, settings.Roster = filepath.Join(dir, "rehome.db"), filepath.Join(dir, "people.csv")
	settings.Source.Kind, settings.Destination.Kind = config.SourceIMAP, config.DestinationIMAP
	var servers []*xandikos.Server
	for _, name := range []string{"source", "destination"} {
		server, err := xandikos.Start(l, xandikos.Options{Name: name, Accounts: []xandikos.Account{{Address: anna, Password: "secret"}}})
		if err != nil {
			t.Fatal(err)
		}
		servers = append(servers, server)
	}
	settings.Source.DAV.URL, settings.Destination.DAV.URL = servers[0].URL, servers[1].URL
	settings.Source.DAV.AllowPlaintext, settings.Destination.DAV.AllowPlaintext = true, true
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, servers[0].Book(anna)+"ben.vcf", strings.NewReader(card))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(anna, "secret")
	request.Header.Set("Content-Type", "text/vcard")
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode >= 300 {
		t.Fatal(err, answer)
	}
	answer.Body.Close()
	row := "EmailAddress,SourcePassword,DestinationPassword\n" + anna + ",secret,secret\n"
	if err := os.WriteFile(settings.Roster, []byte(row), 0o600); err != nil {
		t.Fatal(err)
	}
	return settings
}

// A move of contacts and calendars alone asks for no IMAP server anywhere.
func TestOperations_objectsAlone(t *testing.T) {
	t.Parallel()
	move := open(t, davEnds(t))
	checked, err := move.Check(t.Context())
	if err != nil || checked.Worst() == checkup.LevelError {
		t.Errorf("check: got %+v, %v", checked, err)
	}
	planned, err := move.PlanSync(t.Context(), people.Choice{}, SyncOptions{})
	if err != nil || len(planned.Accounts) != 1 || planned.Accounts[0].Error != "" || len(planned.Accounts[0].Collections) != 2 {
		t.Errorf("plan: got %+v, %v", planned, err)
	}
	synced, err := move.Sync(t.Context(), people.Choice{}, SyncOptions{}, Watcher{Progress: conductor.NewProgress()})
	if err != nil || synced.Outcome() != rehome.OutcomeDone || synced.Accounts[0].Contacts == nil || synced.Accounts[0].Contacts.Copied != 1 {
		t.Errorf("sync: got %+v, %v", synced, err)
	}
	for _, only := range [][]rehome.Kind{{rehome.KindContacts}, nil} {
		before, err := move.Report(t.Context())
		if err != nil || before.Document().Verdict != verify.Unknown {
			t.Errorf("report: got %+v, %v; what was compared of some kinds is no answer about the account", before.Document(), err)
		}
		document, err := move.Verify(t.Context(), people.Choice{}, VerifyOptions{Only: only, Level: verify.LevelFull}, conductor.NewProgress())
		if err != nil || document.Verdict != verify.Equal || document.Accounts[0].Mail != nil || document.Accounts[0].Contacts == nil ||
			(document.Accounts[0].Calendars == nil) != (only != nil) {
			t.Errorf("verify --only %v: got %+v, %v", only, document, err)
		}
	}
	after, err := move.Report(t.Context())
	if err != nil || after.Document().Verdict != verify.Equal || after.Document().Headline != "Both ends are equal: 1 account, 1 contact" {
		t.Errorf("report: got %+v, %v", after.Document(), err)
	}
	if _, err := move.Sync(t.Context(), people.Choice{}, SyncOptions{Only: []rehome.Kind{rehome.KindMail}},
		Watcher{Progress: conductor.NewProgress()}); err == nil || !strings.Contains(err.Error(), "imap.address") {
		t.Errorf("mail that was asked for: got %v", err)
	}
}
