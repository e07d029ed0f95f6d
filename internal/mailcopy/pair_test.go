// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
	"rehome/internal/mapping"
	"rehome/internal/pass"
	"rehome/internal/protocol"
	"rehome/internal/protocol/imap"
	"rehome/lab"
	"rehome/lab/dovecot"
)

const (
	address  = "anna@example.test"
	password = "correct horse"
)

var account = rehome.Account{
	Address:             address,
	SourcePassword:      rehome.NewSecret(password),
	DestinationPassword: rehome.NewSecret(password),
}

// pair is a source and a destination server with a ledger between them.
type pair struct {
	t        testing.TB
	lab      *lab.Lab
	src, dst *dovecot.Server
	ledger   *ledger.Mail
	escrow   string
	rules    mapping.Rules
	srcVia   string // address to reach the source at, a fault proxy for instance
	dstVia   string

	deletions          rehome.Deletions
	confirm, copyAgain bool
	confirmSource      bool
	batch              int           // messages; 0: as usual
	settle             time.Duration // 0: long enough for servers on this machine that nobody stalls
	worth              time.Duration // 0: a connection for each mailbox
	maildrop           mailcopy.Maildrop
	observer           mailcopy.Observer
	dsync              string // address of the destination's doveadm; "" for IMAP only
}

func newPair(t testing.TB, src, dst dovecot.Options) *pair {
	t.Helper()
	p := &pair{t: t, lab: lab.Open(t)}
	p.escrow = filepath.Join(t.TempDir(), "escrow")
	src.Name, dst.Name = "source", "destination"
	src.Accounts = []dovecot.Account{{Address: address, Password: password}}
	dst.Accounts = src.Accounts
	var err error
	if p.src, err = dovecot.Start(p.lab, src); err != nil {
		t.Fatal(err)
	}
	if p.dst, err = dovecot.Start(p.lab, dst); err != nil {
		t.Fatal(err)
	}
	p.srcVia, p.dstVia = p.src.IMAP, p.dst.IMAP
	p.newLedger()
	return p
}

// atmailPair is the pair of the first case: Maildir++ under "INBOX.", sdbox with "/".
func atmailPair(t testing.TB) *pair { return newPair(t, atmailSource(), cloudDestination()) }

func atmailSource() dovecot.Options {
	return dovecot.Options{Layout: dovecot.Maildir, Separator: ".", Prefix: "INBOX."}
}

func cloudDestination() dovecot.Options {
	return dovecot.Options{Layout: dovecot.Sdbox, Separator: "/", Mailboxes: []dovecot.Mailbox{{Name: "Sent", SpecialUse: `\Sent`, Subscribed: true}}}
}

// newLedger begins with an empty ledger, as after its loss.
func (p *pair) newLedger() {
	p.t.Helper()
	l, err := ledger.Open(context.Background(), filepath.Join(p.t.TempDir(), "rehome.db"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := l.Close(); err != nil {
			p.t.Error(err)
		}
	})
	p.ledger = l.Mail
}

func host(side rehome.Side, addr string) *endpoint.IMAP {
	return endpoint.NewIMAP(endpoint.Settings{
		Host: endpoint.NewHost(endpoint.HostSettings{Side: side}), Address: addr, Security: protocol.NoTLS, Timeout: 20 * time.Second,
	})
}

func (p *pair) engine() *mailcopy.Engine {
	return mailcopy.New(mailcopy.Options{
		Importer: p.importer(), Maildrop: p.maildrop,
		Source: host(rehome.Source, p.srcVia), Destination: host(rehome.Destination, p.dstVia),
		Rules:     p.rules,
		Deletions: p.deletions, ConfirmDeletions: p.confirm, CopyAgain: p.copyAgain, ConfirmSource: p.confirmSource,
		Settle: cmp.Or(p.settle, shortSettle), BatchMessages: p.batch, Observer: p.observer,
		Ledger: p.ledger, EscrowDir: p.escrow, Worth: cmp.Or(p.worth, time.Nanosecond), // several connections also for a few messages
	})
}

// shortSettle is enough for servers on this machine that nobody stalls, however busy it is.
const shortSettle = 4 * time.Second

// passed is what slices have done and seen together.
type passed struct {
	pass.Result
	mailcopy.Counts
}

// slice runs one.
func slice(ctx context.Context, e *mailcopy.Engine, started time.Time, budget pass.Budget) (passed, error) {
	r, err := e.RunSlice(ctx, account, started, budget)
	counts, _ := r.Counts.(mailcopy.Counts)
	return passed{r, counts}, err
}

// sync runs slices until there is no more and returns what they did together.
func (p *pair) sync() passed {
	p.t.Helper()
	total, err := p.trySync(p.engine())
	if err != nil {
		p.t.Fatalf("sync: %v", err)
	}
	return total
}

func (p *pair) trySync(e *mailcopy.Engine) (passed, error) {
	started := time.Now()
	var total passed
	for {
		r, err := slice(context.Background(), e, started, pass.DefaultBudget)
		total.Tally.Add(r.Tally)
		total.Findings = append(total.Findings, r.Findings...)
		total.Census = r.Census
		if err != nil || !r.More && len(r.Waits) == 0 {
			return total, err
		}
		if look, _ := pass.NextLook(r.Waits); !r.More {
			<-time.After(time.Until(look)) // as the conductor does: nothing is asked in the meantime
		}
	}
}

