// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rehome/internal/config"
	"rehome/internal/vault"
	"rehome/lab"
	"rehome/lab/atmail8"
	"rehome/lab/corpus"
	"rehome/lab/operator"
	"rehome/lab/postfix"
	"rehome/lab/scenario"
)

// Secrets that are planted beside those of the organisation and its servers.
const (
	rosterSecret = "Roster-Only-Pass-77" // of one person
	wrongMaster  = "Mistyped-Master-31"
	wrongReader  = "Mistyped-Reader-32"
	masterKey    = "Sealing-Master-Key-16" // of the source's webmail
)

// setSecrets is set with everything that has a secret: a master user whose password a program gives, a
// database, a roster, DAV by own passwords and by stored digests, rules, the administration interface, a
// mail host.
func setSecrets(t *testing.T) *testSetup {
	t.Helper()
	org := corpus.Sample(corpus.Options{Scale: 0.01})
	org.People = append(org.People, corpus.PasswordTraps(org.Domains[0])...)
	options := corpus.ServerOptions(org)
	options.Digest = true
	l := lab.Open(t)
	setup, err := scenario.PrepareWith(t.Context(), l, filepath.Join(t.TempDir(), "move"), binary, org, options)
	if err != nil {
		t.Fatal(err)
	}
	setup.DAV = true
	s := &testSetup{Setup: setup, t: t, watch: newWatch()}
	s.want(0, append(setup.InitArgs(), "-vv")...)
	if err := setup.Configure(); err != nil {
		t.Fatal(err)
	}
	api, err := setup.Destination.StartAPI()
	if err != nil {
		t.Fatal(err)
	}
	host, err := postfix.Start(l, postfix.Options{Domains: org.Domains})
	if err != nil {
		t.Fatal(err)
	}
	s.put("secrets/webadmin", atmail8.APIPassword+"\n")
	s.put("secrets/masterkey", masterKey+"\n")
	s.put("secrets/candidate", rosterSecret+"\n")
	s.put("mainlog", plantedLog)
	s.put("people.csv", "EmailAddress,FirstName,LastName,Password\nlee.chan@"+org.Domains[1]+",Lee,Chan,"+rosterSecret+"\n")
	s.edit(func(text string) string {
		_, ca, _ := strings.Cut(text, "ca_file: ")
		ca, _, _ = strings.Cut(ca, "\n")
		text = strings.Replace(text, "master_password: file:secrets/source-master", "master_password: 'cmd:cat secrets/source-master'", 1)
		text = strings.Replace(text, "    dsn: ", "    master_key: file:secrets/masterkey\n    dsn: ", 1)
		text = strings.Replace(text, "\nsource:\n", "\nroster: people.csv\nsource:\n", 1)
		text = strings.Replace(text, "url: "+setup.Source.DAV+"\n", "url: "+setup.Source.DAV+"\n    via: dav\n", 1)
		return strings.Replace(text, "  kind: atmail8\n", "  kind: atmail8\n  api: {url: '"+api.URL+"', user: "+atmail8.APIUser+", password: 'file:secrets/webadmin', ca_file: "+ca+"}\n"+
			"  sieve: {address: '"+setup.Destination.Sieve+"', ca_file: "+ca+"}\n"+
			"  pop3: {address: '"+setup.Destination.POP3S+"', ca_file: "+ca+"}\n  login_test: {pause: 1ms}\n"+
			"  mx: {addresses: ['"+host.SMTP+"'], name: mover.example.com, pause: 1ms, later: 10ms, rounds: 1}\n", 1)
	})
	return s
}

