// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/mailcopy"
	"rehome/internal/protocol"
	"rehome/internal/protocol/imap"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

// importer speaks dsync to the destination; nil where the test has not asked for it.
func (p *pair) importer() mailcopy.Importer {
	if p.dsync == "" {
		return nil
	}
	return endpoint.NewDsync(endpoint.DsyncSettings{
		Host: endpoint.NewHost(endpoint.HostSettings{Side: rehome.Destination}), Address: p.dsync, Security: protocol.NoTLS,
		Password: rehome.NewSecret(p.dst.DoveadmPassword), Timeout: 2 * time.Minute,
	})
}

// dsyncPair is a pair whose destination speaks dsync.
func dsyncPair(t *testing.T, layout string) *pair {
	t.Helper()
	dst := cloudDestination()
	dst.Layout, dst.Doveadm = layout, true
	p := newPair(t, atmailSource(), dst)
	p.dsync = p.dst.DoveadmTCP
	return p
}

// remove deletes messages of a mailbox.
func (p *pair) remove(server *dovecot.Server, mailbox string, uids ...imap.UID) {
	p.t.Helper()
	ctx := context.Background()
	c := p.client(server)
	defer p.logout(c)
	if _, err := c.Select(ctx, mailbox); err != nil {
		p.t.Fatal(err)
	}
	set := imap.NewUIDSet(uids...)
	if err := errors.Join(c.Store(ctx, set, imap.StoreAdd, []string{`\Deleted`}), c.Expunge(ctx, set)); err != nil {
		p.t.Fatal(err)
	}
}

// drop puts a message into the source's store as it is, which a server would not do, and returns its file.
func (p *pair) drop(folder, text string) (file string) {
	p.t.Helper()
	file = filepath.Join(p.src.MailRoot(address), folder, "new", "1000000000.M1P1.lab")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	uid, gid := p.src.Owner()
	if err := os.Chown(file, uid, gid); err != nil {
		p.t.Fatal(err)
	}
	return file
}

// A date that no mailbox keeps costs the date, and not the UID.
func TestUIDs_withoutADate(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Sdbox)
	p.fill(p.src, "INBOX.Old", letters(2, 300, "old")...)
	file := p.drop(".Old", "Subject: old\r\n\r\ntext\r\n")
	if old := time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC); os.Chtimes(file, old, old) != nil {
		t.Fatal("the file takes no date before 1970")
	}
	p.remove(p.src, "INBOX.Old", 1)
	total := p.sync()
	wantNoFinding(t, uidCodes, total.Findings)
	if !slices.ContainsFunc(total.Findings, func(f rehome.Finding) bool { return f.Code == "date_not_kept" }) {
		t.Errorf("no finding about the date in %v", total.Findings)
	}
	p.wantNumbers("INBOX.Old", "Old")
}

// numbers are UIDVALIDITY, UIDNEXT and the UIDs of a mailbox.
func (p *pair) numbers(server *dovecot.Server, mailbox string) string {
	p.t.Helper()
	ctx := context.Background()
	c := p.client(server)
	defer p.logout(c)
	box, err := c.Examine(ctx, mailbox)
	if err != nil {
		p.t.Fatal(err)
	}
	uids, err := c.SearchAll(ctx, 1)
	if err != nil {
		p.t.Fatal(err)
	}
	return fmt.Sprintf("UIDVALIDITY %d UIDNEXT %d UIDs %s", box.UIDValidity, box.UIDNext, uids)
}

// syncAtLast is sync behind connections that were cut: a server that is still busy with what it had got changes the mailbox while
// it is listed, and then a slice says so and the next one goes on, as the conductor has it.
func (p *pair) syncAtLast() (total passed) {
	p.t.Helper()
	var err error
	for range 5 {
		if total, err = p.trySync(p.engine()); err == nil {
			return total
		}
		if rehome.ClassOf(err) != rehome.ClassTemporary {
			break
		}
	}
	p.t.Fatalf("sync: %v", err)
	return total
}

func (p *pair) wantNumbers(srcName, dstName string) {
	p.t.Helper()
	if src, dst := p.numbers(p.src, srcName), p.numbers(p.dst, dstName); src != dst {
		p.t.Errorf("%s: %s, %s: %s", srcName, src, dstName, dst)
	}
}

func wantNoFinding(t *testing.T, codes []string, findings []rehome.Finding) {
	t.Helper()
	for _, f := range findings {
		if slices.Contains(codes, f.Code) {
			t.Errorf("finding %s: %s %s", f.Code, f.Object, f.Sentence)
		}
	}
}

var uidCodes = []string{"uids_not_kept", "last_octet_cut"}

