// SPDX-License-Identifier: Apache-2.0

// Package screencost measures what the screen of a move costs that has many accounts, on a ledger of each kind: each page, and browsers
// that watch. "make screen-cost" does it with 300,000 accounts and 50 browsers, and prints the table of docs/screen.md; the test of
// every day has few of both, and proves that what is measured is what is shown.
package screencost

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/config"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/verify"
	"rehome/internal/web"
	"rehome/lab"
	"rehome/lab/postgres"
)

// goal is what a page may cost of one processor where everything is measured.
const goal = 300 * time.Millisecond

const password = "a sentence that is long"

// page is one that is asked for, and words that have to be on it.
type page struct{ name, path, want string }

func pages(accounts int) []page {
	last := address(accounts - 1)
	return []page{
		{"the move", "/", "Accounts equal"},
		{"its figures, looked at for all who watch", look, ""},
		{"accounts", "/accounts", address(0)},
		{"accounts, the last page", "/accounts?after=" + url.QueryEscape(address(accounts-3)), last},
		{"state: blocked", "/accounts?state=blocked", address(0)},
		{"state: copied", "/accounts?state=pre_staged", address(1)},
		{"equal", "/accounts?verdict=equal", address(1)},
		{"differs", "/accounts?verdict=differs", address(7)},
		{"unknown", "/accounts?verdict=unknown", address(11)},
		{"never verified", "/accounts?verdict=none", address(compared(accounts))},
		{"with trouble", "/accounts?trouble=on", address(0)},
		{"a part of an address", "/accounts?part=" + url.QueryEscape(strings.Split(last, "@")[0]), last},
		{"a part that none has", "/accounts?part=nobody", "No account fits"},
		{"an account", "/accounts/" + last, last},
		{"open differences", "/differences", address(197)},
		{"findings", "/findings", "message refused"},
		{"audit log", "/audit", "Audit log"},
		{"throughput", "/speed", "Throughput"},
	}
}

// address is that of an account; they are in alphabetical order.
func address(i int) string { return fmt.Sprintf("u%d@example.test", 1_000_000+i) }

// compared is how many of the accounts were.
func compared(accounts int) int { return accounts - max(accounts/1000, 1) }

