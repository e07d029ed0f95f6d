// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"rehome/internal/protocol"
	"rehome/internal/protocol/imap"
	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

const (
	password       = "Bench-password-1"
	masterPatience = 10 * time.Second
)

// The sides of a move.
const (
	source = iota
	destination
)

// mailScene is a pair of IMAP servers with mail at the source.
type mailScene struct {
	work    mailWork
	line    mailLine
	options Options
	dir     string
	lab     *lab.Lab
	server  [2]*dovecot.Server
	groups  [2]int
	addr    [2]string            // to dial, through the proxies where there are any
	proxies [2]*faultproxy.Proxy // nil without a delay, unless round trips are counted
	all     portion              // the row's work
	sample  portion              // what a slow tool gets
	fresh   int                  // sets of destination accounts used so far
	arrived corpus.Count         // what each account of the source has got since it was filled
}

// portion is some of the mail at the source. Every account of it holds the same.
type portion struct {
	accounts []string
	boxes    []corpus.Mailbox
	each     corpus.Count
}

func (p portion) load() Load {
	n := len(p.accounts)
	return Load{Accounts: n, Items: n * p.each.Messages, Octets: int64(n) * p.each.Octets}
}

// sets is how many sets of fresh accounts a row may need: they are made before the server starts,
// because adding accounts to one that runs takes a second each time.
func (o Options) sets() int { return 16 * o.Runs }

func openMail(ctx context.Context, dir string, options Options, work mailWork, line mailLine) (_ *mailScene, err error) {
	s := &mailScene{work: work, line: line, options: options, dir: dir}
	if s.lab, err = lab.New(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.lab.Close())
		}
	}()
	s.divide()
	if err := s.start(); err != nil {
		return nil, err
	}
	for _, p := range []portion{s.all, s.sample} {
		if err := s.fill(ctx, p); err != nil {
			return nil, err
		}
	}
	return s, s.openLines()
}

// slowShare is what a slow tool gets of the work: so much that its start does not count, so little that
// somebody will wait for it. A round trip a message makes it slower still.
func (l mailLine) slowShare() int {
	if l.trip > 0 {
		return 50
	}
	return 10
}

// divide describes the mail of the row and that of the sample: fewer accounts where there are several,
// otherwise an account with fewer messages in as many mailboxes.
func (s *mailScene) divide() {
	w := s.work
	messages := s.options.scaled(w.messages, w.mailboxes)
	s.all = newPortion(sourceNames("s", w.accounts), corpus.Spread(messages, w.smallest, w.largest, w.mailboxes))
	if w.accounts > 1 {
		few := max(1, w.accounts/s.line.slowShare())
		s.sample = portion{accounts: s.all.accounts[:few], boxes: s.all.boxes, each: s.all.each}
		return
	}
	s.sample = newPortion(sourceNames("p", 1), corpus.Spread(max(w.mailboxes, messages/s.line.slowShare()), w.smallest, w.largest, w.mailboxes))
}

func newPortion(accounts []string, boxes []corpus.Mailbox) portion {
	return portion{accounts: accounts, boxes: boxes, each: corpus.Person{Mailboxes: boxes}.Count()}
}

func sourceNames(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s%03d@example.test", prefix, i)
	}
	return names
}

func destinationName(set, i int) string { return fmt.Sprintf("d%03d-%03d@example.test", set, i) }

func (s *mailScene) start() (err error) {
	var src, dst []dovecot.Account
	for _, name := range append(s.all.accounts, s.sample.accounts...) {
		src = append(src, dovecot.Account{Address: name, Password: password})
	}
	for set := range s.options.sets() {
		for i := range s.all.accounts {
			dst = append(dst, dovecot.Account{Address: destinationName(set, i), Password: password})
		}
	}
	for side, options := range []dovecot.Options{
		{Name: "source", ProcessEach: true, Layout: dovecot.Maildir, Prefix: "INBOX.", Accounts: src},
		{Name: "destination", Version: s.line.version, Layout: s.line.layout, Separator: "/", Accounts: dst, Doveadm: s.work.dsync,
			ProcessEach: true, Extra: s.line.extra()},
	} {
		if s.server[side], err = dovecot.Start(s.lab, options); err != nil {
			return err
		}
		if s.groups[side], err = masterOf(s.server[side]); err != nil {
			return err
		}
	}
	return nil
}

// masterOf returns the process group of a Dovecot, which is its master process. The file that names it
// comes a moment after the sockets.
func masterOf(server *dovecot.Server) (int, error) {
	for deadline := time.Now().Add(masterPatience); ; time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(filepath.Join(server.Dir(), "run", "master.pid"))
		if group, bad := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && bad == nil {
			return group, nil
		}
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("find the master process: %w", err)
		}
	}
}

