// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
	got, err := ReadPOPLog(t.Context(), []string{file})
	if err != nil || !slices.Equal(got.Names, []string{"klaus@example.test", "lena"}) || got.Read.POPLogins != 3 || got.Read.Logins != 5 ||
		got.Days() != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := ReadPOPLog(t.Context(), nil); err != nil || got != nil {
		t.Errorf("without logs: got %v, %v, want nothing known", got, err)
	}
	if _, err := ReadPOPLog(t.Context(), []string{file + ".1"}); rehome.HintOf(err) == "" {
		t.Errorf("got %v, want a hint", err)
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
		got, err := ReadPOPLog(t.Context(), []string{file})
		if c.want == "" && (err != nil || got == nil || len(got.Names) > 0) {
			t.Errorf("%s: got %+v, %v, want nobody", name, got, err)
		}
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || rehome.HintOf(err) == "") {
			t.Errorf("%s: got %v, want %s in it, and a hint", name, err, c.want)
		}
	}
	if _, err := ReadPOPLog(t.Context(), []string{filepath.Join(dir, "imap"), filepath.Join(dir, "odd")}); err == nil {
		t.Error("one of two was not understood: got no error")
	}
}
