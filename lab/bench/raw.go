// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"rehome/internal/protocol/imap"
)

// The probes of what the servers can do at all.
const (
	raw      = "raw"
	rawRead  = "raw read"  // one FETCH a mailbox, thrown away
	rawWrite = "raw write" // MULTIAPPEND of messages of the same sizes
	rawCopy  = "raw copy"  // the one into the other, without any care
)

// rawProbe is a contender that keeps no ledger, maps nothing and survives nothing: it does what cannot
// be left out. There is one for each number of connections, and the best of a kind counts.
type rawProbe struct {
	scene       *mailScene
	kind        string
	text        []byte
	connections int
}

func rawProbes(s *mailScene) []contender {
	text := rawText(s.all)
	connections := []int{1, 2, 4}
	if s.work.accounts > 1 {
		connections = append(connections, 8)
	}
	var probes []contender
	for _, kind := range []string{rawRead, rawWrite, rawCopy} {
		for _, n := range connections {
			probes = append(probes, &rawProbe{scene: s, kind: kind, text: text, connections: n})
		}
	}
	return probes
}

func (r *rawProbe) name() string { return fmt.Sprintf("%s, connections: %d", r.kind, r.connections) }

func (r *rawProbe) prepare(context.Context, string) (*trial, error) {
	s := r.scene
	next := &trial{
		part:  1,
		check: func(context.Context) error { return nil },
	}
	var moves []move
	if r.kind != rawRead {
		var err error
		if moves, err = s.freshMoves(s.all); err != nil {
			return nil, err
		}
		next.clean = s.remover(moves)
		next.check = func(ctx context.Context) error { return s.check(ctx, moves, s.all.each, 0) }
	}
	next.start = func(ctx context.Context) (usage, error) {
		before := ownCPU()
		err := r.run(ctx, moves)
		return usage{cpu: ownCPU() - before}, err
	}
	return next, nil
}

// ownCPU is what this process has used, with the proxies that delay lines.
func ownCPU() time.Duration {
	var rusage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &rusage); err != nil {
		return 0 // cannot happen: the arguments are right
	}
	return time.Duration(rusage.Utime.Nano() + rusage.Stime.Nano())
}

// job is one mailbox of one account, or of its messages one in every so many parts.
type job struct{ account, mailbox, part, parts int }

// shares returns the jobs of each connection. Where there are fewer mailboxes than connections, several may write into one.
func (r *rawProbe) shares() [][]job {
	accounts, mailboxes := len(r.scene.all.accounts), len(r.scene.all.boxes)
	if r.kind != rawWrite || accounts*mailboxes >= r.connections {
		return deal(r.connections, accounts, mailboxes)
	}
	dealt := make([][]job, r.connections)
	for _, all := range deal(1, accounts, mailboxes) {
		for _, j := range all {
			for part := range r.connections {
				dealt[part] = append(dealt[part], job{j.account, j.mailbox, part, r.connections})
			}
		}
	}
	return dealt
}

// deal gives each connection its share: whole accounts where there are enough, mailboxes otherwise.
func deal(connections, accounts, mailboxes int) [][]job {
	dealt := make([][]job, connections)
	for account := range accounts {
		for box := range mailboxes {
			to := account % connections
			if accounts < connections {
				to = (account*mailboxes + box) % connections
			}
			dealt[to] = append(dealt[to], job{account, box, 0, 1})
		}
	}
	return dealt
}

func (r *rawProbe) run(ctx context.Context, moves []move) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, jobs := range r.shares() {
		group.Go(func() error { return r.connection(ctx, jobs, moves) })
	}
	return group.Wait()
}

// connection works through jobs, with one log-in for each account among them.
func (r *rawProbe) connection(ctx context.Context, jobs []job, moves []move) error {
	var current session
	for i, j := range jobs {
		if i == 0 || jobs[i-1].account != j.account {
			if err := current.logout(ctx); err != nil {
				return err
			}
			var err error
			if current, err = r.login(ctx, j.account, moves); err != nil {
				return err
			}
		}
		if err := r.mailbox(ctx, current, j); err != nil {
			return err
		}
	}
	return current.logout(ctx)
}

func (r *rawProbe) login(ctx context.Context, account int, moves []move) (s session, err error) {
	if r.kind != rawWrite {
		if s.src, err = r.scene.dial(ctx, r.scene.addr[source], r.scene.all.accounts[account]); err != nil {
			return s, err
		}
	}
	if r.kind != rawRead {
		s.dst, err = r.scene.dial(ctx, r.scene.addr[destination], moves[account].dst)
	}
	return s, err
}

func (r *rawProbe) mailbox(ctx context.Context, s session, j job) error {
	box := r.scene.all.boxes[j.mailbox]
	from, to := sourceBox(box.Path), strings.Join(append([]string{"Raw"}, box.Path...), " ")
	switch r.kind {
	case rawRead:
		return s.fetch(ctx, from, func(l *imap.Literal) error {
			_, err := io.Copy(io.Discard, l)
			return err
		})
	case rawWrite:
		return s.into(ctx, to, func(b *batches) error {
			for i, msg := range box.Messages {
				if i%j.parts != j.part {
					continue
				}
				if err := b.add(ctx, msg.Size, rawBody(r.text, msg.Size)); err != nil {
					return err
				}
			}
			return nil
		})
	default:
		return s.into(ctx, to, func(b *batches) error {
			return s.fetch(ctx, from, func(l *imap.Literal) error { return b.add(ctx, l.Size, l) })
		})
	}
}
