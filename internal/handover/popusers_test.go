// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
)

func TestReadPOPLog(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "maillog")
	text := "Nov 23 10:00:00 mail dovecot: pop3-login: Info: Login: user=<Klaus@example.test>, method=PLAIN, rip=192.0.2.7\n" +
		"Nov 23 10:00:01 mail dovecot: imap-login: Info: Login: user=<anna@example.test>, method=PLAIN\n" +
		"Nov 23 10:00:02 mail dovecot: pop3-login: Info: Disconnected (auth failed): user=<bjorn@example.test>\n" +
		"Nov 23 10:00:03 mail dovecot: pop3-login: Login: user=<klaus@example.test>, method=PLAIN\n" +
		"Nov 23 10:00:03 mail dovecot: pop3-login: Login: user=<lena>, method=PLAIN\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ReadPOPLog(t.Context(), []string{file}, nil)
	if err != nil || !slices.Equal(names(got), []string{"2 klaus@example.test", "1 lena"}) || got.Read.POPLogins != 3 || got.Read.Logins != 5 ||
		got.Days() != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := ReadPOPLog(t.Context(), nil, nil); err != nil || got != nil {
		t.Errorf("without logs: got %v, %v, want nothing known", got, err)
	}
	if _, err := ReadPOPLog(t.Context(), []string{file + ".1"}, nil); rehome.HintOf(err) == "" {
		t.Errorf("got %v, want a hint", err)
	}
}

func names(log *POPLog) (all []string) {
	for _, p := range log.Polls {
		all = append(all, fmt.Sprintf("%d %s", p.Logins, p.Name))
	}
	return all
}

// The list has what logs tell, now or earlier, and what the maildrops show.
func TestPopList(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 20, 23, 59, 0, 0, time.UTC)
	may := rehome.Services{POP3: true}
	accounts := []rehome.Account{{Address: "anna@a.test", Services: may}, {Address: "bob@a.test"}, {Address: "carl@a.test", Services: may}}
	dovecot := DropOf(7, []string{"0000000100000007", "0000000200000007"})
	drops := map[string]Drop{
		"anna@a.test": dovecot, "bob@a.test": DropOf(7, []string{"7-1", "1700000000.M1.mail"}),
		"carl@a.test": {Why: "the password is wrong"},
	}
	log := &POPLog{Polls: []Poll{{"anna", 2, day}, {"anna@a.test", 1, day.AddDate(0, 0, -3)}, {"bob", 1, time.Time{}}, {"nobody", 1, day}}}
	polls := ";\"uses POP3, according to the source's log\";"
	for name, c := range map[string]struct {
		log   *POPLog
		drops map[string]Drop
		want  []string
	}{
		"log and maildrops": {log, drops, []string{
			"anna@a.test" + polls + "2026-11-20;3;2;\"UID and UIDVALIDITY in hexadecimal digits, Dovecot's usual form\";" +
				"\"Dovecot: pop3_uidl_format = %08Xu%08Xv, Cyrus: uidl_format: dovecot\"",
			"bob@a.test" + polls + ";1;2;\"UIDVALIDITY, a hyphen and the UID, a form of Courier, 1 of another form\";" +
				"none: each identifier has to be stored with its message",
		}},
		"seen earlier": {nil, drops, []string{
			"anna@a.test;\"may use POP3; not known whether it does\";;;2;\"UID and UIDVALIDITY in hexadecimal digits, Dovecot's usual form\";" +
				"\"Dovecot: pop3_uidl_format = %08Xu%08Xv, Cyrus: uidl_format: dovecot\"",
			"carl@a.test" + polls + "2026-11-20;;;not known: the password is wrong;",
		}},
		"nobody has looked": {log, nil, []string{"anna@a.test" + polls + "2026-11-20;3;;not looked at;", "bob@a.test" + polls + ";1;;not looked at;"}},
	} {
		users, strangers := popUsers(accounts, c.log, map[string]time.Time{"carl@a.test": day})
		lines := strings.Split(strings.TrimSpace(string(popList(users, c.drops))), "\n")
		for i, line := range lines {
			lines[i] = strings.TrimSpace(line)
		}
		if !slices.Equal(lines[1:], c.want) || c.log != nil && !slices.Equal(strangers, []string{"nobody"}) {
			t.Errorf("%s: strangers %q, list\n%s\nwant\n%s", name, strangers, strings.Join(lines[1:], "\n"), strings.Join(c.want, "\n"))
		}
		if some := POPUsers(accounts, c.log, map[string]time.Time{"carl@a.test": day}); len(some) != len(users) || some[0].Address != users[0].address {
			t.Errorf("%s: the maildrops of %v are worth a look", name, some)
		}
	}
}

// Which setting makes the same identifiers is said only of forms that it makes.
func TestDropOf_settings(t *testing.T) {
	t.Parallel()
	for ids, want := range map[string]string{
		"7.1 7.2":                           "Dovecot: pop3_uidl_format = %v.%u, Cyrus: uidl_format: cyrus",
		"7-1 7-2":                           "Dovecot: pop3_uidl_format = %v-%u, Cyrus: uidl_format: courier",
		"1 2 9":                             "Dovecot: pop3_uidl_format = %u, Cyrus: uidl_format: uidonly",
		"0000000700000001 0000000700000002": "Dovecot: pop3_uidl_format = %08Xv%08Xu",
		"abc def":                           "none: each identifier has to be stored with its message",
	} {
		if d := DropOf(7, strings.Fields(ids)); d.settings() != want {
			t.Errorf("%s: got %q, want %q", ids, d.settings(), want)
		}
	}
}

// A log that cannot tell who polls does not make a bundle that says that nobody does.
func TestReadPOPLog_notKnownIsNotNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	imap := "Nov 23 10:00:01 mail dovecot: imap-login: Info: Login: user=<anna@example.test>, method=PLAIN\n"
	for name, c := range map[string]struct{ text, want string }{
		"mainlog": {"2026-11-20 10:00:01 1uXyZa-0003Kq-2f => anna@a.test R=r T=t\n", "tells of any login"},
		"odd":     {"20.11.2026;10:00;POP3;anna\n", "20.11.2026;10:00;POP3;anna"},
		"empty":   {"", "no line"},
		"torn.gz": {"\x1f\x8b", "torn.gz"},
		"imap":    {imap, ""}, // logins are logged here, and none is by POP3
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ReadPOPLog(t.Context(), []string{file}, nil)
		if c.want == "" && (err != nil || got == nil || len(got.Polls) > 0) {
			t.Errorf("%s: got %+v, %v, want nobody", name, got, err)
		}
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || rehome.HintOf(err) == "") {
			t.Errorf("%s: got %v, want %s in it, and a hint", name, err, c.want)
		}
	}
	if _, err := ReadPOPLog(t.Context(), []string{filepath.Join(dir, "imap"), filepath.Join(dir, "odd")}, nil); err == nil {
		t.Error("one of two was not understood: got no error")
	}
}
