// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"rehome"
	"rehome/internal/mailcopy"
	"rehome/lab/dovecot"
)

// Messages that the source's disk has damaged end the connection each time they are asked for. They
// stop neither their mailbox nor each other, and are named.
func TestSync_damagedMessagesAtTheSource(t *testing.T) {
	t.Parallel()
	p := newPair(t, dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}, dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"})
	p.fill(p.src, "INBOX", letters(300, 2000, "a")...)
	for _, uid := range []int{17, 18, 230} {
		file := filepath.Join(p.src.MailRoot(address), "mailboxes", "INBOX", "dbox-Mails", "u."+strconv.Itoa(uid))
		if err := os.Truncate(file, 60); err != nil {
			t.Fatal(err)
		}
	}
	engine, started := p.engine(), time.Now()
	var total mailcopy.Result
	for slices := 0; ; slices++ {
		r, err := engine.RunSlice(t.Context(), account, started, mailcopy.DefaultBudget)
		total.Tally.Add(r.Tally)
		total.Findings = append(total.Findings, r.Findings...)
		if err == nil && !r.More {
			break
		}
		if err != nil && (rehome.ClassOf(err) != rehome.ClassTemporary || !r.Advanced) || slices > 20 {
			t.Fatalf("slice %d: advanced %v: %v", slices, r.Advanced, err)
		}
	}
	if total.Tally.Copied != 297 || total.Tally.Failed != 3 {
		t.Errorf("%+v, want 297 copied and 3 failed", total.Tally)
	}
	unreadable := 0
	for _, f := range total.Findings {
		if f.Code == "message_unreadable" {
			unreadable++
		}
	}
	if unreadable != 3 {
		t.Errorf("%d findings of unreadable messages: %v", unreadable, total.Findings)
	}
}
