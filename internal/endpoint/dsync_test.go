// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"testing"
	"time"

	"rehome"
	"rehome/internal/protocol"
	"rehome/lab"
	"rehome/lab/dovecot"
)

// What stands in the way of a conversation has the class that its mending asks for.
func TestDsync_open(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	server, err := dovecot.Start(l, dovecot.Options{Doveadm: true, Accounts: []dovecot.Account{{Address: "anna@example.test", Password: "p"}}})
	if err != nil {
		t.Fatal(err)
	}
	command := func(words ...string) []string {
		return append([]string{"doveadm", "-c", server.ConfigFile()}, words...)
	}
	for name, test := range map[string]struct {
		settings DsyncSettings
		account  string
		class    rehome.Class
	}{
		"port":           {DsyncSettings{Address: server.DoveadmTCP, Password: rehome.NewSecret(server.DoveadmPassword)}, "anna@example.test", ""},
		"command":        {DsyncSettings{Command: command("dsync-server", "-u", "{user}")}, "anna@example.test", ""},
		"wrong password": {DsyncSettings{Address: server.DoveadmTCP, Password: rehome.NewSecret("x")}, "anna@example.test", rehome.ClassAuth},
		"nobody": {DsyncSettings{Address: server.DoveadmTCP, Password: rehome.NewSecret(server.DoveadmPassword)}, "nobody@example.test",
			rehome.ClassOperator},
		"not doveadm":         {DsyncSettings{Address: server.IMAP}, "anna@example.test", rehome.ClassUntrusted},
		"nothing there":       {DsyncSettings{Address: "127.0.0.1:1"}, "anna@example.test", rehome.ClassTemporary},
		"no such program":     {DsyncSettings{Command: []string{"/does/not/exist"}}, "anna@example.test", rehome.ClassTemporary},
		"name of a shell":     {DsyncSettings{Command: command("dsync-server", "-u", "{user}")}, "$(id)@example.test", rehome.ClassOperator},
		"name of an option":   {DsyncSettings{Command: command("dsync-server", "-u{user}")}, "-x@example.test", rehome.ClassOperator},
		"program that leaves": {DsyncSettings{Command: []string{"false"}}, "anna@example.test", rehome.ClassTemporary},
	} {
		test.settings.Host = NewHost(HostSettings{Side: rehome.Destination})
		test.settings.Security, test.settings.Timeout = protocol.NoTLS, 20*time.Second
		session, err := NewDsync(test.settings).Open(t.Context(), rehome.Account{Address: test.account}, "")
		if rehome.ClassOf(err) != test.class && (err != nil || test.class != "") {
			t.Errorf("%s: got class %s, %v, want %s", name, rehome.ClassOf(err), err, test.class)
		}
		if err == nil {
			if _, _, err := session.Tree(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			session.Close()
			session.Close()
		}
	}
}
