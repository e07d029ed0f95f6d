// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"rehome/internal/protocol"
	"rehome/internal/protocol/dsync"
	"rehome/lab"
	"rehome/lab/dovecot"
)

func TestMailLine_lastingProcessesServeSeveralConnections(t *testing.T) {
	t.Parallel()
	for _, version := range []string{dovecot.V23, dovecot.V24} {
		for _, lasting := range []bool{false, true} {
			s := openScene(t, mailLine{version: version, layout: dovecot.Mdbox, lasting: lasting})
			var imap, doveadm [2]string
			for i := range imap {
				imap[i] = logInOnce(t, s, i+1)
				doveadm[i] = converseOnce(t, s)
				awaitEnd(t, s, !lasting)
			}
			if same := imap[0] == imap[1]; same != lasting {
				t.Errorf("Dovecot %s, lasting %v: log-ins were served by processes %s", version, lasting, imap)
			}
			if same := doveadm[0] == doveadm[1]; same != lasting {
				t.Errorf("Dovecot %s, lasting %v: conversations were served by processes %s", version, lasting, doveadm)
			}
		}
	}
}

const lastingAccount = "anna@example.test"

func openScene(t *testing.T, line mailLine) *mailScene {
	t.Helper()
	dir, err := os.MkdirTemp("", "lasting-") // t.TempDir is too long for sockets, and closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := lab.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &mailScene{line: line, lab: l}
	s.server[destination], err = dovecot.Start(l, dovecot.Options{Version: line.version, Layout: line.layout, Separator: "/", ProcessEach: true,
		Accounts: []dovecot.Account{{Address: lastingAccount, Password: password}}, Doveadm: true, Extra: line.extra()})
	if err != nil {
		t.Fatal(err)
	}
	if s.groups[destination], err = masterOf(s.server[destination]); err != nil {
		t.Fatal(err)
	}
	return s
}

var mailProcess = regexp.MustCompile(`mpid=(\d+)`)

// logInOnce returns which process served the log-in, which is the nth.
func logInOnce(t *testing.T, s *mailScene, nth int) string {
	t.Helper()
	client, err := s.dial(t.Context(), s.direct(destination), lastingAccount)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		text, err := os.ReadFile(s.server[destination].LogFile())
		if err != nil {
			t.Fatal(err)
		}
		if found := mailProcess.FindAllStringSubmatch(string(text), -1); len(found) >= nth {
			return found[nth-1][1]
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the log does not tell of log-in %d", nth)
	return ""
}

// converseOnce has one conversation by dsync, and returns which process serves it.
func converseOnce(t *testing.T, s *mailScene) string {
	t.Helper()
	server := s.server[destination]
	stream, err := dsync.DialDoveadm(t.Context(), dsync.DoveadmOptions{
		Address: server.DoveadmTCP, Security: protocol.NoTLS, Password: server.DoveadmPassword, User: lastingAccount,
	})
	if err != nil {
		t.Fatal(err)
	}
	session, err := dsync.Begin(t.Context(), stream, dsync.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	_, separator, err := session.Tree(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	processes := doveadmServers(t, s)
	if len(processes) != 1 {
		t.Fatalf("got processes %s of doveadm, want one", processes)
	}
	if err := errors.Join(session.Apply(t.Context(), nil, separator), session.Finish(t.Context())); err != nil {
		t.Fatal(err)
	}
	return processes[0]
}

// awaitEnd waits until the process of a conversation is gone, if it goes.
func awaitEnd(t *testing.T, s *mailScene, goes bool) {
	t.Helper()
	for range 1000 {
		if !goes || len(doveadmServers(t, s)) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the process of a conversation that is over does not end")
}

func doveadmServers(t *testing.T, s *mailScene) (pids []string) {
	t.Helper()
	err := eachMember(s.groups[destination], func(pid int, _ time.Duration) error {
		command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil && strings.Contains(string(command), "doveadm-server") {
			pids = append(pids, strconv.Itoa(pid))
		}
		return nil // one that has ended meanwhile is none
	})
	if err != nil {
		t.Fatal(err)
	}
	return pids
}
