// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/protocol"
	"rehome/internal/protocol/managesieve"
	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/dovecot"
	"rehome/lab/lmtp"
	"rehome/lab/mailsink"
	"rehome/lab/operator"
	"rehome/lab/scenario"
)

// The people whose rules move: two have scripts, the others rows in the database.
const (
	bjorn, yuki       = "bjorn@example.com", "yuki.tanaka@example.com"
	maria, noa, sean  = "maria.garcia@example.com", "noa.levi@example.com", "sean.obrien@example.com"
	outsider, spammer = "fiona@partner.example", "deals@shop.example"
)

// scripts are what the source serves over ManageSieve.
var scripts = map[string]string{
	bjorn: "require [\"fileinto\", \"vacation\", \"copy\", \"imap4flags\"];\r\n" +
		"# semester\r\nif header :contains \"subject\" \"kvitto\" { addflag \"\\\\Flagged\"; fileinto \"INBOX.Räksmörgås.Kvitton\"; stop; }\r\n" +
		"if header :contains \"subject\" \"vidare\" { redirect :copy \"bjorn@hem.example\"; fileinto \"INBOX.Entwürfe alt\"; stop; }\r\n" +
		"if header :contains \"subject\" \"bort\" { redirect \"bjorn@hem.example\"; stop; }\r\n" +
		"if header :contains \"subject\" \"skräp\" { discard; stop; }\r\n" +
		"vacation :days 3 :subject \"Är på semester\" text:\r\nJag är borta.\r\n..\r\nHälsningar, Björn\r\n.\r\n;\r\n",
	yuki: "require \"fileinto\";\r\nif header :contains \"subject\" \"至急\" { fileinto \"INBOX.受信.重要 & 至急\"; stop; }\r\n" +
		"if address :domain \"from\" \"shoji.example\" { fileinto \"INBOX.受信\"; }\r\n",
}

// sortRows are the database's sort rules: sender, subject, mailbox, account.
var sortRows = [][]any{
	{"", "hecho", `100% "hecho" (*)`, maria}, {"fiona@", "", "Notes", maria}, {"", "nada", "No existe", maria},
	{"fiona@", "invoice", "Invoices/2019", sean}, {"", "later", " Later", sean}, {"", "עבודה", "עבודה", noa},
}

// setRules is set for the people of this test alone, with their rules at the source.
func setRules(t *testing.T) *testSetup {
	t.Helper()
	org := corpus.Sample(corpus.Options{Scale: 0.02})
	org.Planted = nil
	org.People = slices.DeleteFunc(org.People, func(p corpus.Person) bool {
		return !slices.Contains([]string{bjorn, yuki, maria, noa, sean}, p.Address)
	})
	for i, p := range org.People {
		if p.Address == sean {
			org.People[i].Block, org.People[i].Allow = []string{"*@shop.example"}, []string{"orders@shop.example"}
		}
	}
	setup, err := scenario.Prepare(t.Context(), lab.Open(t), filepath.Join(t.TempDir(), "move"), binary, org)
	if err != nil {
		t.Fatal(err)
	}
	setup.Rules = true
	s := &testSetup{Setup: setup, t: t}
	if _, err := setup.Source.DB().ExecContext(t.Context(), `CREATE TABLE MailSort (id INT AUTO_INCREMENT PRIMARY KEY,
		EmailAddress VARCHAR(64), EmailSubject VARCHAR(64), EmailFolder VARCHAR(64), Account VARCHAR(128)) CHARACTER SET utf8`); err != nil {
		t.Fatal(err)
	}
	for _, row := range sortRows {
		if _, err := setup.Source.DB().ExecContext(t.Context(), "INSERT INTO MailSort (EmailAddress, EmailSubject, EmailFolder, "+
			"Account) VALUES (?, ?, ?, ?)", row...); err != nil {
			t.Fatal(err)
		}
	}
	for account, script := range scripts {
		s.storeAtSource(account, script)
	}
	s.want(0, setup.InitArgs()...)
	if err := setup.Configure(); err != nil {
		t.Fatal(err)
	}
	s.provision()
	return s
}

