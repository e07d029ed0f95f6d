// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rehome"
)

func TestReadPOPUsers(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "maillog")
	text := "Nov 23 10:00:00 mail dovecot: pop3-login: Info: Login: user=<Klaus@example.test>, method=PLAIN, rip=192.0.2.7\n" +
		"Nov 23 10:00:01 mail dovecot: imap-login: Info: Login: user=<anna@example.test>, method=PLAIN\n" +
		"Nov 23 10:00:02 mail dovecot: pop3-login: Info: Disconnected (auth failed): user=<bjorn@example.test>\n" +
		"Nov 23 10:00:03 mail dovecot: pop3-login: Login: user=<klaus@example.test>, method=PLAIN\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadPOPUsers([]string{file}); err != nil || !slices.Equal(got, []string{"klaus@example.test"}) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := ReadPOPUsers(nil); err != nil || got != nil {
		t.Errorf("without logs: got %v, %v, want nothing known", got, err)
	}
	if _, err := ReadPOPUsers([]string{file + ".1"}); rehome.HintOf(err) == "" {
		t.Errorf("got %v, want a hint", err)
	}
}
