// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/certificate"
	"rehome/internal/checkup"
	"rehome/internal/conductor"
	"rehome/internal/config"
	"rehome/internal/handover"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/protocol"
	"rehome/internal/vault"
	"rehome/internal/verify"
)

// The operations of a small move in the order in which they are used: what each answers of one person whose mail and
// rules move between two IMAP servers.
func TestOperations_inTheirOrder(t *testing.T) {
	t.Parallel()
	settings, _ := twoEnds(t)
	settings.Secrets.Identity = filepath.Join(filepath.Dir(settings.Store), "identity.txt")
	if _, err := vault.CreateIdentity(settings.Secrets.Identity); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(settings.Accounts.Output, 0o700); err != nil {
		t.Fatal(err)
	}
	move := open(t, settings)
	for _, operation := range []struct {
		name string
		test func(*testing.T, *Move)
	}{
		{"check", testCheck}, {"accounts", testAccounts}, {"plan", testPlan}, {"sync", testSync}, {"verify", testVerify},
		{"status and report", testStatus}, {"certificates", testCertificates}, {"papers", testPapers}, {"audit", testAudit},
	} {
		if !t.Run(operation.name, func(t *testing.T) { operation.test(t, move) }) {
			break // what follows stands on it
		}
	}
}

func testCheck(t *testing.T, move *Move) {
	report, err := move.Check(t.Context())
	if err != nil || report.Worst() == checkup.LevelError {
		t.Errorf("got %+v, %v", report, err)
	}
	seen := map[string]bool{}
	for _, a := range report.Advice {
		seen[a.Side+" "+a.Subject] = true
	}
	for _, want := range []string{
		"settings store", "settings sealing", "source people", "source log-in", "destination log-in", "source rules", "destination rules",
	} {
		if !seen[want] {
			t.Errorf("nothing is said of %q: %+v", want, report.Advice)
		}
	}
}

// Reached looks at one server, for whoever has just named it.
func TestReached(t *testing.T) {
	t.Parallel()
	settings, _ := twoEnds(t)
	for section, want := range map[string]string{
		"source.imap": "answers at ", "destination.imap": "answers at ", "source.sieve": "answers at ", "destination.sieve": "answers at ", "domains": "",
	} {
		if got, err := Reached(t.Context(), &settings, section); err != nil || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, %v", section, got, err)
		}
	}
	settings.Source.IMAP.Address, settings.Source.Database.DSN, settings.Source.DAV.URL = "127.0.0.1:1", "mysql://r@127.0.0.1:1/x", "http://127.0.0.1:1/"
	for _, section := range []string{"source.imap", "source.database.dsn", "source.dav"} {
		if got, err := Reached(t.Context(), &settings, section); rehome.HintOf(err) == "" || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("%s: got %q, %v", section, got, err)
		}
	}
}

// Servers that greet are asked which log-ins they offer, and a port of another protocol is known by what it says instead.
func TestReached_byItsGreeting(t *testing.T) {
	t.Parallel()
	serve := func(line string, answers ...string) string { return serveLines(t, line, answers...) }
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(page.Close)
	for name, c := range map[string]struct {
		section string
		set     func(*config.Config)
		want    string // of the sentence, or of the error
		fails   bool
	}{
		"submission": {"destination.submission", func(s *config.Config) {
			s.Destination.Submission = config.Submission{Address: serve("220 mail ESMTP\r\n", "250-mail\r\n250 AUTH PLAIN\r\n"), TLS: protocol.NoTLS}
		}, "offers login by PLAIN", false},
		"a port for other mail hosts": {"source.submission", func(s *config.Config) {
			s.Source.Submission = config.Submission{Address: serve("220 mail ESMTP\r\n", "250 mail\r\n"), TLS: protocol.NoTLS}
		}, "offers none", true},
		"without the TLS that is wanted": {"source.submission", func(s *config.Config) {
			s.Source.Submission = config.Submission{Address: serve("220 mail ESMTP\r\n", "250 AUTH PLAIN\r\n"), TLS: protocol.StartTLS}
		}, "does not offer it", true},
		"POP3": {"destination.pop3", func(s *config.Config) {
			s.Destination.POP3 = config.POP3{Address: serve("+OK ready\r\n", "+OK\r\nUSER\r\n.\r\n"), TLS: protocol.NoTLS}
		}, "offers login by USER", false},
		"IMAP in its place": {"source.submission", func(s *config.Config) {
			s.Source.Submission = config.Submission{Address: serve("* OK IMAP\r\n"), TLS: protocol.StartTLS}
		}, "connect for submission to the source", true},
		"no TLS where it is wanted": {"source.submission", func(s *config.Config) {
			s.Source.Submission = config.Submission{Address: serve("220 mail.example.test\r\n"), TLS: protocol.ImplicitTLS}
		}, "TLS", true},
		"nothing":                  {"source.submission", func(s *config.Config) { s.Source.Submission.Address = "127.0.0.1:1" }, "connection refused", true},
		"webmail":                  {"destination.webmail", func(s *config.Config) { s.Destination.Webmail = page.URL }, "a page answers", false},
		"a page that is not there": {"source.webmail", func(s *config.Config) { s.Source.Webmail = page.URL + "/gone" }, "404", true},
	} {
		settings := config.Default()
		c.set(&settings)
		got, err := Reached(t.Context(), &settings, c.section)
		if c.fails && (err == nil || rehome.HintOf(err) == "") || !c.fails && err != nil {
			t.Errorf("%s: got %q, %v", name, got, err)
			continue
		}
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// serveLines runs a server that greets, answers one command after the other, and hangs up.
func serveLines(t *testing.T, greeting string, answers ...string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(connection, greeting) // who only looked is gone already
			lines := bufio.NewScanner(connection)
			for _, answer := range answers {
				if lines.Scan() {
					_, _ = io.WriteString(connection, answer)
				}
			}
			connection.Close()
		}
	}()
	return listener.Addr().String()
}