// storeAtSource makes a script the account's active one.
func (s *testSetup) storeAtSource(account, script string) {
	s.t.Helper()
	client, err := managesieve.Dial(s.t.Context(), managesieve.Options{Address: s.Source.Sieve, Security: protocol.NoTLS})
	if err != nil {
		s.t.Fatal(err)
	}
	defer client.Close()
	for _, step := range []func() error{
		func() error {
			return client.Authenticate(s.t.Context(), "", account+"*"+s.Source.MasterUser, s.Source.MasterPassword)
		},
		func() error { return client.PutScript(s.t.Context(), "main", script) },
		func() error { return client.SetActive(s.t.Context(), "main") },
	} {
		if err := step(); err != nil {
			s.t.Fatal(err)
		}
	}
}

// delivery is one message for the rules of an account, and where it must land.
type delivery struct {
	to, from, subject string
	src, dst          string // mailbox and flags at either end, "" where it is not kept; src is not looked at for rules of the database
}

var deliveries = []delivery{
	{bjorn, outsider, "Hej", "INBOX", "INBOX"},
	{bjorn, outsider, "ett kvitto", `INBOX.Räksmörgås.Kvitton \Flagged`, `Räksmörgås/Kvitton \Flagged`},
	{bjorn, outsider, "till vidare", "INBOX.Entwürfe alt", "Entwürfe alt"},
	{bjorn, outsider, "bort med det", "", ""},
	{bjorn, outsider, "mer skräp", "", ""},
	{yuki, outsider, "至急お願いします", "INBOX.受信.重要 & 至急", "受信/重要 & 至急"},
	{yuki, "eigyo@shoji.example", "見積書", "INBOX.受信", "受信"},
	{yuki, outsider, "hello", "INBOX", "INBOX"},
	{maria, outsider, "trabajo hecho", "", `100% "hecho" (*)`},
	{maria, outsider, "hola", "", "Notes"},
	{maria, "otro@partner.example", "nada", "", "INBOX"},
	{noa, outsider, "עבודה חדשה", "", "עבודה"},
	{noa, outsider, "שלום", "", "INBOX"},
	{sean, outsider, "Invoice 7", "", "Invoices／2019"},
	{sean, spammer, "Invoice 8, later", "", "Spam"},
	{sean, "orders@shop.example", "see you later", "", "Later"},
	{sean, outsider, "hello", "", "INBOX"},
}

func (d delivery) hasScript() bool { return scripts[d.to] != "" }

func (d delivery) id(i int) string { return fmt.Sprintf("<rules-%d@partner.example>", i) }

func (d delivery) message(i int) []byte {
	return fmt.Appendf(nil, "From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: %s\r\nDate: %s\r\nMIME-Version: "+
		"1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGrüße %d\r\n.\r\n",
		d.from, d.to, mime.QEncoding.Encode("utf-8", d.subject), d.id(i), time.Now().Format(time.RFC1123Z), i)
}

// rulesOf is the promised part of "sync --json" and of "status --json".
type rulesOf struct {
	Accounts []struct {
		Account, Error string
		Rules          *struct{ Stored, Unchanged, Waiting, Refused int }
	}
	Findings []struct{ Code, Account, Object string }
}

