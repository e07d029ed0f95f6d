// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/operator"
)

// Two ledgers, two processes, one destination, started at the same moment: they cannot know of each other. At
// most one of them goes on; the others say why they stopped, and in the end each message is there once.
func TestRivals_startedAtOnce(t *testing.T) {
	t.Parallel()
	rounds := fromEnvironment(t, soakVariable, 2)
	for _, layout := range []string{dovecot.Sdbox, dovecot.Maildir} {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			for round := range rounds {
				t.Run(fmt.Sprint(round), func(t *testing.T) {
					stopped := 0
					ms := rivals(t, dovecot.Options{Name: "dst", Layout: layout, Separator: "/"})
					for _, o := range together(t, ms) {
						switch {
						case o.Code == 0:
						case o.Code >= 5 && strings.Contains(o.Out+o.Err, "another rehome, or another tool"):
							stopped++
						case o.Code >= 5 && strings.Contains(o.Out+o.Err, "already exists"): // both have made a mailbox
							stopped++
						default:
							t.Errorf("exit code %d\n%s%s", o.Code, o.Out, o.Err)
						}
					}
					t.Logf("%d of %d stopped", stopped, len(ms))
					for _, m := range ms { // one after the other now
						m.Want(t, 0, "sync")
					}
					ms[0].wantEqual(rivalMessages)
				})
			}
		})
	}
}

// Without UIDPLUS nobody can tell whose copy is whose: what has doubled before that was noticed stays, is little,
// and is named.
func TestRivals_withoutUIDPLUS(t *testing.T) {
	t.Parallel()
	ms := rivals(t, dovecot.Options{
		Name: "dst", Layout: dovecot.Maildir, Separator: "/", Extra: "imap_capability = IMAP4rev1 LITERAL+ MULTIAPPEND NAMESPACE\n",
	})
	named := false
	for _, o := range together(t, ms) {
		named = named || strings.Contains(o.Out, "one copy too many")
	}
	for _, m := range ms {
		m.Want(t, 0, "sync")
	}
	total := 0
	for _, a := range operator.Decode[operator.Verified](t, ms[0].Run(t, "verify", "--json")).Accounts {
		total += a.Mail.Destination.Messages
	}
	double := total - rivalMessages
	t.Logf("%d messages are there twice, named: %v", double, named)
	if double < 0 || double > 100*len(rivalBoxes) || double > 0 && !named {
		t.Errorf("%d messages are there twice, named: %v", double, named)
	}
}

// rivalBoxes and rivalMessages are what each of the accounts of rivals holds.
var rivalBoxes = []string{"INBOX", "Work", "Lists"}

const rivalMessages = 3 * 700

// rivals prepares two moves of the same account between the same servers.
func rivals(t *testing.T, dst dovecot.Options) []move {
	t.Helper()
	l := lab.Open(t)
	from := startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX.", Extra: "mail_fsync = never\n"}, person)
	to := startDovecot(t, l, dst, person)
	u := from.logIn(t, person)
	u.fill("INBOX", letters(700, 3000, "inbox")...)
	for _, box := range rivalBoxes[1:] {
		u.fill(from.name(box), letters(700, 2000, box)...)
	}
	var ms []move
	for range 2 {
		ms = append(ms, prepare(t, l, from, to, shortSettle, person))
	}
	return ms
}

// together runs sync in all moves at the same moment.
func together(t *testing.T, ms []move) []operator.Outcome {
	outcomes := make([]operator.Outcome, len(ms))
	var all sync.WaitGroup
	for i, m := range ms {
		all.Go(func() { outcomes[i] = m.Run(t, "sync") })
	}
	all.Wait()
	return outcomes
}