func testAccounts(t *testing.T, move *Move) {
	list, err := move.People(t.Context())
	if err != nil || len(list.Moving) != 1 || list.Moving[0].Account != anna {
		t.Errorf("people: got %+v, %v", list, err)
	}
	plan, err := move.AccountsPlan(t.Context(), &people.LoginOptions{})
	if err != nil || len(plan.Accounts) != 1 {
		t.Fatalf("plan: got %+v, %v", plan, err)
	}
	row := plan.Accounts[0]
	if row.Mail != people.AccessOwn || row.SourceLogin == nil || row.SourceLogin.Result != people.LoginWorks || row.DestinationLogin == nil {
		t.Errorf("plan: got %+v", row)
	}
	checked, err := move.CheckAccounts(t.Context(), []string{anna, "extra@example.test"}, people.LoginOptions{})
	if err != nil || checked.Counts[people.StateReady] != 1 || checked.Counts[people.StateExtra] != 1 {
		t.Errorf("check: got %+v, %v", checked, err)
	}
	if _, err := move.CheckAccounts(t.Context(), nil, people.LoginOptions{Accounts: people.Choice{Only: []string{"x@example.test"}}}); rehome.HintOf(err) == "" {
		t.Errorf("a stranger: got %v, want a hint", err)
	}
	test, err := move.TestPassword(t.Context(), anna, rehome.NewSecret("secret"))
	if err != nil || !test.Matches {
		t.Errorf("password: got %+v, %v", test, err)
	}
}

func testPlan(t *testing.T, move *Move) {
	planned, err := move.PlanSync(t.Context(), people.Choice{}, SyncOptions{})
	if err != nil || len(planned.Accounts) != 1 || planned.Accounts[0].Error != "" || len(planned.Accounts[0].Rules) != 1 {
		t.Fatalf("got %+v, %v", planned, err)
	}
	if m := planned.Accounts[0].Mail; m == nil || m.Mailboxes == 0 || m.Uncounted > 0 || planned.Estimate == nil {
		t.Errorf("counts: got %+v and the estimate %+v", m, planned.Estimate)
	}
	names := ""
	for _, pair := range planned.Accounts[0].Pairs {
		names += pair.Source + " to " + pair.Destination + ";"
	}
	if !strings.Contains(names, "INBOX.Größe to Größe;") {
		t.Errorf("mailboxes: got %s", names)
	}
	if status, err := move.Status(t.Context(), people.Choice{}); err != nil || len(status.Accounts) != 0 {
		t.Errorf("a plan has written into the ledger: %+v, %v", status, err)
	}
}

func testSync(t *testing.T, move *Move) {
	watcher := Watcher{Progress: conductor.NewProgress()}
	synced, err := move.Sync(t.Context(), people.Choice{}, SyncOptions{}, watcher)
	if err != nil || !synced.complete() || synced.mendable() || synced.waiting() || watcher.Progress.Snapshot().Finished != 1 {
		t.Errorf("got %+v, %v", synced, err)
	}
	if rules := synced.TotalRules(); rules.Stored != 1 {
		t.Errorf("rules: got %+v", rules)
	}
}