func (r rulesOf) String() string {
	var all []string
	for _, a := range r.Accounts {
		local, _, _ := strings.Cut(a.Account, "@")
		if a.Rules == nil || a.Error != "" {
			all = append(all, local+" none "+a.Error)
			continue
		}
		all = append(all, fmt.Sprintf("%s %d/%d/%d/%d", local, a.Rules.Stored, a.Rules.Unchanged, a.Rules.Waiting, a.Rules.Refused))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// Rules of every kind are copied with a plain sync, without a message being sent. After the switch the same
// messages, delivered to both servers, land in corresponding mailboxes, and answers and forwards go out as
// the source sends them.
func TestRules_messagesLandAsAtTheSource(t *testing.T) {
	t.Parallel()
	s := setRules(t)
	s.want(0, "check")
	plan := s.want(0, "sync", "--plan")
	for _, words := range []string{
		`if Subject contains "kvitto": set the flag \Flagged; save it in "Räksmörgås/Kvitton"; stop processing rules`, "forward a copy to noa.levi@partner.example",
		"sort rule 3", `"No existe", which is not copied`,
	} {
		if !strings.Contains(plan.out, words) {
			t.Errorf("the plan does not say %q:\n%s", words, plan.out)
		}
	}
	for i, want := range []string{
		"bjorn 1/0/1/0, maria.garcia 1/0/1/0, noa.levi 1/0/1/0, sean.obrien 1/0/0/0, yuki.tanaka 1/0/0/0",
		"bjorn 0/1/1/0, maria.garcia 0/1/1/0, noa.levi 0/1/1/0, sean.obrien 0/1/0/0, yuki.tanaka 0/1/0/0",
	} {
		before := s.scriptTimes()
		if got := answer[rulesOf](s, 0, "sync").String(); got != want {
			t.Errorf("pass %d: got %s, want %s", i+1, got, want)
		}
		if i > 0 && !cmp.Equal(before, s.scriptTimes()) {
			t.Errorf("pass %d has written at the destination:\n%s", i+1, cmp.Diff(before, s.scriptTimes()))
		}
	}
	s.wantRuleFindings()
	s.wantRulesEqual(3)
	s.deliver(s.Destination.LMTP, delivery{to: noa, from: outsider, subject: "early"}, 99)
	s.wantSilence("before the switch")
	if got, want := answer[rulesOf](s, 0, "sync", "--switch-on-rules").String(), "bjorn 0/1/0/0, maria.garcia 0/1/0/0, "+
		"noa.levi 0/1/0/0, sean.obrien 0/1/0/0, yuki.tanaka 0/1/0/0"; got != want {
		t.Errorf("at the switch: got %s, want %s", got, want)
	}
	s.wantSilence("at the switch")
	s.wantRulesEqual(0)

	for i, d := range deliveries {
		s.deliver(s.Source.LMTP, d, i)
		s.deliver(s.Destination.LMTP, d, i)
	}
	for i, d := range deliveries {
		if got := s.landed(s.Destination.Server, d, i); got != d.dst {
			t.Errorf("%s, %q: landed in %q at the destination, want %q", d.to, d.subject, got, d.dst)
		}
		if !d.hasScript() {
			continue
		}
		if got := s.landed(s.Source.Server, d, i); got != d.src {
			t.Errorf("%s, %q: landed in %q at the source, want %q", d.to, d.subject, got, d.src)
		}
	}
	s.wantMails()
	if got := answer[rulesOf](s, 0, "sync").String(); strings.Contains(got, " 1/") {
		t.Errorf("a pass behind the switch stores %s", got)
	}
}

// wantRulesEqual proves that verify finds the rules of both ends equal, so many of them off until the switch.
func (s *testSetup) wantRulesEqual(waiting int) {
	s.t.Helper()
	found := answer[struct {
		Verdict  string
		Accounts []struct {
			Rules *struct{ Scripts []struct{ State string } }
		}
		Findings []struct{ Code string }
	}](s, 0, "verify", "--only", "rules")
	scripts, waits, said := 0, 0, 0
	for _, a := range found.Accounts {
		if a.Rules != nil {
			for _, script := range a.Rules.Scripts {
				scripts++
				if script.State == "waiting" {
					waits++
				}
			}
		}
	}
	for _, f := range found.Findings {
		if f.Code == "rules_off_until_switch" {
			said++
		}
	}
	if found.Verdict != "equal" || scripts != 5 || waits != waiting || said != waiting {
		s.t.Errorf("verify says %s of %d scripts, %d wait, said of %d; want %d that wait", found.Verdict, scripts, waits, said, waiting)
	}
}

// wantRuleFindings proves that status and report show what could not be brought across, and what waits.
func (s *testSetup) wantRuleFindings() {
	s.t.Helper()
	status := answer[rulesOf](s, 0, "status")
	if got := status.String(); !strings.Contains(got, "noa.levi 1/0/1/0") {
		s.t.Errorf("status: got %s", got)
	}
	var got []string
	for _, f := range status.Findings {
		if strings.HasPrefix(f.Code, "rules_") {
			got = append(got, f.Code+" "+f.Account)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"rules_copy_unknown " + noa, "rules_mailbox_unknown " + maria, "rules_wait " + bjorn, "rules_wait " + maria,
		"rules_wait " + noa}, got); diff != "" {
		s.t.Errorf("findings: -want +got\n%s", diff)
	}
	if text := s.want(0, "status").out; !strings.Contains(text, "1, 1 waiting") {
		s.t.Errorf("status says\n%s", text)
	}
	if report := s.operator().Run(s.t, "report", "--json"); !strings.Contains(report.Out, "rules_mailbox_unknown") {
		s.t.Errorf("the report does not name the rule:\n%s", report.Out)
	}
}

// scriptTimes are when the files of scripts at the destination were written.
func (s *testSetup) scriptTimes() map[string]time.Time {
	s.t.Helper()
	times := map[string]time.Time{}
	root := filepath.Join(s.Destination.Dir(), "sieve")
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err == nil && filepath.Ext(path) == ".sieve" {
			times[path] = info.ModTime()
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return times
}

func (s *testSetup) deliver(address string, d delivery, i int) {
	s.t.Helper()
	if err := lmtp.Deliver(s.t.Context(), address, d.from, d.to, d.message(i)); err != nil {
		s.t.Fatal(err)
	}
}

// landed returns mailbox and flags of a message, "" if there is none; twice is an error.
func (s *testSetup) landed(server *dovecot.Server, d delivery, i int) string {
	s.t.Helper()
	out, err := server.Exec(s.t.Context(), "-f", "tab", "fetch", "-u", d.to, "mailbox flags", "header", "message-id", d.id(i))
	if err != nil {
		s.t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")[1:] // without the head
	if len(lines) == 0 {
		return ""
	}
	if len(lines) > 1 {
		s.t.Errorf("%s, %q: it is there %d times", d.to, d.subject, len(lines))
	}
	mailbox, flags, _ := strings.Cut(lines[0], "\t")
	return strings.TrimSpace(mailbox + " " + strings.Join(slices.DeleteFunc(strings.Fields(flags), func(f string) bool { return f == `\Recent` }), " "))
}

// wantSilence proves that neither server has mailed anything.
func (s *testSetup) wantSilence(when string) {
	s.t.Helper()
	for side, outbox := range map[string]*mailsink.Sink{"source": s.SourceOutbox, "destination": s.DestinationOutbox} {
		if all, err := outbox.Messages(); err != nil || len(all) > 0 {
			s.t.Errorf("%s the %s has mailed %d messages, %v", when, side, len(all), err)
		}
	}
}

// sent is one mail that went out, in one line.
func sent(t *testing.T, m mailsink.Message) string {
	t.Helper()
	message, err := mail.ReadMessage(bytes.NewReader(m.Octets))
	if err != nil {
		t.Fatal(err)
	}
	body := message.Body
	if strings.EqualFold(message.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Subject())
	if err != nil {
		t.Fatal(err)
	}
	from, err := message.Header.AddressList("From")
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("<%s> to <%s>: from %s, %s, %q, %q", m.From, strings.Join(m.To, "> <"), from[0].Address,
		message.Header.Get("Auto-Submitted"), subject, strings.Join(strings.Fields(string(text)), " "))
}

// wantMails proves what has gone out. What scripts send is the same at both ends; a vacation answers with
// an empty sender (RFC 5230 section 5.1), a redirect keeps the sender's (RFC 5228 section 4.2).
func (s *testSetup) wantMails() {
	s.t.Helper()
	forward := func(i int) string {
		target := map[string]string{bjorn: "bjorn@hem.example", noa: "noa.levi@partner.example"}[deliveries[i].to]
		return fmt.Sprintf("<%[1]s> to <%[2]s>: from %[1]s, , %[3]q, %[4]q", outsider, target, deliveries[i].subject, fmt.Sprintf("Grüße %d .", i))
	}
	away := func(from, to, subject, text string) string {
		return fmt.Sprintf("<> to <%s>: from %s, auto-replied (vacation), %q, %q", to, from, subject, text)
	}
	ofScripts := []string{forward(2), forward(3), away(bjorn, outsider, "Är på semester", "Jag är borta. . Hälsningar, Björn")}
	ofDatabase := []string{
		forward(11), forward(12),
		away(maria, outsider, "Auto: trabajo hecho", `Estoy de vacaciones. Volveré el lunes, "seguro". -- María José`),
		away(maria, "otro@partner.example", "Auto: nada", `Estoy de vacaciones. Volveré el lunes, "seguro". -- María José`),
		away(noa, outsider, "Auto: עבודה חדשה", "אני בחופשה עד יום ראשון"),
	}
	for _, end := range []struct {
		name   string
		outbox *mailsink.Sink
		want   []string
	}{{"source", s.SourceOutbox, ofScripts}, {"destination", s.DestinationOutbox, append(ofDatabase, ofScripts...)}} {
		all, err := end.outbox.Wait(s.t.Context(), len(end.want))
		if err != nil {
			s.t.Error(err)
		}
		var got []string
		for _, m := range all {
			got = append(got, sent(s.t, m))
		}
		slices.Sort(got)
		slices.Sort(end.want)
		if diff := cmp.Diff(end.want, got); diff != "" {
			s.t.Errorf("mailed by the %s: -want +got\n%s", end.name, diff)
		}
	}
}

// What a person has switched on at the destination stays, until somebody gives the consent.
func TestRules_consent(t *testing.T) {
	t.Parallel()
	s := setRules(t)
	own := s.atDestinationSieve(yuki)
	for _, err := range []error{own.PutScript(t.Context(), "own", "keep;\r\n"), own.SetActive(t.Context(), "own"), own.PutScript(t.Context(),
		"main", "stop;\r\n")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	only := []string{"sync", "--account", yuki, "--switch-on-rules"}
	for range 2 {
		o := s.want(0, only...)
		s.wantError(0, o, "another script is active at the destination", "--replace-rules")
	}
	wantScripts(t, own, managesieve.Script{Name: "main"}, managesieve.Script{Name: "main (old server)"}, managesieve.Script{Name: "own", Active: true})
	s.want(0, append(only, "--replace-rules")...)
	wantScripts(t, own, managesieve.Script{Name: "main", Active: true}, managesieve.Script{Name: "main (old server)"}, managesieve.Script{Name: "own"})
	text, err := own.GetScript(t.Context(), "main")
	if err != nil || !strings.Contains(text, "受信/重要 & 至急") {
		t.Errorf("got %q %v", text, err)
	}
}

// atDestinationSieve logs in with the password that the account was imported with.
func (s *testSetup) atDestinationSieve(account string) *managesieve.Client {
	s.t.Helper()
	client, err := managesieve.Dial(s.t.Context(), managesieve.Options{Address: s.Destination.Sieve, Security: protocol.NoTLS})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = client.Close() })
	if err := client.Authenticate(s.t.Context(), "", account, s.imported(account)); err != nil {
		s.t.Fatal(err)
	}
	return client
}

func wantScripts(t *testing.T, at *managesieve.Client, want ...managesieve.Script) {
	t.Helper()
	got, err := at.ListScripts(t.Context())
	slices.SortFunc(got, func(a, b managesieve.Script) int { return strings.Compare(a.Name, b.Name) })
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
}

// Without ManageSieve at the destination the same rules become files, which hold what the server itself
// takes, and a sheet in words.
func TestRules_handedOver(t *testing.T) {
	t.Parallel()
	s := setRules(t)
	s.edit(func(text string) string {
		return strings.ReplaceAll(text, s.Destination.Sieve, s.Destination.Sieve[:strings.LastIndex(s.Destination.Sieve, ":")]+":1")
	})
	mail := s.want(5, "sync")
	s.wantError(5, mail, "no rules were copied: connect for rules to the destination", "rehome rules export", "copied")
	o := s.want(6, "rules", "sync")
	s.wantError(6, o, "nothing was stored at the destination", "connect for rules to the destination", "as rules.txt describes")
	s.want(0, "rules", "export")
	exported := operator.Answer[struct{ Files []string }](t, s.operator(), 0, "rules", "export")
	if len(exported.Files) != 4 {
		t.Errorf("wrote %v", exported.Files)
	}
	sheet, err := os.ReadFile(filepath.Join(s.Dir, "accounts", "rules.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{
		bjorn + ".main.sieve: \"main\", to be activated after the switch", `save it in "受信/重要 & 至急"`, "the whole text is in the file",
		`! rules from the old server, sort rule 3: the rule files into the mailbox "No existe"`,
	} {
		if !strings.Contains(string(sheet), words) {
			t.Errorf("the sheet does not say %q:\n%s", words, sheet)
		}
	}
	files, err := filepath.Glob(filepath.Join(s.Dir, "accounts", "rules", "*.sieve"))
	if err != nil || len(files) != 5 {
		t.Fatalf("wrote %v %v, want one for each of 5", files, err)
	}
	s.wantTaken(files)
}

// wantTaken has the destination's own compiler judge scripts.
func (s *testSetup) wantTaken(files []string) {
	s.t.Helper()
	compiler, err := lab.FindProgram("sievec", "dovecot-sieve")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, file := range files {
		judged := filepath.Join(s.t.TempDir(), "judged.svbin")
		if out, err := exec.CommandContext(s.t.Context(), compiler, "-c", s.Destination.ConfigFile(), file, judged).CombinedOutput(); err != nil {
			s.t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
}