func TestUIDs_areKept(t *testing.T) {
	t.Parallel()
	for _, layout := range []string{dovecot.Maildir, dovecot.Sdbox, dovecot.Mdbox} {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			p := dsyncPair(t, layout)
			p.fill(p.src, "INBOX", letters(40, 2000, "inbox")...)
			p.remove(p.src, "INBOX", 1, 2, 7, 20, 40)
			p.fill(p.src, "INBOX.Work.Ünï", letters(130, 500, "work")...)
			p.remove(p.src, "INBOX.Work.Ünï", 130)
			p.fill(p.src, "INBOX.Sent", letters(3, 500, "sent")...)
			p.fill(p.src, "INBOX.Empty", letters(2, 500, "empty")...)
			p.remove(p.src, "INBOX.Empty", 1, 2)
			check := func() {
				t.Helper()
				for src, dst := range map[string]string{"INBOX": "INBOX", "INBOX.Work.Ünï": "Work/Ünï", "INBOX.Sent": "Sent", "INBOX.Empty": "Empty"} {
					p.wantNumbers(src, dst)
					p.wantEqual(src, dst)
				}
			}
			total := p.sync()
			wantNoFinding(t, uidCodes, total.Findings)
			if total.Tally.Copied != 35+129+3 {
				t.Errorf("copied %d", total.Tally.Copied)
			}
			check()
			if again := p.sync(); again.Tally.Copied+again.Tally.Adopted != 0 {
				t.Errorf("the repeat copied %d and adopted %d", again.Tally.Copied, again.Tally.Adopted)
			}
			p.fill(p.src, "INBOX", letters(5, 700, "later")...)
			p.remove(p.src, "INBOX", 41, 45)
			if later := p.sync(); later.Tally.Copied != 3 {
				t.Errorf("the delta copied %d", later.Tally.Copied)
			}
			check()
			p.newLedger()
			if lost := p.sync(); lost.Tally.Copied != 0 {
				t.Errorf("without its ledger it copied %d", lost.Tally.Copied)
			}
			p.fill(p.src, "INBOX", letters(1, 700, "last")...)
			wantNoFinding(t, uidCodes, p.sync().Findings)
			check()
		})
	}
}

// What dsync cannot carry, and what the destination has already, is named; nothing of it is lost or touched.
func TestUIDs_thatCannotBeHad(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Sdbox)
	p.fill(p.src, "INBOX", letters(6, 500, "inbox")...)
	p.fill(p.src, "INBOX.Used", letters(3, 500, "used")...)
	p.fill(p.dst, "Used", letters(1, 500, "own")...)
	p.fill(p.src, "INBOX.Odd", letters(2, 300, "odd")...)
	p.drop(".Odd", "Subject: lone\r\n\r\nend\r")
	total := p.sync()
	if want := []string{"uids_not_kept INBOX.Used", "last_octet_cut INBOX.Odd"}; !sameFindings(total.Findings, want) {
		t.Errorf("got %v, want %q", total.Findings, want)
	}
	p.wantNumbers("INBOX", "INBOX")
	p.wantNumbers("INBOX.Odd", "Odd")
	if got := len(p.content(p.dst, "Used")); got != 4 {
		t.Errorf("Used has %d messages", got)
	}
	p.fill(p.dst, "INBOX", letters(2, 500, "stranger")...)
	p.fill(p.src, "INBOX", letters(4, 500, "later")...)
	total = p.sync()
	if want := []string{"uids_not_kept INBOX"}; total.Tally.Copied != 4 || !sameFindings(total.Findings, want) {
		t.Errorf("copied %d, got %v, want %q", total.Tally.Copied, total.Findings, want)
	}
	if got := p.numbers(p.dst, "INBOX"); !strings.HasSuffix(got, "UIDs 1:12") {
		t.Errorf("INBOX has %s", got)
	}
	if got := p.sync(); got.Tally.Copied+got.Tally.Adopted != 0 {
		t.Errorf("the repeat copied %d and adopted %d", got.Tally.Copied, got.Tally.Adopted)
	}
}

func sameFindings(findings []rehome.Finding, want []string) bool {
	var got []string
	for _, f := range findings {
		if slices.Contains(uidCodes, f.Code) {
			got = append(got, f.Code+" "+f.Object)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	return slices.Equal(got, want)
}

// Cut anywhere and repeated: all of it is there once, with its UIDs.
func TestUIDs_cutAnywhere(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Mdbox)
	proxy, err := faultproxy.New(p.dst.DoveadmTCP)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	p.dsync = proxy.Addr()
	p.fill(p.src, "INBOX", letters(400, 600, "inbox")...)
	p.remove(p.src, "INBOX", 3, 200, 399)
	for _, cut := range []int64{400, 20_000, 90_000, 190_000} {
		proxy.Plan(func(int) *faultproxy.Faults {
			return &faultproxy.Faults{ToServer: faultproxy.Fault{CutAfter: cut, End: faultproxy.End(cut / 10_000 % 2)}}
		})
		if _, err := p.trySync(p.engine()); err == nil {
			t.Errorf("cut %d: no error", cut)
		}
	}
	proxy.Plan(nil)
	wantNoFinding(t, uidCodes, p.syncAtLast().Findings)
	p.wantNumbers("INBOX", "INBOX")
	p.wantEqual("INBOX", "INBOX")
}