func testVerify(t *testing.T, move *Move) {
	progress := conductor.NewProgress()
	document, err := move.Verify(t.Context(), people.Choice{Only: []string{anna}}, VerifyOptions{Level: verify.LevelFull}, progress)
	if err != nil || len(document.Accounts) != 1 || document.Verdict != verify.Equal || progress.Snapshot().Finished != 1 {
		t.Errorf("got %+v, %v", document, err)
	}
}

func testStatus(t *testing.T, move *Move) {
	status, err := move.Status(t.Context(), people.Choice{})
	if err != nil || len(status.Accounts) != 1 {
		t.Fatalf("status: got %+v, %v", status, err)
	}
	if account := status.Accounts[0]; status.Running || account.Turn != nil || account.Verdict != string(verify.Equal) || account.Rules.Stored != 1 {
		t.Errorf("status: got %+v", account)
	}
	if report, err := move.Report(t.Context()); err != nil || report == nil {
		t.Errorf("report: got %+v, %v", report, err)
	}
}

func testCertificates(t *testing.T, move *Move) {
	folder := move.CertificatesDefault()
	made, err := move.Certify(t.Context(), folder)
	if err != nil || len(made.Accounts) != 1 || len(made.Without) != 0 || made.Outcome() != rehome.OutcomeDone {
		t.Fatalf("got %+v, %v", made, err)
	}
	key, err := move.CertificateKey()
	if err != nil || key.String() != made.Key {
		t.Errorf("key %s, then %s, %v", made.Key, key, err)
	}
	checked, err := certificate.Check([]string{folder}, key)
	if err != nil || checked.Outcome() != rehome.OutcomeDone || len(checked.Files) != 4 {
		t.Fatalf("got %+v, %v", checked, err)
	}
	mailboxes := 0
	for _, f := range checked.Files {
		if c := f.Certificate; c != nil {
			mailboxes += len(c.Mail.Mailboxes)
			if c.Source.Login != anna || c.Source.Mail == "" || c.Destination.Mail == "" || c.SourceRoot == "" || c.SourceRoot != c.DestinationRoot {
				t.Errorf("%s: %+v", f.File, c)
			}
		}
	}
	if mailboxes == 0 {
		t.Error("the certificate names no mailbox")
	}
	// What is not true any more does not stay.
	store, err := move.store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Verifications.Save(t.Context(), ledger.Verification{Address: anna, Level: "full", Verdict: "differs",
		Result: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	testAcceptance(t, move, store, folder)
	again, err := move.Certify(t.Context(), folder)
	if err != nil || len(again.Without) != 1 || again.Outcome() != rehome.OutcomeDiffers {
		t.Errorf("after a difference: %+v, %v", again, err)
	}
	if left, err := filepath.Glob(filepath.Join(folder, anna+".*")); err != nil || len(left) != 0 {
		t.Errorf("%v, %v are left", left, err)
	}
}

// testAcceptance has a person accept the one difference of an account, and take that back.
func testAcceptance(t *testing.T, move *Move, store *ledger.Ledger, folder string) {
	result := `{"mail": {"differences": [{"kind": "missing_message", "mailbox": "INBOX", "object": "<1@example.test>", "sentence": "it is gone"}],
		"mailboxes": [], "counts": {"missing_message": 1}}}`
	differs := ledger.Verification{Address: anna, Level: "full", Verdict: "differs", Result: []byte(result)}
	if err := store.Verifications.Save(t.Context(), differs); err != nil {
		t.Fatal(err)
	}
	found, err := move.Differences(t.Context(), people.Choice{})
	if err != nil || len(found.Open) != 1 || found.Outcome() != rehome.OutcomeDiffers {
		t.Fatalf("got %+v, %v", found, err)
	}
	id := found.Open[0].ID
	for name, options := range map[string]AcceptOptions{
		"nobody":     {IDs: []string{id}, Reason: "spam"},
		"no reason":  {IDs: []string{id}, By: "Ada", Reason: " "},
		"unknown id": {IDs: []string{id, "0123456789ab"}, By: "Ada", Reason: "spam"},
	} {
		if _, err := move.Accept(t.Context(), options); rehome.ClassOf(err) != rehome.ClassOperator || rehome.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if accepted, err := move.Accept(t.Context(), AcceptOptions{IDs: []string{id}, By: "Ada", Reason: "spam"}); err != nil || len(accepted) != 1 {
		t.Fatalf("got %+v, %v", accepted, err)
	}
	status, err := move.Status(t.Context(), people.Choice{})
	if err != nil || status.Accounts[0].Verdict != string(verify.Equal) || status.Accounts[0].Accepted != 1 {
		t.Errorf("status: got %+v, %v", status.Accounts, err)
	}
	if report, err := move.Report(t.Context()); err != nil || report.Outcome() != rehome.OutcomeDone ||
		!strings.Contains(report.Document().Headline, "with 1 accepted difference") {
		t.Errorf("report: got %+v, %v", report, err)
	}
	made, err := move.Certify(t.Context(), folder)
	if err != nil || made.Outcome() != rehome.OutcomeDone || made.Accounts[0].Accepted != 1 {
		t.Errorf("certificate: got %+v, %v", made, err)
	}
	if checked, err := certificate.Check([]string{folder}, nil); err != nil || checked.Outcome() != rehome.OutcomeDone {
		t.Errorf("check: got %+v, %v", checked, err)
	}
	if err := move.Withdraw(t.Context(), []string{id, "0123456789ab"}); rehome.ClassOf(err) != rehome.ClassOperator {
		t.Errorf("what nobody has accepted: %v", err)
	}
	if err := move.Withdraw(t.Context(), []string{id}); err != nil {
		t.Error(err)
	}
	if found, err := move.Differences(t.Context(), people.Choice{}); err != nil || len(found.Open) != 1 || len(found.Accepted) != 0 {
		t.Errorf("after it was withdrawn: got %+v, %v", found, err)
	}
}

func testPapers(t *testing.T, move *Move) {
	settings, err := move.PersonalSheets(t.Context(), people.Choice{})
	if err != nil || settings.Sheets != 1 || settings.Letters != 0 {
		t.Errorf("sheets: got %+v, %v", settings, err)
	}
	export, err := move.ExportAliases(t.Context())
	if err != nil || len(export.Files) != 5 {
		t.Errorf("aliases: got %+v, %v", export, err)
	}
	output := move.HandoverDefault() + handover.BundleExtension
	bundle, err := move.Handover(t.Context(), HandoverOptions{Output: output})
	if err != nil || bundle.Domains != 1 || bundle.Hashes != 0 {
		t.Errorf("bundle: got %+v, %v", bundle, err)
	}
	if _, err := move.Purge(t.Context(), PurgeChoice{}); err != nil {
		t.Errorf("purge: %v", err)
	}
}

// testAudit has the log of what the operations before have changed, and finds out who alters a copy of it.
func testAudit(t *testing.T, move *Move) {
	lines, err := move.AuditLog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	did := map[string]string{}
	for line, err := range lines {
		if err != nil {
			t.Fatal(err)
		}
		did[line.Action] = line.Object + ": " + line.After
		if err := json.NewEncoder(&file).Encode(line); err != nil || line.Who == "" {
			t.Errorf("%+v: %v", line, err)
		}
	}
	for action, want := range map[string]string{
		actionSyncBegan: "1 account", actionSynced: anna, actionAccepted: "accepted by Ada: spam", actionWithdrawn: "", actionCertified: "0 certificates",
		actionHandedOver: "",
	} {
		if said, noted := did[action]; !noted || !strings.Contains(said, want) {
			t.Errorf("%s: %q, want %q; all: %v", action, said, want, did)
		}
	}
	whole := file.String()
	check := func(text, end string) AuditChecked {
		checked, err := CheckAudit(ReadAudit(strings.NewReader(text)), end)
		if err != nil {
			t.Error(err)
		}
		return checked
	}
	as := check(whole, "")
	if as.Broken != 0 || as.Outcome() != rehome.OutcomeDone || as.Lines < 6 {
		t.Errorf("as it was written: %+v", as)
	}
	each := strings.SplitAfter(strings.TrimSuffix(whole, "\n"), "\n")
	before, _, _ := strings.Cut(whole, "by Ada")
	accepted := int64(strings.Count(before, "\n") + 1)
	for name, c := range map[string]struct {
		text, end string
		want      int64
	}{
		"the second line taken out": {each[0] + strings.Join(each[2:], ""), "", 2},
		"two lines exchanged":       {each[0] + each[2] + each[1] + strings.Join(each[3:], ""), "", 2},
		"a word altered":            {strings.Replace(whole, "by Ada", "by Eve", 1), "", accepted},
		"the last line cut off":     {strings.Join(each[:len(each)-1], ""), as.Digest, int64(len(each))},
	} {
		if got := check(c.text, c.end); got.Broken != c.want || got.Outcome() != rehome.OutcomeDiffers {
			t.Errorf("%s: %+v, want line %d", name, got, c.want)
		}
	}
	if _, err := CheckAudit(ReadAudit(strings.NewReader("no log\n")), ""); rehome.ClassOf(err) != rehome.ClassOperator {
		t.Errorf("another file: %v", err)
	}
}
