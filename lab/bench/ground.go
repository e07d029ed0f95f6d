// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"rehome/internal/protocol/imap"
	"rehome/lab/corpus"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

// open starts both servers, with the work at the source and enough fresh accounts at the destination.
func (g *ground) open(ctx context.Context, runs int) (err error) {
	g.src, err = dovecot.Start(g.room, dovecot.Options{Name: "source", Layout: dovecot.Maildir, Prefix: "INBOX.", Accounts: g.sourceAccounts()})
	if err != nil {
		return err
	}
	g.dst, err = dovecot.Start(g.room, dovecot.Options{Name: "destination", Layout: g.row.Layout, Separator: "/", Accounts: g.destinationAccounts(runs)})
	if err != nil {
		return err
	}
	for i := range g.row.Work.Accounts {
		if err := g.seed(ctx, i); err != nil {
			return err
		}
	}
	return g.openLines()
}

func (g *ground) sourceAccounts() []dovecot.Account {
	accounts := make([]dovecot.Account, g.row.Work.Accounts)
	for i := range accounts {
		accounts[i] = dovecot.Account{Address: sourceName(i), Password: password}
	}
	return accounts
}

func (g *ground) destinationAccounts(runs int) []dovecot.Account {
	var accounts []dovecot.Account
	for run := range runs + rawRuns {
		for i := range g.row.Work.Accounts {
			accounts = append(accounts, dovecot.Account{Address: destinationName(run, i), Password: password})
		}
	}
	return accounts
}

func sourceName(i int) string           { return fmt.Sprintf("s%03d@example.test", i) }
func destinationName(run, i int) string { return fmt.Sprintf("d%02d-%03d@example.test", run, i) }

func (g *ground) seed(ctx context.Context, i int) error {
	uid, gid := g.src.Owner()
	home := g.src.Home(sourceName(i))
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	if err := os.Chown(home, uid, gid); err != nil {
		return err
	}
	person := corpus.Person{Address: sourceName(i), Mailboxes: corpus.Uniform(g.row.Work.Messages, g.row.Work.Size, g.row.Work.Mailboxes)}
	return corpus.WriteMaildir(ctx, g.src.MailRoot(sourceName(i)), uid, gid, person)
}

// openLines puts the delay between client and servers.
func (g *ground) openLines() error {
	g.srcAddr, g.dstAddr = g.src.IMAP, g.dst.IMAP
	if g.row.TLS {
		g.srcAddr, g.dstAddr = g.src.IMAPS, g.dst.IMAPS
	}
	if g.row.Delay == 0 {
		return nil
	}
	for _, addr := range []*string{&g.srcAddr, &g.dstAddr} {
		proxy, err := faultproxy.New(*addr)
		if err != nil {
			return err
		}
		if err := g.room.OnClose(proxy.Close); err != nil {
			return err
		}
		proxy.Set(faultproxy.ToServer, faultproxy.Fault{Delay: g.row.Delay})
		proxy.Set(faultproxy.ToClient, faultproxy.Fault{Delay: g.row.Delay})
		*addr = proxy.Addr()
	}
	return nil
}

// freshMoves pairs every source account with an account that is still empty.
func (g *ground) freshMoves() []move {
	moves := make([]move, g.row.Work.Accounts)
	for i := range moves {
		moves[i] = move{src: sourceName(i), dst: destinationName(g.fresh, i)}
	}
	return moves
}

// dial logs in.
func (g *ground) dial(ctx context.Context, addr, user string) (*imap.Client, error) {
	options := imap.Options{Address: addr, Security: imap.NoTLS}
	if g.row.TLS {
		options.Security, options.TLS = imap.ImplicitTLS, g.clientTLS()
	}
	client, err := imap.Dial(ctx, options)
	if err != nil {
		return nil, err
	}
	return client, client.LogInPlain(ctx, "", user, password)
}

// clientTLS trusts the room's authority under a name that stands in the certificates.
func (g *ground) clientTLS() *tls.Config { return g.room.ClientTLS("localhost") }

// count makes sure that a contender has really moved everything.
func (g *ground) count(ctx context.Context, moves []move) error {
	for _, m := range moves {
		client, err := g.dial(ctx, g.dstAddr, m.dst)
		if err != nil {
			return err
		}
		entries, err := client.List(ctx)
		if err != nil {
			return err
		}
		var messages int64
		for _, e := range entries {
			if e.Status != nil {
				messages += e.Status.Messages
			}
		}
		if err := client.Logout(ctx); err != nil {
			return err
		}
		if messages != int64(g.row.Work.Messages) {
			return fmt.Errorf("%s has %d messages, not %d", m.dst, messages, g.row.Work.Messages)
		}
	}
	return nil
}

// saveCertificate writes the certificate that a server shows into a file.
func (g *ground) saveCertificate(side, addr string) error {
	conn, err := tls.Dial("tcp", addr, g.clientTLS())
	if err != nil {
		return err
	}
	leaf := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: conn.ConnectionState().PeerCertificates[0].Raw})
	return errors.Join(os.WriteFile(filepath.Join(g.dir, side+".pem"), leaf, 0o600), conn.Close())
}
