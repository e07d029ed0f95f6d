// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"crypto/md5"
	"database/sql"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome/lab"
)

const (
	anna     = "anna@example.test"
	password = "Geheim; 'Wort' {x}"
)

func start(t *testing.T, opts Options, accounts ...Account) *Server {
	t.Helper()
	server, err := Start(lab.Open(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, account := range accounts {
		if err := server.AddAccount(t.Context(), account); err != nil {
			t.Fatal(err)
		}
	}
	return server
}

// dialIMAP connects by TLS with the name in the certificate.
func dialIMAP(t *testing.T, server *Server) *lab.Dialogue {
	t.Helper()
	imap, err := lab.Dial(t.Context(), server.IMAPS, server.lab.ClientTLS("mail.example.test"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = imap.Close() })
	return imap
}

func ask(t *testing.T, talk *lab.Dialogue, line string, prefixes ...string) (string, string) {
	t.Helper()
	last, before, err := talk.Ask(line, prefixes...)
	if err != nil {
		t.Fatal(err)
	}
	return last, strings.Join(before, "\n")
}

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestLogin_everyStoredForm(t *testing.T) {
	t.Parallel()
	stored := map[string]string{ // all of the password "geheim"
		"plain":  "geheim",
		"md5":    md5Hex("geheim"),
		"crypt1": "$1$ab$nNbvGZKuRSUW1chlbMykd1",
		"crypt5": "$5$ab$bV3ulvFiONAG1RjxKpBmS6nyL6FfhxEd1VI4a1Gb1AB",
		"crypt2": "$2y$04$abcdefghijklmnopqrstuuPWRtT5yx7FBi4dcf6ROhboeNunUrLQ.",
	}
	server := start(t, Options{})
	for name, value := range stored {
		if err := server.AddAccount(t.Context(), Account{Address: name + "@example.test", Stored: value}); err != nil {
			t.Fatal(err)
		}
		for try, want := range map[string]bool{"geheim": true, "wrong": false, value: name == "plain"} {
			_, err := server.Exec(t.Context(), "auth", "test", name+"@example.test", try)
			if (err == nil) != want {
				t.Errorf("mail login of %s with %q: %v, want success %v", name, try, err, want)
			}
			if got := propfind(t, server, "principals/users/", name+"@example.test", try); (got == http.StatusMultiStatus) != want {
				t.Errorf("DAV login of %s with %q: %d, want success %v", name, try, got, want)
			}
		}
	}
}

func TestLogin_refusals(t *testing.T) {
	t.Parallel()
	server := start(t, Options{},
		Account{Address: anna, Stored: password},
		Account{Address: "off@example.test", Stored: password, Status: 1},
		Account{Address: "empty@example.test"},
		Account{Address: "poor@example.test", Stored: password, Group: "basic"})
	if _, err := server.DB().Exec("INSERT INTO `Groups` (GroupName, IMAPSupport, CalDAVServer) VALUES ('basic', 0, 0)"); err != nil {
		t.Fatal(err)
	}
	master := "*" + server.MasterUser
	for _, test := range []struct{ user, password, want string }{
		{anna, password, "a OK"},
		{strings.ToUpper(anna), password, "a OK"},
		{anna, "wrong", "a NO [AUTHENTICATIONFAILED]"},
		{anna + master, server.MasterPassword, "a OK"},
		{anna + master, "wrong", "a NO [AUTHENTICATIONFAILED]"},
		{"nobody@example.test" + master, server.MasterPassword, "a NO [AUTHORIZATIONFAILED]"},
		{"off@example.test", password, "a NO [AUTHENTICATIONFAILED]"},
		{"empty@example.test", "", "a NO"},
		{"poor@example.test", password, "a NO [AUTHENTICATIONFAILED]"},
	} {
		if got, _ := ask(t, dialIMAP(t, server), `a LOGIN "`+test.user+`" "`+test.password+`"`, "a "); !strings.HasPrefix(got, test.want) {
			t.Errorf("login of %s: %s, want %s", test.user, got, test.want)
		}
	}
	for path, want := range map[string]int{"calendars/": http.StatusForbidden, "addressbooks/": http.StatusMultiStatus} {
		if got := propfind(t, server, path+"poor@example.test/", "poor@example.test", password); got != want {
			t.Errorf("PROPFIND of %s for a group without calendars: %d, want %d", path, got, want)
		}
	}
}

func TestMail_asAtmailKeepsIt(t *testing.T) {
	t.Parallel()
	server := start(t, Options{NoDAV: true}, Account{Address: anna, Stored: password, QuotaKB: 2048})
	if server.DAV != "" {
		t.Errorf("DAV = %q without DAV", server.DAV)
	}
	imap := dialIMAP(t, server)
	ask(t, imap, `a LOGIN `+anna+` "`+password+`"`, "a OK")
	_, got := ask(t, imap, `b LIST "" * RETURN (SPECIAL-USE SUBSCRIBED)`, "b OK")
	for _, want := range []string{`* LIST (\Subscribed) "." INBOX.Sent`, `* LIST (\Subscribed) "." INBOX.Drafts`,
		`* LIST (\Subscribed) "." INBOX.Trash`, `* LIST (\Subscribed) "." INBOX.Spam`} {
		if !strings.Contains(got, want) {
			t.Errorf("LIST lacks %s:\n%s", want, got)
		}
	}
	if _, got := ask(t, imap, "c GETQUOTAROOT INBOX", "c OK"); !strings.Contains(got, "(STORAGE 0 2048)") {
		t.Errorf("GETQUOTAROOT: %s", got)
	}
	ask(t, imap, "d APPEND INBOX.Sent {14+}\r\nSubject: x\r\n\r\n", "d OK")
	mails, err := filepath.Glob(server.MailDir(anna) + ".Sent/*/*W=14*")
	if err != nil || len(mails) != 1 {
		t.Errorf("files in .Sent: %v %v", mails, err)
	}
}

func TestMailDir_twoLetters(t *testing.T) {
	t.Parallel()
	server := start(t, Options{NoDAV: true}, Account{Address: "t1@example.test", Stored: "x"})
	for account, want := range map[string]string{
		"Test@x": "t/e/test@x/", "t1@example.test": "t/other/t1@example.test/", "1a@x": "other/other/1a@x/",
	} {
		if got := server.MailDir(account); !strings.HasSuffix(got, "/mail/"+want) {
			t.Errorf("MailDir(%s) = %s, want it to end in %s", account, got, want)
		}
	}
	info, err := os.Stat(server.MailDir("t1@example.test") + "cur")
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("cur: %v %v", info, err)
	}
}

func TestServices_answer(t *testing.T) {
	t.Parallel()
	server := start(t, Options{NoDAV: true}, Account{Address: anna, Stored: password})
	config := server.lab.ClientTLS("mail.example.test")
	pop, err := lab.Dial(t.Context(), server.POP3S, config)
	if err != nil {
		t.Fatal(err)
	}
	defer pop.Close()
	ask(t, pop, "USER "+anna, "+OK")
	ask(t, pop, "PASS "+password, "+OK Logged in")
	lmtp, err := lab.Dial(t.Context(), server.LMTP, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer lmtp.Close()
	for _, talk := range [][2]string{
		{"LHLO x", "250 "}, {"MAIL FROM:<>", "250"}, {"RCPT TO:<" + anna + ">", "250"}, {"DATA", "354"},
		{"Subject: x\r\n\r\nhello\r\n.", "250 2.0.0 <" + anna + ">"}, {"RCPT TO:<nobody@example.test>", "5"},
	} {
		ask(t, lmtp, talk[0], talk[1])
	}
	sieve, err := lab.Dial(t.Context(), server.Sieve, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer sieve.Close()
	if lines, err := sieve.Hear("OK"); err != nil || !strings.Contains(strings.Join(lines, "\n"), `"SIEVE"`) {
		t.Errorf("ManageSieve says %q %v", lines, err)
	}
	imap, err := lab.Dial(t.Context(), server.IMAP, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer imap.Close()
	ask(t, imap, "a STARTTLS", "a OK")
	if err := imap.StartTLS(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	ask(t, imap, `b LOGIN `+anna+` "`+password+`"`, "b OK")
	if _, got := ask(t, imap, "c STATUS INBOX (MESSAGES)", "c OK"); !strings.Contains(got, "MESSAGES 1") {
		t.Errorf("after one delivery: %s", got)
	}
}

func propfind(t *testing.T, server *Server, path, user, password string) int {
	t.Helper()
	return request(t, "PROPFIND", server.DAV+path, user, password, "")
}

// request returns the status of the answer.
func request(t *testing.T, method, url, user, password, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(user, password)
	request.Header.Set("Depth", "1")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

func TestDAV_homesAndPrincipal(t *testing.T) {
	t.Parallel()
	server := start(t, Options{}, Account{Address: anna, Stored: password}, Account{Address: "bob@example.test", Stored: password})
	for _, path := range []string{"", "principals/users/" + anna + "/", "calendars/" + anna + "/default/", "addressbooks/" + anna + "/default/"} {
		if got := propfind(t, server, path, anna, password); got != http.StatusMultiStatus {
			t.Errorf("PROPFIND of /%s: %d", path, got)
		}
	}
	event := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20200101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	card := "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:x\r\nEND:VCARD\r\n"
	for _, test := range []struct {
		path, body string
		want       int
	}{
		{"calendars/" + anna + "/default/1.ics", event, http.StatusCreated},
		{"addressbooks/" + anna + "/default/1.vcf", card, http.StatusCreated},
		{"calendars/bob@example.test/default/1.ics", event, http.StatusForbidden},
	} {
		if got := request(t, http.MethodPut, server.DAV+test.path, anna, password, test.body); got != test.want {
			t.Errorf("PUT /%s: %d, want %d", test.path, got, test.want)
		}
	}
	var stored int
	if err := server.DB().QueryRow("SELECT COUNT(*) FROM calendarObjects JOIN cards").Scan(&stored); err != nil || stored != 1 {
		t.Errorf("rows after two PUTs: %d %v", stored, err)
	}
}

func TestDAV_digest(t *testing.T) {
	t.Parallel()
	server := start(t, Options{Digest: true}, Account{Address: anna, Stored: md5Hex("geheim"), Clear: "geheim"})
	answer, err := http.Get(server.DAV)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	challenge := answer.Header.Get("WWW-Authenticate")
	if !strings.HasPrefix(challenge, `Digest realm="SabreDAV"`) {
		t.Errorf("challenge: %s", challenge)
	}
	var stored string
	err = server.DB().QueryRow("SELECT digesta1 FROM users WHERE username = ?", anna).Scan(&stored)
	if want := md5Hex(anna + ":SabreDAV:geheim"); err != nil || stored != want {
		t.Errorf("digesta1 = %q %v, want %q", stored, err, want)
	}
}

func TestReader_readsAndCannotWrite(t *testing.T) {
	t.Parallel()
	server := start(t, Options{NoDAV: true}, Account{Address: anna, Stored: password, FirstName: "Anna", LastName: "Ärger"})
	reader, err := sql.Open("mysql", server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var first, last, stored string
	err = reader.QueryRow("SELECT UserFirstName, UserLastName, Password FROM UserSession JOIN Abook USING (Account) WHERE "+
		"UserEmail = Account").Scan(&first, &last, &stored)
	if err != nil || first != "Anna" || last != "Ärger" || stored != password {
		t.Errorf("read %q %q %q %v", first, last, stored, err)
	}
	for _, statement := range []string{"UPDATE Users SET UserStatus = 1", "DELETE FROM Users", "CREATE TABLE x (a INT)", "SELECT * FROM mysql.user"} {
		if _, err := reader.Exec(statement); err == nil || !strings.Contains(err.Error(), "denied") {
			t.Errorf("%s: %v, want it denied", statement, err)
		}
	}
}

func TestWithout_leavesTablesOut(t *testing.T) {
	t.Parallel()
	server := start(t, Options{Without: []string{"Groups", "Abook", "calendarObjects"}, SQLMode: "STRICT_ALL_TABLES"},
		Account{Address: anna, Stored: password, FirstName: "Anna"})
	rows, err := server.DB().Query("SHOW TABLES")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, table)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(tables, "Groups") || slices.Contains(tables, "Abook") || !slices.Contains(tables, "Users") {
		t.Errorf("tables: %q", tables)
	}
	if _, err := server.Exec(t.Context(), "auth", "test", anna, password); err != nil {
		t.Errorf("login without Groups: %v", err)
	}
	if got := propfind(t, server, "addressbooks/"+anna+"/", anna, password); got != http.StatusMultiStatus {
		t.Errorf("PROPFIND without Groups: %d", got)
	}
}

func TestClose_leavesNothingRunning(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	if _, err := Start(l, Options{}); err != nil {
		t.Fatal(err)
	}
	if got := mentions(t, l.Dir()); got < 3 {
		t.Errorf("%d processes of the lab before Close, want at least 3", got)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got := mentions(t, l.Dir()); got != 0 {
		t.Errorf("%d processes of the lab after Close", got)
	}
}

// mentions counts the processes whose command line names the folder.
func mentions(t *testing.T, dir string) int {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, path := range paths {
		if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), dir) {
			count++
		}
	}
	return count
}
