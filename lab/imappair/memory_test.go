// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/bench"
	"rehome/lab/dovecot"
	"rehome/lab/imappair"
	"rehome/lab/operator"
)

// peakMemory is what the whole process may need, whatever it moves.
const peakMemory int64 = 96 << 20

// Eight accounts at once with messages of 14 MB: no message is ever held as a whole, or these alone would be above the peak.
func TestMemory_eightAccountsOfLargeMessages(t *testing.T) {
	t.Parallel()
	const accounts, large = 8, 14_000_000
	var people []imappair.Person
	for i := range accounts {
		people = append(people, imappair.Person{Address: fmt.Sprintf("user%d@example.test", i), Password: password})
	}
	const hasty = "mail_fsync = never\n"
	l := lab.Open(t)
	src := startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX.", Extra: hasty}, people...)
	dst := startDovecot(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Sdbox, Separator: "/", Extra: hasty}, people...)
	body := strings.Repeat(strings.Repeat("x", 76)+"\r\n", large/78)
	messages := 0
	for i, p := range people {
		u := src.logIn(t, p)
		all := letters(200, 5000, "small")
		l := letters(1, 0, fmt.Sprintf("large %d", i))[0]
		l.text += body
		u.fill("INBOX", append(all, l)...)
		u.fill(u.name("More"), l)
		messages += len(all) + 2
	}
	m := prepare(t, l, src, dst, "", people...)
	for _, args := range [][]string{{"sync", "--json"}, {"verify", "--level", "full", "--json"}} {
		peak := m.peak(args...)
		t.Logf("rehome %s needed %d MiB", args[0], peak>>20)
		if peak > peakMemory {
			t.Errorf("rehome %s needed %d MiB, want at most %d", args[0], peak>>20, peakMemory>>20)
		}
	}
	m.wantEqual(messages)
	if n, adopted, failed := copied(operator.Answer[operator.Synced](t, m.Operator, 0, "sync")); n+adopted+failed != 0 {
		t.Errorf("a second pass copied %d, adopted %d, failed %d", n, adopted, failed)
	}
}

// peak runs a command line, which must end well, and returns the most memory that it had.
func (m move) peak(args ...string) int64 {
	m.t.Helper()
	command := m.Command(m.t.Context(), args...)
	var out bytes.Buffer
	command.Stdout = &out
	if err := command.Start(); err != nil {
		m.t.Fatal(err)
	}
	stop := bench.WatchPeak(command.Process.Pid)
	err := command.Wait()
	peak := stop()
	if err != nil {
		m.t.Fatalf("rehome %v: %v\n%.3000s", args, err, out.String())
	}
	return peak
}
