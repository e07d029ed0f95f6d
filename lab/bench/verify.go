// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rehome/internal/protocol/imap"
	"rehome/lab/faultproxy"
)

// verifications are the contenders of a row that compares both ends: the copy that makes them equal, for comparison, a first
// comparison, one after some changes, and one that reads everything again. Each round has accounts of its own. Where the copy
// was not chosen, it is made and not measured.
func verifications(s *mailScene) []contender {
	var all []contender
	for _, b := range s.options.builds() {
		shared := &verified{scene: s, build: b}
		for _, v := range []verification{
			{title: "sync, for comparison", copies: true},
			{title: "verify, the first time", first: true},
			{title: "verify, after 1 % of changes", change: true},
			{title: "verify --reread", flags: []string{"--reread"}},
		} {
			v.verified = shared
			all = append(all, &v)
		}
	}
	return all
}

// verified are the accounts of a round.
type verified struct {
	scene *mailScene
	build build
	moves []move
	dir   string // with the settings and the ledger
	fresh bool   // copied, and not compared yet
}

// verification is one of the comparisons of a round.
type verification struct {
	*verified

	title                 string
	copies, first, change bool
	flags                 []string
}

func (v *verification) name() string { return rehome + v.build.way + " " + v.title }

func (v *verification) prepare(ctx context.Context, dir string) (*trial, error) {
	if v.copies {
		return v.measuredCopy(dir)
	}
	if v.first && !v.fresh {
		copied, err := v.measuredCopy(dir)
		if err != nil {
			return nil, err
		}
		if _, err := copied.start(ctx); err != nil {
			return nil, err
		}
	}
	v.fresh = false
	if v.change {
		if err := v.work(ctx); err != nil {
			return nil, err
		}
	}
	argv := append([]string{v.build.binary, "verify", "--quiet"}, v.flags...)
	t := &trial{part: 1}
	t.start = func(ctx context.Context) (usage, error) {
		before := v.scene.octets()
		used, err := run(ctx, []program{{dir: v.dir, argv: argv}}, 1)
		t.note = fmt.Sprintf("%.1f MB over both lines", float64(v.scene.octets()-before)/1e6)
		return used, err
	}
	t.check = func(context.Context) error { return nil } // the exit code has said that both ends are equal
	return t, nil
}

// measuredCopy makes both ends equal.
func (v *verification) measuredCopy(dir string) (t *trial, err error) {
	if v.moves, err = v.scene.freshMoves(v.scene.all); err != nil {
		return nil, err
	}
	v.dir = dir
	programs, err := (&rehomeTool{binary: v.build.binary}).programs(v.scene, dir, v.moves)
	if err != nil {
		return nil, err
	}
	return &trial{
		part:  1,
		check: func(context.Context) error { return nil }, // the verification is the check: the source grows from round to round
		start: func(ctx context.Context) (usage, error) {
			used, err := run(ctx, programs, 1)
			v.fresh = err == nil
			return used, err
		},
	}, nil
}

// The work of the users between two comparisons: this share of the messages arrives, in so many mailboxes.
const (
	changedShare     = 100
	changedMailboxes = 4
)

// work lets the same mail arrive at both ends.
func (v *verification) work(ctx context.Context) error {
	each := max(1, v.scene.all.each.Messages/changedShare/changedMailboxes)
	for _, m := range v.moves {
		for side, user := range []string{m.src, m.dst} {
			client, err := v.scene.dial(ctx, v.scene.direct(side), user)
			if err != nil {
				return err
			}
			if err := errors.Join(v.deliver(ctx, client, side, each), client.Logout(ctx)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *verification) deliver(ctx context.Context, client *imap.Client, side, each int) error {
	for _, box := range v.scene.all.boxes[:min(changedMailboxes, len(v.scene.all.boxes))] {
		name := cmp.Or(strings.Join(box.Path, "/"), "INBOX")
		if side == source && len(box.Path) > 0 {
			name = "INBOX." + strings.Join(box.Path, ".")
		}
		command, err := client.Append(ctx, name)
		if err != nil {
			return err
		}
		for n := range each {
			text := fmt.Sprintf("Message-ID: <%d.%d@example.test>\r\n\r\n%s", v.scene.fresh, n, strings.Repeat("new mail\r\n", 1000))
			if err := command.Message(ctx, []string{`\Seen`}, arrived, int64(len(text)), strings.NewReader(text)); err != nil {
				return err
			}
		}
		if err := command.Finish(); err != nil {
			return err
		}
		if _, err := command.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// arrived is when: both ends have to have the same.
var arrived = time.Date(2026, time.November, 2, 9, 0, 0, 0, time.UTC)

// octets counts what went over both lines, in both directions; 0 where nothing counts it.
func (s *mailScene) octets() (n int64) {
	for _, proxy := range s.proxies {
		if proxy != nil {
			counts := proxy.Counts()
			n += counts.Bytes[faultproxy.ToServer] + counts.Bytes[faultproxy.ToClient]
		}
	}
	return n
}