// put writes a file of the operator.
func (s *testSetup) put(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// No secret stands in any output, log, database, report or process list of the whole journey, as talkative
// as it gets; only the files that are made for it hold some, each for its owner only and documented; and
// a purge leaves none of them.
func TestSecrets_stayInTheirFiles(t *testing.T) {
	t.Parallel()
	s := setSecrets(t)
	s.wholeJourney()
	secrets := append(s.secrets(), s.madeSecrets()...)
	if len(secrets) < 60 {
		t.Errorf("looked for %d secrets only", len(secrets))
	}
	s.wantHidden(secrets)
	s.wantKeepers()
	s.wantToldWithoutContent()
	if len(s.watch.said) < 30 || len(s.watch.listed) < len(s.watch.said) {
		t.Errorf("heard %d commands and saw %d of them in the process list, want all of 30 and more", len(s.watch.said), len(s.watch.listed))
	}

	s.want(0, "secrets", "purge", "--yes", "--json", "-vv")
	s.want(0, "secrets", "purge", "--yes", "--needed", "--json", "-vv")
	s.want(0, "secrets", "purge", "--yes", "--identity", "-vv")
	_, kept := s.kept()
	for name, k := range kept {
		if !k.operator || name == "secrets/identity.txt" {
			t.Errorf("%s has survived the purge", name)
		}
	}
	s.wantHidden(secrets)
}

// wholeJourney runs every command in the order of a move, as talkative as it gets.
func (s *testSetup) wholeJourney() {
	s.t.Helper()
	lee := "lee.chan@" + s.Organisation.Domains[1]
	s.loud("config check --secrets", "accounts list", "accounts list --json", "accounts plan", "accounts export")
	if result, err := s.Import(); err != nil || len(result.Rejected) > 0 {
		s.t.Fatalf("the import: %v, %+v", err, result.Rejected)
	}
	s.loud(
		"check", "accounts check --pause 1ms", "accounts plan --login --pause 1ms --json", "accounts import --experimental-api",
		"accounts test-password --json --candidate file:secrets/candidate --account "+lee,
		"accounts settings --sheets", "accounts settings --json", "accounts passwords --output hand-out.csv",
		"aliases export", "aliases check", "recipients census mainlog --messages 5", "recipients check",
	)
	s.killedSync()
	s.loud(
		"sync --json", "sync --quiet", "rules plan", "sync --only rules --switch-on-rules",
		"verify --level full --json", "verify --login", "verify --login --again --json",
		"report --html report.html", "report --json", "status", "status --json",
		"handover", "handover -o bundles/handover.tar.gz --json", "clients documents", "clients export --json", "secrets purge", "secrets purge --json",
	)
	// What both servers and the database say to a wrong password goes into errors.
	for name, wrong := range map[string]string{config.DraftMasterPassword: wrongMaster, config.DraftDatabasePassword: wrongReader} {
		right, err := os.ReadFile(filepath.Join(s.Dir, name))
		if err != nil {
			s.t.Fatal(err)
		}
		s.put(name, wrong)
		for _, args := range []string{"sync -vv", "check -vv", "check --json"} {
			if o := s.run(append(strings.Fields(args), "--log-file", logFile)...); o.code == 0 {
				s.t.Errorf("%s takes a wrong password", name)
			}
		}
		s.put(name, string(right))
	}
}

// killedSync keeps what a crash in the middle of a copy leaves in the ledger's journal.
func (s *testSetup) killedSync() {
	s.t.Helper()
	s.settle()
	command := s.Command(context.Background(), "sync", "-vv", "--log-file", logFile)
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	journal := filepath.Join(s.Dir, "rehome.db-wal")
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if info, err := os.Stat(journal); err == nil && info.Size() > 64<<10 {
			break
		}
	}
	if err := errors.Join(command.Process.Kill(), ignoreKill(command.Wait())); err != nil {
		s.t.Fatal(err)
	}
	left, err := os.ReadFile(journal)
	if err != nil || len(left) == 0 {
		s.t.Fatalf("the killed copy has left a journal of %d octets, %v", len(left), err)
	}
	s.watch.heard([]string{"sync", "killed,"}, operator.Outcome{Out: said.String(), Err: string(left)})
}

// ignoreKill passes on what is not the signal that was sent.
func ignoreKill(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && !exit.Exited() {
		return nil
	}
	return err
}

// logFile is where the whole journey is logged.
const logFile = "rehome.log"

// loud runs command lines that may leave something to do, but not fail.
func (s *testSetup) loud(lines ...string) {
	s.t.Helper()
	for _, line := range lines {
		if o := s.run(append(strings.Fields(line), "-vv", "--log-file", logFile)...); o.code != 0 && o.code != 5 && o.code != 6 {
			s.t.Fatalf("rehome %s ended with %d\n%s%s", line, o.code, o.out, o.err)
		}
	}
}

