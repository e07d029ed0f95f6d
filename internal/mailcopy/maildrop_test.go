// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"context"
	"errors"
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
)

// drops is a POP3 service that is entered with a password of one's own choice.
type drops struct {
	*endpoint.POP3
	password string
}

func (d drops) Open(ctx context.Context, account rehome.Account) (*endpoint.POP3Session, error) {
	account.SourcePassword = rehome.NewSecret(d.password)
	return d.POP3.Open(ctx, account)
}

func dropsAt(server *dovecot.Server, password string) mailcopy.Maildrop {
	return drops{endpoint.NewPOP3(endpoint.ServiceSettings{Host: endpoint.NewHost(endpoint.HostSettings{Side: rehome.Source}), Address: server.POP3,
		Security: protocol.NoTLS, Timeout: time.Minute}), password}
}

// identifiers are what POP3 shows of the account.
func (p *pair) identifiers(server *dovecot.Server) (ids []string) {
	p.t.Helper()
	session, err := dropsAt(server, password).Open(p.t.Context(), rehome.Account{Address: address})
	if err != nil {
		p.t.Fatal(err)
	}
	defer session.Close()
	all, err := session.UIDL(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, u := range all {
		ids = append(ids, u.ID)
	}
	return ids
}

// A maildrop that hides some of the INBOX, has identifiers of its own, and loses and gets messages between the passes: what it has
// shown keeps its identifier and place; and what it hides is counted and stands behind.
func TestMaildrop_hidesMessages(t *testing.T) {
	t.Parallel()
	for _, layout := range []string{dovecot.Maildir, dovecot.Mdbox} { // in an sdbox, Dovecot shows only those of the first pass
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			hidesMessages(t, layout)
		})
	}
}

func hidesMessages(t *testing.T, layout string) {
	t.Helper()
	dst := cloudDestination()
	dst.Layout, dst.Doveadm = layout, true
	src := atmailSource()
	src.Extra = "protocol pop3 {\n  pop3_uidl_format = %g\n  pop3_deleted_flag = Hidden\n}\n"
	p := newPair(t, src, dst)
	p.dsync, p.maildrop = p.dst.DoveadmTCP, dropsAt(p.src, password)
	p.fill(p.src, "INBOX", letters(12, 400, "first")...)
	p.flag(p.src, "INBOX", "Hidden", 2, 5)
	total := p.sync()
	wantNoFinding(t, []string{"uids_not_kept", "uidls_not_kept"}, total.Findings)
	hidden := func(f rehome.Finding) bool { return f.Code == "uidls_hidden" }
	if i := slices.IndexFunc(total.Findings, hidden); i < 0 || !strings.Contains(total.Findings[i].Sentence, "2 messages") {
		t.Errorf("no finding about 2 hidden messages in %v", total.Findings)
	}
	first := p.identifiers(p.src)
	if got := p.identifiers(p.dst); len(first) != 10 || len(got) != 12 || !slices.Equal(got[:10], first) {
		t.Fatalf("POP3 shows %q, want %q and two more", got, first)
	}
	p.remove(p.src, "INBOX", 1, 3)
	p.fill(p.src, "INBOX", letters(4, 400, "second")...)
	total = p.sync()
	wantNoFinding(t, []string{"uids_not_kept", "uidls_not_kept"}, total.Findings)
	left := p.identifiers(p.src) // 8 of the first, and 4 new ones
	want := slices.Concat(first, left[8:])
	if got := p.identifiers(p.dst); len(got) != 16 || !slices.Equal(got[:14], want) { // deletions are not followed
		t.Errorf("POP3 shows %q, want %q and two more", got, want)
	}
}

// Where the maildrop cannot be read, the INBOX waits, because its identifiers could not be given later; everything else goes.
func TestMaildrop_refused(t *testing.T) {
	t.Parallel()
	p := dsyncPair(t, dovecot.Sdbox)
	p.maildrop = dropsAt(p.src, "wrong")
	p.fill(p.src, "INBOX", letters(2, 300, "inbox")...)
	p.fill(p.src, "INBOX.Work", letters(3, 300, "work")...)
	total := p.sync()
	if total.Tally.Copied != 3 || total.Census.Stuck != 2 {
		t.Errorf("copied %d, stuck %d, want 3 and 2", total.Tally.Copied, total.Census.Stuck)
	}
	i := slices.IndexFunc(total.Findings, func(f rehome.Finding) bool { return f.Object == "INBOX" && f.NextStep != "" })
	if i < 0 || total.Findings[i].NextStep !=
		"make POP3 work for this account at the source, or, if nobody reads it by POP3, set destination.dsync.uidls: leave" {
		t.Errorf("findings %+v", total.Findings)
	}
	p.maildrop = dropsAt(p.src, password)
	p.sync()
	if got, want := p.identifiers(p.dst), p.identifiers(p.src); !slices.Equal(got, want) {
		t.Errorf("POP3 shows %q, want %q", got, want)
	}
}

// flag sets a keyword.
func (p *pair) flag(server *dovecot.Server, mailbox, keyword string, uids ...imap.UID) {
	p.t.Helper()
	ctx := context.Background()
	c := p.client(server)
	defer p.logout(c)
	_, err := c.Select(ctx, mailbox)
	if err := errors.Join(err, c.Store(ctx, imap.NewUIDSet(uids...), imap.StoreAdd, []string{keyword})); err != nil {
		p.t.Fatal(err)
	}
}