// client logs in at a server.
func (p *pair) client(server *dovecot.Server) *imap.Client {
	p.t.Helper()
	ctx := context.Background()
	c, err := imap.Dial(ctx, imap.Options{Address: server.IMAP, Security: protocol.NoTLS})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = c.Close() })
	if err := c.LogInPlain(ctx, "", address, password); err != nil {
		p.t.Fatal(err)
	}
	return c
}

// logout leaves early: a Dovecot allows ten connections for a user.
func (p *pair) logout(c *imap.Client) {
	p.t.Helper()
	if err := c.Logout(context.Background()); err != nil {
		p.t.Error(err)
	}
}

// mail is a message as a test states it.
type mail struct {
	body  string
	flags []string
	date  time.Time
}

// letters makes n different messages of about size octets.
func letters(n, size int, prefix string) []mail {
	all := make([]mail, n)
	for i := range all {
		head := fmt.Sprintf("From: a@example.test\r\nTo: b@example.test\r\nSubject: %s %d\r\nMessage-ID: "+
			"<%s-%d@example.test>\r\nDate: Mon, 2 Jan 2006 15:04:05 +0000\r\n\r\n", prefix, i, prefix, i)
		body := strings.Repeat("line of text\r\n", max((size-len(head))/14, 1))
		all[i] = mail{body: head + body, date: time.Date(2010, 1, 1, 0, 0, i, 0, time.UTC), flags: [][]string{nil, {`\Seen`}, {`\Seen`,
			`\Answered`, "$Forwarded"}, {"NonJunk"}}[i%4]}
	}
	return all
}

// fill creates a mailbox if needed and appends messages to it.
func (p *pair) fill(server *dovecot.Server, mailbox string, mails ...mail) {
	p.t.Helper()
	ctx := context.Background()
	c := p.client(server)
	defer p.logout(c)
	if mailbox != "INBOX" {
		if err := c.Create(ctx, mailbox); err != nil {
			p.t.Fatal(err)
		}
	}
	for batch := range slices.Chunk(mails, 100) {
		a, err := c.Append(ctx, mailbox)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, m := range batch {
			if err := a.Message(ctx, m.flags, m.date, int64(len(m.body)), strings.NewReader(m.body)); err != nil {
				p.t.Fatal(err)
			}
		}
		if err := a.Finish(); err != nil {
			p.t.Fatal(err)
		}
		if _, err := a.Wait(ctx); err != nil {
			p.t.Fatal(err)
		}
	}
}

// content reads a mailbox anew and returns one line for each message, in UID order: digest, date
// and flags. It shares nothing with the engine but the client.
func (p *pair) content(server *dovecot.Server, mailbox string) []string {
	p.t.Helper()
	ctx := context.Background()
	c := p.client(server)
	defer p.logout(c)
	if _, err := c.Examine(ctx, mailbox); err != nil {
		p.t.Fatalf("%s: %v", mailbox, err)
	}
	var all imap.UIDSet
	all.AddRange(1, 1<<31)
	bodies := map[imap.UID]string{}
	lines := map[imap.UID]string{}
	command, err := c.Fetch(ctx, all, imap.FetchItems{Flags: true, InternalDate: true, Body: true}, imap.FetchHandler{
		Literal: func(l *imap.Literal) error {
			h := sha256.New()
			if _, err := io.Copy(h, l); err != nil {
				return err
			}
			bodies[l.UID] = fmt.Sprintf("%x", h.Sum(nil)[:8])
			return nil
		},
		Message: func(m *imap.Message) error {
			flags := append([]string(nil), m.Flags...)
			sort.Strings(flags)
			lines[m.UID] = bodies[m.UID] + " " + m.InternalDate.UTC().Format(time.RFC3339) + " " + strings.Join(flags, " ")
			return nil
		},
	})
	if err == nil {
		err = command.Wait(ctx)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	uids := make([]imap.UID, 0, len(lines))
	for uid := range lines {
		uids = append(uids, uid)
	}
	slices.Sort(uids)
	out := make([]string, len(uids))
	for i, uid := range uids {
		out[i] = lines[uid]
	}
	return out
}

// wantEqual compares both ends of a mailbox message by message, in order.
func (p *pair) wantEqual(srcName, dstName string) {
	p.t.Helper()
	src, dst := p.content(p.src, srcName), p.content(p.dst, dstName)
	if !slices.Equal(src, dst) {
		p.t.Errorf("%s has %d messages, %s has %d, or they differ:\n%s", srcName, len(src), dstName, len(dst), firstDifference(src, dst))
	}
}

// wantSame is wantEqual without the order, for mailboxes in which something was tried again.
func (p *pair) wantSame(srcName, dstName string) {
	p.t.Helper()
	src, dst := p.content(p.src, srcName), p.content(p.dst, dstName)
	slices.Sort(src)
	slices.Sort(dst)
	if !slices.Equal(src, dst) {
		p.t.Errorf("%s has %d messages, %s has %d, or they differ:\n%s", srcName, len(src), dstName, len(dst), firstDifference(src, dst))
	}
}

func firstDifference(a, b []string) string {
	for i := range max(len(a), len(b)) {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return fmt.Sprintf("message %d: source %q, destination %q", i, x, y)
		}
	}
	return ""
}