// differing is what was found of an account of which twenty messages are missing.
func differing(t *testing.T) []byte {
	t.Helper()
	mail := verify.Mail{}
	for i := range 20 {
		mail.Differences = append(mail.Differences, verify.Difference{
			Kind: verify.MissingMessage, Mailbox: "INBOX", Object: fmt.Sprintf("<%d@example.test>", i), UID: uint32(i + 1),
			Sentence: fmt.Sprintf("INBOX: the message with UID %d is not at the destination", i+1),
		})
	}
	result, err := json.Marshal(verify.Account{Verdict: verify.Differs, Mail: &mail})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// fill writes as many accounts as there are to be, in the words of both databases: a thousandth is blocked, a seventh differs or could not
// be compared, and the last thousandth was never compared.
func fill(t *testing.T, driver, source string, accounts int) {
	t.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all := fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		SELECT 'u' || (1000000 + i) || '@example.test' AS address, i FROM n`, accounts-1)
	never := compared(accounts)
	parameter := map[string]func(int) string{
		"sqlite": func(i int) string { return fmt.Sprint("?", i) }, "pgx": func(i int) string { return fmt.Sprintf("$%d::bytea", i) },
	}[driver]
	for _, fill := range []struct {
		sentence string
		values   []any
	}{
		{`INSERT INTO accounts (address, state, pass, mailboxes, messages, octets, copied, failed, started_unix, finished_unix, compared)
			SELECT address, CASE WHEN i % 1000 = 0 THEN 'blocked' ELSE 'pre_staged' END, 'delta', 20, 4000, 300000000, 4000,
			CASE WHEN i % 1000 = 1 THEN 1 ELSE 0 END, 1700000000, 1700000100, CASE WHEN i < ` + strconv.Itoa(never) + ` THEN 1 ELSE 0 END
			FROM (` + all + `) x`, nil},
		{`INSERT INTO verifications (address, level, verdict, result, verified_unix) SELECT address, 'full',
			CASE WHEN i % 10 = 7 THEN 'differs' WHEN i % 25 = 11 THEN 'unknown' ELSE 'equal' END,
			CASE WHEN i % 10 = 7 THEN ` + parameter(1) + ` ELSE ` + parameter(2) + ` END, 1700000200
			FROM (` + all + `) x WHERE i < ` + strconv.Itoa(never), []any{differing(t), []byte("{}")}},
		{`INSERT INTO findings (address, code, object, severity, sentence, next_step, origin, updated_unix)
			SELECT address, 'message_refused', 'INBOX uid 7', 'error', 'it is too large', 'raise the limit', 'mail', 1700000100
			FROM (` + all + `) x WHERE i % 10 = 7`, nil},
	} {
		if _, err := db.Exec(fill.sentence, fill.values...); err != nil {
			t.Fatal(err)
		}
	}
	if driver == "pgx" { // as its own keeper does a minute later
		if _, err := db.Exec("ANALYZE"); err != nil {
			t.Fatal(err)
		}
	}
}

// stand is a screen of a move, with somebody who has signed in.
type stand struct {
	t      *testing.T
	move   *journey.Move
	file   string
	server *httptest.Server
	client *http.Client
	used   func() time.Duration // by this process and the database
}

// open makes a move with a store. source is how the database's own driver calls that.
func open(t *testing.T, store, driver, source string, accounts int, used func() time.Duration) *stand {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rehome.yaml")
	text := "organisation: Example\nstore: \"" + store + "\"\nsource: {kind: imap, imap: {address: 'old.example.test:993'}}\n" +
		"destination: {kind: imap, imap: {address: 'new.example.test:993'}}\nroster: people.csv\n"
	settings, err := config.Parse(file, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	move := journey.New(settings, "test", rehome.Logger(nil))
	t.Cleanup(func() { _ = move.Close() })
	if _, err := move.SetOperator(t.Context(), "anna", ledger.RoleLook, rehome.NewSecret(password)); err != nil {
		t.Fatal(err)
	}
	fill(t, driver, source, accounts)
	screen := web.New(move, web.Options{File: file, Hosts: []string{"127.0.0.1"}, Log: rehome.Logger(nil), Words: web.Words{
		Planned: func(journey.Planned) string { return "" }, Synced: func(journey.Synced) string { return "" },
		Verified: func(verify.Document) string { return "" }, Progress: func(conductor.Snapshot) string { return "" },
	}})
	s := &stand{t: t, move: move, file: file, server: httptest.NewServer(screen), used: used}
	t.Cleanup(func() {
		s.server.CloseClientConnections()
		screen.Close()
		s.server.Close()
	})
	s.client = s.signIn()
	return s
}

// signIn is a browser that has signed in.
func (s *stand) signIn() *http.Client {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{}}
	s.t.Cleanup(client.CloseIdleConnections)
	response, err := client.PostForm(s.server.URL+"/sign-in", url.Values{"name": {"anna"}, "password": {password}})
	if err != nil {
		s.t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		s.t.Fatalf("signing in: %d", response.StatusCode)
	}
	return client
}

// look is what is done again and again while somebody watches, for all who do.
const look = "(the look of those who watch)"

// get asks for a page.
func (s *stand) get(p page) (octets int) {
	s.t.Helper()
	if p.path == look {
		if _, err := s.move.Overview(s.t.Context(), s.file); err != nil {
			s.t.Error(err)
		}
		return 0
	}
	response, err := s.client.Get(s.server.URL + p.path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(p.want)) {
		s.t.Errorf("%s: %d, %v, %q is there: %v", p.path, response.StatusCode, err, p.want, bytes.Contains(body, []byte(p.want)))
	}
	return len(body)
}

// cost is the median of what a page costs.
func (s *stand) cost(p page) (cpu, wall time.Duration, octets int) {
	const times = 5
	var cpus, walls []time.Duration
	for range times {
		before, began := s.used(), time.Now()
		octets = s.get(p)
		cpus, walls = append(cpus, s.used()-before), append(walls, time.Since(began))
	}
	slices.Sort(cpus)
	slices.Sort(walls)
	return cpus[times/2], walls[times/2], octets
}

// watch opens browsers that watch the move, and returns what each takes of memory, and the share of one processor that all take together.
func (s *stand) watch(browsers int, long time.Duration) (each int64, share float64) {
	s.t.Helper()
	before := heap()
	for i := range browsers {
		client := &http.Client{Jar: s.client.Jar, Transport: &http.Transport{}} // a connection of its own
		s.t.Cleanup(client.CloseIdleConnections)
		response, err := client.Get(s.server.URL + []string{"/live", "/desk/live"}[i%2])
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { _ = response.Body.Close() })
		if _, err := bufio.NewReader(response.Body).ReadString('\n'); err != nil {
			s.t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, response.Body) }() // until the end
	}
	each = (heap() - before) / int64(browsers)
	used, began := s.used(), time.Now()
	time.Sleep(long)
	return each, float64(s.used()-used) / float64(time.Since(began))
}

// heap is what is in use on it, both of the screen and of the browsers, which are in this process too.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// own is the time that this process has used.
func own() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// many are the accounts and browsers: few, or those of the environment.
func many(t *testing.T) (accounts, browsers int, long time.Duration, full bool) {
	t.Helper()
	text, full := os.LookupEnv("REHOME_ACCOUNTS")
	if !full {
		return 1500, 4, 0, false
	}
	accounts, err := strconv.Atoi(text)
	if err != nil || accounts < 1500 {
		t.Fatalf("REHOME_ACCOUNTS=%s: want a number from 1500", text)
	}
	return accounts, 50, 30 * time.Second, true
}

func TestCost_ofTheScreen(t *testing.T) {
	accounts, browsers, long, full := many(t)
	server, err := postgres.Start(lab.Open(t), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rehome.db")
	table := fmt.Sprintf("%d accounts\n| page | SQLite | PostgreSQL | octets |\n|---|---|---|---|\n", accounts)
	stands := []*stand{
		open(t, file, "sqlite", file, accounts, own),
		open(t, server.Address("postgres"), "pgx", server.Address("postgres"), accounts, func() time.Duration { return own() + server.Used() }),
	}
	for _, p := range pages(accounts) {
		row, size := "", 0
		for _, s := range stands {
			cpu, wall, octets := s.cost(p)
			if size = octets; octets > 200_000 {
				t.Errorf("%s has %d octets", p.path, octets)
			}
			if full && cpu > goal && p.path != look { // nobody waits for that one
				t.Errorf("%s takes %s of a processor", p.path, cpu)
			}
			row += fmt.Sprintf(" %d ms (%d) |", cpu.Milliseconds(), wall.Milliseconds())
		}
		table += fmt.Sprintf("| %s |%s %d |\n", p.name, row, size)
	}
	for i, s := range stands {
		each, share := s.watch(browsers, long)
		table += fmt.Sprintf("%s: %d browsers that watch take %d kB each, and together %.1f %% of a processor\n",
			[]string{"SQLite", "PostgreSQL"}[i], browsers, each/1000, share*100)
		if each > 2_000_000 {
			t.Errorf("a browser that watches takes %d octets", each)
		}
	}
	t.Log("\n" + table)
}