// madeSecrets are those that came into the world on the way: the identity's key and every password of the
// import file, and of the sheet as its reader opens it.
func (s *testSetup) madeSecrets() []secret {
	s.t.Helper()
	all := []secret{{"the webadmin", atmail8.APIPassword}, {"the roster", rosterSecret}, {"the master key", masterKey}, {"nobody, mistyped",
		wrongMaster}, {"nobody, mistyped", wrongReader}}
	file := filepath.Join(s.Dir, "secrets", "identity.txt")
	text, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "AGE-SECRET-KEY-") {
			all = append(all, secret{"the identity", strings.TrimSpace(line)})
		}
	}
	identity, err := vault.LoadIdentity(file)
	if err != nil {
		s.t.Fatal(err)
	}
	sheet, err := vault.LoadSheet(filepath.Join(s.Dir, "accounts", "temporary-passwords.csv.age"), identity)
	if err != nil || len(sheet) < 8 {
		s.t.Fatalf("got %d temporary passwords, %v", len(sheet), err)
	}
	for address, entry := range sheet {
		all = append(all, secret{address + " (temporary)", entry.Password.Reveal()})
	}
	imported, err := os.Open(filepath.Join(s.Dir, "accounts", "accounts.csv"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer imported.Close()
	rows, err := csv.NewReader(imported).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, row := range rows[1:] {
		all = append(all, secret{row[0] + " (imported)", row[3]})
	}
	return all
}

// wantKeepers proves that each kind of file with secrets was written, is its owner's only, which kept looks
// at, and is listed in the manual.
func (s *testSetup) wantKeepers() {
	s.t.Helper()
	_, kept := s.kept()
	seen := map[string]bool{}
	for _, k := range kept {
		seen[k.row] = true
	}
	manual, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, k := range keepers() {
		if !seen[k.row] {
			s.t.Errorf("the journey has written no %s", k.pattern)
		}
		if !documented(string(manual), k.row) {
			s.t.Errorf("docs/security.md does not list %s with its mode", k.row)
		}
	}
}

// documented reports whether the table of files has a row of that name, with mode 0600.
func documented(manual, name string) bool {
	for line := range strings.Lines(manual) {
		cells := strings.Split(line, "|")
		if len(cells) == 5 && strings.Contains(cells[1], name) && strings.Contains(cells[3], "0600") {
			return true
		}
	}
	return false
}

// The search finds a secret in each form, wherever it stands: without this, the test above would be worth
// nothing.
func TestSecrets_areFoundInEveryForm(t *testing.T) {
	t.Parallel()
	const text = `Sol,"y"Luna7!`
	h := newHunt([]secret{{"maria", text}, {"noa", "noa7"}, {"anna", digestA1("anna", "x")}})
	for _, place := range []string{
		"password=" + text + ";", `{"password":"Sol,\"y\"Luna7!"}`, "<p>Sol,&#34;y&#34;Luna7!</p>", "mysql://maria:Sol%2C%22y%22Luna7%21@host",
		`maria,"Sol,""y""Luna7!"`, "536f6c2c2279224c756e613721", strings.ToUpper(md5Of(text)),
		base64.StdEncoding.EncodeToString([]byte("\x00maria@example.com\x00" + text)), base64.StdEncoding.EncodeToString([]byte("a:" + text + "\n")),
		base64.RawURLEncoding.EncodeToString([]byte("abcd" + text + "#")),
		`"Password":"noa7"`, "noa7", "ha1=" + md5Of("anna:SabreDAV:x"), strings.Repeat("Sol,", 3) + text,
	} {
		if found := h.in([]byte(place)); len(found) == 0 {
			t.Errorf("not found in %q", place)
		}
	}
	if found := h.in([]byte(`Sol, "y" Luna7 U29sLCJ4Ikx1bmE3IQ== x/noa7+y`)); len(found) > 0 {
		t.Errorf("found %v where there is none", found)
	}
}

// The process list is looked at while a program runs, and so are those that it starts.
func TestSecrets_areFoundInTheProcessList(t *testing.T) {
	t.Parallel()
	w := newWatch()
	command := exec.CommandContext(t.Context(), "sh", "-c", "sleep 0.2; OPEN=Sesame-Two sleep 0.2; : Sesame-One")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	w.follow(command.Process.Pid)
	if err := command.Wait(); err != nil {
		t.Fatal(err)
	}
	w.all.Wait()
	for _, text := range []string{"Sesame-One", "OPEN=Sesame-Two"} {
		if !strings.Contains(fmt.Sprint(w.listed), text) {
			t.Errorf("%s is not found", text)
		}
	}
}