// fill writes the mail into the accounts that have none yet.
func (s *mailScene) fill(ctx context.Context, p portion) error {
	server := s.server[source]
	uid, gid := server.Owner()
	for _, name := range p.accounts {
		home := server.Home(name)
		err := os.Mkdir(home, 0o700)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err == nil {
			err = os.Chown(home, uid, gid)
		}
		if err == nil {
			err = corpus.WriteMaildir(ctx, server.MailRoot(name), uid, gid, corpus.Person{Address: name, Mailboxes: p.boxes})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// openLines puts the delay between client and servers, and something that counts round trips.
func (s *mailScene) openLines() error {
	for side, server := range s.server {
		s.addr[side] = s.direct(side)
		if s.line.trip == 0 && !s.work.counted {
			continue
		}
		proxy, err := faultproxy.New(s.direct(side))
		if err != nil {
			return fmt.Errorf("%s: %w", server.Dir(), err)
		}
		if err := s.lab.OnClose(proxy.Close); err != nil {
			return err
		}
		proxy.Set(faultproxy.ToServer, faultproxy.Fault{Delay: s.line.trip / 2})
		proxy.Set(faultproxy.ToClient, faultproxy.Fault{Delay: s.line.trip / 2})
		s.proxies[side], s.addr[side] = proxy, proxy.Addr()
	}
	return nil
}

// direct is the address of a server itself.
func (s *mailScene) direct(side int) string {
	if s.line.tls {
		return s.server[side].IMAPS
	}
	return s.server[side].IMAP
}

func (s *mailScene) load() Load { return s.all.load() }

func (s *mailScene) servers() [2][]int {
	return [2][]int{{s.groups[source]}, {s.groups[destination]}}
}

func (s *mailScene) counts() (c counts, err error) {
	c.counted = true
	for side, proxy := range s.proxies {
		if c.logIns[side], err = s.server[side].LogIns(); err != nil {
			return c, err
		}
		if c.counted = c.counted && proxy != nil; c.counted {
			c.trips[side] = proxy.Counts().RoundTrips
		}
	}
	return c, nil
}

func (s *mailScene) close() error { return s.lab.Close() }

func (s *mailScene) contenders() []contender {
	switch {
	case s.work.verify:
		return verifications(s)
	case s.work.dsync:
		return dsyncContenders(s)
	case s.work.workers:
		return workersContenders(s)
	}
	var all []contender
	if !s.work.unlimited {
		all = rawProbes(s)
	}
	for _, tool := range mailTools(s.options) {
		_, ours := tool.(*rehomeTool)
		if s.work.alone && !ours {
			continue
		}
		mail := &mailContender{scene: s, tool: tool}
		switch {
		case s.work.delta && !ours && tool.name() != peer: // they ask for every message again, see the idle rows
		case s.work.delta:
			all = append(all, &delta{mailContender: mail})
		case s.work.again:
			all = append(all, &again{contender: mail})
		default:
			all = append(all, mail)
		}
	}
	if s.work.accounts*s.work.mailboxes == 1 { // the only row in which it makes a difference
		all = append(all, &mailContender{scene: s, tool: &rehomeTool{binary: s.options.Binary, way: " with mail.order relaxed", relaxed: true}})
	}
	return all
}

// move is one account's way.
type move struct{ src, dst string }

// freshMoves pairs the accounts of a portion with accounts that are still empty.
func (s *mailScene) freshMoves(p portion) ([]move, error) {
	if s.fresh >= s.options.sets() {
		return nil, errors.New("no empty account is left at the destination")
	}
	moves := make([]move, len(p.accounts))
	for i, name := range p.accounts {
		moves[i] = move{src: name, dst: destinationName(s.fresh, i)}
	}
	s.fresh++
	return moves, nil
}

// dial logs in.
func (s *mailScene) dial(ctx context.Context, addr, user string) (*imap.Client, error) {
	options := imap.Options{Address: addr, Security: protocol.NoTLS}
	if s.line.tls {
		options.Security, options.TLS = protocol.ImplicitTLS, s.clientTLS()
	}
	client, err := imap.Dial(ctx, options)
	if err != nil {
		return nil, err
	}
	if err := client.LogInPlain(ctx, "", user, password); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return client, nil
}

// clientTLS trusts the lab's authority under a name that stands in the certificates.
func (s *mailScene) clientTLS() *tls.Config { return s.lab.ClientTLS("localhost") }

// keepBelow is the mean size up to which the mail of a run stays until the row is over.
const keepBelow = 1 << 20

// remover gives the disk back behind a run, or is nil where that has to wait for the end of the row: ext4
// keeps away from inodes that were freed in the last five seconds, and the search for others makes every
// new file cost several times what it should. A few large messages have few inodes and need the space.
func (s *mailScene) remover(moves []move) func() error {
	if load := s.load(); load.Octets/int64(load.Items) < keepBelow {
		return nil
	}
	return func() error {
		var all []error
		for _, m := range moves {
			all = append(all, os.RemoveAll(s.server[destination].Home(m.dst)))
		}
		return errors.Join(all...)
	}
}
